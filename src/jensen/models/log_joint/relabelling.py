"""Values of z that can change places: parameters named as symmetric have them along their first axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.errors import ModelError
from jensen.spaces.chart import Chart

Params = dict[str, Any]


def check_symmetric(names: tuple[str, ...], chart: Chart) -> None:
    """Raise where a name is no parameter, or the parameters' first axes differ."""
    if unknown := [name for name in names if name not in chart.spaces]:
        raise ModelError(f"symmetric names {', '.join(unknown)}, which are not parameters")
    firsts = {name: chart.spaces[name].shape[:1] for name in names}
    if len(set(firsts.values())) > 1 or () in firsts.values():
        raise ModelError(f"symmetric parameters need first axes of equal length; found {firsts}")


def relabel(names: tuple[str, ...], params: Params, order: Any) -> Params:
    """The values of z in another order."""
    return {name: np.asarray(value)[order] if name in names else value for name, value in params.items()}


def canonical(names: tuple[str, ...], params: Params) -> Params:
    """The values of z in the order of the first parameter named."""
    first = np.asarray(params[names[0]], dtype=float)
    return relabel(names, params, np.lexsort(first.reshape(len(first), -1).T[::-1]))
