"""The randomness of all draws of all variables, before any of them is drawn."""

from __future__ import annotations

import numbers
import zlib
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

import jax

from jensen.gradients.program.plan import Treatment
from jensen.gradients.randomness.draws import Draws
from jensen.gradients.site import Layout, Randomness


def randomness_of(
    treatments: Mapping[str, Treatment], draws: Draws, layout: Layout, key: Any
) -> dict[str, Randomness]:
    """Of each variable, with the leading axes of the layout.

    Keyed by name: the branches of a variable that is summed or differenced share the noise of the later ones.
    """
    leading, num = layout.leading, prod(layout.particles)
    key = _the_key(key, treatments)
    sizes = {
        name: num * prod(treatment.shape) for name, treatment in treatments.items() if treatment.is_drawn
    }
    uniforms = draws.uniforms(jax.random.fold_in(key, 0), sum(sizes.values())) if sizes else None
    found, begin = {}, 0
    own = _numbers(treatments)
    for name, treatment in treatments.items():
        mine = jax.random.fold_in(key, own[name])
        noise, made = None, treatment.route
        if treatment.is_drawn and uniforms is not None:
            if made is None:
                raise ValueError(
                    f"draws of {name!r} are not made of noise and cannot be coupled: Independent(n)"
                )
            end = begin + sizes[name]
            noise = made.noise.from_uniform(uniforms[..., begin:end].reshape(*leading, *treatment.shape))
            begin = end
        elif made is not None:
            noise = made.noise.sample(mine, (*leading, *treatment.shape))
        found[name] = Randomness(jax.random.split(jax.random.fold_in(mine, 1), leading), noise)
    return found


def _numbers(names: Iterable[str]) -> dict[str, int]:
    """A number for each name, the same whatever the others are called."""
    found: dict[str, int] = {}
    for name in names:
        number = zlib.crc32(name.encode())
        if number in found.values():
            raise ValueError(f"{name!r} and another variable have the same random numbers: rename one")
        found[name] = number
    return found


def _the_key(key: Any, treatments: Mapping[str, Treatment]) -> Any:
    if isinstance(key, numbers.Integral):
        return jax.random.key(int(key))
    if key is not None:
        return key
    if drawn := [name for name, treatment in treatments.items() if treatment.is_drawn]:
        raise ValueError(
            f"{', '.join(drawn)} must be drawn: F(params, key) with key = jax.random.key(0), say"
        )
    return jax.random.key(0)
