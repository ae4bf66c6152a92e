"""What is asked of `compare`, `check` and `gradient_samples`: an expectation, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.gradients.compare.parts import of_parts
from jensen.gradients.distributions.validity.warning import said_once
from jensen.gradients.expectation import Expectation, expectation
from jensen.gradients.program.jumps import traced_once
from jensen.gradients.program.untraceable import explained
from jensen.gradients.randomness.draws import as_draws
from jensen.gradients.renaming import params_was_theta

P = ParamSpec("P")
R = TypeVar("R")


def of_expectation(verb: Callable[P, R]) -> Callable[P, R]:
    """A function whose first argument is an `Expectation`: what else is given is told how to write it.

    Two functions, f and distribution, are understood. What it warns of is said once.
    """
    renamed: Any = params_was_theta(verb)

    @wraps(verb)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        first = args[0] if args else kwargs.get("F")
        is_new = isinstance(first, Expectation)
        given: Any = (args, kwargs) if is_new else of_parts(verb.__name__, expectation, args, kwargs)
        if given is None:
            name = verb.__name__
            raise ModelTypeError(
                f"{name} takes an expectation, not {type(first).__name__}: "
                f"{name}(gr.expectation(f, distribution, estimator, draws), params, …)"
            )
        with said_once(), traced_once(), explained():
            return renamed(*given[0], **given[1])

    return checked


def asked(F: Expectation, params: Params, draws: Any = None) -> tuple[Expectation, Params]:
    """The expectation, as a function of those of the params that are real numbers, and these.

    Arrays of integers in θ are part of the question, and have no derivative.
    """
    if params is None:
        raise ModelTypeError("params are missing: where is the gradient to be taken?")
    leaves = jax.tree.leaves(params)
    if any(isinstance(leaf, Tracer) for leaf in leaves):
        raise ModelTypeError(
            "this runs programs of its own, with numbers: call it outside of jit, grad and vmap"
        )
    if leaves and not any(map(_is_real, leaves)):
        raise ModelError("no parameter is a real number: arrays of integers have no derivative")
    return _of_real_params(F if draws is None else replace(F, draws=as_draws(draws)), params)


def _of_real_params(F: Expectation, params: Params) -> tuple[Expectation, Any]:
    real = jax.tree.map(lambda leaf: _as_array(leaf) if _is_real(leaf) else None, params)
    if jax.tree.structure(real) == jax.tree.structure(params):
        return F, real
    leaves, structure = jax.tree.flatten(params)

    def whole(moving: Any) -> Any:
        rest = iter(jax.tree.leaves(moving))
        return jax.tree.unflatten(structure, [next(rest) if _is_real(leaf) else leaf for leaf in leaves])

    joint, particles = F.log_joint, F.particles
    if particles is not None:
        doubly = particles.doubly
        particles = replace(particles, doubly=lambda x, moving: doubly(x, whole(moving)))
    return replace(
        F,
        f=lambda x, moving: F.f(x, whole(moving)),
        distribution=lambda moving: F.distribution(whole(moving)),
        log_joint=None if joint is None else lambda moving, z: joint(whole(moving), z),
        particles=particles,
    ), real


def _is_real(leaf: Any) -> bool:
    """Single integers are meant as numbers; arrays of them are not."""
    return isinstance(leaf, (int, float, np.integer)) or jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)


def _as_array(leaf: Any) -> Any:
    return jnp.asarray(leaf, jnp.result_type(leaf, float))
