"""The randomness of all draws of all variables, before any of them is drawn."""

from __future__ import annotations

import zlib
from math import prod
from typing import Any

import jax

from jensen.gradients.draws import Draws
from jensen.gradients.noise import Route, route
from jensen.gradients.program import Variable
from jensen.gradients.site import Randomness

Shape = tuple[int, ...]


def randomness_of(variables: list[Variable], draws: Draws, key: Any) -> dict[str, Randomness]:
    """Of each variable, (batches, coupled, …). Keyed by name: the branches of a variable that is summed or
    differenced share the noise of the later ones.
    """
    shapes, routes = _look(variables, key)
    layout = draws.layout
    leading = (layout.num_batches, layout.num_coupled)
    spread, key = jax.random.split(key)
    uniforms = draws.uniforms(spread, sum(prod(shape) for shape in shapes.values()))
    found, begin = {}, 0
    for name, shape in shapes.items():
        mine = jax.random.fold_in(key, zlib.crc32(name.encode()))
        keys = jax.random.split(mine, leading)
        end = begin + prod(shape)
        made = routes[name]
        if uniforms is not None:
            if made is None:
                raise ValueError(
                    f"{name!r} is not made of noise, so its draws cannot be coupled: Independent(n)"
                )
            noise = made.noise.from_uniform(uniforms[..., begin:end].reshape(*leading, *shape))
        else:
            noise = None if made is None else made.noise.sample(mine, (*leading, *shape))
        found[name], begin = Randomness(keys, noise), end
    return found


def _look(variables: list[Variable], key: Any) -> tuple[dict[str, Shape], dict[str, Route | None]]:
    """The shape of a value of every variable and how it is made of noise, without drawing one."""
    routes: dict[str, Route | None] = {}

    def values(key: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for variable in variables:
            distribution = variable.given(found)
            routes[variable.name] = route(distribution)
            found[variable.name] = distribution.sample(key)
        return found

    shapes = jax.eval_shape(values, key)
    return {variable.name: tuple(shapes[variable.name].shape) for variable in variables}, routes
