"""Statistics for models of one's own: named sums that add and scale."""

from __future__ import annotations

from typing import Any

from jensen.basics.errors import ModelError


class Totals:
    """Named sums over the rows, as statistics: they add and scale.

    Parameters
    ----------
    **values
        Numbers or arrays; each becomes an attribute.

    Examples
    --------
    >>> import jensen
    >>> one = jensen.em.Totals(count=2.0, total=3.0)
    >>> (one + one.scale(0.5)).total
    4.5
    """

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no total {name!r}; there are {', '.join(vars(self))}")

    def __add__(self, other: Totals) -> Totals:
        if vars(self).keys() != vars(other).keys():
            raise ModelError(f"totals of {', '.join(vars(self))} and of {', '.join(vars(other))} do not add")
        return Totals(**{name: value + vars(other)[name] for name, value in vars(self).items()})

    def scale(self, factor: float) -> Totals:
        """The totals of the rows counted ``factor`` times."""
        return Totals(**{name: factor * value for name, value in vars(self).items()})

    def __repr__(self) -> str:
        return f"Totals({', '.join(f'{name}={value}' for name, value in vars(self).items())})"
