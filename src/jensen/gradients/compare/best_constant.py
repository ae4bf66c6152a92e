"""What the best constant baseline is computed of, beforehand, where an exact sum or quadrature allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from numpyro.distributions.distribution import validation_enabled

from jensen.basics.arrays import Params
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.variables import is_single, variables_of
from jensen.gradients.sampling import log_density


def of_score(F: Expectation, params: Params) -> Callable[[Any, Params], Any] | None:
    """(f s + ∇f) s and s², with s = ∇ log p: the constant of least variance is the ratio of their means.

    Of one variable and one parameter; elsewhere None.
    """
    with validation_enabled(False):
        described = F.distribution(params)
    variables = variables_of(described)
    if len(variables) > 1 or sum(map(np.size, jax.tree.leaves(params))) > 1:
        return None
    (name,) = (variable.name for variable in variables)
    single = is_single(described)

    def log_p(params: Params, x: Any) -> Any:
        described = F.distribution(params)
        return log_density(described if single else described[name], x if single else x[name])

    def quantities(x: Any, params: Params) -> Any:
        cost, slope = jax.value_and_grad(lambda params: F.f(x, params))(params)
        score = ravel_pytree(jax.grad(log_p)(params, x))[0][0]
        estimate = cost * score + ravel_pytree(slope)[0][0]  # of one draw, without a baseline
        return jnp.stack([estimate * score, score**2])

    return quantities
