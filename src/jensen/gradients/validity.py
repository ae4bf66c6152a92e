"""Which derivative of a draw, and of a density, is valid: one table."""

from __future__ import annotations

from typing import Any

import numpyro.distributions as dist

EXPLICIT = (dist.Normal, dist.MultivariateNormal, dist.Laplace, dist.Exponential)


def path_refusal(distribution: Any) -> str | None:
    """Why no parameter of a distribution has a path."""
    name = type(distribution).__name__
    if distribution.is_discrete:
        return f"{name} is discrete: a draw does not move with its parameters, and its path would be zero"
    return None if isinstance(distribution, EXPLICIT) else f"{name} is not in the table of valid paths"


def path_guarded(distribution: Any) -> Any:
    """The distribution with parameters that have no path guarded."""
    return distribution


def score_refusal(distribution: Any) -> str | None:
    """Why no parameter of a distribution has a score."""
    return None


def score_guarded(distribution: Any) -> Any:
    """The distribution with parameters that move the support guarded."""
    return distribution
