"""The best constant baseline, computed beforehand where an exact sum or quadrature allows."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.gradients.compare.reference import expected
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.variables import ONLY, is_single, variables_of
from jensen.gradients.sampling import log_density


def known_best(F: Expectation, theta: Any) -> float | None:
    """The constant of least variance, E[(f s + ∇f) s] / E[s²] with s = ∇ log p.

    Of one variable and one parameter, where there is a `reference`; elsewhere None.
    """
    variables = variables_of(F.distribution(theta))
    if len(variables) > 1 or np.size(flat_theta(theta)) > 1:
        return None
    name, single = variables[0].name, is_single(F.distribution(theta))
    assert name == ONLY or not single

    def log_p(theta: Any, x: Any) -> Any:
        described = F.distribution(theta)
        return log_density(described if single else described[name], x if single else x[name])

    def score(x: Any, theta: Any) -> Any:
        return flat_theta(jax.grad(log_p)(theta, x))[0]

    def estimate(x: Any, theta: Any) -> Any:
        return F.f(x, theta) * score(x, theta) + flat_theta(jax.grad(lambda theta: F.f(x, theta))(theta))[0]

    above = float(expected(F, lambda x, theta: estimate(x, theta) * score(x, theta), theta))
    below = float(expected(F, lambda x, theta: score(x, theta) ** 2, theta))
    return above / below if below > 0 and np.isfinite(above) else None


def flat_theta(theta: Any) -> Any:
    """θ as one vector."""
    return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(theta)])
