"""The log-likelihood about a point as a parabola: which directions fall, are flat, climb, or end in a bound.

The information is judged in units of the standard errors that complete data would give, so that neither the
units of the data nor those of a parameter matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.em.curvature.matrix import Information
from jensen.spaces.chart import Chart, Local

Mask = NDArray[np.bool_]

FAR = 0.96  # of the way to where a coordinate is cut off
VAGUE = 0.1  # information about a logarithm: a standard error above 3 is no parabola
NONE = 0.01  # information about a logarithm: with a standard error above 10 nothing is known
TINY = 15.0  # a logarithm this far out that nothing is known about is at its bound
SINGULAR = 1e-8  # curvature relative to that of complete data
CLEAR = 10.0 * SINGULAR
VANISHED = 1e-7  # information of a row about a coordinate, in steps of at most 1
UNRESOLVED = 8.0 * float(np.finfo(float).eps)  # a relative standard error that no double can show
ENDLESS = 0.1  # nats that a logarithm far out still gains in every step of 1, with next to no curvature
NAMED = 0.1  # a parameter belongs to a direction if it moves this much of what the most moving one does


@dataclass(frozen=True, slots=True, eq=False)
class Parabola:
    """The score and the information at a point, taken apart.

    Attributes
    ----------
    g
        (p,): the score in the chart.
    local
        The coordinates in which bounds are looked for.
    frozen
        (p,): the local coordinates that are at a bound, and left out.
    idle
        (p,): those, of logarithms, about which next to nothing is known.
    directions
        (p, r): steps in the chart, one complete-data standard error each, orthogonal in these units.
    values
        (r,): the curvatures along them, 1 where nothing is hidden; smallest first.
    noise
        (r,): curvatures that cannot be told from 0: by rounding, by the distance to the maximum, or because
        they are of logarithms about which nothing is known.
    drift
        What of that is due to the distance to the maximum.
    error
        That of the information, its diagonal scaled to 1.
    vanished
        (p,): coordinates of the chart that move nothing where they are, and have no bound.
    steepness
        (p,): the information about each coordinate of the chart alone.
    unbounded
        (p,): the local coordinates along which the log-likelihood rises for ever, by as much in every step.
    unresolved
        (p,): coordinates of the chart whose standard error, were it the only one, is less than the spacing of
        floating-point numbers there: a scale has shrunk below what the data resolve.
    """

    g: Array
    local: Local
    frozen: Mask
    idle: Mask
    directions: Array
    values: Array
    noise: Array
    drift: float
    error: float
    vanished: Mask
    steepness: Array
    unbounded: Mask
    unresolved: Mask

    @classmethod
    def of(
        cls, chart: Chart, u: Array, g: Array, information: Information, weight: float, held: Mask
    ) -> Parabola:
        """Of the score g and the information at u, from rows of total ``weight``; ``held``: coordinates of
        the chart at bounds that the model knows of.
        """
        natural = chart.natural_vector(chart.from_vector(u))
        place = chart.local(u, natural, information.scale)
        matrix = place.basis.T @ information.matrix @ place.basis
        slope = place.basis.T @ g
        frozen = at_bound(place, slope, np.diag(matrix), information.error) | held
        free = ~frozen
        unit = place.unit[free]
        scaled = matrix[np.ix_(free, free)] * np.outer(unit, unit)
        idle = free & (place.ends != 0) & (np.abs(np.diag(matrix)) < NONE)
        # The tilt, itself no more than noise, keeps idle coordinates apart from other flat directions.
        tilted = scaled + 0.1 * SINGULAR * np.diag(idle[free])
        if not np.isfinite(tilted).all():
            tilted = np.full_like(tilted, np.nan)
        values, vectors = np.linalg.eigh(tilted) if np.isfinite(tilted).all() else (tilted.sum(0), tilted)
        drift = 3.0 * float(np.linalg.norm(slope[free] * unit)) / np.sqrt(max(weight, 1.0))
        hidden = NONE * (np.square(vectors[idle[free]]).sum(axis=0) > 0.5)
        noise = max(SINGULAR, 20.0 * information.error) + drift + hidden
        directions = place.basis[:, free] @ (unit[:, None] * vectors)
        diagonal = np.abs(np.diag(information.matrix))
        vanished = (np.minimum(diagonal, 1.0) < VANISHED * max(weight, 1.0)) & ~held
        vanished &= ~((place.basis != 0) & (place.ends != 0)).any(axis=1)  # at a bound nothing has to move
        endless = unbounded(place, slope, np.diag(matrix)) & ~held
        spacing = UNRESOLVED * np.where(np.isfinite(chart.widest()), np.maximum(np.abs(u), 1.0), np.abs(u))
        lost = ~held & (diagonal * np.square(spacing) > 1.0)
        kinds = (vanished, diagonal, endless, lost)
        return cls(g, place, frozen, idle, directions, values, noise, drift, information.error, *kinds)

    @property
    def falling(self) -> Mask:
        """Directions in which the log-likelihood falls, as it should."""
        return self.values > self.noise

    @property
    def climbing(self) -> Mask:
        """Directions in which it rises to second order: the point is a saddle."""
        return self.values < -self.noise

    @property
    def flat(self) -> Mask:
        """Directions in which the data say nothing, as far as can be told."""
        return ~self.falling & ~self.climbing

    @property
    def is_clear(self) -> bool:
        """Whether what cannot be told of a direction is due to the data or the distance to the maximum; not
        to rounding, in which the curvature of components much thinner than the data is lost.
        """
        return 20.0 * self.error < max(CLEAR, self.drift)

    @property
    def near_falling(self) -> Mask:
        """Directions that fall, or would but for the distance to the maximum."""
        return self.values > self.noise - self.drift

    @property
    def remaining(self) -> float:
        """½ gᵀ I⁻¹ g over the directions that fall or nearly do: the log-likelihood still to be gained."""
        d, v = self.directions[:, self.near_falling], self.values[self.near_falling]
        return 0.5 * float(np.square(self.g @ d) @ (1.0 / v))

    @property
    def inverse(self) -> Array:
        """I⁻¹ over the directions that fall, (p, p): the covariance in the chart."""
        d, v = self.directions[:, self.falling], self.values[self.falling]
        return (d / v) @ d.T

    def metric(self, own: int | None = None) -> Array:
        """A positive definite stand-in for I⁻¹, for climbing: absolute curvatures; what is at a
        bound stays, but for ``own``.
        """
        curvature = np.maximum(np.abs(self.values), 1e-3)
        found = (self.directions / curvature) @ self.directions.T
        if own is None:
            return found
        extra = self.local.basis[:, own]
        return found + np.outer(extra, extra)

    def own(self, entry: int) -> int | None:
        """The local coordinate at a bound whose natural number this is."""
        found = np.flatnonzero(self.frozen & (self.local.entry == entry))
        return int(found[0]) if len(found) else None

    def inside(self, u: Array, own: int) -> Array:
        """u with a coordinate that is at its bound moved to where it can be seen to move."""
        v = self.local.v.copy()
        limit = min(self.local.far[own] / 2, 300.0)
        v[own] = np.clip(v[own], -limit, limit)
        return u + self.local.basis @ (v - self.local.v)

    def inwards(self, own: int) -> Array:
        """The direction in the chart that leads away from the bound of a coordinate."""
        return -np.sign(self.local.v[own]) * self.local.basis[:, own]

    @property
    def entries(self) -> NDArray[np.intp]:
        """The places of the natural numbers that are at a bound."""
        return np.unique(self.local.entry[self.frozen & (self.local.entry >= 0)])

    @property
    def endless(self) -> NDArray[np.intp]:
        """The places of the natural numbers with which the log-likelihood rises for ever."""
        return np.unique(self.local.entry[self.unbounded & (self.local.entry >= 0)])

    def bounded(self, jacobian: Array) -> Mask:
        """Which natural numbers have no standard error because they are at a bound, (m,)."""
        missing = np.zeros(len(jacobian), bool)
        missing[self.entries] = True
        return missing | self.held_at_bounds(jacobian)

    def held_at_bounds(self, slopes: Array) -> Mask:
        """Which functions of the chart, by their slopes (m, p), move only with what is at a bound, (m,)."""
        slopes = in_units(slopes)[0]
        whole = np.linalg.norm(slopes, axis=1)
        moved = np.linalg.norm(slopes @ self.local.basis[:, ~self.frozen], axis=1)
        return (whole > 0) & (moved <= 1e-12 * whole)

    def unknown(self, jacobian: Array) -> Mask:
        """Which have none because the data do not tell: a flat direction moves them, (m,)."""
        jacobian = in_units(jacobian)[0]
        moved = np.linalg.norm(jacobian @ self.directions, axis=1)
        flat = np.linalg.norm(jacobian @ self.directions[:, self.flat], axis=1)
        return flat > 1e-2 * np.where(moved > 0, moved, 1.0)

    def named(self, jacobian: Array, names: list[str], which: int) -> list[str]:
        """The natural numbers that a direction moves most, in units of their standard errors."""
        jacobian = in_units(jacobian)[0]
        unit = np.linalg.norm(jacobian @ self.directions, axis=1)
        moved = np.abs(jacobian @ self.directions[:, which]) / np.where(unit > 0, unit, np.inf)
        return [name for name, far in zip(names, moved, strict=True) if far > NAMED * moved.max()]


def in_units(slopes: Array) -> tuple[Array, Array]:
    """The slopes of each function in units of its largest, (m, p), and these, (m,): squares stay finite."""
    units = np.abs(slopes).max(axis=1, initial=0.0)
    units = np.where(np.isfinite(units) & (units > 0.0), units, 1.0)
    return slopes / units[:, None], units


def at_bound(place: Local, slope: Array, curvature: Array, noise: float) -> Mask:
    """Which local coordinates have run to their end, (p,).

    There the log-likelihood is ℓ∞ − c·exp(−|v|): score and curvature vanish together, and Newton's step is 1,
    outwards, for ever.
    """
    outwards = _outwards(place, slope)
    distance = np.abs(place.v)
    with np.errstate(divide="ignore", invalid="ignore"):
        newton = outwards * slope / curvature
    vanishing = (curvature > 0) & (curvature < VAGUE) & (newton > 0.5) & (newton < 2.0)
    nothing = (np.abs(curvature) <= 10 * noise) & (distance > TINY)
    return (place.ends != 0) & ((distance > FAR * place.far) | vanishing | nothing)


def unbounded(place: Local, slope: Array, curvature: Array) -> Mask:
    """Which local coordinates are far out and still climb, on a straight line, (p,).

    A density that has collapsed onto m rows is ℓ − m log sd: the score is m nats for every e-fold that the
    scale shrinks, and has no curvature.
    """
    rise = _outwards(place, slope) * slope
    straight = np.abs(curvature) < ENDLESS * rise
    return (place.ends != 0) & (np.abs(place.v) > TINY) & (rise > ENDLESS) & straight


def _outwards(place: Local, slope: Array) -> Array:
    return np.where(place.ends == 2, np.where(slope == 0, np.sign(place.v), np.sign(slope)), place.ends)
