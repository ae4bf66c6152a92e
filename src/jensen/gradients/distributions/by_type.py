"""A table by the exact class of a distribution: a subclass is another one, and may sample otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Handler = TypeVar("Handler", bound=Callable[..., Any])


class ByType:
    """What is done with a distribution, by its class."""

    def __init__(self) -> None:
        self._handlers: dict[type, Any] = {}

    def add(self, *kinds: type) -> Callable[[Handler], Handler]:
        """A decorator: what is done with distributions of these classes."""

        def added(handler: Handler) -> Handler:
            self._handlers.update(dict.fromkeys(kinds, handler))
            return handler

        return added

    def get(self, distribution: Any) -> Any:
        """What is done with a distribution; None where nothing is known of its class."""
        return self._handlers.get(type(distribution))
