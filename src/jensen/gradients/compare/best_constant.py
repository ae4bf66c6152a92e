"""The best constant baseline, computed beforehand where an exact sum or quadrature allows."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from jensen.basics.arrays import Params
from jensen.gradients.compare.reference import expected
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.variables import is_single, variables_of
from jensen.gradients.sampling import log_density


def known_best(F: Expectation, params: Params) -> float | None:
    """The constant of least variance, E[(f s + ∇f) s] / E[s²] with s = ∇ log p.

    Of one variable and one parameter, where there is a `reference`; elsewhere None.
    """
    described = F.distribution(params)
    variables = variables_of(described)
    if len(variables) > 1 or ravel_pytree(params)[0].size > 1:
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

    above, below = map(float, expected(F, quantities, params))
    return above / below if below > 0 and np.isfinite(above) else None
