"""What is asked of `compare`, `check` and `gradient_samples`: an expectation, and where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.expectation import Expectation, expectation


def asked(f: Any, distribution: Any, theta: Any, **options: Any) -> tuple[Expectation, Any]:
    """The expectation and θ, from either f, its distribution and θ, or an `Expectation` and θ.

    Options that are None are those of the expectation. Arrays of integers in θ are part of the question, and
    have no derivative.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(f, Expectation):
        made = expectation(f.f, f.distribution, **{**_options(f), **given})
        F, at = replace(made, log_joint=f.log_joint), distribution if theta is None else theta
    else:
        F, at = expectation(f, distribution, **given), theta
    if at is None:
        raise TypeError("theta is missing: where is the gradient to be taken?")
    return _of_real_theta(F, at)


def _options(F: Expectation) -> dict[str, Any]:
    return {"estimator": F.estimator, "draws": F.draws, "vouch": F.vouch}


def _of_real_theta(F: Expectation, theta: Any) -> tuple[Expectation, Any]:
    real = jax.tree.map(lambda leaf: _as_array(leaf) if _is_real(leaf) else None, theta)
    if jax.tree.structure(real) == jax.tree.structure(theta):
        return F, real
    leaves, structure = jax.tree.flatten(theta)

    def whole(moving: Any) -> Any:
        rest = iter(jax.tree.leaves(moving))
        return jax.tree.unflatten(structure, [next(rest) if _is_real(leaf) else leaf for leaf in leaves])

    joint = F.log_joint
    return replace(
        F,
        f=lambda x, moving: F.f(x, whole(moving)),
        distribution=lambda moving: F.distribution(whole(moving)),
        log_joint=None if joint is None else lambda x, moving: joint(x, whole(moving)),
    ), real


def _is_real(leaf: Any) -> bool:
    """Python's integers are meant as numbers; arrays of integers are not."""
    return isinstance(leaf, (int, float)) or jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)


def _as_array(leaf: Any) -> Any:
    return jnp.asarray(leaf, jnp.result_type(leaf, float))
