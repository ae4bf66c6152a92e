"""`importance_bound`: E[log (1/K) Σ p(x, z_k | θ)/q_θ(z_k)], the bound of importance-weighted particles."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax.lax import pmax, psum, stop_gradient

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.gradients.bound import LogJoint, params_first
from jensen.gradients.distributions import trails
from jensen.gradients.estimators.pathwise import DReG
from jensen.gradients.expectation import Expectation, Particles, expectation
from jensen.gradients.program.variables import ONLY, is_single, variables_of
from jensen.gradients.randomness.draws import Draws
from jensen.gradients.sampling import own_entries
from jensen.gradients.site import PARTICLE
from jensen.gradients.surrogates import rescaled

SECOND = "DReG has no second derivative: Pathwise() has"


def importance_bound(
    log_joint: LogJoint,
    guide: Callable[[Params], Any],
    estimator: Any = None,
    particles: int = 8,
    draws: Draws | int | None = None,
    vouch: tuple[str, ...] | str = (),
) -> Expectation:
    """E[log (1/K) Σ_k p(x, z_k | θ) / q_θ(z_k)] over K draws z_k ~ q_θ: at most log p(x | θ).

    It is the bound of Burda, Grosse and Salakhutdinov (2016): the `bound` where K is 1, and tighter the more
    particles there are.

    Parameters
    ----------
    log_joint
        ``log_joint(params, z)``: a number, or an array (groups,) where rows have hidden variables of their
        own. Then each group weighs its own particles, the bound is the sum over all, and every variable of
        the guide has the groups as its first axis.
    guide
        q: a distribution, or a dict of distributions and functions of parents. Every variable needs a path.
    estimator
        `DReG` by default, or `Pathwise`, whose signal vanishes against its noise with many particles
        (Rainforth and others, 2018).
    particles
        K.
    draws
        How many sums over K particles there are, and how they are arranged; as in `expectation`.
    vouch
        As in `expectation`.

    Raises
    ------
    TypeError, ValueError
        As in `expectation`; for estimators that are not by paths, and groups that the guide does not have.

    Examples
    --------
    >>> import jax
    >>> from numpyro.distributions import Normal
    >>> from jensen import gradients as gr
    >>> log_joint = lambda params, z: Normal(0, 1).log_prob(z) + Normal(z, 1).log_prob(2.0)
    >>> guide = lambda params: Normal(params["m"], 1.0)
    >>> F = gr.importance_bound(log_joint, guide, particles=64, draws=100)
    >>> log_evidence = Normal(0, 2**0.5).log_prob(2.0)
    >>> bool(abs(F({"m": 0.5}, jax.random.key(0)) - log_evidence) < 0.05)
    True
    """
    _require_particles(particles)
    estimator = DReG() if estimator is None else estimator
    log_p = params_first(log_joint)

    def log_weight(z: Any, params: Params, of_guide: Params) -> Any:
        joint = jnp.asarray(log_p(params, z))
        return joint - _log_guide(guide(of_guide), z, joint.shape)

    def once(z: Any, params: Params) -> Any:
        return log_weight(z, params, params)

    def twice(z: Any, params: Params) -> Any:
        share = _share(once(z, params))
        return log_weight(_rescaled(z, share), params, stop_gradient(params))

    made = expectation(once, guide, estimator, draws, vouch)
    return replace(made, log_joint=log_p, particles=Particles(int(particles), twice))


def _share(log_weight: Any) -> Any:
    """Of the weight of all particles that of this one."""
    weight = jnp.exp(log_weight - pmax(stop_gradient(log_weight), PARTICLE))
    return weight / psum(weight, PARTICLE)


def _rescaled(z: Any, share: Any) -> Any:
    """The same values, which move so many times as fast: of each group by its own share.

    They do not move with the guide, whose parameters are held fixed.
    """

    def slower(value: Any) -> Any:
        each = jnp.reshape(share, (*share.shape, *[1] * (jnp.ndim(value) - share.ndim)))
        return rescaled(value, each, SECOND)

    return jax.tree.map(lambda value: trails.changed(value, slower, is_fixed=True), z)


def _log_guide(described: Any, z: Any, shape: tuple[int, ...]) -> Any:
    """log q, of each group where the log-joint has any."""
    values = {ONLY: z} if is_single(described) else z
    return sum(
        _by_group(variable.name, own_entries(variable.given(values), values[variable.name]), shape)
        for variable in variables_of(described)
    )


def _by_group(name: str, log_q: Any, shape: tuple[int, ...]) -> Any:
    if not shape:
        return jnp.sum(log_q)
    num = math.prod(shape)
    if len(shape) > 1:
        raise ModelError(f"log_joint must return a number, or an array (groups,), not one of shape {shape}")
    if jnp.shape(log_q)[:1] != (num,):
        raise ModelError(
            f"log_joint returns {num} groups, and {name!r} has a density of shape {jnp.shape(log_q)}: "
            "its first axis must be that of the groups; or sum over them, and they are weighed together"
        )
    return jnp.sum(jnp.reshape(log_q, (num, -1)), axis=1)


def _require_particles(particles: Any) -> None:
    if isinstance(particles, bool) or not isinstance(particles, int) or particles < 1:
        raise ModelError(f"particles must be a whole number from 1 on, not {particles!r}")
