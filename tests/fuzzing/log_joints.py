"""Log-joints of pieces that may be wrong, infinite or flat: a fit whose verdict is true, or a refusal."""

from __future__ import annotations

import random
from typing import Any

import jax.numpy as jnp
import numpy as np

import jensen
from fuzzing.outcomes import WrongError

X = np.array([0.0, 1.0, 1.0, 2.0, 3.0, 5.0, 2.0, 0.0, 7.0, 1.0])
TERMS = {
    "poisson": lambda p, x, z: jensen.densities.poisson(x, p["r"][z]),
    "normal": lambda p, x, z: -0.5 * (x - p["r"][z]) ** 2,
    "scale": lambda p, x, z: -0.5 * (x / p["r"][z]) ** 2 - jnp.log(p["r"][z]),
    "flat": lambda p, x, z: 0.0 * p["r"][z],
    "unbounded": lambda p, x, z: p["r"][z] * x,
    "impossible": lambda p, x, z: jnp.where(x == 3.0, -jnp.inf, -p["r"][z]),
    "nan": lambda p, x, z: jnp.where(x == 3.0, jnp.nan, -p["r"][z]),
    "log of less": lambda p, x, z: jnp.log(p["r"][z] - x),
    "huge": lambda p, x, z: -1e300 * (x - p["r"][z]) ** 2,
    "steep": lambda p, x, z: -jnp.exp(50.0 * p["r"][z]) - x,
    "array": lambda p, x, z: jnp.ones(3) * p["r"][z],
    "complex": lambda p, x, z: 1j * p["r"][z],
    "unknown": lambda p, x, z: p["q"][z],
    "branch": lambda p, x, z: p["r"][z] if x > 1 else 0.0,
}


def case(rng: random.Random) -> None:
    """One model, one fit."""
    names = rng.choices(list(TERMS), k=rng.choice((1, 1, 2)))
    has_weights = rng.random() < 0.8

    def log_joint(params: Any, z: Any, x: Any) -> Any:
        found = jnp.log(params["w"][z]) if has_weights else 0.0
        for name in names:
            found = found + TERMS[name](params, x, z)
        return found

    model = jensen.LogJoint(
        log_joint,
        jensen.Enumerated(rng.choice((1, 2, 3))),
        {"w": jensen.Simplex(3), "r": jensen.Positive(3)},
    )
    start = {"w": [0.5, 0.3, 0.2], "r": [1.0, 2.0, 4.0]} if rng.random() < 0.7 else None
    weight = rng.choice((None, None, np.where(X == 3.0, 0.0, 1.0), np.full(len(X), 1e-12)))
    fit = jensen.fit(model, X, start, weight=weight, max_steps=30, **({} if start else {"restarts": 2}))
    values = [np.asarray(value, float) for value in fit.params.values()]
    if fit.verdict.converged and not (
        np.isfinite(fit.log_evidence) and all(np.isfinite(value).all() for value in values)
    ):
        raise WrongError(f"{names} converged to what is no number")
    if fit.verdict.converged and abs(fit.log_evidence) > 1e100 and "huge" not in names:
        raise WrongError(f"{names} converged at {fit.log_evidence:g}")
    str(fit)
