"""Whether the parameters of a distribution are where they may be, as far as their values are known."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np
from numpyro.distributions import constraints

from jensen.basics.errors import ModelError
from jensen.gradients.distributions.resolution import beyond, short
from jensen.gradients.distributions.validity.bounds import ends
from jensen.gradients.distributions.validity.inside import parts
from jensen.gradients.distributions.validity.tracers import concrete


def require_domain(name: str, distribution: Any) -> None:
    """A ``ValueError`` that names what is outside. Inside ``jit`` there are no values to look at."""
    for parameter, constraint in distribution.arg_constraints.items():
        value = _value(distribution, parameter)
        if value is None or constraints.is_dependent(constraint) or _holds(constraint, value):
            continue
        if parameter == "logits" and _leaves_out(value):
            continue
        raise ModelError(
            f"{name!r}: {parameter} of {type(distribution).__name__} must be {_words(constraint)}, "
            f"and is {short(value)}"
        )
    _require_support(name, distribution)
    if why := beyond(distribution):
        raise ModelError(f"{name!r}: {why}")
    for part in parts(distribution):
        require_domain(name, part)


def _require_support(name: str, distribution: Any) -> None:
    """It is not empty, as that of a uniform distribution from 2 to 1."""
    low, high = (None if end is None else concrete(end) for end in ends(distribution.support))
    if low is not None and high is not None and np.any(low > high):
        kind = type(distribution).__name__
        raise ModelError(f"{name!r}: the support of {kind} is empty, from {short(low)} to {short(high)}")


def _value(distribution: Any, parameter: str) -> Any:
    """As given; parameters that would be derived from others are left alone."""
    given = vars(distribution).get(parameter)
    return None if given is None else concrete(given)


def _holds(constraint: Any, value: Any) -> bool:
    with jax.ensure_compile_time_eval():
        return bool(np.all(constraint(value)))


def _leaves_out(logits: Any) -> bool:
    """Labels and bits may be left out by logits of −∞, but not all labels."""
    return not np.isnan(logits).any() and bool((logits < np.inf).all() and np.isfinite(logits).any())


def _words(constraint: Any) -> str:
    """``PositiveDefinite`` as "positive definite"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(constraint).__name__.strip("_")).lower()
    return f"in the {words}" if words.endswith(("interval", "simplex")) else words
