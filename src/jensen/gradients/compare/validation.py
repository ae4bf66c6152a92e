"""What is looked at before anything is compared: θ in the domain of every distribution, an f of x."""

from __future__ import annotations

from typing import Any

import jax
from jax.extend import core
from numpyro.distributions.distribution import validation_enabled

from jensen.gradients.distributions.domain import require_domain
from jensen.gradients.distributions.validity import cautions
from jensen.gradients.estimators import Pathwise, StickTheLanding
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.variables import ONLY, is_single, variables_of
from jensen.gradients.sampling import fixed


def distributions_at(F: Expectation, theta: Any) -> dict[str, Any]:
    """The distribution of every variable, at draws of its parents."""
    found, values = {}, {}
    with validation_enabled(False):  # what is wrong is told by `require_domains`
        variables = variables_of(F.distribution(theta))
        parents = {parent for variable in variables for parent in variable.parents}
        for variable in variables:
            found[variable.name] = variable.given(values)
            if variable.name in parents:
                values[variable.name] = fixed(found[variable.name]).sample(jax.random.key(0))
    return found


def require_domains(F: Expectation, theta: Any) -> None:
    """Every parameter of every distribution is where it may be."""
    for name, distribution in distributions_at(F, theta).items():
        require_domain(name, distribution)


def heavy_paths(F: Expectation, theta: Any) -> list[str]:
    """What is to be said of paths whose variance is infinite at these values, which ``jit`` does not see."""
    paths = [name for name, each in F.chosen(theta).items() if isinstance(each, (Pathwise, StickTheLanding))]

    def of(name: str) -> Any:
        return lambda theta: distributions_at(F, theta)[name]

    return [words for name in paths if name not in F.vouch for words in cautions(of(name), theta)]


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
