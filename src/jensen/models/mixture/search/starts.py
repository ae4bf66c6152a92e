"""Where a search starts: partitions of many kinds, since the kind that leads to the best maximum differs from
data set to data set.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice

import numpy as np

from jensen.basics.arrays import Array, Weight
from jensen.families.family import End
from jensen.models.mixture.search.ground import Ground
from jensen.numerics import partitions

Partition = Callable[[Array, Weight, int, int, np.random.Generator], Array]

PARTITIONS: dict[str, Partition] = {
    "k-means": partitions.kmeans,
    "columns": partitions.kmeans,  # on columns of one scale instead of the family's own coordinates
    "projection": partitions.projections,
    "independent": partitions.independent_directions,
    "k-means++": partitions.nearest_seeds,
}
KINDS = (
    "k-means",
    "columns",
    "rows",
    "projection",
    "independent",
    "columns",
    "k-means++",
    "rows",
    "responsibilities",
)


def begin(ground: Ground, count: int, rng: np.random.Generator, first: int = 0) -> list[End]:
    """``count`` starts of the kinds in turn, from the ``first`` on."""
    points = _centred(ground.family.embed(ground.data))
    known = {"k-means": points, "columns": ground.columns}
    known = {kind: known.get(kind, points) for kind in PARTITIONS}
    kinds = [kind for kind in KINDS if kind not in PARTITIONS or known[kind] is not None]
    if points is None:
        kinds = [kind for kind in kinds if kind != "rows"] or ["responsibilities"]
    chosen = list(islice(cycle(kinds), first, first + count))
    ends: list[End] = []
    for kind in dict.fromkeys(chosen):
        ends += _of_kind(ground, kind, known.get(kind), chosen.count(kind), rng)
    return ends


def _of_kind(
    ground: Ground, kind: str, points: Array | None, count: int, rng: np.random.Generator
) -> list[End]:
    if kind == "rows":
        made = (ground.family.start(ground.k, ground.data, ground.weight, rng) for _ in range(count))
        return [End(kind, *begin) for begin in made]
    if kind == "responsibilities":
        return ground.begin_all(kind, rng.dirichlet(np.ones(ground.k), size=(count, ground.n)))
    labels = PARTITIONS[kind](points, ground.weight, ground.k, count, rng)
    return ground.begin_all(kind, np.eye(ground.k)[labels])


def _centred(points: Array | None) -> Array | None:
    return None if points is None else points - points.mean(axis=0)


def of_part(ground: Ground, points: Array | None, rng: np.random.Generator) -> list[End]:
    """Starts for k components in a part of the rows, which ``points`` shows in its own coordinates."""
    k, w = ground.k, ground.w
    if points is None:
        return ground.begin_all("part", rng.dirichlet(np.ones(k), size=(4, ground.n)))
    points = np.ascontiguousarray(points)
    labels = [partitions.kmeans(points, w, k, 1, rng), partitions.nearest_seeds(points, w, k, 1, rng)]
    if points.shape[1] > 1:
        labels += [
            partitions.independent_directions(points, w, k, 1, rng),
            partitions.projections(points, w, k, 1, rng),
        ]
    labels += [_tail(points, w, k, rng), _shells(points, k)]
    return ground.begin_all("part", np.eye(k)[np.concatenate(labels)])


def _tail(points: Array, w: Array, k: int, rng: np.random.Generator) -> Array:
    """Rows near one that lies far out, against all others."""
    distance = np.square(points).sum(axis=1)
    few = max(2, min(len(points) // (2 * k), max(2 * (points.shape[1] + 1), len(points) // 50)))
    seed = points[rng.choice(np.argsort(-distance)[:few])]
    near = np.argsort(np.square(points - seed).sum(axis=1))[:few]
    labels = partitions.nearest_seeds(points, w, k - 1, 1, rng)[0] if k > 2 else np.zeros(len(points), int)
    labels = np.array(labels, dtype=int)
    labels[near] = k - 1
    return labels[None]


def _shells(points: Array, k: int) -> Array:
    """Rows by their distance from the middle: one component within another."""
    order = np.argsort(np.argsort(np.square(points).sum(axis=1), kind="stable"), kind="stable")
    return (order * k // len(points))[None]
