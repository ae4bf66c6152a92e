"""The coordinates that an accelerator extrapolates in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from jensen.basics.arrays import Array, Params
from jensen.em.contract import LatentVariableModel


class Maps(NamedTuple):
    """Parameters to a vector, and back; None where a vector is infeasible."""

    pack: Callable[[Params], Array]
    unpack: Callable[[Array], Params | None]


class Coordinates(Protocol):
    """Which vector stands for the parameters."""

    def of(self, model: LatentVariableModel) -> Maps | None:
        """The maps of a model; None where it has none of this kind."""
        ...


@dataclass(frozen=True, slots=True)
class Natural:
    """The parameters themselves; proposals outside their space are refused.

    The model's ``pack`` and ``unpack``, else those of its chart.
    """

    def of(self, model: LatentVariableModel) -> Maps | None:
        pack, unpack = getattr(model, "pack", None), getattr(model, "unpack", None)
        if pack is not None and unpack is not None:
            return Maps(pack, unpack)
        chart: Any = getattr(model, "chart", None)
        return None if chart is None else Maps(chart.natural_vector, chart.from_natural_vector)


@dataclass(frozen=True, slots=True)
class InChart:
    """The unconstrained vector of the model's chart: every proposal is inside the space."""

    def of(self, model: LatentVariableModel) -> Maps | None:
        chart: Any = getattr(model, "chart", None)
        return None if chart is None else Maps(chart.to_vector, chart.from_vector)


def maps_of(model: LatentVariableModel, coordinates: Coordinates) -> Maps:
    """The maps, or a ValueError that says what the model lacks."""
    maps = coordinates.of(model)
    if maps is None:
        raise ValueError(
            f"{type(model).__name__} has no coordinates for {coordinates}: give it a chart (jensen.Chart), "
            "or use algorithm=jensen.em.EM()"
        )
    return maps


def is_feasible(model: LatentVariableModel, params: Params) -> bool:
    """Whether ``params`` respect bounds that the chart does not know, such as those that the data fix."""
    pack, unpack = getattr(model, "pack", None), getattr(model, "unpack", None)
    return pack is None or unpack is None or unpack(pack(params)) is not None
