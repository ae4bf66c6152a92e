"""Old spellings that are still understood."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from jensen.basics.errors import ModelTypeError
from jensen.gradients.distributions.validity.warning import warn

P = ParamSpec("P")
R = TypeVar("R")


def params_was_theta(function: Callable[P, R]) -> Callable[P, R]:
    """``theta=`` is understood as ``params=``, with a ``DeprecationWarning``."""

    @wraps(function)
    def renamed(*args: P.args, **kwargs: P.kwargs) -> R:
        if "theta" in kwargs:
            name = function.__qualname__.removesuffix(".__call__")
            if "params" in kwargs:
                raise ModelTypeError(f"{name} is given params= and theta=, which are one: leave theta= out")
            warn(f"{name}(theta=…) is written {name}(params=…) now", DeprecationWarning)
            kwargs["params"] = kwargs.pop("theta")
        return function(*args, **kwargs)

    return renamed
