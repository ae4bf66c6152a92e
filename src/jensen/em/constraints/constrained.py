"""Parameters held at a value or tied to others: any model with a chart, on a part of its space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Data, Params, Weight
from jensen.basics.verdict import Outcome, Verdict
from jensen.em import identities
from jensen.em.constraints.chart import RestrictedChart
from jensen.em.contract import Expected, LatentVariableModel
from jensen.em.score import STEP, unit_scale
from jensen.numerics.differences import gradient, jacobian
from jensen.numerics.maximize import Memory, is_stationary, maximize, second_derivative
from jensen.spaces.chart import Chart

PASSED_ON = frozenset({"sample", "sample_posterior", "random_posterior"})
"""What a constrained model has where the model has it, and as it is there."""


def constrain(
    model: LatentVariableModel,
    fixed: Mapping[str, Any] | None = None,
    tied: Mapping[str, Any] | None = None,
) -> Constrained:
    """The model with parameters held at values or tied to one another.

    Parameters
    ----------
    model
        With a ``chart`` (a `jensen.Chart`), by the time it has seen data: a Gaussian `jensen.Mixture`
        (``weights``, ``means``, ``covariances``), a `jensen.LogJoint`, a class of your own.
    fixed
        Name → value. NaN leaves an entry free; one number holds all entries.
    tied
        Name → whole numbers of the parameter's shape: entries with the same number are equal, −1 ties none.
        With one number for each entry of the leading axis, whole components are equal. Or name → the name of
        another parameter in the same space, to which it is then equal.

    Returns
    -------
    Constrained
        A model to be given to `jensen.fit` and all the rest.

    Raises
    ------
    ValueError
        For a request that cannot be honoured: an unknown name, a shape that does not fit, a value outside
        the space, one entry of a covariance matrix, weights that add up to more than 1, entries both tied and
        fixed at different values, or nothing left to fit. For a model that learns its shapes from the data it
        comes with `jensen.fit`.

    Examples
    --------
    >>> import jensen
    >>> data = jensen.load_dataset("faithful").values
    >>> model = jensen.constrain(jensen.Mixture(2, jensen.Gaussian()), fixed={"weights": [0.5, 0.5]})
    >>> fit = jensen.fit(model, data)
    >>> fit.params.weights.tolist(), round(fit.log_evidence, 3), fit.num_free
    ([0.5, 0.5], -1141.688, 10)
    """
    for name, asked in (("fixed", fixed), ("tied", tied)):
        if asked is not None and not isinstance(asked, Mapping):
            raise ValueError(f"{name} must be a dict of name: request, not {asked!r}")
    if not fixed and not tied:
        raise ValueError("nothing is fixed or tied: give fixed or tied")
    found = Constrained(model, dict(fixed or {}), dict(tied or {}))
    _ = found.chart  # what can be refused without data is refused now
    return found


def _whole_powers(unit: Array) -> Array:
    """Units of powers of 2: rounding in the data then does not change the steps of differences."""
    return np.asarray(2.0 ** np.round(np.log2(unit)), np.float64)


@dataclass(frozen=True, slots=True)
class _Passed:
    """The prior of the model under a constrained one."""

    prior: Any

    def pseudo_stats(self, model: Constrained, params: Params) -> Any:
        return self.prior.pseudo_stats(model.base, params)

    def log_density(self, model: Constrained, params: Params) -> float:
        return self.prior.log_density(model.base, params)


@dataclass(frozen=True)
class Constrained:
    """A model on a part of its parameter space; made by `constrain`.

    E-step and Q are the model's own. The score and the information are pulled back along the free
    coordinates. The M-step maximizes Q over them: in the model's closed form where that is the maximum
    (fixed weights of a mixture), else by Newton's steps.

    Attributes
    ----------
    base
        The model without constraints.
    fixed, tied
        What was asked for.
    """

    base: Any
    fixed: dict[str, Any] = field(default_factory=dict)
    tied: dict[str, Any] = field(default_factory=dict)
    _closed: bool = field(default=True, repr=False, compare=False)
    """Whether the model's own M-step, imposed on, is the maximum: tried out by `prepare`."""
    _memory: dict[str, Memory] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What the last M-step learned: the next one is nearly the same."""

    def __getattr__(self, name: str) -> Any:
        if name in PASSED_ON:
            return getattr(self.base, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    @cached_property
    def chart(self) -> RestrictedChart | None:
        """The free coordinates; None before a model that learns its shapes from data has seen them."""
        whole = getattr(self.base, "chart", None)
        if whole is None:
            return None
        if not isinstance(whole, Chart):
            raise ValueError(f"{type(self.base).__name__}.chart must be a jensen.Chart to fix and tie")
        return RestrictedChart(whole, self.fixed, self.tied)

    @property
    def _chart(self) -> RestrictedChart:
        if self.chart is None:
            name = type(self.base).__name__
            raise ValueError(
                f"{name} has no chart, so nothing of it can be fixed or tied; if it gets one from the data, "
                "call prepare(data, weight) first, as fit does"
            )
        return self.chart

    @property
    def prior(self) -> Any:
        """The model's own."""
        own = getattr(self.base, "prior", None)
        return None if own is None else _Passed(own)

    # ---- the contract --------------------------------------------------------------------------------------

    def prepare(self, data: Data, weight: Weight) -> Constrained:
        """With whatever the data fix of the model."""
        prepare = getattr(self.base, "prepare", None)
        model = replace(self, base=self.base if prepare is None else prepare(data, weight))
        _ = model._chart
        return replace(model, _closed=model._try_out(data, weight))

    def _try_out(self, data: Data, weight: Weight) -> bool:
        """Whether the closed form is kept, where it can be seen without much work."""
        if self.start is None or self._without_prior is None:
            return True
        try:
            params = self.start(data, weight, np.random.default_rng(0))
            stats = identities.e_step(self.base, params, data, weight).stats
            found = self.impose(self.base.m_step(stats, params))
            slope = self._slope_of(stats)(self._chart.to_vector(found))
            return is_stationary(
                float(self.base.expected_log_joint(found, stats)), slope, unit_scale(self, found, stats)
            )
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return True

    def posterior(self, params: Params, data: Data) -> Any:
        return self.base.posterior(self._checked(params), data)

    def expected(self, params: Params, data: Data, posterior: Any, weight: Weight) -> Expected:
        return self.base.expected(params, data, posterior, weight)

    def e_step(self, params: Params, data: Data, weight: Weight) -> Expected:
        """The model's own E-step."""
        return identities.e_step(self.base, self._checked(params), data, weight)

    def expected_log_joint(self, params: Params, stats: Any) -> float:
        return self.base.expected_log_joint(params, stats)

    def m_step(self, stats: Any, params: Params) -> Params:
        """argmax Q(·, S) over the free coordinates."""
        chart = self._chart
        best = self._better(stats, params, chart.impose(self.base.m_step(stats, params)))

        def value(u: Array) -> float:
            there = chart.from_vector(u)
            return float(self.base.expected_log_joint(there, stats)) if self.contains(there) else -np.inf

        def by_differences(u: Array) -> Array:
            return gradient(value, u, self._memory["m_step"].unit, STEP)

        def measure(u: Array) -> Array:
            return _whole_powers(unit_scale(self, chart.from_vector(u), stats))

        begin = chart.to_vector(best)
        memory = self._remembered("m_step", lambda: measure(begin))
        slope = by_differences if self._without_prior is None else self._slope_of(stats)
        if is_stationary(value(begin), slope(begin), memory.unit):
            return best
        return self._better(stats, best, chart.from_vector(maximize(value, slope, begin, memory, measure)))

    def _remembered(self, what: str, unit: Callable[[], Array]) -> Memory:
        if what not in self._memory:
            self._memory[what] = Memory(unit())
        return self._memory[what]

    def _slope_of(self, stats: Any) -> Callable[[Array], Array]:
        """∂Q(·, S)/∂v."""
        chart, free = self._chart, self._without_prior

        def slope(u: Array) -> Array:
            return chart.pullback(u).T @ np.asarray(free.score(chart.from_vector(u), stats))

        return slope

    def _better(self, stats: Any, one: Params, other: Params) -> Params:
        """The one with the higher Q; the second where they are equal."""
        q = [float(self.base.expected_log_joint(params, stats)) for params in (one, other)]
        return other if q[1] >= q[0] and self.contains(other) else one

    @cached_property
    def _without_prior(self) -> Any:
        """The model for scores of Q alone: statistics of the M-step hold the prior. None if it has none."""
        if getattr(self.base, "score", None) is None:
            return None
        if self.prior is None:
            return self.base
        return replace(self.base, prior=None) if is_dataclass(self.base) else None  # pyright: ignore[reportArgumentType]

    # ---- what it adds --------------------------------------------------------------------------------------

    def impose(self, params: Params) -> Params:
        """Params of the model with what is fixed as it is fixed, and what is tied at its mean."""
        return self._chart.impose(params)

    def contains(self, params: Params) -> bool:
        """Whether params are inside the bounds that the data set, where the model has some."""
        contains = getattr(getattr(self.base, "chart", None), "contains", None)
        return contains is None or bool(contains(params))

    def pack(self, params: Params) -> Array:
        """All natural parameters, one after the other."""
        return self._chart.natural_vector(params)

    def unpack(self, vector: Array) -> Params | None:
        """And back, as fixed and tied; None where they are outside their spaces."""
        return self._chart.from_natural_vector(vector)

    @property
    def score(self) -> Any:
        """``score(params, stats)`` along the free coordinates, where the model has one."""
        return None if getattr(self.base, "score", None) is None else self._score

    def _score(self, params: Params, stats: Any) -> Array:
        u = self._chart.to_vector(params)
        return self._chart.pullback(u).T @ np.asarray(self.base.score(params, stats))

    @property
    def scores(self) -> Any:
        """``scores(params, data)`` along the free coordinates, where the model has them."""
        return None if getattr(self.base, "scores", None) is None else self._scores

    def _scores(self, params: Params, data: Data) -> Array:
        u = self._chart.to_vector(params)
        return np.asarray(self.base.scores(params, data)) @ self._chart.pullback(u)

    @property
    def information(self) -> Any:
        """``information(params, data, weight)`` along the free coordinates, where the model has it."""
        own = [getattr(self.base, name, None) for name in ("information", "score")]
        return None if any(method is None for method in own) else self._information

    def _information(self, params: Params, data: Data, weight: Weight) -> Array:
        """Jᵀ I J − Σ_j s_j ∂²u_j/∂v²: the score s of the whole model need not vanish at a constrained end."""
        chart = self._chart
        u = chart.to_vector(params)
        j = chart.pullback(u)
        s = np.asarray(self.base.score(params, self.e_step(params, data, weight).stats))
        bend = jacobian(lambda v: chart.pullback(v).T @ s, u)
        return j.T @ np.asarray(self.base.information(params, data, weight)) @ j - 0.5 * (bend + bend.T)

    @property
    def metric(self) -> Any:
        """``metric(params, data, weight)``, −∂²Q/∂v², where the model has it or a score."""
        if getattr(self.base, "metric", None) is not None:
            return self._pulled_metric
        return None if getattr(self.base, "score", None) is None else self._metric

    def _pulled_metric(self, params: Params, data: Data, weight: Weight) -> Array:
        j = self._chart.pullback(self._chart.to_vector(params))
        return j.T @ np.asarray(self.base.metric(params, data, weight)) @ j

    def _metric(self, params: Params, data: Data, weight: Weight) -> Array:
        stats = identities.e_step(self.base, params, data, weight).stats
        chart = self._chart

        def measure(u: Array) -> Array:
            return _whole_powers(unit_scale(self, chart.from_vector(u), stats))

        u = chart.to_vector(params)
        memory = self._remembered("metric", lambda: measure(u))
        found = second_derivative(lambda v: self._score(chart.from_vector(v), stats), u, memory, measure)
        return 0.5 * (found + found.T) / np.outer(memory.unit, memory.unit)

    @property
    def algorithm(self) -> Any:
        """How ``fit`` climbs: as the model does; by Newton's steps on Q where no closed form is left."""
        own = getattr(self.base, "algorithm", None)
        if own is not None or self._closed or self.metric is None:
            return own
        from jensen.em.acceleration.gradient_em import GradientEM

        return GradientEM()

    def num_free(self, params: Params) -> int:
        """The free coordinates."""
        return self._chart.size

    @property
    def start(self) -> Any:
        """``start(data, weight, rng)``: the model's own, with what is fixed and tied."""
        own = getattr(self.base, "start", None)
        return None if own is None else lambda *arguments: self.impose(own(*arguments))

    @property
    def search(self) -> Any:
        """``search(data, weight, rng, progress)``: from the maxima of the model's own, where it has one."""
        if getattr(self.base, "search", None) is None or self.start is None:
            return None
        from jensen.em.constraints.search import search

        return partial(search, self)

    @property
    def diagnose(self) -> Any:
        """``diagnose(params, data, weight)``: the model's own, but for components that are equal because they
        are tied.
        """
        own = getattr(self.base, "diagnose", None)
        return None if own is None else self._diagnose

    def _diagnose(self, params: Params, data: Data, weight: Weight) -> Verdict | None:
        found = self.base.diagnose(params, data, weight)
        wanted = found is not None and found.outcome is Outcome.SADDLE and bool(self.tied)
        return None if wanted else found

    def _checked(self, params: Params) -> Params:
        problem = None if self.chart is None else self.chart.violation(params)
        if problem:
            raise ValueError(
                f"params are not as fixed and tied: {problem}; model.impose(params) makes them so"
            )
        return params
