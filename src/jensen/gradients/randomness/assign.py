"""The randomness of all draws of all variables, before any of them is drawn."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

import jax

from jensen.basics.errors import ModelError
from jensen.gradients.program.plan import Treatment
from jensen.gradients.randomness.draws import Draws
from jensen.gradients.randomness.keys import as_key
from jensen.gradients.site import Layout, Randomness


def noise_of(treatments: Mapping[str, Treatment], draws: Draws, layout: Layout, key: Any) -> dict[str, Any]:
    """Of each variable that is made of noise, with the leading axes of the layout; of others None.

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
        noise, made = None, treatment.route
        if treatment.is_drawn and uniforms is not None:
            if made is None:
                raise ModelError(
                    f"draws of {name!r} are not made of noise and cannot be coupled: use Independent(n)"
                )
            end = begin + sizes[name]
            noise = made.noise.from_uniform(uniforms[..., begin:end].reshape(*leading, *treatment.shape))
            begin = end
        elif made is not None:
            noise = made.noise.sample(jax.random.fold_in(key, own[name]), (*leading, *treatment.shape))
        found[name] = noise
    return found


def randomness_of(
    treatments: Mapping[str, Treatment], layout: Layout, key: Any, noise: Mapping[str, Any]
) -> dict[str, Randomness]:
    """Of each variable: its noise, and keys for what is not made of it."""
    key, own = _the_key(key, treatments), _numbers(treatments)
    mine = {name: jax.random.fold_in(jax.random.fold_in(key, number), 1) for name, number in own.items()}
    return {name: Randomness(_keys(mine[name], layout.leading), noise[name]) for name in treatments}


def _keys(key: Any, leading: tuple[int, ...]) -> Any:
    """A key for every draw; one draw takes this one."""
    return jax.random.split(key, leading) if prod(leading) > 1 else key[(None,) * len(leading)]


def _numbers(names: Iterable[str]) -> dict[str, int]:
    """A number for each name, the same whatever the others are called."""
    found: dict[str, int] = {}
    for name in names:
        number = zlib.crc32(name.encode())
        if number in found.values():
            raise ModelError(f"{name!r} and another variable have the same random numbers: rename one")
        found[name] = number
    return found


def _the_key(key: Any, treatments: Mapping[str, Treatment]) -> Any:
    if key is not None:
        return as_key(key)
    if drawn := [name for name, treatment in treatments.items() if treatment.is_drawn]:
        raise ModelError(
            f"{', '.join(drawn)} must be drawn: F(params, key) with key = jax.random.key(0), say"
        )
    return jax.random.key(0)
