"""A model with hidden variables from its log-joint, log p(x, z | θ), for one row and one value of z."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.sampling import Randomness, Sample, as_generator, checked_num_rows
from jensen.basics.verdict import Verdict
from jensen.em.acceleration.gradient_em import GradientEM
from jensen.em.algorithms import Algorithm
from jensen.em.cases import Rows as Cases
from jensen.em.contract import Expected, Model
from jensen.em.posteriors import DiscretePosterior
from jensen.em.validation import checked_weight
from jensen.models.log_joint import checks, relabelling
from jensen.models.log_joint.derivative import derivative
from jensen.models.log_joint.diagnosis import collapse
from jensen.models.log_joint.latent import Enumerated
from jensen.models.log_joint.m_step import LONGEST, newton, takes_params, validated
from jensen.models.log_joint.passes import LogJointFunction, Passes
from jensen.models.log_joint.precision import double, in_double, require_jax
from jensen.models.log_joint.prior import LogPrior
from jensen.models.log_joint.rows import Rows, accept, as_rows
from jensen.models.log_joint.sampling import ancestral, drawn
from jensen.models.log_joint.statistics import LogJointStats, Part
from jensen.models.log_joint.sums import Sums
from jensen.spaces.chart import Chart
from jensen.spaces.space import Space

Params = dict[str, Any]

HALF_STEP_CELLS = 2**18  # rows × states up to which a pass more a step is little
SCORED_CELLS = 2**16  # up to which a score that nobody asks for costs less than to compile a pass without
NEWTON_WORK = 2**14  # rows × states × parameters up to which a step takes longer than second derivatives
NUM_CANDIDATES = 10
CANDIDATE_ROWS = 1000
CHECKED_M_STEPS = 2
FALL = 1e-11  # of Q, relative: an M-step that lowers Q by more is wrong


class LogJoint(Model):
    """A model written as log p(x, z | θ), in JAX; everything else is derived.

    Parameters
    ----------
    log_joint
        ``log_joint(params, z, x)``: the log of the joint density of one value z and one row x, in
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
    log_prior
        ``log_prior(params)``: a log-density of the parameters in ``jax.numpy``; the fit is then maximum a
        posteriori, and a closed-form ``m_step`` has to maximize Q + log_prior.
    symmetric
        Names of the parameters whose first axis runs over interchangeable values of z; the first of them
        decides which relabelling stands for all.
    draw
        ``draw(params, num_rows, rng)``: data drawn from the model, or (data, z), for `sample`, where the
        log-joint does not say it by `jensen.densities`.
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
    >>> def log_joint(params, z, x):
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
        log_prior: Callable[[Params], Any] | None = None,
        symmetric: tuple[str, ...] = (),
        draw: Callable[[Params, int, np.random.Generator], Any] | None = None,
        half_steps: bool | None = None,
        block: int = 8192,
    ) -> None:
        require_jax()
        if not isinstance(latent, Enumerated):
            raise ModelTypeError(f"latent must be jensen.Enumerated(…), not {type(latent).__name__}")
        if features is not None and m_step is None:
            raise ModelError("features are what m_step is given: give m_step too")
        if block < 1:
            raise ModelError(f"block must be at least 1, not {block}")
        self.chart = Chart(parameters)
        if not self.chart.size:
            raise ModelError("parameters have nothing that can be fitted: give name: space, as jensen.Real()")
        self.latent = latent
        self.symmetric = tuple(symmetric)
        relabelling.check_symmetric(self.symmetric, self.chart)
        self._closed_form = m_step
        self._start = start
        self._draw = draw
        self._half_steps = half_steps
        passes = Passes(log_joint, self.chart, latent.values, features, log_prior)
        self.sums = Sums(passes, latent.num_states, self.chart.size, block)
        self.prior = None if log_prior is None else LogPrior(self._log_prior)
        self._begin()

    def _begin(self) -> None:
        """What a fit finds out on its way: nothing yet."""
        self._sound = False  # whether the evidence has been finite
        self._scored = self._closed_form is None  # whether E-steps compute the score too
        self._newton = False  # whether second derivatives cost little
        self._trusted = 0  # M-steps that did not lower Q

    # ---- the contract --------------------------------------------------------------------------------------

    def accept(self, data: Any) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Lists, data frames, data sets and arrays of other libraries as arrays of numbers, part by part.

        Codes that are beyond what they index are refused.
        """
        if isinstance(data, Rows):
            return data
        found = accept(data)
        self._check_codes(as_rows(found))
        return found

    @in_double
    def _check_codes(self, rows: Rows) -> None:
        checks.check_codes(self.sums.passes, self.chart, rows, self.latent)

    def posterior(self, params: Params, data: Any) -> DiscretePosterior:
        """q(z) ∝ exp log_joint(params, z, x), by enumeration; (n, K)."""
        self.chart.check(params)
        rows = as_rows(self.accept(data))
        q, evidence = self.sums.posterior(rows, self.chart.to_vector(params))
        if not np.isfinite(evidence).all():
            raise ModelError(self.explain(params, rows))
        return DiscretePosterior(q, evidence)

    def expected(
        self, params: Params, data: Any, posterior: DiscretePosterior, weight: Array | None
    ) -> Expected:
        """S, the log-evidence and the entropy under any q."""
        rows, w = as_rows(data), _as_float(weight)
        q = np.asarray(posterior.responsibilities, dtype=float)
        part = Part(rows, w, self.chart.to_vector(params), q)
        stats = LogJointStats(self.sums.features(rows, w, q), (part,), cheap=self._is_cheap(rows))
        w = np.ones(rows.num_rows) if w is None else w
        log_evidence, entropy = float(w @ posterior.log_evidence), float(w @ posterior.entropy())
        return Expected(stats, log_evidence, entropy, float(w.sum()))

    def e_step(self, params: Params, data: Any, weight: Array | None) -> Expected:
        """``expected ∘ posterior`` in one pass that keeps no q; with the score where that is asked for."""
        if not self._sound:
            self.chart.check(params)
        rows, w, u = as_rows(data), _as_float(weight), self.chart.to_vector(params)
        name = "scored_e_step" if self._scored else "e_step"
        sums, features, *score = self.sums.total(name, rows, u, weight=w)
        evidence, entropy, value = (float(number) for number in sums)
        if not np.isfinite(evidence) and not self._sound:
            raise ModelError(self.explain(params, rows))
        self._sound = True
        part = Part(rows, w, u, value=value, score=score[0] if score else None)
        stats = LogJointStats(features, (part,), cheap=self._is_cheap(rows))
        return Expected(stats, evidence, entropy, float(rows.num_rows if w is None else w.sum()))

    def m_step(self, stats: LogJointStats, params: Params) -> Params:
        """argmax Q: the closed form that was given, else Newton's method on Q to its last digits."""
        if self._closed_form is None:
            value = partial(self.sums.q, stats=stats)
            derivatives = partial(self.sums.q_derivatives, stats=stats)
            u = self.chart.to_vector(params)
            return self.chart.from_vector(newton(value, derivatives, u, LONGEST * self.chart.widest()))
        arguments = (self.totals(stats), params)[: 2 if takes_params(self._closed_form) else 1]
        with double():
            found = validated(self.chart, self._closed_form(*arguments))
        if self._trusted < CHECKED_M_STEPS:
            self._refuse_fall(stats, params, found)
        return found

    def expected_log_joint(self, params: Params, stats: LogJointStats) -> float:
        """Q(θ, S): a pass over the data, unless θ are the params of the E-step that made S."""
        u = self.chart.to_vector(params)
        key = u.tobytes()
        if key not in stats.known:
            value = self.sums.q(u, stats)
            stats.known.clear()
            stats.known[key] = value
        return stats.known[key]

    # ---- what it adds --------------------------------------------------------------------------------------

    @in_double
    def prepare(self, data: Any, weight: Any) -> LogJoint:
        """The model after a look at the data and at the log-joint.

        Raises
        ------
        ValueError
            No rows; weights that will not do; a log-joint that is not one number, has constants in single
            precision, or does not depend on a parameter.
        """
        rows = as_rows(data)
        w = checked_weight(weight, Cases(), rows.leaves[0])
        model = copy.copy(self)
        model._begin()
        model._newton = rows.num_rows * self.latent.num_states * self.chart.size <= NEWTON_WORK
        model._scored |= rows.num_rows * self.latent.num_states <= SCORED_CELLS
        checks.check_function(self.sums.passes, self.chart, rows, self.latent)
        if self._closed_form is None:  # which may well set a threshold that has no derivative
            checks.refuse_ignored_by_data(self.sums, self.chart, rows, _as_float(w))
        return model

    def start(self, data: Any, weight: Array | None, rng: np.random.Generator) -> Params:
        """A random start: the user's, or the most likely of ten draws from the spaces."""
        if self._start is not None:
            with double():
                params = self._start(data, rng)
            self.chart.check(params)
            return {name: np.asarray(params[name], dtype=float) for name in self.chart.spaces}
        rows, w = _some(as_rows(data), _as_float(weight), rng)
        candidates = [self.chart.random(rng) for _ in range(NUM_CANDIDATES)]
        vectors = [self.chart.to_vector(params) for params in candidates]
        evidence = np.array([self.sums.evidence(rows, u, w, self._scored) for u in vectors])
        return candidates[int(np.argmax(np.where(np.isfinite(evidence), evidence, -np.inf)))]

    def score(self, params: Params, stats: LogJointStats) -> Array:
        """∂ (Q(·, S) + log p(·)) / ∂u at params; at those of the E-step it needs no pass."""
        u = self.chart.to_vector(params)
        self._scored = True  # from now on E-steps bring it along
        score = self.sums.q_score(u, stats)
        return score if self.prior is None else score + self.sums.log_prior(u)[1]

    def information(self, params: Params, data: Any, weight: Array | None) -> Array:
        """−∂² (log p(x | θ) + log p(θ)) / ∂u², (p, p), exactly."""
        u = self.chart.to_vector(params)
        information = self.sums.information(as_rows(data), u, _as_float(weight))
        return information if self.prior is None else information - self.sums.log_prior(u)[2]

    def diagnose(self, params: Params, data: Any, weight: Array | None) -> Verdict | None:
        """A collapse onto a few rows, where the likelihood has no maximum."""
        rows, w, numbers = as_rows(data), _as_float(weight), None
        if w is not None and not w.all():  # a row without weight may be impossible
            numbers = np.flatnonzero(w)
            rows, w = rows.subset(numbers), w[numbers]
        log_evidence = self.posterior(params, rows).log_evidence
        per_state = self.chart.size / self.latent.num_states
        return collapse(log_evidence, w, per_state, rows.resolution, rows.size, numbers)

    def complete_information(self, params: Params, data: Any, weight: Array | None) -> Array:
        """−∂² (Q(·, S(θ)) + log p(·)) / ∂u² at θ, (p, p), from at most some rows: a metric for steps."""
        u = self.chart.to_vector(params)
        information = self.sums.metric(as_rows(data), u, _as_float(weight))
        return information if self.prior is None else information - self.sums.log_prior(u)[2]

    def scores(self, params: Params, data: Any) -> Array:
        """∂ log p(x_n | θ) / ∂u of every row, (n, p)."""
        return self.sums.scores(as_rows(data), self.chart.to_vector(params))

    def derivative(self, function: Callable[[Params], Any], u: Array) -> tuple[Any, Array] | None:
        """A function of params in ``jax.numpy``, and its exact derivative in the chart."""
        return derivative(self.chart, function, u)

    def cheap(self, stats: LogJointStats) -> bool:
        """Whether Q of these statistics costs little: it is a pass over the data."""
        return stats.cheap

    def num_free(self, params: Params) -> int:
        """The coordinates of the chart."""
        return self.chart.size

    @property
    def algorithm(self) -> Algorithm | None:
        """How ``fit`` climbs: with a closed form as it does by default, else on the evidence alone."""
        return GradientEM(newton=self._newton) if self._closed_form is None else None

    @property
    def num_components(self) -> int | None:  # pyright: ignore[reportIncompatibleVariableOverride] -- read
        """Number of interchangeable values of z; None unless ``symmetric`` names parameters."""
        return self.chart.spaces[self.symmetric[0]].shape[0] if self.symmetric else None

    @property
    def relabel(self) -> Callable[[Params, Any], Params] | None:
        """``relabel(params, order)``: the same model with its values of z in another order; None as above."""
        return partial(relabelling.relabel, self.symmetric) if self.symmetric else None

    @property
    def canonical(self) -> Callable[[Params], Params] | None:
        """``canonical(params)``: the values of z in the order of the first symmetric parameter.

        None where no parameters were named as symmetric: maxima are then told apart by their height alone.
        """
        return partial(relabelling.canonical, self.symmetric) if self.symmetric else None

    # ---- draws ---------------------------------------------------------------------------------------------

    def sample(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, params: Params, num_rows: int, rng: Randomness = None, *, given: Mapping[str, Any] | None = None
    ) -> Sample:
        """Rows drawn from the model, and the z of each: by ``draw``, else by the densities in the log-joint.

        Parameters
        ----------
        rng
            A seed or a generator; the seed 0 by default.
        given
            Columns that are not drawn, such as those that a mean depends on: name → (num_rows, …).

        Returns
        -------
        Sample
            ``data`` in the form that the log-joint takes rows of, and ``labels``, the values of z. Nothing
            drawn is censored: both bounds are the value.

        Raises
        ------
        ValueError
            The log-joint uses x outside of `jensen.densities`, or twice, or what is left is no probability
            of z, and there is no ``draw``.
        """
        self.chart.check(params)
        generator, n = as_generator(rng), checked_num_rows(num_rows)
        if self._draw is None:
            return ancestral(self.sums.passes, params, n, given, generator)
        if given:
            raise ModelError("given is for a model without draw: let draw have them")
        return drawn(self._draw, params, n, generator)

    @property
    def sample_kind(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """``"derived"`` from the log-joint, unless ``draw`` was given."""
        return "derived" if self._draw is None else "own"

    def totals(self, stats: LogJointStats) -> Any:
        """S as the closed form sees it: in the form of ``features``, with the values of z in front."""
        with double():
            shapes, tree = self.sums.passes.feature_shapes(stats.parts[0].rows.take(0))
        ends = np.cumsum([prod(shape) for shape in shapes])
        pieces = np.split(stats.features, ends[:-1], axis=1)
        return tree.unflatten(
            [piece.reshape(-1, *shape) for piece, shape in zip(pieces, shapes, strict=True)]
        )

    def explain(self, params: Params, data: Any) -> str:
        """What makes the evidence NaN or infinite at params: the row, the value of z and the params."""
        for block, logs in self.sums.each("values", as_rows(data), self.chart.to_vector(params)):
            here = np.asarray(logs)[:, : block.end - block.begin]
            if found := checks.complaint(
                here, block.begin, self.latent, params, as_rows(data), self.sums.passes
            ):
                return found
        return "the evidence is not finite, though every log-joint is: the sum overflows"

    def _log_prior(self, params: Params) -> float:
        return self.sums.log_prior(self.chart.to_vector(params))[0]

    def _refuse_fall(self, stats: LogJointStats, params: Params, found: Params) -> None:
        before = self.expected_log_joint(params, stats)
        after = self.expected_log_joint(found, stats)
        if before - after > FALL * (1.0 + abs(before)):
            raise ModelError(
                f"the m_step given lowers Q by {before - after:.6g}, from {before:.6f} to {after:.6f}: "
                "it is not the maximum of Q for this log_joint"
            )
        self._trusted += 1

    def _is_cheap(self, rows: Rows) -> bool:
        if self._half_steps is not None:
            return self._half_steps
        return rows.num_rows * self.latent.num_states <= HALF_STEP_CELLS

    def __repr__(self) -> str:
        return f"LogJoint({self.latent}, {self.chart})"


def _as_float(weight: Any) -> Array | None:
    return None if weight is None else np.asarray(weight, dtype=float)


def _some(rows: Rows, weight: Array | None, rng: np.random.Generator) -> tuple[Rows, Array | None]:
    """Enough rows to tell good starts from bad ones."""
    if rows.num_rows <= CANDIDATE_ROWS:
        return rows, weight
    chosen = np.sort(rng.choice(rows.num_rows, CANDIDATE_ROWS, replace=False))
    return rows.subset(chosen), None if weight is None else weight[chosen]
