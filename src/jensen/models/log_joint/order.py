"""The order of a log-joint's arguments: ``log_joint(params, z, x)``, as everywhere in jensen."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

ORDER = "log_joint(params, z, x)"


def in_order(log_joint: Callable[..., Any]) -> Callable[[Any, Any, Any], Any]:
    """The function as ``(params, z, x)``, whichever order its arguments are in.

    The argument named z says which: the order ``(params, x, z)`` of earlier versions still works, with a
    deprecation. Without that name they are taken to be in order.
    """
    try:
        names = list(inspect.signature(log_joint).parameters)
    except (TypeError, ValueError):  # a callable without a signature
        return log_joint
    if len(names) < 3 or names[2] != "z":
        return log_joint
    warnings.warn(
        f"log_joint({', '.join(names[:3])}) has its arguments in an order that will go: write {ORDER}",
        DeprecationWarning,
        stacklevel=4,
    )
    return lambda params, z, x: log_joint(params, x, z)
