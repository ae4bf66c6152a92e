"""`bound`: E_q[log p(x) − log q(x)], the evidence lower bound, as an expectation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jensen.gradients.expectation import Expectation, Theta, expectation
from jensen.gradients.program.variables import ONLY, is_single, variables_of
from jensen.gradients.randomness.draws import Draws
from jensen.gradients.sampling import log_density


def bound(
    log_joint: Callable[[Any, Theta], Any],
    guide: Callable[[Theta], Any],
    estimator: Any = None,
    draws: Draws | int | None = None,
    vouch: tuple[str, ...] | str = (),
) -> Expectation:
    """E[log p(x, θ) − log q_θ(x)] over x ~ q_θ = guide(θ): at most the log of what p integrates to.

    Parameters
    ----------
    log_joint
        ``log_joint(x, theta)``, a number; θ may hold parameters of the model too.
    guide
        q: a distribution, or a dict of distributions and functions of parents.
    estimator, draws, vouch
        As in `expectation`. The mean of the direct term −∇ log q is zero, and `ScoreFunction` leaves it out.

    Examples
    --------
    >>> import jax
    >>> from numpyro.distributions import Normal
    >>> from jensen import gradients as gr
    >>> log_joint = lambda z, theta: Normal(0, 1).log_prob(z) + Normal(z, 1).log_prob(2.0)
    >>> F = gr.bound(log_joint, lambda theta: Normal(theta["m"], theta["s"]), gr.StickTheLanding())
    >>> gradient = jax.grad(F)({"m": 1.0, "s": 0.5**0.5}, jax.random.key(0))
    >>> bool(abs(gradient["m"]) < 1e-5)  # q is the posterior
    True
    """

    def f(x: Any, theta: Theta) -> Any:
        return log_joint(x, theta) - _log_guide(guide(theta), x)

    return replace(expectation(f, guide, estimator, draws, vouch), log_joint=log_joint)


def _log_guide(described: Any, x: Any) -> Any:
    values = {ONLY: x} if is_single(described) else x
    return sum(
        log_density(variable.given(values), values[variable.name]) for variable in variables_of(described)
    )
