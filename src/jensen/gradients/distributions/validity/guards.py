"""Refusals and guards: what an estimator asks of the table."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import jax
import numpyro.distributions as dist

from jensen.basics.arrays import Params
from jensen.gradients.distributions.validity.bounds import NOWHERE, bounds
from jensen.gradients.distributions.validity.edges import edges_of, without_edges
from jensen.gradients.distributions.validity.inside import inside
from jensen.gradients.distributions.validity.parts import FOLDED, MASKED, changed, rows
from jensen.gradients.distributions.validity.proxy import FixedSupport
from jensen.gradients.distributions.validity.rulings import Ruling, refused
from jensen.gradients.distributions.validity.table import MOVES, UNNORMALIZED
from jensen.gradients.distributions.validity.tracers import concrete
from jensen.gradients.distributions.validity.warning import GradientWarning, caution
from jensen.gradients.surrogates import guard

UNLESS_VOUCHED = " (if you know that it has one, say so: vouch=(...) with the name of the variable)"
UNDRAWN = (dist.ImproperUniform, dist.Unit)
CENSORED = refused("the density is that of what is censored, and draws are not")
WITHOUT_SCORE: dict[type, Ruling] = {
    dist.MaskedDistribution: MASKED,
    dist.LeftCensoredDistribution: CENSORED,
    dist.RightCensoredDistribution: CENSORED,
    dist.IntervalCensoredDistribution: CENSORED,
}


def path_refusal(distribution: Any, vouched: bool = False) -> str | None:
    """Why no parameter of a distribution has a path; None where some have, or the user vouches for it."""
    name = type(distribution).__name__
    if isinstance(distribution, UNDRAWN):
        return f"{name}: {UNNORMALIZED.why}"
    if distribution.is_discrete:
        return f"{name} is discrete: a draw does not move with its parameters, and its path would be zero"
    row = rows(distribution)
    if row is None:
        return None if vouched else f"{name} is not in the table of valid paths{UNLESS_VOUCHED}"
    rulings = [both.path for both in row.values()]
    if rulings and all(ruling.status == "refused" for ruling in rulings):
        return f"{name}: {rulings[0].why}"
    return None


def path_order(distribution: Any) -> float:
    """The order of derivative that the paths of all its parameters are right to; infinity where unknown."""
    rulings = [both.path for both in (rows(distribution) or {}).values()]
    return min((ruling.order for ruling in rulings if ruling.status != "refused"), default=math.inf)


def score_refusal(distribution: Any) -> str | None:
    """Why no parameter of a distribution has a score; None where some have."""
    name = type(distribution).__name__
    if isinstance(distribution, UNDRAWN):
        return f"{name}: {UNNORMALIZED.why}"
    whys = (_without_score(part) for part in inside(distribution))
    return next((f"{name}: {ruling.why}" for ruling in whys if ruling is not None), None)


def _without_score(part: Any) -> Ruling | None:
    if isinstance(part, dist.FoldedDistribution) and bounds(part.base_dist) != NOWHERE:
        return FOLDED
    return WITHOUT_SCORE.get(type(part))


def path_guarded(distribution: Any, vouched: bool = False) -> Any:
    """The distribution with parameters that have no path guarded.

    Those that are warned of warn, unless the user vouches for them.
    """
    row = rows(distribution, concrete)
    return (
        distribution
        if row is None
        else _guarded(distribution, {n: both.path for n, both in row.items()}, "path", vouched)
    )


def cautions(distributions: Callable[[Params], Iterable[Any]], params: Params) -> list[str]:
    """What is warned of where the paths of ``distributions(params)`` are differentiated in all of θ.

    It is found outside of ``jit``, where values can be seen: a compiled program cannot know that a Student t
    has two degrees of freedom or fewer.
    """
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        jax.linearize(
            lambda params: jax.tree.leaves([path_guarded(d) for d in distributions(params)]), params
        )
    return [str(one.message) for one in found if issubclass(one.category, GradientWarning)]


def has_heavy_path(distribution: Any) -> bool:
    """Whether the path of a parameter is one that is warned of."""
    row = rows(distribution, concrete) or {}
    return any(both.path.status == "warned" for both in row.values())


def score_guarded(distribution: Any, vouched: bool = False, edges: Iterable[str] = ()) -> Any:
    """The distribution with parameters that have no score guarded; outside the table, its support.

    ``edges`` are parameters whose values at an edge are meant.
    """
    row = rows(distribution)
    if row is None:
        return (
            distribution
            if vouched
            else FixedSupport(distribution, f"the support of {type(distribution).__name__}: {MOVES.why}")
        )
    guarded = _guarded(distribution, {n: both.score for n, both in row.items()}, "score", vouched)
    known = edges_of(distribution)
    ends = {name: partial(without_edges, distribution, name) for name in edges if name in known}
    return changed(guarded, ends)


def _guarded(distribution: Any, rulings: dict[str, Ruling], kind: str, is_quiet: bool) -> Any:
    of = f"of {type(distribution).__name__} has no {kind}"
    changes: dict[str, Callable[[Any], Any]] = {}
    for name, ruling in rulings.items():
        if ruling.status == "refused":
            changes[name] = partial(guard, why=f"{name} {of}: {ruling.why}")
        elif ruling.status == "warned" and not is_quiet:
            warning = f"the {kind} of {name} of {type(distribution).__name__}: {ruling.why}"
            changes[name] = partial(caution, why=warning)
    return changed(distribution, changes)
