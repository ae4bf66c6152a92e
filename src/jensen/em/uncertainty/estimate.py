"""What intervals start from: estimates, their covariance, and the curvature behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.basics.verdict import Verdict
from jensen.em.curvature.matrix import Information
from jensen.em.curvature.parabola import Parabola, in_units
from jensen.em.problem import Problem
from jensen.spaces.chart import Chart


@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """What is known of the parameters of a fit: their values, how sure these are, and why some are not.

    Attributes
    ----------
    names
        A name for every natural number: ``rates[1]``.
    estimate
        (m,): their values.
    covariance
        (m, m): of the estimator. NaN where a number has none: at a bound, or not identified.
    verdict
        Whether the log-likelihood is a proper maximum there; if not, which parameters are concerned and what
        to do.
    remaining
        ½ gᵀ I⁻¹ g: the log-likelihood still to be gained. √(2 · remaining) is the distance to the maximum in
        standard errors.
    information
        The observed information in the model's chart, with the error of its entries.
    chart_covariance
        (p, p): the covariance in the chart.
    u
        (p,): the estimate in the chart.
    kind
        ``"observed information"`` or ``"sandwich"``.
    params, problem
        What it is the uncertainty of: the parameters; the model, its data and weights.
    """

    names: list[str]
    estimate: Array
    covariance: Array
    verdict: Verdict
    remaining: float
    information: Information
    chart_covariance: Array
    u: Array
    kind: str
    params: Params
    parabola: Parabola = field(repr=False)
    problem: Problem = field(repr=False)

    @property
    def chart(self) -> Chart:
        """The model's chart."""
        return self.problem.model.chart

    @property
    def model(self) -> Any:
        """The model, as the data fixed it."""
        return self.problem.model.as_given

    @cached_property
    def standard_errors(self) -> dict[str, Any]:
        """Name → standard errors, in the shape of the parameter; a number for a scalar."""
        errors = np.sqrt(np.diag(self.covariance))
        found, begin = {}, 0
        for name, value in self.chart.natural(self.params).items():
            found[name] = errors[begin : begin + value.size].reshape(value.shape)[()]
            begin += value.size
        return found

    @cached_property
    def jacobian(self) -> Array:
        """(m, p): ∂ natural / ∂u."""
        return self.chart.jacobian(self.u)

    @property
    def correlation(self) -> Array:
        """(m, m): of the estimator."""
        errors = np.sqrt(np.diag(self.covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.covariance / np.outer(errors, errors)

    def why(self, entry: int) -> str:
        """Why a number has no standard error; empty where it has one."""
        if not np.isnan(self.covariance[entry, entry]):
            return ""
        if self.parabola.climbing.any():
            return "a saddle"
        at_bound = self.parabola.bounded(self.jacobian)[entry]
        return "at its bound" if at_bound else "not identified"


def natural_covariance(parabola: Parabola, jacobian: Array) -> Array:
    """J I⁻¹ Jᵀ, NaN where a number has no standard error."""
    slopes, units = in_units(jacobian)
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers beyond 1e150 there is no variance
        found = slopes @ parabola.inverse @ slopes.T * units * units[:, None]
    missing = parabola.bounded(jacobian) | parabola.unknown(jacobian) | parabola.climbing.any()
    return np.where(missing[:, None] | missing, np.nan, found)
