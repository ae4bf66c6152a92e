"""How sure a fit is: standard errors, intervals, and what keeps them from existing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from math import prod
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Data, Params, Weight
from jensen.basics.errors import DataError, ModelError, did_you_mean, listed
from jensen.basics.tables import default_columns
from jensen.em.contract import Expected, name_of
from jensen.em.curvature.information import observed_information, score_with
from jensen.em.curvature.parabola import Parabola
from jensen.em.curvature.vanishing import confirmed
from jensen.em.fitted import Fitted
from jensen.em.identities import log_prior
from jensen.em.problem import Problem
from jensen.em.uncertainty.against_zero import against_zero
from jensen.em.uncertainty.delta import Derived, derived
from jensen.em.uncertainty.directions import Rates, climb_away, rates
from jensen.em.uncertainty.estimate import Estimate, natural_covariance
from jensen.em.uncertainty.intervals import IntervalMethod, Wald
from jensen.em.uncertainty.judge import judge, reconciled
from jensen.em.uncertainty.sandwich import meat
from jensen.em.uncertainty.table import EstimateTable

SAME = 1e-4  # relative: single precision and the way the data are summed make no such difference


@dataclass(frozen=True, eq=False, repr=False)
class Uncertainty(Estimate):
    """How sure a fit is, on the natural parameters.

    Attributes are those of `Estimate`: ``names``, ``estimate`` and ``covariance`` of all natural numbers, the
    ``verdict`` on the point, and what is ``remaining``.
    """

    def interval(
        self,
        name: str | Sequence[str] | None = None,
        level: float = 0.95,
        method: IntervalMethod | None = None,
    ) -> EstimateTable:
        """Confidence intervals.

        Parameters
        ----------
        name
            A parameter (``"rates"``), one of its entries (``"rates[1]"``), or several; None for all.
        level
            Between 0 and 1.
        method
            `Wald` (the default) or `Profile`.

        Returns
        -------
        EstimateTable
            name, estimate, standard_error, low, high, note.
        """
        if not 0.0 < level < 1.0:
            raise ModelError(f"level must be between 0 and 1, not {level}")
        return self._intervals(self._entries(name), level, method or Wald())

    def _intervals(self, entries: list[int], level: float, method: IntervalMethod) -> EstimateTable:
        bounds = method.bounds(self, entries, level)
        errors = np.sqrt(np.diag(self.covariance))
        columns = {"name": [self.names[i] for i in entries]}
        columns |= {"estimate": self.estimate[entries], "standard_error": errors[entries]}
        low, high, note = zip(*bounds, strict=True) if bounds else ((), (), ())
        columns |= {"low": low, "high": high, "note": note}
        return EstimateTable({name: np.array(column) for name, column in columns.items()})

    def _entries(self, name: str | Sequence[str] | None) -> list[int]:
        everything = list(range(len(self.names)))
        if name is None:
            return everything
        whole = [
            parameter for parameter, space in self.chart.spaces.items() for _ in range(prod(space.shape))
        ]
        by_number = self.chart.numbered
        found = []
        for wanted in [name] if isinstance(name, str) else name:
            same = _spaceless(wanted)
            matching = [
                i
                for i in everything
                if wanted == whole[i] or same in (_spaceless(self.names[i]), _spaceless(by_number[i]))
            ]
            if not matching:
                near = did_you_mean(wanted, [*self.chart.spaces, *self.names])
                raise ModelError(f"no parameter {wanted!r}{near}; there are {listed(self.names)}")
            found.extend(matching)
        return found

    def table(self, level: float = 0.95) -> EstimateTable:
        """Estimate, standard error, test against 0 and Wald's interval of every number, mirror images left
        out.

        Returns
        -------
        EstimateTable
            name, estimate, standard_error, z, p, low, high, note. z = estimate / standard_error and its p
            (two-sided, normal) are NaN where 0 is not inside the bounds of the number: a weight, a variance.
        """
        first = [i for i, row in enumerate(self.jacobian) if not self._is_twin(i, row)]
        found = self._intervals(first, level, Wald())
        known = self.chart.links()
        z, p = against_zero(found["estimate"], found["standard_error"], [known[i] for i in first])
        begin = {name: found[name] for name in ("name", "estimate", "standard_error")}
        return EstimateTable(
            begin | {"z": z, "p": p} | {name: found[name] for name in ("low", "high", "note")}
        )

    def _is_twin(self, entry: int, row: Array) -> bool:
        """Whether an earlier number is the same whatever the coordinates are: Σ_ij beside Σ_ji."""
        return bool(row.any() and (self.jacobian[:entry] == row).all(axis=1).any())

    def delta(self, function: Callable[[Params], Any], level: float = 0.95) -> Derived:
        """How sure a function of the parameters is, by the delta method.

        Parameters
        ----------
        function
            Of params as `jensen.fit` returns them; smooth, and a number, an array, or a dict of these.
            Of a `jensen.LogJoint` it may be written in ``jax.numpy``, and is then differentiated exactly.
        level
            Of the intervals.

        Returns
        -------
        Derived
            Values, standard errors, tests and intervals, and the covariance of all numbers together.

        Raises
        ------
        ValueError
            If the function is not finite at the estimate.
        TypeError
            If it does not return numbers in double precision.

        Examples
        --------
        >>> import jensen
        >>> data = jensen.load_dataset("faithful")
        >>> fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian(jensen.Tied())), data)
        >>> def gap(params):
        ...     return params.components.means[1, 1] - params.components.means[0, 1]
        >>> found = fit.uncertainty().delta(gap)
        >>> round(float(found.estimate[0]), 2), round(float(found.standard_errors), 2)
        (25.44, 0.75)
        """
        return derived(self, function, level)

    def sandwich(self) -> Uncertainty:
        """The same with the robust covariance I⁻¹ (Σ_n w_n s_n s_nᵀ) I⁻¹ (Huber 1967; White 1982).

        Right also where the model is not; s_n is the score of row n. Weights count repeated rows.
        """
        inner = meat(self.problem, self.params, self.information.scale)
        chart_covariance = self.chart_covariance @ inner @ self.chart_covariance
        covariance = self.jacobian @ chart_covariance @ self.jacobian.T
        covariance = np.where(np.isnan(self.covariance), np.nan, covariance)
        return replace(self, covariance=covariance, chart_covariance=chart_covariance, kind="sandwich")

    @cached_property
    def rates(self) -> Rates:
        """EM's rate of convergence along every direction: the fraction of the information that is missing."""
        return rates(self.problem, self.params, self.information)

    @cached_property
    def uphill(self) -> Params | None:
        """From a saddle: params where the objective is higher, to go on with ``fit(params=...)``.

        None at a maximum, and where no way up is found.
        """
        return climb_away(self.problem, self.params, self.u, self.parabola)

    def __repr__(self) -> str:
        head = f"{self.verdict}\n" if not self.verdict.converged else ""
        return f"{head}{self.table()}\n({self._caption})"

    def _repr_html_(self) -> str:
        head = "" if self.verdict.converged else f"<p>{escape(str(self.verdict))}</p>"
        rows = self.table()._repr_html_()
        return f"<div>{head}{rows}<p><small>{escape(self._caption)}</small></p></div>"

    @property
    def _caption(self) -> str:
        return f"standard errors from the {self.kind}, intervals at 95 %"


def _spaceless(name: str) -> str:
    return name.replace(", ", ",")


def uncertainty(model: Any, fit: Fitted | Params, data: Data, weight: Weight = None) -> Uncertainty:
    """Standard errors of a fit, from the curvature of the log-likelihood at its parameters.

    The covariance is J I⁻¹ Jᵀ (the delta method): I is the observed information in the model's chart, J the
    derivative of the natural parameters. With a prior it is the curvature of the log-posterior.

    Parameters
    ----------
    model
        As given to `jensen.fit`, or ``fit.model``. It must have a ``chart``.
    fit
        A `Fit`, or params.
    data, weight
        Those that were fitted.

    Returns
    -------
    Uncertainty
        Always. Where there are no standard errors, its ``verdict`` says why.

    Raises
    ------
    ValueError
        If the model has no chart, or the data are not those of the fit.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> x = np.random.default_rng(0).normal(size=(400, 1)) + np.repeat([[0.0], [4.0]], 200, axis=0)
    >>> model = jensen.Mixture(2, jensen.Gaussian(jensen.Spherical()))
    >>> fit = jensen.fit(model, x)
    >>> jensen.uncertainty(model, fit, x).standard_errors["means"].round(3).tolist()
    [[0.079], [0.086]]
    """
    problem = Problem.prepared(model, data, weight)
    params = fit.params if isinstance(fit, Fitted) else fit
    known, chart = problem.model, problem.model.chart
    if chart is None:
        raise ModelError(
            f"{name_of(known)} has no chart: give it an attribute chart, a jensen.Chart of its params"
        )
    chart.check(params)
    if isinstance(fit, Fitted):
        _require_same_columns(fit.columns, problem.columns)
    expected = problem.expected(params)
    if isinstance(fit, Fitted):
        _require_same_data(fit, expected)
        problem.columns = problem.columns or fit.columns
    information = observed_information(problem, params, expected.stats)
    g = np.asarray(score_with(known, information.scale)(params, expected.stats))
    u = chart.to_vector(params)
    parabola = Parabola.of(chart, u, g, information, expected.weight, chart.at_bound(params))
    objective = expected.log_evidence + log_prior(known, params)
    parabola = confirmed(problem.objective_at, objective, u, parabola)
    jacobian = chart.jacobian(u)
    verdict = judge(problem, params, parabola, jacobian, information.error)
    if isinstance(fit, Fitted):
        verdict = reconciled(verdict, fit.verdict)
    return Uncertainty(
        names=problem.names,
        estimate=chart.natural_vector(params),
        covariance=natural_covariance(parabola, jacobian),
        verdict=verdict,
        remaining=parabola.remaining,
        information=information,
        chart_covariance=parabola.inverse,
        u=u,
        kind="observed information",
        params=params,
        parabola=parabola,
        problem=problem,
    )


def _require_same_columns(wanted: Sequence[str], found: Sequence[str]) -> None:
    """By name, whatever their order: a log-joint asks for its columns by name."""
    others = [name for name in found if name not in wanted]
    named = len(found) == len(wanted) and list(found) != default_columns(len(found))
    if named and others:
        missing = [name for name in wanted if name not in found]
        raise DataError(
            f"the data have {listed(others)} where the fit was of {listed(missing)}: give its columns"
        )


def _require_same_data(fit: Fitted, expected: Expected) -> None:
    same = abs(fit.log_evidence - expected.log_evidence) <= SAME * (1.0 + abs(fit.log_evidence))
    if not (same and np.isclose(fit.weight, expected.weight)):
        raise ModelError(
            f"the fit was of {fit.weight:g} rows with log-evidence {fit.log_evidence:.6g}, these are "
            f"{expected.weight:g} with {expected.log_evidence:.6g}: give uncertainty the data and the weight "
            "of the fit"
        )
