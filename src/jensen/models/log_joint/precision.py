"""JAX in double precision, without a change of the caller's configuration."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from types import ModuleType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def require_jax() -> ModuleType:
    """The module jax, or an ImportError that says how to get it."""
    try:
        import jax
    except ImportError as error:
        raise ImportError("LogJoint needs JAX: pip install 'jensen[jax]'") from error
    return jax


def double() -> AbstractContextManager[Any]:
    """Double precision in this thread, while the context lasts."""
    return require_jax().enable_x64(True)


def in_double(function: F) -> F:
    """The function, computing in double precision. It must return NumPy arrays: others would decay."""

    @wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        with double():
            return function(*args, **kwargs)

    return inside  # pyright: ignore[reportReturnType] -- the same signature
