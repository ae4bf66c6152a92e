"""The delta method: how sure functions of the parameters are.

    g(θ̂) ≈ g(θ) + G (û − u),    cov g(θ̂) = G C Gᵀ

with C the covariance in the chart and G = ∂g/∂u: exactly where the model differentiates functions of its
params (``derivative``), else by central differences in steps of a fraction of a standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Mask, Params
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.plain import given
from jensen.em.curvature.information import ORDERS
from jensen.em.uncertainty.against_zero import against_zero, quantile
from jensen.em.uncertainty.estimate import Estimate
from jensen.em.uncertainty.table import EstimateTable
from jensen.spaces.links import Link

STEP = 0.05  # of a standard error
ROUGH = 1e-3  # relative disagreement of two orders of differences that is worth a word
NOT_SMOOTH = "not smooth here"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Derived:
    """Functions of the parameters, with their standard errors and covariance; made by `Uncertainty.delta`.

    Attributes
    ----------
    names
        One for every number: ``ratio``, ``odds[1]``; the name of the function where it returns numbers alone.
    value
        What the function returned, as it is.
    estimate
        (m,): its numbers.
    covariance
        (m, m): of these; NaN where a number has none.
    notes
        What there is to say of each number; empty for nothing.
    level
        Of the intervals that are printed.
    """

    names: list[str]
    value: Any
    estimate: Array
    covariance: Array
    notes: list[str]
    level: float = 0.95
    _shape: tuple[int, ...] | None = field(default=None)

    @property
    def standard_errors(self) -> Any:
        """A number or an array in the shape of the value; of a dict (m,)."""
        errors = np.sqrt(np.diag(self.covariance))
        return errors if self._shape is None else errors.reshape(self._shape)[()]

    def interval(self, level: float | None = None, link: Link | None = None) -> EstimateTable:
        """Wald's intervals.

        Parameters
        ----------
        level
            Between 0 and 1; by default that of ``delta``.
        link
            A scale on which to take them, such as ``jensen.spaces.links.Log()`` for a ratio that is positive.
            By default as the numbers are.

        Returns
        -------
        EstimateTable
            name, estimate, standard_error, z, p, low, high, note. z and p are of the hypothesis that a number
            is 0; NaN where the link says that it cannot be.
        """
        level, link = self.level if level is None else level, link or Link()
        if not 0.0 < level < 1.0:
            raise ModelError(f"level must be between 0 and 1, not {level}")
        errors = np.sqrt(np.diag(self.covariance))
        z, p = against_zero(self.estimate, errors, [link] * len(errors))
        with np.errstate(all="ignore"):
            middle = np.asarray(link.to(self.estimate), dtype=float)
            slope = np.array([link.slope(value) for value in self.estimate.tolist()])
            reach = quantile(level) * errors / np.abs(slope)
            low, high = link.back(middle - reach), link.back(middle + reach)
        columns = {"name": self.names, "estimate": self.estimate, "standard_error": errors, "z": z, "p": p}
        columns |= {"low": low, "high": high, "note": self.notes}
        return EstimateTable({name: np.array(column) for name, column in columns.items()})

    def table(self, level: float = 0.95) -> EstimateTable:
        """`interval` of all numbers, as they are."""
        return self.interval(level)

    def __repr__(self) -> str:
        return f"{self.interval()}\n({self._caption})"

    def _repr_html_(self) -> str:
        rows = self.interval()._repr_html_()
        return f"<div>{rows}<p><small>{escape(self._caption)}</small></p></div>"

    @property
    def _caption(self) -> str:
        return f"by the delta method, intervals at {100 * self.level:g} %"


def derived(sure: Estimate, function: Callable[[Params], Any], level: float) -> Derived:
    """Functions of the parameters with what is known of these."""
    exact = None if sure.problem.model.derivative is None else sure.problem.model.derivative(function, sure.u)
    value = function(sure.params) if exact is None else exact[0]
    numbers = flat(value)
    if not np.isfinite(numbers).all():
        raise ModelError(f"the function is not finite at the estimate: {value!r:.100}")
    slopes, rough = _differences(sure, function, numbers) if exact is None else (exact[1], None)
    parabola = sure.parabola
    covariance = slopes @ sure.chart_covariance @ slopes.T
    bounded, unknown = parabola.held_at_bounds(slopes), parabola.unknown(slopes)
    saddle = np.full(len(numbers), bool(parabola.climbing.any()))
    rough = np.zeros(len(numbers), bool) if rough is None else rough
    missing = bounded | unknown | saddle | rough
    covariance = np.where(missing[:, None] | missing, np.nan, covariance)
    said = {"a saddle": saddle, "at its bound": bounded, "not identified": unknown, NOT_SMOOTH: rough}
    notes = [next((text for text, which in said.items() if which[i]), "") for i in range(len(numbers))]
    shape = None if isinstance(value, Mapping) else np.shape(value)
    return Derived(_names(function, value), value, numbers, covariance, notes, level, shape)


def flat(value: Any) -> Array:
    """All numbers of a value, one after the other.

    Raises
    ------
    TypeError
        For what is no number, array, or dict of such; for numbers in single precision, which say nothing of
        derivatives.
    """
    parts = list(value.values()) if isinstance(value, Mapping) else [value]
    arrays = [np.asarray(part) for part in parts]
    if not parts or any(array.dtype.kind not in "biuf" for array in arrays):
        raise ModelTypeError(
            "the function must return a number, an array of numbers or a dict of these, "
            f"not {type(value).__name__} ({value!r:.60})"
        )
    if any(array.dtype.kind == "f" and array.dtype.itemsize < 8 for array in arrays):
        raise ModelTypeError(
            "the function computes in single precision, too coarse for derivatives: use NumPy in place of "
            "jax.numpy, or jax.config.update('jax_enable_x64', True)"
        )
    return np.concatenate([np.asarray(array, dtype=float).ravel() for array in arrays])


def _differences(sure: Estimate, function: Callable[[Params], Any], here: Array) -> tuple[Array, Mask]:
    """∂g/∂u, (m, p), and where two orders of it disagree."""
    unit = np.sqrt(np.maximum(np.diag(sure.chart_covariance), 0.0))
    other = np.where(np.isfinite(sure.information.scale), sure.information.scale, 1.0)
    unit = np.minimum(np.where(unit > 0, unit, other), sure.chart.widest())
    columns = [_column(sure, function, i, STEP * unit[i]) for i in range(len(unit))]
    if not columns:
        return np.zeros((len(here), 0)), np.zeros(len(here), bool)
    _, sixth, eighth = np.moveaxis(np.array(columns), 0, 2)
    size = np.abs(eighth) * unit
    apart = (np.abs(eighth - sixth) * unit).max(axis=1)
    rounding = 1e-12 * np.abs(here)
    return eighth, ~(apart <= ROUGH * size.max(axis=1) + rounding)


def _column(sure: Estimate, function: Callable[[Params], Any], i: int, step: float) -> Array:
    """∂g/∂u_i in three orders."""

    def at(far: float) -> Array:
        u = np.array(sure.u, dtype=float)
        u[i] += far
        return flat(function(sure.chart.from_vector(u)))

    pairs = (at((j + 1) * step) - at(-(j + 1) * step) for j in range(ORDERS.shape[1]))
    return sum(c[:, None] * pair for c, pair in zip(ORDERS.T, pairs, strict=True)) / step  # pyright: ignore


def _names(function: Callable[..., Any], value: Any) -> list[str]:
    """A name for every number."""
    own = str(given(function, ["__name__"]).get("__name__", type(function).__name__))
    parts = value if isinstance(value, Mapping) else {"value" if own == "<lambda>" else own: value}
    return [
        str(name) + (f"[{','.join(map(str, index))}]" if index else "")
        for name, part in parts.items()
        for index in np.ndindex(*np.shape(part))
    ]
