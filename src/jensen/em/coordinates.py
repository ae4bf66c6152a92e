"""The coordinates that an accelerator extrapolates in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from jensen.basics.arrays import Array, Params
from jensen.basics.errors import ModelError
from jensen.em.contract import Model, as_model, name_of


class Maps(NamedTuple):
    """Parameters to a vector, and back; None where a vector is infeasible."""

    pack: Callable[[Params], Array]
    unpack: Callable[[Array], Params | None]


class Coordinates(Protocol):
    """Which vector stands for the parameters."""

    def of(self, model: Model) -> Maps | None:
        """The maps of a model; None where it has none of this kind."""
        ...


@dataclass(frozen=True, slots=True)
class Natural:
    """The parameters themselves; proposals outside their space are refused.

    The model's ``pack`` and ``unpack``, else those of its chart.
    """

    def of(self, model: Model) -> Maps | None:
        model = as_model(model)
        if model.pack is not None and model.unpack is not None:
            return Maps(model.pack, model.unpack)
        chart = model.chart
        return None if chart is None else Maps(chart.natural_vector, chart.from_natural_vector)


@dataclass(frozen=True, slots=True)
class InChart:
    """The unconstrained vector of the model's chart: every proposal is inside the space."""

    def of(self, model: Model) -> Maps | None:
        chart = as_model(model).chart
        return None if chart is None else Maps(chart.to_vector, chart.from_vector)


def maps_of(model: Model, coordinates: Coordinates) -> Maps:
    """The maps, or a ValueError that says what the model lacks."""
    maps = coordinates.of(model)
    if maps is None:
        raise ModelError(
            f"{name_of(model)} has no coordinates for {coordinates}: give it a chart (jensen.Chart), "
            "or use algorithm=jensen.em.EM()"
        )
    return maps


def is_feasible(model: Model, params: Params) -> bool:
    """Whether ``params`` respect bounds that the chart does not know, such as those that the data fix."""
    if model.pack is not None and model.unpack is not None:
        return model.unpack(model.pack(params)) is not None
    return model.chart is None or model.chart.contains(params)
