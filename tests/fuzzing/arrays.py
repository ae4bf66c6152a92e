"""Arrays at the verbs: a fit whose verdict is true, or a refusal."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

import jensen
from fuzzing.outcomes import WrongError

STRUCTURES = (
    jensen.Full(),
    jensen.Tied(),
    jensen.Diagonal(),
    jensen.EEI(),
    jensen.Spherical(),
    jensen.EII(),
)


def case(rng: random.Random) -> None:
    """One array, one model, and what is asked of the fit."""
    numbers = np.random.default_rng(rng.randrange(2**32))
    n, d = rng.choice((0, 1, 2, 3, 5, 20, 60)), rng.choice((0, 1, 2, 3, 7, 25))
    x = _dressed(_values(n, d, rng, numbers), rng)
    weight = _weight(n, rng, numbers) if rng.random() < 0.4 else None
    family: Any = jensen.Gaussian(rng.choice(STRUCTURES)) if rng.random() < 0.8 else jensen.Poisson()
    model = jensen.Mixture(rng.choice((1, 1, 2, 3)), family)
    fit = jensen.fit(model, x, weight=weight, restarts=rng.choice((None, 1, 2)), max_steps=200)
    leaves = [fit.params.weights, *np.atleast_1d(*fit.params.components)]
    if fit.verdict.converged and not all(np.isfinite(np.asarray(leaf, float)).all() for leaf in leaves):
        raise WrongError("converged to what is no number")
    str(fit)
    posterior = fit.model.posterior(fit.params, x)
    if len(posterior.responsibilities) != n:
        raise WrongError(f"{len(posterior.responsibilities)} responsibilities of {n} rows")
    if rng.random() < 0.3 and d < 10:  # its cost goes with the square of the number of parameters
        str(jensen.uncertainty(model, fit, x, weight))


def _values(n: int, d: int, rng: random.Random, numbers: np.random.Generator) -> np.ndarray:
    x = numbers.normal(size=(n, d)) * 10.0 ** rng.randrange(-3, 4)
    kind = rng.random()
    if kind < 0.1:
        x = np.round(x)
    elif kind < 0.2 and n and d:
        x[rng.randrange(n), rng.randrange(d)] = rng.choice((np.nan, np.inf, -np.inf, 1e300, 1e30, -1e-300))
    elif kind < 0.3 and d:
        x[:, rng.randrange(d)] = rng.choice((0.0, 1.0, 1e6))
    elif kind < 0.4:
        x = x * 10.0 ** rng.choice((-300, -150, -12, 12, 140, 150))
    elif kind < 0.5 and d > 1:
        x[:, 0] = x[:, 1]
    elif kind < 0.6:
        x = np.abs(np.round(x))
    elif kind < 0.65 and d > 1:
        x = x * 10.0 ** np.linspace(-100, 100, d)
    return x


def _dressed(x: np.ndarray, rng: random.Random) -> Any:
    kind = rng.randrange(12)
    with np.errstate(all="ignore"):
        if kind == 0:
            return x.astype(np.float32)
        if kind == 1:
            return x.tolist()
        if kind == 2:
            return np.asfortranarray(x)
        if kind == 3:
            return x[::-1]
        if kind == 4:
            return x.astype(object)
        if kind == 5:
            return np.ma.masked_array(x, rng.random() < 0.5 and x > 0)
        if kind == 6:
            return x.astype(">f8")
        if kind == 7:
            return np.nan_to_num(x, posinf=9, neginf=0).clip(-(2**62), 2**62).astype(np.int64)
        if kind == 8 and x.shape[1]:
            return x[:, 0]
        if kind == 9:
            return x.astype(np.float16)
    return x


def _weight(n: int, rng: random.Random, numbers: np.random.Generator) -> Any:
    weight = numbers.random(n)
    kind = rng.randrange(8)
    if kind == 0:
        return weight * rng.choice((1e-30, 1e-10, 1e10, 1e300))
    if kind == 1:
        return np.where(weight < 0.5, 0.0, weight)
    if kind == 2:
        return np.round(3 * weight)
    if kind == 3:
        return weight.astype(np.float32)
    if kind == 4 and n:
        weight[rng.randrange(n)] = rng.choice((np.nan, np.inf, -1.0, 0.0, 1e9))
    if kind == 5:
        return weight[:-1]
    if kind == 6:
        return weight.tolist()
    return weight
