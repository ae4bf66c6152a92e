"""Independent replicates of a whole estimate: batches of coupled draws are one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from jensen.basics.arrays import Params
from jensen.gradients.compare.arguments import asked, of_expectation
from jensen.gradients.compare.compiling import compiled
from jensen.gradients.compare.validation import require_domains
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.plan import Plan

AT_ONCE = 2**17  # draws that are held in memory at a time, at most
MEMORY = 2**29  # bytes, if it can be helped
WARM = 200  # calls that fill the memory of a baseline


@of_expectation
def gradient_samples(F: Expectation, params: Params, *, key: Any, num_replicates: int = 1000) -> Any:
    """Replicates of the gradient of E[f(x, θ)], each from draws of its own.

    Parameters
    ----------
    F
        What `expectation` or `bound` returned.
    params
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
    >>> F = gr.expectation(lambda x, params: x**2, lambda params: Normal(params["mu"], 1.0))
    >>> gr.gradient_samples(F, {"mu": 0.5}, key=0)["mu"].shape
    (1000,)
    """
    F, at = asked(F, params)
    require_domains(F, at)
    each = keys(key, num_replicates)
    return lowered(F, planned(F, at), at, each).compiled()(at, each)[1]


def planned(F: Expectation, params: Params) -> Plan:
    """The plan that is made inside ``jit``, where params have no values."""
    found: list[Plan] = []
    jax.eval_shape(lambda params: found.append(F.plan(params)), params)
    return found[0]


def keys(key: Any, num_replicates: int) -> Any:
    """A key for every replicate."""
    if num_replicates < 2:
        raise ValueError(f"num_replicates must be at least 2, not {num_replicates}")
    if key is None:
        raise TypeError("a key is needed: jax.random.key(0), or an integer")
    first = jax.random.key(key) if isinstance(key, int) else key
    return compiled(jax.jit(partial(jax.random.split, num=num_replicates)).lower(first))(first)


@dataclass(frozen=True, slots=True)
class Lowered:
    """A function of params and keys, traced: values and gradients with a leading axis of replicates."""

    lower: Callable[[int], Any]
    at_once: int
    program: Any
    ahead: Future[Any] | None = None

    def compiled(self) -> Any:
        """It holds as many replicates at a time as memory allows."""
        found = compiled(self.program) if self.ahead is None else self.ahead.result()
        needed = found.memory_analysis().temp_size_in_bytes
        if needed > MEMORY and self.at_once > 1:
            return compiled(self.lower(max(1, int(self.at_once * MEMORY / needed))))
        return found


def lowered(F: Expectation, plan: Plan, params: Params, keys: Any, pool: Executor | None = None) -> Lowered:
    """The replicates of F, not compiled yet: what is wrong with it is found out here.

    In a ``pool`` they are compiled beside what comes next.
    """
    state = warm_state(F, plan, params, keys)

    def lower(at_once: int) -> Any:
        @jax.jit
        def run(params: Params, keys: Any) -> tuple[Any, Any]:
            pieces = -(-len(keys) // at_once)
            size = -(-len(keys) // pieces)
            filled = keys[jnp.arange(pieces * size) % len(keys)].reshape(pieces, size)
            each = jax.vmap(lambda key: jax.value_and_grad(partial(F, plan=plan))(params, key, state))
            found = (
                jax.lax.map(each, filled) if pieces > 1 else jax.tree.map(lambda a: a[None], each(filled[0]))
            )
            return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[: len(keys)], found)

        return run.lower(params, keys)

    at_once = min(len(keys), max(1, AT_ONCE // F.layout.num_evaluated))
    program = lower(at_once)
    return Lowered(lower, at_once, program, pool and pool.submit(compiled, program))


def warm_state(F: Expectation, plan: Plan, params: Params, keys: Any) -> Any:
    """What a baseline with a memory remembers after `WARM` calls at θ; None where there is none."""
    if F.init() is None:
        return None

    def step(state: Any, key: Any) -> tuple[Any, None]:
        return F.update(state, F(params, key, state, plan=plan)), None

    return jax.jit(lambda keys: jax.lax.scan(step, F.init(), keys)[0])(jax.random.split(keys[0], WARM))
