"""The older form of `compare`, `check` and `gradient_samples`: of the parts of an expectation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpyro.distributions import Distribution

from jensen.gradients.distributions.validity.warning import warn

PARTS = ("f", "distribution")
OPTIONS = ("estimator", "draws", "vouch")


def of_parts(
    verb: str, make: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """What is given, as the newer form has it: an expectation, which is made, and what goes with it.

    None where f and distribution are not two functions.
    """
    parts = [*args[:2], *(kwargs[name] for name in PARTS[len(args) :] if name in kwargs)]
    if len(parts) < 2 or not all(map(_is_function, parts)):
        return None
    warn(
        f"{verb}(f, distribution, params, …) is written "
        f"{verb}(gr.expectation(f, distribution, estimator, draws), params, …) now",
        DeprecationWarning,
    )
    options = {name: kwargs[name] for name in OPTIONS if kwargs.get(name) is not None}
    rest = {name: value for name, value in kwargs.items() if name not in (*PARTS, *OPTIONS)}
    return (make(*parts, **options), *args[2:]), rest


def _is_function(part: Any) -> bool:
    return callable(part) and not isinstance(part, Distribution)  # which is called to be sampled
