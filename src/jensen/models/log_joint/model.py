"""A model with hidden variables from its log-joint, log p(x, z | θ), for one row and one value of z."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.em import EM, Chart, Expected, Space
from jensen.em.algorithms import Algorithm
from jensen.models.log_joint import checks
from jensen.models.log_joint.latent import Enumerated
from jensen.models.log_joint.m_step import newton, takes_params, validated
from jensen.models.log_joint.passes import LogJointFunction, Passes
from jensen.models.log_joint.precision import double, in_double, require_jax
from jensen.models.log_joint.rows import Block, Rows, as_rows, as_weight, blocks, power_of_two
from jensen.models.log_joint.statistics import LogJointPosterior, LogJointStats, Part

Array = NDArray[np.float64]
Params = dict[str, Any]

MOST_CELLS = 2**20  # of block × states: 8 MiB a copy
HALF_STEP_CELLS = 2**20  # rows × states up to which a pass more a step is nothing
HESSIAN_BLOCK = 1024
NUM_CANDIDATES = 10
CANDIDATE_ROWS = 1000
FALL = 1e-11  # of Q, relative: an M-step that lowers Q by more is wrong


class LogJoint:
    """A model written as log p(x, z | θ), in JAX; everything else is derived.

    Parameters
    ----------
    log_joint
        ``log_joint(params, x, z)``: the log of the joint density of one row x and one value z, in
        ``jax.numpy``; −inf where z is impossible for x.
    latent
        What values z can take: `jensen.Enumerated`.
    parameters
        Name → space: ``{"w": jensen.Simplex(3), "mu": jensen.Real((3, 2))}``. ``params`` are a dict with
        these names.
    features, m_step
        The M-step in closed form, if there is one. ``features(x)`` are numbers of one row (a pytree); S has
        the same form with an axis for the values of z in front, Σ_n w_n q_n(z) features(x_n).
        ``m_step(S)`` or ``m_step(S, params)`` returns the params that maximize Q. Without ``features``, S is
        ``{"count": Σ_n w_n q_n(z)}``.
    start
        ``start(data, rng)``: a random start. By default, the best of a few draws from the spaces.
    symmetric
        Names of the parameters whose first axis runs over interchangeable values of z; the first of them
        decides which relabelling stands for all.
    half_steps
        Whether the ledger has the KL of every half-step, which costs a pass over the data: by default only
        where that is cheap.
    block
        Most rows that are looked at at a time; less where there are many values of z.

    Raises
    ------
    ImportError
        JAX is not installed.

    Examples
    --------
    >>> import jax.numpy as jnp, numpy as np, jensen
    >>> def log_joint(params, x, z):
    ...     return jnp.log(params["w"][z]) + jensen.densities.poisson(x, params["rate"][z])
    >>> model = jensen.LogJoint(
    ...     log_joint,
    ...     latent=jensen.Enumerated(2),
    ...     parameters={"w": jensen.Simplex(2), "rate": jensen.Positive(2, start=(0.5, 5))},
    ... )
    >>> deaths = np.arange(10)
    >>> days = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])
    >>> fit = jensen.fit(model, deaths, {"w": [0.5, 0.5], "rate": [1, 3]}, weight=days)
    >>> round(fit.log_evidence, 6)
    -1989.94586
    """

    def __init__(
        self,
        log_joint: LogJointFunction,
        latent: Enumerated,
        parameters: Mapping[str, Space],
        *,
        features: Callable[[Any], Any] | None = None,
        m_step: Callable[..., Params] | None = None,
        start: Callable[[Any, np.random.Generator], Params] | None = None,
        symmetric: tuple[str, ...] = (),
        half_steps: bool | None = None,
        block: int = 8192,
    ) -> None:
        require_jax()
        if not isinstance(latent, Enumerated):
            raise TypeError(f"latent must be jensen.Enumerated(…), not {type(latent).__name__}")
        if features is not None and m_step is None:
            raise ValueError("features are what m_step is given: give m_step too")
        if block < 1:
            raise ValueError(f"block must be at least 1, not {block}")
        self.chart = Chart(parameters)
        self.latent = latent
        self.symmetric = tuple(symmetric)
        self._closed_form = m_step
        self._start = start
        self._half_steps = half_steps
        self._block = block
        self._passes = Passes(log_joint, self.chart, latent.values, features)
        self._check_symmetric()
        self._begin()

    def _begin(self) -> None:
        """What a fit finds out on its way: nothing yet."""
        self._sound = False  # whether the evidence has been finite
        self._scored = self._closed_form is None  # whether E-steps compute the score too
        self._trusted = 0  # M-steps that did not lower Q

    # ---- the contract --------------------------------------------------------------------------------------

    @in_double
    def posterior(self, params: Params, data: Any) -> LogJointPosterior:
        """q(z) ∝ exp log_joint(params, x, z), by enumeration; (n, K)."""
        self.chart.check(params)
        rows, u = as_rows(data), self.chart.to_vector(params)
        found = [
            (np.asarray(q)[: block.end - block.begin], np.asarray(evidence)[: block.end - block.begin])
            for block, (q, evidence) in self._each("posterior", rows, u)
        ]
        q, evidence = (np.concatenate(parts) for parts in zip(*found, strict=True))
        if not np.isfinite(evidence).all():
            raise ValueError(self.explain(params, rows))
        return LogJointPosterior(q, evidence)

    @in_double
    def expected(
        self, params: Params, data: Any, posterior: LogJointPosterior, weight: Array | None
    ) -> Expected:
        """S, the log-evidence and the entropy under any q."""
        rows, u = as_rows(data), self.chart.to_vector(params)
        q = np.asarray(posterior.responsibilities, dtype=float)
        w = np.ones(rows.num_rows) if weight is None else np.asarray(weight, dtype=float)
        wq = w[:, None] * q
        features = sum(
            np.asarray(self._passes("features_of", rows.padded(b.begin, b.end, b.size), b.of(wq)))
            for b in self._blocks(rows)
        )
        stats = LogJointStats(
            features, (Part(rows, None if weight is None else w, u, q),), self._is_cheap(rows)
        )
        log_evidence, entropy = np.asarray(posterior.log_evidence), np.asarray(posterior.entropy())
        return Expected(stats, float(w @ log_evidence), float(w @ entropy), float(w.sum()))

    @in_double
    def e_step(self, params: Params, data: Any, weight: Array | None) -> Expected:
        """``expected ∘ posterior`` in one pass that keeps no q; with the score where that is asked for."""
        if not self._sound:
            self.chart.check(params)
        rows, u = as_rows(data), self.chart.to_vector(params)
        w = None if weight is None else np.asarray(weight, dtype=float)
        if self._scored:
            sums, features, score = self._total("scored_e_step", rows, u, weight=(w,))
        else:
            sums, features = self._total("e_step", rows, u, weight=(w,))
            score = None
        evidence, entropy, value = (float(number) for number in sums)
        if np.isfinite(evidence):
            self._sound = True
        elif not self._sound:
            raise ValueError(self.explain(params, rows))
        part = Part(rows, w, u, value=value, score=score)
        total = float(rows.num_rows if w is None else w.sum())
        return Expected(LogJointStats(features, (part,), self._is_cheap(rows)), evidence, entropy, total)

    def m_step(self, stats: LogJointStats, params: Params) -> Params:
        """argmax Q: the closed form that was given, else Newton's method on Q to its last digits."""
        if self._closed_form is None:
            return self._newton(stats, params)
        arguments = (self.sums(stats), params) if takes_params(self._closed_form) else (self.sums(stats),)
        with double():
            found = validated(self.chart, self._closed_form(*arguments))
        if stats.cheap or self._trusted < 2:
            self._refuse_fall(stats, params, found)
        return found

    def expected_log_joint(self, params: Params, stats: LogJointStats) -> float:
        """Q(θ, S): a pass over the data, unless θ are the params of the E-step that made S."""
        u = self.chart.to_vector(params)
        key = u.tobytes()
        if key not in stats.known:
            value = sum(part.factor * self._value(u, part) for part in stats.parts)
            stats.known.clear()
            stats.known[key] = value
        return stats.known[key]

    # ---- what it adds --------------------------------------------------------------------------------------

    def prepare(self, data: Any, weight: Any) -> LogJoint:
        """The model after a look at the data and at the log-joint.

        Raises
        ------
        ValueError
            No rows; weights that will not do; a log-joint that is not one number, has constants in single
            precision, or does not depend on a parameter.
        """
        rows = as_rows(data)
        w = as_weight(weight, rows.num_rows)
        model = copy.copy(self)
        model._begin()
        with double():
            checks.check_function(model._passes, model.chart, rows, model.latent)
            checks.refuse_ignored_by_data(
                [
                    lambda u: model._evidence_and_score(*model._first_block(rows, w), u),
                    lambda u: model._evidence_and_score(rows, w, u),
                ],
                model.chart,
            )
        return model

    def start(self, data: Any, weight: Array | None, rng: np.random.Generator) -> Params:
        """A random start: the user's, or the most likely of ten draws from the spaces."""
        if self._start is not None:
            with double():
                params = self._start(data, rng)
            self.chart.check(params)
            return {name: np.asarray(params[name], dtype=float) for name in self.chart.spaces}
        rows = as_rows(data)
        some, w = self._some(rows, weight, rng)
        candidates = [self.chart.random(rng) for _ in range(NUM_CANDIDATES)]
        evidence = [self._evidence(some, self.chart.to_vector(params), w) for params in candidates]
        ranked = np.where(np.isfinite(evidence), evidence, -np.inf)
        return candidates[int(np.argmax(ranked))]

    @in_double
    def score(self, params: Params, stats: LogJointStats) -> Array:
        """∂Q(·, S)/∂u at params: at those of the E-step, the score of the evidence, without a pass."""
        u = self.chart.to_vector(params)
        self._scored = True  # from now on E-steps bring it along
        return sum((part.factor * self._part_score(u, part) for part in stats.parts), np.zeros(len(u)))

    @in_double
    def information(self, params: Params, data: Any, weight: Array | None) -> Array:
        """−∂² log p(x | θ) / ∂u², (p, p), exactly."""
        rows, u = as_rows(data), self.chart.to_vector(params)
        w = None if weight is None else np.asarray(weight, dtype=float)
        (hessian,) = self._total("hessian", rows, u, weight=(w,), second=True)
        return -0.5 * (hessian + hessian.T)

    @in_double
    def scores(self, params: Params, data: Any) -> Array:
        """∂ log p(x_n | θ) / ∂u of every row, (n, p)."""
        rows, u = as_rows(data), self.chart.to_vector(params)

        def found() -> Array:
            pieces = self._each("scores", rows, u, second=True)
            return np.concatenate([np.asarray(g)[: b.end - b.begin] for b, g in pieces])

        scores = found()
        if np.isnan(scores).any() and not self._passes.safe:
            self._passes.safe = True
            scores = found()
        return scores

    def num_free(self, params: Params) -> int:
        """The coordinates of the chart."""
        return self.chart.size

    @property
    def algorithm(self) -> Algorithm | None:
        """How ``fit`` climbs: with a closed form as it does by default, else on the evidence alone."""
        if self._closed_form is not None:
            return None
        from jensen import em

        quasi_newton = getattr(em, "QuasiNewton", None)
        return EM() if quasi_newton is None else quasi_newton(use_em=False)

    @property
    def num_components(self) -> int:
        """Number of interchangeable values of z; only where ``symmetric`` names parameters."""
        if not self.symmetric:
            raise AttributeError("num_components: no parameters were named as symmetric")
        return self.chart.spaces[self.symmetric[0]].shape[0]

    @property
    def relabel(self) -> Callable[[Params, Any], Params]:
        """``relabel(params, order)``: the same model with its values of z in another order."""
        if not self.symmetric:
            raise AttributeError("relabel: no parameters were named as symmetric")
        return self._relabel

    def canonical(self, params: Params) -> Params:
        """Values of z in the order of the first symmetric parameter; the params as they are without one."""
        if not self.symmetric:
            return params
        first = np.asarray(params[self.symmetric[0]], dtype=float)
        return self._relabel(params, np.lexsort(first.reshape(len(first), -1).T[::-1]))

    def sums(self, stats: LogJointStats) -> Any:
        """S as the closed form sees it: the form of ``features``, with the values of z in front."""
        jax = require_jax()
        with double():
            shapes = self._passes.feature_shapes(stats.parts[0].rows.take(0))
        leaves, tree = jax.tree.flatten(shapes)
        ends = np.cumsum([int(np.prod(leaf.shape)) for leaf in leaves])
        pieces = np.split(stats.features, ends[:-1], axis=1)
        shaped = [piece.reshape(-1, *leaf.shape) for piece, leaf in zip(pieces, leaves, strict=True)]
        return tree.unflatten(shaped)

    @in_double
    def explain(self, params: Params, data: Any) -> str:
        """What makes the evidence NaN or infinite at params: the row, the value of z and the params."""
        u = self.chart.to_vector(params)
        for block, logs in self._each("values", as_rows(data), u):
            here = np.asarray(logs)[:, : block.end - block.begin]
            if found := checks.complaint(here, block.begin, self.latent, params):
                return found
        return "the evidence is not finite, though every log-joint is: the sum overflows"

    # ---- inside --------------------------------------------------------------------------------------------

    def _blocks(self, rows: Rows, second: bool = False) -> list[Block]:
        """Blocks that keep block × states (× parameters, for second derivatives) in bounds."""
        states = self.latent.num_states * (max(1, self.chart.size) if second else 1)
        fitting = max(1, power_of_two(MOST_CELLS // states + 1) // 2)
        largest = min(power_of_two(self._block), fitting, HESSIAN_BLOCK if second else fitting)
        return list(blocks(rows.num_rows, largest))

    def _each(self, name: str, rows: Rows, u: Array, second: bool = False) -> list[tuple[Block, Any]]:
        """A pass without weights, block by block."""
        return [
            (block, self._passes(name, u, rows.padded(block.begin, block.end, block.size)))
            for block in self._blocks(rows, second)
        ]

    def _total(
        self, name: str, rows: Rows, *vectors: Array, weight: tuple[Array | None, ...], second: bool = False
    ) -> tuple[Array, ...]:
        """A pass summed over the blocks; again with impossible values kept out where they made NaN."""
        pending = []
        for block in self._blocks(rows, second):
            here = rows.padded(block.begin, block.end, block.size)
            w, *q = weight
            given = [None if part is None else block.of(part) for part in q]
            found = self._passes(name, *vectors, here, block.of(w), *given)
            pending.append(found if isinstance(found, tuple) else (found,))
        total = tuple(sum(np.asarray(part) for part in parts) for parts in zip(*pending, strict=True))
        spoilt = not np.isfinite(total[-1]).all() and np.isfinite(np.ravel(total[0])[0])
        if (spoilt or len(total) == 1 and not np.isfinite(total[0]).all()) and not self._passes.safe:
            self._passes.safe = True
            return self._total(name, rows, *vectors, weight=weight, second=second)
        return total

    @in_double
    def _value(self, u: Array, part: Part) -> float:
        if part.value is not None and part.is_at(u):
            return part.value
        (value,) = self._total("q_value", part.rows, u, part.u, weight=(part.weight, part.q))
        return float(value)

    def _part_score(self, u: Array, part: Part) -> Array:
        if part.score is not None and part.is_at(u):
            return part.score
        return self._total("q_score", part.rows, u, part.u, weight=(part.weight, part.q))[1]

    @in_double
    def _derivatives(self, u: Array, stats: LogJointStats) -> tuple[float, Array, Array]:
        p = len(u)
        value, score, hessian = 0.0, np.zeros(p), np.zeros((p, p))
        for part in stats.parts:
            found = self._total("q_hessian", part.rows, u, part.u, weight=(part.weight, part.q), second=True)
            value += part.factor * float(found[0])
            score = score + part.factor * found[1]
            hessian = hessian + part.factor * found[2]
        return value, score, hessian

    def _newton(self, stats: LogJointStats, params: Params) -> Params:
        def value(u: Array) -> float:
            return sum(part.factor * self._value(u, part) for part in stats.parts)

        u = newton(value, lambda v: self._derivatives(v, stats), self.chart.to_vector(params))
        return self.chart.from_vector(u)

    def _refuse_fall(self, stats: LogJointStats, params: Params, found: Params) -> None:
        before = self.expected_log_joint(params, stats)
        after = self.expected_log_joint(found, stats)
        if before - after > FALL * (1.0 + abs(before)):
            raise ValueError(
                f"the m_step given lowers Q by {before - after:.6g}, from {before:.6f} to {after:.6f}: "
                "it is not the maximum of Q for this log_joint"
            )
        self._trusted += 1

    @in_double
    def _evidence_and_score(self, rows: Rows, weight: Array | None, u: Array) -> tuple[float, Array]:
        sums, _, score = self._total("scored_e_step", rows, u, weight=(weight,))
        return float(sums[0]), score

    @in_double
    def _evidence(self, rows: Rows, u: Array, weight: Array | None) -> float:
        name = "scored_e_step" if self._scored else "e_step"
        return float(self._total(name, rows, u, weight=(weight,))[0][0])

    def _first_block(self, rows: Rows, weight: Array | None) -> tuple[Rows, Array | None]:
        end = self._blocks(rows)[0].end
        return rows.subset(slice(end)), None if weight is None else weight[:end]

    def _some(self, rows: Rows, weight: Array | None, rng: np.random.Generator) -> tuple[Rows, Array | None]:
        """Enough rows to tell good starts from bad ones."""
        w = None if weight is None else np.asarray(weight, dtype=float)
        if rows.num_rows <= CANDIDATE_ROWS:
            return rows, w
        chosen = np.sort(rng.choice(rows.num_rows, CANDIDATE_ROWS, replace=False))
        return rows.subset(chosen), None if w is None else w[chosen]

    def _is_cheap(self, rows: Rows) -> bool:
        if self._half_steps is not None:
            return self._half_steps
        return rows.num_rows * self.latent.num_states <= HALF_STEP_CELLS

    def _relabel(self, params: Params, order: Any) -> Params:
        return {
            name: np.asarray(value)[order] if name in self.symmetric else value
            for name, value in params.items()
        }

    def _check_symmetric(self) -> None:
        unknown = [name for name in self.symmetric if name not in self.chart.spaces]
        if unknown:
            raise ValueError(f"symmetric names {', '.join(unknown)}, which are not parameters")
        firsts = {name: self.chart.spaces[name].shape[:1] for name in self.symmetric}
        if len(set(firsts.values())) > 1 or () in firsts.values():
            raise ValueError(f"symmetric parameters need one first axis, of equal length; found {firsts}")

    def __repr__(self) -> str:
        return f"LogJoint({self.latent}, {self.chart})"
