"""Independent replicates of a whole estimate: batches of coupled draws are one."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.gradients.compare.ahead import Ahead
from jensen.gradients.compare.arguments import asked, of_expectation
from jensen.gradients.compare.validation import require_domains
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.plan import Plan
from jensen.gradients.program.record import Record, recorded
from jensen.gradients.program.running import for_bits, runs
from jensen.gradients.randomness.keys import as_key

MOST = 10**8  # replicates, all of which are kept
MOST_DRAWS = 2**17  # that are held in memory at a time, at most
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
    return replicates(F, at, each, F.plan(at), Ahead()).compiled()(at, each)[1]


def keys(key: Any, num_replicates: int) -> Any:
    """A key for every replicate."""
    if not isinstance(num_replicates, numbers.Integral) or not 2 <= num_replicates <= MOST:
        raise ModelError(f"num_replicates must be an integer from 2 to {MOST}, not {num_replicates!r}")
    num = int(num_replicates)
    return runs(partial(jax.random.split, num=num), for_bits(num))(as_key(key))


@dataclass(frozen=True, slots=True)
class Replicates:
    """Values and gradients of an estimate, with a leading axis of replicates: traced, and compiled ahead.

    Attributes
    ----------
    noise, rest
        Programs: the noise of replicates as a function of their keys, and what is made of params, keys and
        that.
    size
        For how many replicates these are.
    again
        The same, for fewer of them at a time.
    plan
        By which they are made.
    record
        Of the trace.
    """

    noise: Future[Any]
    rest: Future[Any]
    size: int
    again: Callable[[int], Replicates]
    plan: Plan
    record: Record

    def compiled(self) -> Replicates:
        """As many at a time as memory allows."""
        self.noise.result()
        needed = self.rest.result().memory_analysis().temp_size_in_bytes
        if needed <= MEMORY or self.size == 1:
            return self
        return self.again(max(1, int(self.size * MEMORY / needed)))

    def __call__(self, params: Params, keys: Any) -> Any:
        noise, rest, num, size = self.noise.result(), self.rest.result(), len(keys), self.size
        if num == size:
            return rest(params, keys, noise(keys))
        found = []
        for begin in range(0, num, size):
            first = min(begin, num - size)
            some = jax.lax.dynamic_slice_in_dim(keys, first, size)
            part = jax.device_get(rest(params, some, noise(some)))
            found.append(jax.tree.map(lambda leaf, seen=begin - first: leaf[seen:], part))
        return jax.tree.map(lambda *parts: jnp.asarray(np.concatenate(parts)), *found)


def replicates(F: Expectation, params: Params, keys: Any, plan: Plan, ahead: Ahead) -> Replicates:
    """Those of F: what is wrong with it is found out here."""
    state = warm_state(F, params, keys)

    def estimate(params: Params, key: Any, noise: Any) -> Any:
        return jnp.mean(F.estimates(params, key, state, plan=plan, noise=noise))

    def some(size: int) -> Replicates:
        record, few = Record(), jax.eval_shape(lambda keys: keys[:size], keys)
        noise = jax.eval_shape(jax.vmap(partial(F.noise, plan)), few)
        program: Any = runs(jax.vmap(jax.value_and_grad(estimate), (None, 0, 0)), {})
        with recorded(record):
            traced = program.lower(params, few, noise)
        return Replicates(ahead.noise(F, plan, few, noise), ahead.compiled(traced), size, some, plan, record)

    return some(min(len(keys), max(1, MOST_DRAWS // F.layout.num_evaluated)))


def warm_state(F: Expectation, params: Params, keys: Any) -> Any:
    """What a baseline with a memory remembers after `WARM` calls at θ; None where there is none."""
    if F.init() is None:
        return None

    def step(state: Any, key: Any) -> tuple[Any, None]:
        return F.update(state, F(params, key, state)), None

    filled = runs(lambda keys: jax.lax.scan(step, F.init(), keys)[0], {})
    return filled(jax.random.split(keys[0], WARM))
