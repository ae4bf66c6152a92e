"""How things look in a notebook."""

from __future__ import annotations

from html import escape


class InNotebook:
    """Shown in a notebook as they print; a class with more to show overrides it."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"
