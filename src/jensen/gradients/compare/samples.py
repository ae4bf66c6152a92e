"""Independent replicates of a whole estimate: batches of coupled draws are one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.compare.arguments import asked
from jensen.gradients.compare.validation import require_domains
from jensen.gradients.expectation import Expectation

AT_ONCE = 2**17  # draws that are held in memory at a time, at most
MEMORY = 2**29  # bytes, if it can be helped
WARM = 200  # calls that fill the memory of a baseline


def gradient_samples(
    f: Callable[[Any, Any], Any] | Expectation,
    distribution: Any = None,
    theta: Any = None,
    *,
    key: Any,
    estimator: Any = None,
    draws: Any = None,
    num_replicates: int = 1000,
    vouch: tuple[str, ...] | None = None,
) -> Any:
    """Replicates of the gradient of E[f(x, θ)], each from draws of its own.

    Parameters
    ----------
    f, distribution, estimator, draws, vouch
        As for `expectation`; or an `Expectation`, which has them, and θ after it.
    theta
        Where.
    key
        A JAX key, or an integer to make one of.
    num_replicates
        How many.

    Returns
    -------
    pytree
        As θ, with a leading axis of replicates.

    Examples
    --------
    >>> from numpyro.distributions import Normal
    >>> from jensen import gradients as gr
    >>> found = gr.gradient_samples(
    ...     lambda x, theta: x**2, lambda theta: Normal(theta["mu"], 1.0), {"mu": 0.5}, key=0
    ... )
    >>> found["mu"].shape
    (1000,)
    """
    F, at = asked(f, distribution, theta, estimator=estimator, draws=draws, vouch=vouch)
    require_domains(F, at)
    each = keys(key, num_replicates)
    return compiled(F, at, each)(at, each)[1]


def keys(key: Any, num_replicates: int) -> Any:
    """A key for every replicate."""
    if num_replicates < 2:
        raise ValueError(f"num_replicates must be at least 2, not {num_replicates}")
    if key is None:
        raise TypeError("a key is needed: jax.random.key(0), or an integer")
    return jax.random.split(jax.random.key(key) if isinstance(key, int) else key, num_replicates)


def compiled(F: Expectation, theta: Any, keys: Any) -> Any:
    """A compiled function of θ and keys: values and gradients with a leading axis of replicates.

    It holds as many of them at a time as memory allows.
    """
    state = warm_state(F, theta, keys[0])
    at_once = min(len(keys), max(1, AT_ONCE // F.draws.layout.num_draws))
    found = _compiled(F, theta, keys, state, at_once)
    needed = found.memory_analysis().temp_size_in_bytes
    if needed > MEMORY and at_once > 1:
        fewer = max(1, int(at_once * MEMORY / needed))
        return _compiled(F, theta, keys, state, fewer)
    return found


def _compiled(F: Expectation, theta: Any, keys: Any, state: Any, at_once: int) -> Any:
    @jax.jit
    def run(theta: Any, keys: Any) -> tuple[Any, Any]:
        pieces = -(-len(keys) // at_once)
        size = -(-len(keys) // pieces)
        filled = keys[jnp.arange(pieces * size) % len(keys)].reshape(pieces, size)
        each = jax.vmap(lambda key: jax.value_and_grad(F)(theta, key, state))
        found = jax.lax.map(each, filled) if pieces > 1 else jax.tree.map(lambda a: a[None], each(filled[0]))
        return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[: len(keys)], found)

    return run.lower(theta, keys).compile()


def warm_state(F: Expectation, theta: Any, key: Any) -> Any:
    """What a baseline with a memory remembers after `WARM` calls at θ; None where there is none."""
    if F.init() is None:
        return None

    def step(state: Any, key: Any) -> tuple[Any, None]:
        return F.update(state, F(theta, key, state)), None

    return jax.jit(lambda keys: jax.lax.scan(step, F.init(), keys)[0])(jax.random.split(key, WARM))
