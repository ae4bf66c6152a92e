"""Starts for a constrained model from the search of the model without constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice, permutations
from typing import Any

import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.progress import Progress
from jensen.em.contract import Model
from jensen.em.loop import climb
from jensen.em.multistart import default_algorithm
from jensen.em.problem import Problem
from jensen.em.restarts import gather, rank, run_starts, table_of_starts
from jensen.em.start import Start
from jensen.em.stopping import Gain

MOST_MAXIMA = 6
RANDOM_STARTS = 4
MOST_ORDERS = 120  # all of five components, some of more

Impose = Callable[[Params], Params]


def search(
    problem: Problem, base: Model, impose: Impose, rng: np.random.Generator, progress: Progress
) -> Iterator[Start]:
    """Climbs from the maxima of the model without constraints, imposed on, and from random starts.

    Parameters
    ----------
    problem
        Of the constrained model.
    base, impose
        The model without constraints; what makes its params as they are constrained.
    """
    whole = Problem(base, problem.data, problem.weight)
    starts: list[tuple[str, Any]] = [
        (kind, partial(nearest, whole, impose, params, rng)) for kind, params in _maxima(whole, rng, progress)
    ]
    starts += [("random", partial(problem.random, stream)) for stream in rng.spawn(RANDOM_STARTS)]

    def climber(params: Params) -> Any:
        algorithm = default_algorithm(problem.model)
        return climb(problem.again(), params, algorithm, Gain(), 1000, progress)

    for start in run_starts(starts, climber):
        yield replace(start, run=None)  # the best is climbed to its end as the caller of fit wishes


def _maxima(whole: Problem, rng: np.random.Generator, progress: Progress) -> list[tuple[str, Params]]:
    """The best end of every maximum of the model without constraints."""
    found, _ = gather(whole.model.search(whole.data, whole.weight, rng, progress))
    ordered = sorted(found, key=rank)
    _, first = np.unique(table_of_starts(whole.model, found)["maximum"], return_index=True)
    best = [ordered[i] for i in first if ordered[i].params is not None]
    return [(start.kind, start.params) for start in best[:MOST_MAXIMA]]


def nearest(whole: Problem, impose: Impose, params: Params, rng: np.random.Generator) -> Params:
    """Params as fixed and tied, with their components in the order in which that costs least evidence."""
    imposed = [impose(there) for there in _orders(whole.model, params, rng)]

    def evidence(there: Params) -> float:
        try:
            found = whole.expected(there).log_evidence
        except (ArithmeticError, np.linalg.LinAlgError):
            return -np.inf
        return found if np.isfinite(found) else -np.inf

    return imposed[int(np.argmax([evidence(there) for there in imposed]))]


def _orders(base: Model, params: Params, rng: np.random.Generator) -> Iterator[Params]:
    """The params with their components in every order, or in some if there are too many."""
    k = base.num_components
    yield params
    if base.relabel is None or k is None:
        return
    orders = permutations(range(k)) if k <= 5 else (rng.permutation(k) for _ in range(MOST_ORDERS))
    for order in islice(orders, MOST_ORDERS):
        yield base.relabel(params, np.array(order))
