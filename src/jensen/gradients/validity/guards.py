"""Refusals and guards: what an estimator asks of the table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpyro.distributions as dist

from jensen.gradients.box import guard
from jensen.gradients.validity.parts import changed, rows
from jensen.gradients.validity.proxy import FixedSupport
from jensen.gradients.validity.table import MOVES, UNNORMALIZED
from jensen.gradients.validity.verdicts import Verdict
from jensen.gradients.validity.warning import caution

UNDRAWN = (dist.ImproperUniform, dist.Unit)


def path_refusal(distribution: Any) -> str | None:
    """Why no parameter of a distribution has a path; None where some have."""
    name = type(distribution).__name__
    if isinstance(distribution, UNDRAWN):
        return f"{name}: {UNNORMALIZED.why}"
    if distribution.is_discrete:
        return f"{name} is discrete: a draw does not move with its parameters, and its path would be zero"
    row = rows(distribution)
    if row is None:
        return f"{name} is not in the table of valid paths (vouch for it if you know that it has one)"
    verdicts = [both.path for both in row.values()]
    if verdicts and all(verdict.status == "refused" for verdict in verdicts):
        return f"{name}: {verdicts[0].why}"
    return None


def score_refusal(distribution: Any) -> str | None:
    """Why no parameter of a distribution has a score; None where some have."""
    name = type(distribution).__name__
    if isinstance(distribution, UNDRAWN):
        return f"{name}: {UNNORMALIZED.why}"
    row = rows(distribution)
    verdicts = [] if row is None else [both.score for both in row.values()]
    if isinstance(distribution, dist.MaskedDistribution) and verdicts:
        return f"{name}: {verdicts[0].why}"
    return None


def path_guarded(distribution: Any) -> Any:
    """The distribution with parameters that have no path guarded, and those that are warned of warning."""
    row = rows(distribution)
    return (
        distribution
        if row is None
        else _guarded(distribution, {n: both.path for n, both in row.items()}, "path")
    )


def score_guarded(distribution: Any) -> Any:
    """The distribution with parameters that have no score guarded; outside the table, its support."""
    row = rows(distribution)
    if row is None:
        return FixedSupport(distribution, f"the support of {type(distribution).__name__}: {MOVES.why}")
    return _guarded(distribution, {n: both.score for n, both in row.items()}, "score")


def _guarded(distribution: Any, verdicts: dict[str, Verdict], kind: str) -> Any:
    of = f"of {type(distribution).__name__} has no {kind}"
    changes: dict[str, Callable[[Any], Any]] = {}
    for name, verdict in verdicts.items():
        if verdict.status == "refused":
            changes[name] = partial(guard, why=f"{name} {of}: {verdict.why}")
        elif verdict.status == "warned":
            warning = f"the {kind} of {name} of {type(distribution).__name__}: {verdict.why}"
            changes[name] = partial(caution, why=warning)
    return changed(distribution, changes)
