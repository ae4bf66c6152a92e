"""Where something is not finite: in which draw, and at which x."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.arrays import Params
from jensen.gradients.compare.names import columns
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.plan import Plan


def where(F: Expectation, plan: Plan, params: Params, keys: Any, bad: Any) -> str:
    """In words: how many replicates, and the first draw that spoils the first of them."""
    first = int(bad[0])
    draw, x, value = _first(F, plan, params, keys[first])
    found = f"{len(bad)} of {len(keys)} replicates are not finite"
    if draw is None:
        return f"{found}, the first of them number {first}"
    what = "its gradient is not finite" if np.isfinite(value) else f"f is {value}"
    return f"{found}; in draw {draw} of replicate {first} {what}, at x = {x}"


def _first(F: Expectation, plan: Plan, params: Params, key: Any) -> tuple[int | None, str, float]:
    if F.particles is not None:  # no cost belongs to one value
        return None, "", 0.0
    seen: list[tuple[Any, Any, Any]] = []
    jax.block_until_ready(replace(F, f=_recording(F, seen)).estimates(params, key, F.init(), plan=plan))
    if (found := _pick(seen, lambda value, draw: ~np.isfinite(value))) is not None:
        return found
    slopes = _slopes(F, plan, params, key)
    spoiled = np.flatnonzero(~np.isfinite(slopes).all(axis=1))
    if spoiled.size and (found := _pick(seen, lambda value, draw: draw == spoiled[0])) is not None:
        return found
    return None, "", 0.0


def _pick(seen: list[Any], is_bad: Any) -> tuple[int, str, float] | None:
    """The first evaluation, in the order of the draws, of which that is true."""
    for draw, x, value in seen:
        bad = np.flatnonzero(is_bad(value, draw))
        if bad.size:
            i = bad[np.argmin(draw[bad])]
            return int(draw[i]), _words(jax.tree.map(lambda leaf, i=i: leaf[i], x)), float(value[i])
    return None


def _words(x: Any) -> str:
    if isinstance(x, dict):
        return "{" + ", ".join(f"{name}: {_words(value)}" for name, value in x.items()) + "}"
    return " ".join(np.array2string(np.asarray(x), precision=6, threshold=6).split())


def _recording(F: Expectation, seen: list[Any]) -> Any:
    """f, which also writes down the draw, x and value of every evaluation, all draws at once."""

    def note(draw: Any, x: Any, value: Any) -> Any:
        value = np.asarray(value)
        many, flat = value.shape, value.reshape(-1)
        lead = len(many)
        leaves = jax.tree.map(lambda leaf: _flat(np.asarray(leaf), many, lead), x)
        seen.append((np.broadcast_to(np.asarray(draw), many).reshape(-1), leaves, flat))
        return value

    def recording(x: Any, params: Params) -> Any:
        value = jnp.asarray(F.f(x, params))
        draw = F.draws.layout.index()
        shape = jax.ShapeDtypeStruct(value.shape, value.dtype)
        return jax.pure_callback(note, shape, draw, x, value, vmap_method="broadcast_all")

    return recording


def _flat(leaf: Any, many: tuple[int, ...], lead: int) -> Any:
    return np.broadcast_to(leaf, (*many, *leaf.shape[lead:])).reshape(-1, *leaf.shape[lead:])


def _slopes(F: Expectation, plan: Plan, params: Params, key: Any) -> Any:
    """Of every draw (draws, parameters), forward: one pass for each parameter."""
    tangents = jax.jacfwd(lambda params: F.estimates(params, key, F.init(), plan=plan).reshape(-1))(params)
    return columns(tangents, F.draws.layout.num_draws)
