"""What is looked at before anything is compared: θ in the domain of every distribution, an f of x."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np
from jax.extend import core
from numpyro.distributions import constraints
from numpyro.distributions.distribution import validation_enabled

from jensen.gradients.expectation import Expectation
from jensen.gradients.program import ONLY, is_single, variables_of


def distributions_at(F: Expectation, theta: Any) -> dict[str, Any]:
    """The distribution of every variable, at draws of its parents."""
    found, values = {}, {}
    with validation_enabled(False):  # what is wrong is told by `require_domain`
        variables = variables_of(F.distribution(theta))
        parents = {parent for variable in variables for parent in variable.parents}
        for variable in variables:
            found[variable.name] = variable.given(values)
            if variable.name in parents:
                values[variable.name] = found[variable.name].sample(jax.random.key(0))
    return found


def require_domain(F: Expectation, theta: Any) -> None:
    """Every parameter of every distribution is where it may be."""
    for name, distribution in distributions_at(F, theta).items():
        for parameter, constraint in distribution.arg_constraints.items():
            value = _value(distribution, parameter)
            if value is None or constraints.is_dependent(constraint) or np.all(constraint(value)):
                continue
            raise ValueError(
                f"{name!r}: {parameter} of {type(distribution).__name__} must be {_words(constraint)}, "
                f"and is {_short(value)}"
            )


def _value(distribution: Any, parameter: str) -> Any:
    """As given; parameters that would be derived from others are left alone."""
    return vars(distribution).get(parameter)


def _words(constraint: Any) -> str:
    """``PositiveDefinite`` as "positive definite"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(constraint).__name__.strip("_")).lower()
    return f"in the {words}" if words.endswith(("interval", "simplex")) else words


def _short(value: Any) -> str:
    return " ".join(np.array2string(np.asarray(value), precision=6, threshold=6).split())


def require_dependence(F: Expectation, theta: Any) -> None:
    """f depends on x: else there is nothing to take an expectation of."""

    def values(key: Any) -> Any:
        found = {name: each.sample(key) for name, each in distributions_at(F, theta).items()}
        return found[ONLY] if is_single(F.distribution(theta)) else found

    x = jax.eval_shape(values, jax.random.key(0))
    if not depends(F.f, x, theta):
        raise ValueError("f does not depend on x: E[f] is f, and its gradient needs no draws")


def depends(f: Any, x: Any, theta: Any) -> bool:
    """Whether what f returns is computed from x, by the program that JAX makes of it."""
    program = jax.make_jaxpr(f)(x, theta).jaxpr
    tainted: set[Any] = set(program.invars[: len(jax.tree.leaves(x))])
    for equation in program.eqns:
        if any(isinstance(v, core.Var) and v in tainted for v in equation.invars):
            tainted.update(equation.outvars)
    return any(isinstance(v, core.Var) and v in tainted for v in program.outvars)
