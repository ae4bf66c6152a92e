"""Whether a point is a local maximum, by an optimizer and coordinates that share nothing with jensen's.

Coordinates are about the point itself: a positive number is v₀ eᵘ, a probability has the logit of v₀ plus
u, a row of shares is ∝ w₀ eᵘ with the largest held, a real number is v₀ + unit · u, a covariance is L A Aᵀ
Lᵀ with A = I at the point. A gain counts only where it is *reached*: on the straight way there the
log-likelihood never falls by more than `DIP`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

FALSE = 1e-2  # nats that a maximum may not leave
REGULAR = 1e-4  # least curvature of a regular maximum, each coordinate scaled to 1
DIP = 1e-3
BOX = 0.3  # of one local climb, in every coordinate
BOXES = 4
LENGTHS = np.geomspace(1e-3, 64.0, 22)  # along one coordinate: to where logits are saturated
PERTURBED = (1e-3, 3e-2)
TINY = 1e-13

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Around:
    """Params as a vector that is 0 at ``end``."""

    spaces: dict[str, str]
    """Name → real, positive, unit, simplex or covariance."""
    end: Values
    units: dict[str, float]
    """Of the real ones."""

    @property
    def size(self) -> int:
        return sum(len(_flat(self.spaces[name], self.end[name])) for name in self.spaces)

    def at(self, u: np.ndarray) -> Values:
        found, begin = {}, 0
        for name, space in self.spaces.items():
            value = np.asarray(self.end[name], float)
            stop = begin + len(_flat(space, value))
            found[name] = _moved(space, value, u[begin:stop], self.units.get(name, 1.0))
            begin = stop
        return found


def _flat(space: str, value: np.ndarray) -> np.ndarray:
    value = np.asarray(value, float)
    if space == "covariance":
        d = value.shape[-1]
        return np.zeros(value.size // (d * d) * (d * (d + 1) // 2))
    if space != "simplex":
        return value.ravel()
    rows = value.reshape(-1, value.shape[-1])
    return np.zeros(rows.shape[0] * (rows.shape[1] - 1))


def _moved(space: str, value: np.ndarray, u: np.ndarray, unit: float) -> np.ndarray:
    if space == "real":
        return value + unit * u.reshape(value.shape)
    if space == "positive":
        return value * np.exp(np.clip(u.reshape(value.shape), -300, 300))
    if space == "unit":
        return expit(np.clip(logit(np.clip(value, TINY, 1 - TINY)) + u.reshape(value.shape), -30, 30))
    if space == "covariance":
        return _stretched(value, u)
    rows = np.maximum(value.reshape(-1, value.shape[-1]), TINY)
    logs, steps = np.log(rows), u.reshape(len(rows), -1)
    for row, step in zip(logs, steps, strict=True):
        row[np.arange(len(row)) != np.argmax(row)] += step
    logs -= logs.max(axis=1, keepdims=True)
    shares = np.exp(logs)
    return (shares / shares.sum(axis=1, keepdims=True)).reshape(value.shape)


def _stretched(value: np.ndarray, u: np.ndarray) -> np.ndarray:
    d = value.shape[-1]
    matrices = value.reshape(-1, d, d)
    found = np.empty_like(matrices)
    for j, (matrix, part) in enumerate(zip(matrices, u.reshape(len(matrices), -1), strict=True)):
        a = np.zeros((d, d))
        a[np.tril_indices(d)] = part
        np.fill_diagonal(a, np.exp(np.clip(np.diag(a), -300, 300)))
        root = np.linalg.cholesky(matrix) @ a
        found[j] = root @ root.T
    return found.reshape(value.shape)


@dataclass(frozen=True)
class Found:
    """What is about a point."""

    gain: float
    """The largest gain that is reached from it, in nats."""
    slope: float
    """The largest derivative, in nats."""
    curvature: float
    """The smallest eigenvalue of minus the Hessian, each coordinate scaled to a curvature of 1."""


def look(value: Callable[[Values], float], around: Around, rng: np.random.Generator) -> Found:
    """Climb from a point and from beside it."""
    zero = np.zeros(around.size)

    def f(u: np.ndarray) -> float:
        try:
            with np.errstate(all="ignore"):
                found = float(value(around.at(u)))
        except np.linalg.LinAlgError:  # a covariance that rounding has made singular
            return -np.inf
        return found if np.isfinite(found) else -np.inf

    here = f(zero)
    if not np.isfinite(here):
        return Found(np.nan, np.nan, np.nan)
    best = max(_along(f, here, i, side, around.size) for i in range(around.size) for side in (-1.0, 1.0))
    for size in (0.0, *PERTURBED):
        best = max(best, _climb(f, here, size * rng.standard_normal(around.size)))
        if best > FALSE:
            break
    slope = np.array([(f(step) - f(-step)) / 2e-5 for step in 1e-5 * np.eye(around.size)])
    return Found(best, float(np.abs(slope).max(initial=0.0)), _curvature(f, around.size))


def _along(f: Callable[[np.ndarray], float], here: float, i: int, side: float, size: int) -> float:
    """The most that is gained along one coordinate before the first fall."""
    best = top = here
    for length in LENGTHS:
        u = np.zeros(size)
        u[i] = side * length
        there = f(u)
        if not there >= top - DIP:
            break
        top, best = max(top, there), max(best, there)
    return best - here


def _climb(f: Callable[[np.ndarray], float], here: float, begin: np.ndarray) -> float:
    at = begin
    for _ in range(BOXES):
        bounds = [(x - BOX, x + BOX) for x in at]
        found = minimize(
            lambda u: min(-f(u) + here, 1e10),
            at,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 40, "ftol": 1e-15, "gtol": 1e-9},
        )
        if not _reached(f, at, found.x):
            return 0.0
        moved = float(np.abs(found.x - at).max())
        at = found.x
        if f(at) - here > FALSE or moved < 0.99 * BOX:
            break
    return f(at) - here


def _reached(f: Callable[[np.ndarray], float], a: np.ndarray, b: np.ndarray) -> bool:
    return min(f(a + t * (b - a)) for t in np.linspace(0, 1, 21)) >= f(a) - DIP


def _curvature(f: Callable[[np.ndarray], float], size: int, step: float = 1e-3) -> float:
    """Of minus the Hessian by differences; NaN where some coordinate moves nothing."""
    eye, here = step * np.eye(size), f(np.zeros(size))
    hessian = np.zeros((size, size))
    for i in range(size):
        hessian[i, i] = f(eye[i]) - 2 * here + f(-eye[i])
        for j in range(i):
            a, b = eye[i], eye[j]
            hessian[i, j] = hessian[j, i] = (f(a + b) - f(a - b) - f(b - a) + f(-a - b)) / 4
    minus = -hessian / step**2
    diagonal = np.diag(minus)
    noise = 1e-12 * (1 + abs(here)) / step**2
    if not (np.isfinite(minus).all() and (diagonal > 100 * noise).all()):
        return np.nan
    return float(np.linalg.eigvalsh(minus / np.sqrt(np.outer(diagonal, diagonal)))[0])
