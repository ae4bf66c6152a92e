"""Starts of every kind: random ones, and such as a climb finds hard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Values = dict[str, np.ndarray]
Parameters = dict[str, tuple[str, Any]]
Typical = dict[str, tuple[float, float]]
NEAR = 1e-7


def starts(
    parameters: Parameters, typical: Typical, spike: str, turn: int, rng: np.random.Generator
) -> Iterator[tuple[str, Values]]:
    """Name and values of each start; which of the hard ones goes by turn."""
    yield "random", _random(parameters, typical, rng)
    if any(shape != () and np.ravel(shape)[0] > 1 for _, shape in parameters.values()):
        same = _identical(parameters, _random(parameters, typical, rng))
        yield ("near-identical", _nudged(parameters, same, typical, rng)) if turn % 2 else ("identical", same)
    value = _random(parameters, typical, rng)
    yield (
        ("edge", _edge(parameters, value)) if turn % 4 < 2 else ("far", _far(parameters, typical, value, rng))
    )
    if spike:
        value = _random(parameters, typical, rng)
        which = np.arange(np.size(value[spike])).reshape(np.shape(value[spike])) == 0
        yield "spike", value | {spike: np.where(which, 1e-6, 1.0) * value[spike]}


def _random(parameters: Parameters, typical: Typical, rng: np.random.Generator) -> Values:
    found: Values = {}
    for name, (space, shape) in parameters.items():
        whole = shape if isinstance(shape, tuple) else (shape,)
        centre, unit = typical.get(name, (1.0, 1.0))
        if space == "simplex":
            found[name] = rng.dirichlet(np.ones(whole[-1]), size=whole[:-1])
        elif space == "unit":
            found[name] = rng.uniform(0.05, 0.95, size=whole)
        elif space == "positive":
            found[name] = np.asarray(centre * np.exp(rng.normal(size=whole)))
        else:
            found[name] = np.asarray(centre + unit * rng.normal(size=whole))
    return found


def _identical(parameters: Parameters, value: Values) -> Values:
    found = {}
    for name, (space, shape) in parameters.items():
        if space == "simplex":
            found[name] = np.full_like(value[name], 1 / value[name].shape[-1])
        else:
            found[name] = (
                value[name] if shape == () else np.broadcast_to(value[name][:1], value[name].shape) + 0.0
            )
    return found


def _nudged(parameters: Parameters, value: Values, typical: Typical, rng: np.random.Generator) -> Values:
    found = {}
    for name, (space, _) in parameters.items():
        noise = NEAR * rng.normal(size=np.shape(value[name]))
        if space == "real":
            found[name] = value[name] + typical.get(name, (0.0, 1.0))[1] * noise
        elif space == "simplex":
            found[name] = value[name]
        else:
            found[name] = value[name] * (1 + noise)
    return found


def _edge(parameters: Parameters, value: Values) -> Values:
    """Almost no share for all values but one, probabilities close to 0 and 1."""
    found = dict(value)
    for name, (space, _) in parameters.items():
        if space == "simplex":
            k = value[name].shape[-1]
            share = np.full(k, 1e-11)
            share[0] = 1 - 1e-11 * (k - 1)
            found[name] = np.broadcast_to(share, value[name].shape) + 0.0
        elif space == "unit":
            found[name] = np.where(value[name] > 0.5, 1 - 1e-11, 1e-11)
    return found


def _far(parameters: Parameters, typical: Typical, value: Values, rng: np.random.Generator) -> Values:
    """A factor of a million off; logits and means thirty units away."""
    found = dict(value)
    for name, (space, _) in parameters.items():
        side = rng.choice([-1.0, 1.0], size=np.shape(value[name]))
        if space == "positive":
            found[name] = value[name] * 10.0 ** (6 * side)
        elif space == "real":
            found[name] = value[name] + 40 * typical.get(name, (0.0, 1.0))[1] * side
    return found
