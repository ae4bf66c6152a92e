"""Independent replicates of a whole estimate: batches of coupled draws are one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.expectation import Expectation, expectation

AT_ONCE = 2**17  # draws that are held in memory at a time


def gradient_samples(
    f: Callable[[Any, Any], Any],
    distribution: Callable[[Any], Any],
    theta: Any,
    *,
    key: Any,
    estimator: Any = None,
    draws: Any = None,
    num_replicates: int = 1000,
    vouch: tuple[str, ...] = (),
) -> Any:
    """Replicates of the gradient of E[f(x, θ)], each from draws of its own.

    Parameters
    ----------
    f, distribution, estimator, draws, vouch
        As for `expectation`.
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
    F = expectation(f, distribution, estimator, draws, vouch)
    theta = as_arrays(theta)
    return replicate(F)(theta, keys(key, num_replicates))[1]


def as_arrays(theta: Any) -> Any:
    """θ with floating-point arrays as its leaves."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(leaf, float)), theta)


def keys(key: Any, num_replicates: int) -> Any:
    """A key for every replicate."""
    if num_replicates < 2:
        raise ValueError(f"num_replicates must be at least 2, not {num_replicates}")
    if key is None:
        raise TypeError("a key is needed: jax.random.key(0), or an integer")
    return jax.random.split(jax.random.key(key) if isinstance(key, int) else key, num_replicates)


def replicate(F: Expectation) -> Any:
    """A compiled function of θ and keys: values and gradients with a leading axis of replicates."""
    state = F.init()
    at_once = max(1, AT_ONCE // F.draws.layout.num_draws)

    @jax.jit
    def run(theta: Any, keys: Any) -> tuple[Any, Any]:
        pieces = -(-len(keys) // at_once)
        size = -(-len(keys) // pieces)
        filled = keys[jnp.arange(pieces * size) % len(keys)].reshape(pieces, size)
        each = jax.vmap(lambda key: jax.value_and_grad(F)(theta, key, state))
        found = jax.lax.map(each, filled) if pieces > 1 else jax.tree.map(lambda a: a[None], each(filled[0]))
        return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[: len(keys)], found)

    return run
