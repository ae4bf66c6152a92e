"""From a solution to one with a component more, which is no worse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jensen.basics.arrays import Data, Weight
from jensen.families.carriers import End
from jensen.models.mixture.params import MixtureParams
from jensen.models.mixture.search.climbing import by_steps
from jensen.models.mixture.search.ground import Ground
from jensen.models.mixture.search.improve import Improver
from jensen.models.mixture.search.moves import Move, joined

SPLITS = 3  # of different components, that are climbed from
CLIMB = 0.01, 300


def grown(
    model: Any, params: MixtureParams, data: Data, weight: Weight, rng: np.random.Generator
) -> MixtureParams | None:
    """The best that splitting one of its components leads to.

    Parameters
    ----------
    model
        Of one component more, as the data fixed it.
    params
        Of one less.

    Returns
    -------
    MixtureParams or None
        None where no component has the rows to be split.
    """
    k = model.num_components - 1
    ground = Ground.of(replace(model, num_components=k), data, weight, by_steps)
    larger = Ground.of(model, data, weight, by_steps)
    end = End("grown", params.weights, ground.there(params.components))
    ends = []
    for split in Improver(ground, end, rng).splits()[:SPLITS]:
        (c,) = split.members
        moves = [split]
        if k > 1:
            others = [j for j in range(k) if j != c]
            rest = End(
                "", end.weights[others] / end.weights[others].sum(), ground.family.relabel(end.params, others)
            )
            moves.append(Move(tuple(others), rest, 0.0))
        ends.append(joined(end, moves, ground.family).end)
    larger.climb(ends, *CLIMB)
    proper = [each for each in ends if larger.is_proper(each)]
    if not proper:
        return None
    best = Improver(larger, max(proper, key=lambda each: each.objective), rng).run()
    return MixtureParams(best.weights, larger.back(best.params))
