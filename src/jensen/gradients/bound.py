"""`bound`: E_q[log p(x, z | θ) − log q_θ(z)], the evidence lower bound, as an expectation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelTypeError
from jensen.gradients.distributions.validity.warning import warn
from jensen.gradients.expectation import Expectation, expectation
from jensen.gradients.labels import label, names_of
from jensen.gradients.program.variables import ONLY, is_single, variables_of
from jensen.gradients.randomness.draws import Draws
from jensen.gradients.sampling import own_log_density

LogJoint = Callable[[Params, Any], Any]
"""``log_joint(params, z)``."""


def bound(
    log_joint: LogJoint,
    guide: Callable[[Params], Any],
    estimator: Any = None,
    draws: Draws | int | None = None,
    vouch: tuple[str, ...] | str = (),
) -> Expectation:
    """E[log p(x, z | θ) − log q_θ(z)] over z ~ q_θ = guide(θ): at most the log of what p integrates to.

    Parameters
    ----------
    log_joint
        ``log_joint(params, z)``, a number; θ may hold parameters of the model too. The names say which is
        which: the first is called ``params``, or the second ``z``.
    guide
        q: a distribution, or a dict of distributions and functions of parents.
    estimator, draws, vouch
        As in `expectation`. The mean of the direct term −∇ log q is zero, and `ScoreFunction` leaves it out.

    Examples
    --------
    >>> import jax
    >>> from numpyro.distributions import Normal
    >>> from jensen import gradients as gr
    >>> log_joint = lambda params, z: Normal(0, 1).log_prob(z) + Normal(z, 1).log_prob(2.0)
    >>> F = gr.bound(log_joint, lambda params: Normal(params["m"], params["s"]), gr.StickTheLanding())
    >>> gradient = jax.grad(F)({"m": 1.0, "s": 0.5**0.5}, jax.random.key(0))
    >>> bool(abs(gradient["m"]) < 1e-5)  # q is the posterior
    True
    """
    log_p = params_first(log_joint)

    def f(z: Any, params: Params) -> Any:
        return log_p(params, z) - _log_guide(guide(params), z)

    return replace(expectation(f, guide, estimator, draws, vouch), log_joint=log_p)


PARAMS, HIDDEN = {"params", "theta", "t"}, {"z", "x"}


def params_first(log_joint: Callable[..., Any]) -> LogJoint:
    """``log_joint(params, z)``; the order of old, ``(z, params)``, is known by its names, and turned.

    Names that say neither are refused: a wrong guess would be a wrong gradient and no error.
    """
    if not callable(log_joint):
        raise ModelTypeError(f"log_joint must be a function log_joint(params, z), not {log_joint!r}")
    names = names_of(log_joint)
    if len(names) < 2:
        return log_joint
    is_new = names[0] in PARAMS or names[1] in HIDDEN
    is_old = names[1] in PARAMS or names[0] in HIDDEN
    written = f"{label(log_joint)}({names[0]}, {names[1]})"
    if is_new == is_old:
        raise ModelTypeError(f"{written}: which is which? Call them so: log_joint(params, z), in this order")
    if is_new:
        return log_joint
    warn(f"{written}: the order is log_joint(params, z) now", DeprecationWarning)

    @wraps(log_joint)
    def turned(params: Params, z: Any) -> Any:
        return log_joint(z, params)

    return turned


def _log_guide(described: Any, z: Any) -> Any:
    values = {ONLY: z} if is_single(described) else z
    return sum(
        own_log_density(variable.given(values), values[variable.name]) for variable in variables_of(described)
    )
