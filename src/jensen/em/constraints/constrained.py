"""Parameters held at a value or tied to others: any model with a chart, on a part of its space."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Data, Params, Weight
from jensen.basics.errors import ModelError
from jensen.basics.progress import Progress
from jensen.basics.verdict import Outcome, Verdict
from jensen.em import identities
from jensen.em.acceleration.gradient_em import GradientEM
from jensen.em.constraints.chart import RestrictedChart
from jensen.em.constraints.m_step import ConstrainedMStep
from jensen.em.constraints.search import search
from jensen.em.contract import OF_THE_DATA, Expected, Model, as_model, name_of
from jensen.em.problem import Problem
from jensen.em.start import Start
from jensen.numerics.differences import jacobian
from jensen.spaces.chart import Chart

TRIED = 2  # statistics at which a closed form is to be the maximum
ASIDE = 0.1  # in the chart: where components that are not wholly tied are apart


def constrain(
    model: Any,
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
            raise ModelError(f"{name} must be a dict of name: request, not {asked!r}")
        if nothing := [part for part, request in (asked or {}).items() if request is None]:
            raise ModelError(f"{name}[{nothing[0]!r}] is None, which asks for nothing: leave it out")
    if not fixed and not tied:
        raise ModelError("nothing is fixed or tied: give fixed or tied")
    found = Constrained(model, dict(fixed or {}), dict(tied or {}))
    _ = found.chart  # what can be refused without data is refused now
    return found


@dataclass(frozen=True, slots=True)
class _Passed:
    """The prior of the model under a constrained one."""

    prior: Any

    def pseudo_stats(self, model: Constrained, params: Params) -> Any:
        return self.prior.pseudo_stats(model.base, params)

    def log_density(self, model: Constrained, params: Params) -> float:
        return self.prior.log_density(model.base, params)


@dataclass(frozen=True)
class Constrained(Model):
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
    _closed: bool | None = field(default=None, repr=False, compare=False)
    """Whether the model's own M-step, imposed on, is the maximum: tried out by `prepare`; None: not known."""

    @cached_property
    def whole(self) -> Model:
        """The model without constraints, as a `Model`."""
        return as_model(self.base)

    @cached_property
    def chart(self) -> RestrictedChart | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The free coordinates; None before a model that learns its shapes from data has seen them."""
        chart = self.whole.chart
        if chart is None:
            return None
        if not isinstance(chart, Chart):
            raise ModelError(f"{name_of(self.whole)}.chart must be a jensen.Chart to fix and tie")
        return RestrictedChart(chart, self.fixed, self.tied)

    @property
    def _chart(self) -> RestrictedChart:
        if self.chart is None:
            raise ModelError(
                f"{name_of(self.whole)} has no chart, so nothing of it can be fixed or tied; if it gets one "
                "from the data, call prepare(data, weight) first, as fit does"
            )
        return self.chart

    @cached_property
    def prior(self) -> Any:
        """The model's own."""
        return None if self.whole.prior is None else _Passed(self.whole.prior)

    @property
    def title(self) -> str:
        """The model's own, and that it is constrained."""
        return f"{self.whole.title}, constrained"

    # ---- the contract --------------------------------------------------------------------------------------

    def prepare(self, data: Data, weight: Weight) -> Constrained:
        """With whatever the data fix of the model."""
        base = self.base if self.whole.prepare is None else self.whole.prepare(data, weight)
        model = replace(self, base=base)
        _ = model._chart
        return replace(model, _closed=model._try_out(data, weight))

    def _try_out(self, data: Data, weight: Weight) -> bool | None:
        """Whether the closed form is kept, where it can be seen without much work: for the statistics at
        random params of the whole model. At constrained ones components may be alike, and a mean the maximum.
        """
        if self.whole.start is None or not self._m_step.has_slope:
            return None
        try:
            given = [self.whole.start(data, weight, np.random.default_rng(seed)) for seed in range(TRIED)]
            stats = (identities.one_pass(self.whole, params, data, weight).stats for params in given)
            return all(map(self._m_step.is_closed, stats, given))
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return None

    def posterior(self, params: Params, data: Data) -> Any:
        return self.whole.posterior(self._checked(params), data)

    def expected(self, params: Params, data: Data, posterior: Any, weight: Weight) -> Expected:
        return self.whole.expected(params, data, posterior, weight)

    def e_step(self, params: Params, data: Data, weight: Weight) -> Expected:
        """The model's own E-step."""
        return identities.one_pass(self.whole, self._checked(params), data, weight)

    def expected_log_joint(self, params: Params, stats: Any) -> float:
        return self.whole.expected_log_joint(params, stats)

    def m_step(self, stats: Any, params: Params) -> Params:
        """argmax Q(·, S) over the free coordinates."""
        if self._closed:
            return self.impose(self.whole.m_step(stats, params))
        return self._m_step(stats, params)

    @cached_property
    def _m_step(self) -> ConstrainedMStep:
        return ConstrainedMStep(self.whole, self._chart)

    # ---- what it adds --------------------------------------------------------------------------------------

    def impose(self, params: Params) -> Params:
        """Params of the model with what is fixed as it is fixed, and what is tied at its mean."""
        return self._chart.impose(params)

    @property
    def cheap(self) -> Any:
        """As for the model."""
        return self.whole.cheap

    @property
    def score(self) -> Any:
        """``score(params, stats)`` along the free coordinates, where the model has one."""
        return None if self.whole.score is None else self._score

    def _score(self, params: Params, stats: Any) -> Array:
        u = self._chart.to_vector(params)
        return self._chart.pullback(u).T @ np.asarray(self.whole.score(params, stats))

    @property
    def scores(self) -> Any:
        """``scores(params, data)`` along the free coordinates, where the model has them."""
        return None if self.whole.scores is None else self._scores

    def _scores(self, params: Params, data: Data) -> Array:
        u = self._chart.to_vector(params)
        return np.asarray(self.whole.scores(params, data)) @ self._chart.pullback(u)

    @property
    def information(self) -> Any:
        """``information(params, data, weight)`` along the free coordinates, where the model has it."""
        missing = self.whole.information is None or self.whole.score is None
        return None if missing else self._information

    def _information(self, params: Params, data: Data, weight: Weight) -> Array:
        """Jᵀ I J − Σ_j s_j ∂²u_j/∂v²: the score s of the whole model need not vanish at a constrained end."""
        chart = self._chart
        u = chart.to_vector(params)
        j = chart.pullback(u)
        s = np.asarray(self.whole.score(params, self.e_step(params, data, weight).stats))
        bend = jacobian(lambda v: chart.pullback(v).T @ s, u)
        return j.T @ np.asarray(self.whole.information(params, data, weight)) @ j - 0.5 * (bend + bend.T)

    @property
    def complete_information(self) -> Any:
        """``complete_information(params, data, weight)``, −∂²Q/∂v², where the model has it or a score."""
        if self.whole.complete_information is not None:
            return self._pulled_information
        return None if self.whole.score is None else self._complete_information

    def _pulled_information(self, params: Params, data: Data, weight: Weight) -> Array:
        j = self._chart.pullback(self._chart.to_vector(params))
        return j.T @ np.asarray(self.whole.complete_information(params, data, weight)) @ j

    def _complete_information(self, params: Params, data: Data, weight: Weight) -> Array:
        stats = identities.one_pass(self.whole, params, data, weight).stats
        return self._m_step.information(stats, params, lambda there: self._score(there, stats))

    @property
    def derivative(self) -> Any:
        """``derivative(function, u)`` along the free coordinates, where the model has it."""
        return None if self.whole.derivative is None else self._derivative

    def _derivative(self, function: Any, u: Array) -> Any:
        whole = self._chart.base.to_vector(self._chart.from_vector(u))
        found = self.whole.derivative(function, whole)
        return None if found is None else (found[0], found[1] @ self._chart.pullback(u))

    @property
    def algorithm(self) -> Any:
        """How ``fit`` climbs: as the model does; by Newton's steps on Q where no closed form is left."""
        by_newton = self._closed is False and self.complete_information is not None
        own = self.whole.algorithm
        return GradientEM() if own is None and by_newton else own

    @property
    def m_step_kind(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """As for the model."""
        return self.whole.m_step_kind

    def num_free(self, params: Params) -> int:
        """The free coordinates."""
        return self._chart.size

    @property
    def start(self) -> Any:
        """``start(data, weight, rng)``: the model's own, with what is fixed and tied."""
        return None if self.whole.start is None else self._start

    def _start(self, data: Data, weight: Weight, rng: np.random.Generator) -> Params:
        """Components that are tied in part may be alike in the rest there, and would stay so: then from the
        statistics of the model's own start, at which they differ.
        """
        given = self.whole.start(data, weight, rng)
        imposed = self.impose(given)
        flaw = None if self.diagnose is None else self._diagnose(imposed, data, weight)
        if flaw is None or flaw.outcome is not Outcome.SADDLE:
            return imposed
        return self.m_step(identities.one_pass(self.whole, given, data, weight).stats, imposed)

    @property
    def search(self) -> Any:
        """``search(data, weight, rng, progress)``: from the maxima of the model's own, where it has one."""
        return None if self.whole.search is None or self.start is None else self._search

    def _search(
        self, data: Data, weight: Weight, rng: np.random.Generator, progress: Progress
    ) -> Iterator[Start]:
        return search(Problem(self, data, weight), self.whole, self.impose, rng, progress)

    @property
    def diagnose(self) -> Any:
        """``diagnose(params, data, weight)``: the model's own, but for components that are equal because they
        are tied.
        """
        return None if self.whole.diagnose is None else self._diagnose

    def _diagnose(self, params: Params, data: Data, weight: Weight) -> Verdict | None:
        found = self.whole.diagnose(params, data, weight)
        if found is None or found.outcome is not Outcome.SADDLE or not self.tied:
            return found
        beside = self.whole.diagnose(self._aside(params), data, weight)
        is_wanted = beside is not None and beside.outcome is Outcome.SADDLE  # alike wherever they are
        return None if is_wanted else found

    def _aside(self, params: Params) -> Params:
        """Other params, at random."""
        u = self._chart.to_vector(params)
        return self._chart.from_vector(u + ASIDE * np.random.default_rng(0).normal(size=len(u)))

    def _checked(self, params: Params) -> Params:
        problem = None if self.chart is None else self.chart.violation(params)
        if problem:
            raise ModelError(
                f"params are not as fixed and tied: {problem}; model.impose(params) makes them so"
            )
        return params


for _name in OF_THE_DATA:
    setattr(Constrained, _name, property(attrgetter(f"whole.{_name}")))
