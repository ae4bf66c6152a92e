"""Every derivative that the table allows has a law: a new row without one fails here."""

from __future__ import annotations

import inspect

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.extend import core
from numpyro.distributions.util import lazy_property

import gradient_cases as cases
import gradient_parts as parts
import test_gradients_refusals as refusals
from gradient_estimates import FAMILIES, MADE_OF_OTHERS
from jensen.gradients.distributions.validity.bounds import PARAMETERS, TRANSFORMS
from jensen.gradients.distributions.validity.inside import inside
from jensen.gradients.distributions.validity.parts import MIXTURES, TRUNCATED, WRAPPERS
from jensen.gradients.distributions.validity.table import TABLE

PATHS = {**cases.CONTINUOUS, **cases.HEAVY, **parts.PARTS}
ALL = {**FAMILIES, **MADE_OF_OTHERS}
UNDRAWN = {(dist.Delta, "log_density"): "a draw does not depend on it, nor does E[f]"}
"""Refused paths that are not of discrete draws, with the reason why nothing can be computed."""


def _given(part, name):
    """A parameter, where it was given and is not computed from others."""
    is_lazy = isinstance(inspect.getattr_static(type(part), name, None), lazy_property)
    return None if is_lazy and name not in vars(part) else getattr(part, name)


def _parameters(distribution):
    """What the parts of a distribution were made with, by class and name."""
    found = {}
    for part in inside(distribution):
        for name in TABLE.get(type(part), ()):
            found[f"{type(part).__name__} {name}"] = _given(part, name)
        for step in getattr(part, "transforms", ()):
            for name in PARAMETERS.get(type(step), ()):
                found[f"{type(step).__name__} {name}"] = getattr(step, name)
        for name in TRUNCATED.get(type(part), ()):
            found[f"{type(part).__name__} {name}"] = getattr(part, name)
    return {name: jnp.asarray(value) for name, value in found.items() if value is not None}


def _inside(case):
    """The parts of what a case makes, which is traced, and not computed."""
    found = []
    jax.eval_shape(lambda: found.extend(inside(case.make(case.params))))
    return found


def _moved(case, names):
    """The parameters that some of θ move: the tangent is traced, and nothing is computed."""
    found = set()
    for name in names:

        def tangents(t, dt, name=name, case=case):
            def values(t):
                made = _parameters(case.make({**case.params, name: t}))
                return {of: x for of, x in made.items() if jnp.issubdtype(x.dtype, jnp.inexact)}

            return jax.jvp(values, (t,), (dt,))[1]

        traced, shapes = jax.make_jaxpr(tangents, return_shape=True)(case.params[name], 1.0)
        moved = _from_last(traced.jaxpr)
        found |= {of for of, is_moved in zip(sorted(shapes), moved, strict=True) if is_moved}
    return found


def _from_last(program):
    """Whether each result is computed from the last input: where there is no derivative JAX puts a zero."""
    tainted = {program.invars[-1]}
    for step in program.eqns:
        if any(isinstance(var, core.Var) and var in tainted for var in step.invars):
            tainted.update(step.outvars)
    return [isinstance(var, core.Var) and var in tainted for var in program.outvars]


def test_what_does_not_move_is_not_counted():
    case = cases.Case(
        lambda t: dist.Normal(jnp.round(t["a"]) + t["b"], jax.lax.stop_gradient(t["b"])),
        {"a": 1.0, "b": 2.0},
        cases.wave,
        lambda t: 0.0,
    )
    assert _moved(case, ["a"]) == set()
    assert _moved(case, ["b"]) == {"Normal loc"}


def _union(some, names):
    return set().union(*(_moved(case, names(case)) for case in some.values()))


def _table(kind, statuses):
    return {
        f"{of.__name__} {name}"
        for of, row in TABLE.items()
        for name, both in row.items()
        if getattr(both, kind).status in statuses
    }


TRANSFORM_PARAMETERS = {f"{of.__name__} {name}" for of, names in PARAMETERS.items() for name in names}
BOUNDS = {f"{of.__name__} {name}" for of, names in TRUNCATED.items() for name in names}


def test_every_path_has_a_law():
    tested = _union(PATHS, lambda case: case.params) | set(refusals.PATHS)
    assert (_table("path", ("valid", "warned")) | TRANSFORM_PARAMETERS | BOUNDS) - tested == set()


def test_every_score_has_a_law():
    tested = _union(ALL, lambda case: [name for name in case.params if name not in case.moving])
    assert (_table("score", ("valid", "warned")) | TRANSFORM_PARAMETERS) - tested == set()


def test_every_refused_score_is_shown_to_be_wrong():
    tested = _union(ALL, lambda case: case.moving) | set(refusals.SCORES)
    assert (_table("score", ("refused",)) | BOUNDS) - tested == set()


def test_every_refused_path_is_of_a_discrete_draw_or_has_a_reason():
    discrete = {type(part) for case in ALL.values() for part in _inside(case) if part.is_discrete}
    refused = {
        (of, name) for of, row in TABLE.items() for name, both in row.items() if both.path.status == "refused"
    }
    assert {pair for pair in refused if pair[0] not in {*discrete, dist.DiscreteUniform}} == set(UNDRAWN)


def test_every_wrapper_and_transform_occurs():
    made = [part for case in PATHS.values() for part in _inside(case)]
    steps = {type(step) for part in made for step in getattr(part, "transforms", ())}
    assert {*WRAPPERS, *TRUNCATED, *MIXTURES} - {type(part) for part in made} == set(refusals.WRAPPED)
    assert set(TRANSFORMS) - steps == set()
