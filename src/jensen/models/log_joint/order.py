"""The order of a log-joint's arguments: ``log_joint(params, z, x)``, as everywhere in jensen."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

from jensen.basics.errors import ModelTypeError

ORDER = "log_joint(params, z, x)"


def in_order(log_joint: Callable[..., Any]) -> Callable[[Any, Any, Any], Any]:
    """The function as ``(params, z, x)``, whichever order its arguments are in.

    The argument named z says which: the order ``(params, x, z)`` of earlier versions still works, with a
    deprecation.

    Raises
    ------
    TypeError
        If neither the second nor the third argument is named z: a wrong guess would be another model.
    """
    try:
        names = list(inspect.signature(log_joint).parameters)
    except (TypeError, ValueError):  # a callable without a signature
        return log_joint
    if names[1:2] == ["z"] or names[:1] in (["args"], ["arguments"]):
        return log_joint
    if names[2:3] != ["z"]:
        raise ModelTypeError(
            f"log_joint({', '.join(names)}) does not say which of its arguments is the hidden value: name "
            f"it z, as in {ORDER}"
        )
    warnings.warn(
        f"log_joint({', '.join(names[:3])}) has its arguments in an order that will go: write {ORDER}",
        DeprecationWarning,
        stacklevel=4,
    )
    return lambda params, z, x: log_joint(params, x, z)
