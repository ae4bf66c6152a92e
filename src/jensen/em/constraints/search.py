"""Starts for a constrained model from the search of the model without constraints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice, permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from jensen.basics.arrays import Data, Params, Weight
from jensen.em import identities

if TYPE_CHECKING:
    from jensen.basics.progress import Progress
    from jensen.em.constraints.constrained import Constrained
    from jensen.em.restarts import Start

MOST_MAXIMA = 6
RANDOM_STARTS = 4
MOST_ORDERS = 120  # all of five components, some of more


def search(
    model: Constrained, data: Data, weight: Weight, rng: np.random.Generator, progress: Progress
) -> Iterator[Start]:
    """Climbs from the maxima of the model without constraints, imposed on, and from random starts."""
    from jensen.em.loop import climb
    from jensen.em.multistart import default_algorithm
    from jensen.em.problem import Problem
    from jensen.em.restarts import run_starts
    from jensen.em.stopping import Gain

    starts: list[tuple[str, Any]] = [
        (kind, partial(nearest, model, params, data, weight, rng))
        for kind, params in _maxima(model, data, weight, rng, progress)
    ]
    streams = rng.spawn(RANDOM_STARTS)
    starts += [("random", partial(model.start, data, weight, stream)) for stream in streams]

    def climber(params: Params) -> Any:
        problem = Problem(model, data, weight)
        return climb(problem, params, default_algorithm(model), Gain(), 1000, progress)

    for start in run_starts(starts, climber):
        yield replace(start, run=None)  # the best is climbed to its end as the caller of fit wishes


def _maxima(
    model: Constrained, data: Data, weight: Weight, rng: np.random.Generator, progress: Progress
) -> list[tuple[str, Params]]:
    """The best end of every maximum of the model without constraints."""
    from jensen.em.restarts import gather, rank, table_of_starts

    found, _ = gather(model.base.search(data, weight, rng, progress))
    ordered = sorted(found, key=rank)
    _, first = np.unique(table_of_starts(model.base, found)["maximum"], return_index=True)
    best = [ordered[i] for i in first if ordered[i].params is not None]
    return [(start.kind, start.params) for start in best[:MOST_MAXIMA]]


def nearest(
    model: Constrained, params: Params, data: Data, weight: Weight, rng: np.random.Generator
) -> Params:
    """Params as fixed and tied, with their components in the order in which that costs least evidence."""
    imposed = [model.impose(there) for there in _orders(model.base, params, rng)]

    def evidence(there: Params) -> float:
        try:
            found = identities.log_evidence(model.base, there, data, weight)
        except (ArithmeticError, np.linalg.LinAlgError):
            return -np.inf
        return found if np.isfinite(found) else -np.inf

    return imposed[int(np.argmax([evidence(there) for there in imposed]))]


def _orders(base: Any, params: Params, rng: np.random.Generator) -> Iterator[Params]:
    """The params with their components in every order, or in some if there are too many."""
    relabel, k = getattr(base, "relabel", None), getattr(base, "num_components", None)
    yield params
    if relabel is None or k is None:
        return
    orders = permutations(range(k)) if k <= 5 else (rng.permutation(k) for _ in range(MOST_ORDERS))
    for order in islice(orders, MOST_ORDERS):
        yield relabel(params, np.array(order))
