"""What is looked at before anything is compared: θ in the domain of every distribution, an f of x."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
from numpyro.distributions.distribution import validation_enabled

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.gradients.distributions.domain import require_domain
from jensen.gradients.distributions.validity.guards import cautions, has_heavy_path
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.jumps import Jump, depends, draws_numbers, traced, width
from jensen.gradients.program.plan import Plan
from jensen.gradients.program.variables import variables_of
from jensen.gradients.sampling import fixed


class Looked(NamedTuple):
    """What is seen of an expectation at some params.

    Attributes
    ----------
    described
        What the distribution is.
    distributions
        Of every variable, at draws of its parents.
    without_parents
        The variables that have none.
    jumps
        Of f, and of distributions, in the variables that are real numbers.
    is_random
        Whether f draws numbers: in another precision it is another function.
    width
        The most numbers that a step of f makes of a value.
    """

    described: Any
    distributions: dict[str, Any]
    without_parents: list[str]
    jumps: list[Jump]
    is_random: bool
    width: int


def look(F: Expectation, params: Params) -> Looked:
    """At distributions and f, once; a ``ValueError`` where θ is outside a domain or f depends on no x."""
    described = _described(F, params)
    found = _drawn_from(described)
    for name, distribution in found.items():
        require_domain(name, distribution)
    x = jax.eval_shape(
        lambda key: {name: each.sample(key) for name, each in found.items()}, jax.random.key(0)
    )
    program = traced(F.following(described), x, params, F.what)
    if F.log_joint is None and not depends(program):  # a bound has log q(x) in it
        raise ModelError("f does not depend on x: E[f] is f, and its gradient needs no draws")
    with validation_enabled(False):
        jumps = list(F.plan_of(described, params).jumps)
    alone = [each.name for each in variables_of(described) if not each.parents]
    of = program.program.jaxpr
    return Looked(described, found, alone, jumps, draws_numbers(of), width(of))


def distributions_at(F: Expectation, params: Params) -> dict[str, Any]:
    """The distribution of every variable, at draws of its parents."""
    return _drawn_from(_described(F, params))


def _described(F: Expectation, params: Params) -> Any:
    with validation_enabled(False):  # what is wrong is told by `require_domain`
        return F.distribution(params)


def _drawn_from(described: Any) -> dict[str, Any]:
    found, values = {}, {}
    with validation_enabled(False):
        variables = variables_of(described)
        parents = {parent for variable in variables for parent in variable.parents}
        for variable in variables:
            found[variable.name] = variable.given(values)
            if variable.name in parents:
                values[variable.name] = fixed(found[variable.name]).sample(jax.random.key(0))
    return found


def require_domains(F: Expectation, params: Params) -> None:
    """Every parameter of every distribution is where it may be."""
    for name, distribution in distributions_at(F, params).items():
        require_domain(name, distribution)


def heavy_paths(F: Expectation, plan: Plan, looked: Looked, params: Params) -> list[str]:
    """What is to be said of paths whose variance is infinite at these values, which ``jit`` does not see."""
    moved = [
        name
        for name, each in plan.treatments.items()
        if each.has_path
        and name not in F.vouch
        and any(map(has_heavy_path, each.estimator.paths(looked.distributions[name])))
    ]

    def differentiated(params: Params) -> list[Any]:
        found = distributions_at(F, params)
        return [part for name in moved for part in plan.chosen[name].paths(found[name])]

    return cautions(differentiated, params) if moved else []
