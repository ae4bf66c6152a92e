"""The passes over a block of rows, written for one row and one value, compiled once per size of block.

log_joint(θ, z, x) becomes an array (states, rows). The map over states is the outer one: what depends on θ
and z alone (a Cholesky factor, a gather) is computed once per state and never per row.

Everything is a function of u, the parameters in their chart:

E-step    q(z) = softmax over z of log_joint,  log p(x) = logsumexp over z of log_joint
score     ∇ log p(x) = Σ_z q(z) ∇ log_joint    (Fisher: the pullback of q, no derivative of the softmax)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jensen.models.log_joint.compiling import Program, options_for
from jensen.models.log_joint.order import in_order
from jensen.models.log_joint.precision import require_jax
from jensen.spaces.chart import Chart

LogJointFunction = Callable[[dict[str, Any], Any, Any], Any]

WORDS = {"hessian": "second derivatives", "q_hessian": "second derivatives", "log_prior": "the log-prior"}


class Passes:
    """The compiled passes of one log-joint.

    Parameters
    ----------
    log_joint, chart, states, features, log_prior
        As the user gave them; ``states`` are the values of z.
    """

    def __init__(
        self,
        log_joint: LogJointFunction,
        chart: Chart,
        states: Any,
        features: Callable[[Any], Any] | None,
        log_prior: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        self._log_joint = in_order(log_joint)
        self._chart = chart
        self.states = states
        self._features = features
        self._log_prior_of = log_prior
        self._programs: dict[tuple[Any, ...], Program] = {}
        self._shapes: dict[Any, tuple[list[tuple[int, ...]], Any]] = {}
        self.num_traces = 0
        self.safe = False
        """Whether impossible values have to be kept out of derivatives: −inf there made NaN of them."""
        self.real_rows = False
        self.real_states = False
        """Whether integers are passed to the log-joint as real numbers."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_programs": {}, "_shapes": {}}

    def __call__(self, name: str, *arguments: Any, work: int, second: bool = False) -> Any:
        """What a pass of this name gives for a block, as JAX arrays; the rest is for `options_for`."""
        options = options_for(work, second)
        key = name, self.safe, *options.values()
        if key not in self._programs:
            function = self._counted(getattr(self, "_" + name))
            self._programs[key] = Program(function, options, WORDS.get(name, "the log-joint"))
        return self._programs[key](self.states, *arguments)

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def traced(*arguments: Any) -> Any:
            self.num_traces += 1
            return function(*arguments)

        return traced

    # ---- the log-joint of a block --------------------------------------------------------------------------

    def log_joint(self, params: dict[str, Any], z: Any, x: Any) -> Any:
        """The user's function, of real numbers where that is what it needs."""
        x = _as_real(x) if self.real_rows else x
        z = _as_real(z) if self.real_states else z
        return self._log_joint(params, z, x)

    def _logs(self, states: Any, u: Any, rows: Any) -> Any:
        """log p(x_n, z_k | θ): (states, rows)."""
        jax = require_jax()
        params = self._chart.from_vector(u, jax.numpy)
        per_row = jax.vmap(self.log_joint, (None, None, 0))
        return jax.vmap(per_row, (None, 0, None))(params, states, rows)

    def _safe_logs(self, states: Any, u: Any, rows: Any) -> Any:
        """The same; derivatives at impossible values are taken at the row's most likely one, times zero."""
        jax = require_jax()
        jnp = jax.numpy
        logs = self._logs(states, jax.lax.stop_gradient(u), rows)
        impossible = logs == -jnp.inf
        which = jnp.where(impossible, jnp.argmax(logs, axis=0), jnp.arange(len(logs))[:, None])
        possible = jax.tree.map(lambda leaf: jnp.asarray(leaf)[which], states)
        params = self._chart.from_vector(u, jnp)
        each = jax.vmap(jax.vmap(self.log_joint, (None, 0, 0)), (None, 0, None))(params, possible, rows)
        return jnp.where(impossible, -jnp.inf, each)

    def _differentiable(self) -> Callable[..., Any]:
        return self._safe_logs if self.safe else self._logs

    # ---- values --------------------------------------------------------------------------------------------

    def _values(self, states: Any, u: Any, rows: Any) -> Any:
        return self._logs(states, u, rows)

    def _posterior(self, states: Any, u: Any, rows: Any) -> Any:
        """q (rows, states) and the log-evidence (rows,)."""
        q, evidence = _softmax(self._logs(states, u, rows))
        return q.T, evidence

    def _e_step(self, states: Any, u: Any, rows: Any, weight: Any) -> Any:
        """[log-evidence, H, Q] and Σ_n w_n q_n(z) T(x_n), (states, numbers in T)."""
        return self._sums(self._logs(states, u, rows), rows, weight)[:2]

    def _scored_e_step(self, states: Any, u: Any, rows: Any, weight: Any) -> Any:
        """The same, and the score."""
        jax = require_jax()
        logs, pullback = jax.vjp(lambda v: self._differentiable()(states, v, rows), u)
        sums, features, q = self._sums(logs, rows, weight)
        return sums, features, pullback(weight * q)[0]

    def _look(self, states: Any, u: Any, rows: Any, weight: Any) -> Any:
        """The same, and log p(x, z | θ) and q of every row, (states, rows) each."""
        jax = require_jax()
        logs, pullback = jax.vjp(lambda v: self._differentiable()(states, v, rows), u)
        sums, features, q = self._sums(logs, rows, weight)
        return sums, features, pullback(weight * q)[0], logs, q

    def _deep_look(self, states: Any, u: Any, rows: Any, weight: Any) -> Any:
        """The same; ∂ log p(x, z | θ) / ∂u, (states, rows, p); and ∂²Q / ∂u², whose q stays where it is."""
        jax = require_jax()

        def derived(v: Any) -> Any:
            logs, pullback = jax.vjp(lambda t: self._differentiable()(states, t, rows), v)
            q = _softmax(jax.lax.stop_gradient(logs))[0]
            return logs, pullback(weight * q)[0]

        (logs, score), push = jax.linearize(derived, u)
        slopes, hessian = jax.vmap(push, out_axes=-1)(np.eye(len(u)))
        sums, features, q = self._sums(logs, rows, weight)
        return sums, features, score, logs, q, slopes, hessian

    def _sums(self, logs: Any, rows: Any, weight: Any) -> Any:
        jnp = require_jax().numpy
        q, evidence = _softmax(logs)
        counted = weight > 0
        entropy = -jnp.sum(jnp.where(q > 0, q * (logs - evidence), 0.0), axis=0)
        wq = weight * q
        sums = [
            jnp.sum(jnp.where(counted, weight * evidence, 0.0)),
            jnp.sum(jnp.where(counted, weight * entropy, 0.0)),
            _expectation(wq, logs),
        ]
        return jnp.stack(sums), self._feature_sums(rows, wq), q

    def _feature_sums(self, rows: Any, wq: Any) -> Any:
        return wq @ self._feature_columns(rows, wq.shape[1])

    def _feature_columns(self, rows: Any, num_rows: int) -> Any:
        """T(x_n) of each row, its numbers side by side: (rows, numbers)."""
        jax = require_jax()
        jnp = jax.numpy
        if self._features is None:
            return jnp.ones((num_rows, 1))
        leaves = jax.tree.leaves(jax.vmap(self._real_features)(rows))
        return jnp.concatenate([leaf.reshape(num_rows, -1) for leaf in leaves], axis=1)

    def _real_features(self, x: Any) -> Any:
        assert self._features is not None
        return _as_real(self._features(x))

    def _features_of(self, states: Any, rows: Any, weight: Any, q: Any) -> Any:
        """Σ_n w_n q_n(z) T(x_n) under any q (rows, states)."""
        return (self._feature_sums(rows, weight * q.T),)

    def feature_shapes(self, x: Any) -> tuple[list[tuple[int, ...]], Any]:
        """The shapes in T(x) of one row and how they hang together; {"count": 1} without features."""
        jax = require_jax()
        leaves, tree = jax.tree.flatten(x)
        key = tree, tuple((np.shape(leaf), np.asarray(leaf).dtype) for leaf in leaves)
        if key not in self._shapes:
            found = jax.eval_shape(self._real_features, x) if self._features else {"count": np.zeros(())}
            leaves, tree = jax.tree.flatten(found)
            self._shapes[key] = [leaf.shape for leaf in leaves], tree
        return self._shapes[key]

    # ---- Q under a q: that of the posterior at u_old, or one that is given (rows, states) ------------------

    def _weights(self, states: Any, u_old: Any, rows: Any, weight: Any, q: Any) -> Any:
        if q is None:
            q = _softmax(self._logs(states, u_old, rows))[0].T
        return require_jax().lax.stop_gradient(weight * q.T)

    def _q_value(self, states: Any, u: Any, u_old: Any, rows: Any, weight: Any, q: Any) -> Any:
        wq = self._weights(states, u_old, rows, weight, q)
        return (_expectation(wq, self._logs(states, u, rows)),)

    def _q_score(self, states: Any, u: Any, u_old: Any, rows: Any, weight: Any, q: Any) -> Any:
        jax = require_jax()
        wq = self._weights(states, u_old, rows, weight, q)
        logs, pullback = jax.vjp(lambda v: self._differentiable()(states, v, rows), u)
        return _expectation(wq, logs), pullback(wq)[0]

    def _q_hessian(self, states: Any, u: Any, u_old: Any, rows: Any, weight: Any, q: Any) -> Any:
        """Q, its score and its Hessian."""
        jax = require_jax()
        wq = self._weights(states, u_old, rows, weight, q)

        def value(v: Any) -> Any:
            return _expectation(wq, self._differentiable()(states, v, rows))

        return *jax.value_and_grad(value)(u), jax.jacfwd(jax.grad(value))(u)

    # ---- derivatives of the evidence -----------------------------------------------------------------------

    def _row_evidence(self, states: Any, u: Any, rows: Any) -> Any:
        jax = require_jax()
        return jax.nn.logsumexp(self._differentiable()(states, u, rows), axis=0)

    def _hessian(self, states: Any, u: Any, missing: Any, rows: Any, weight: Any) -> Any:
        """∂² Σ w log p(x) / ∂u² for ``missing`` = 1; for 0 that of Q, whose q stays where it is.

        The derivative of the score Σ_z q(z) ∇ log_joint, with that of q times ``missing``. One pass for both,
        since to compile it takes seconds.
        """
        jax = require_jax()
        jnp = jax.numpy

        def score(v: Any) -> Any:
            logs, pullback = jax.vjp(lambda t: self._differentiable()(states, t, rows), v)
            here = jax.lax.stop_gradient(logs)
            moving = jnp.where(jnp.isfinite(here), here + missing * (logs - here), here)
            return pullback(weight * _softmax(moving)[0])[0]

        return (jax.jacfwd(score)(u),)

    def _scores(self, states: Any, u: Any, rows: Any) -> Any:
        """∂ log p(x_n) / ∂u, (rows, size of u); forward mode, which batches no factor over the rows."""
        return require_jax().jacfwd(lambda v: self._row_evidence(states, v, rows))(u)

    def _log_prior(self, states: Any, u: Any) -> Any:
        """log p(θ), its derivative and its Hessian."""
        jax = require_jax()

        def value(v: Any) -> Any:
            assert self._log_prior_of is not None
            return self._log_prior_of(self._chart.from_vector(v, jax.numpy))

        return *jax.value_and_grad(value)(u), jax.jacfwd(jax.grad(value))(u)


def _softmax(logs: Any) -> Any:
    """q (states, rows), and log Σ exp (rows,); where every state is impossible 0 and −inf."""
    jnp = require_jax().numpy
    top = jnp.max(logs, axis=0)
    top = jnp.where(jnp.isfinite(top), top, 0.0)
    raised = jnp.exp(logs - top)
    total = jnp.sum(raised, axis=0)
    return raised / jnp.where(total > 0, total, 1.0), top + jnp.log(total)


def _expectation(wq: Any, logs: Any) -> Any:
    """Σ w q log p; what has no probability under q does not count, even where it is impossible."""
    jnp = require_jax().numpy
    return jnp.sum(jnp.where(wq > 0, wq * logs, 0.0))


def _as_real(tree: Any) -> Any:
    jax = require_jax()

    def real(leaf: Any) -> Any:
        array = jax.numpy.asarray(leaf)
        is_integer = jax.numpy.issubdtype(array.dtype, jax.numpy.integer)
        return array.astype(float) if is_integer or array.dtype == bool else array

    return jax.tree.map(real, tree)
