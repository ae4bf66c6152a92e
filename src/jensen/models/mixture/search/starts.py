"""Where a search starts: partitions of many kinds, since the kind that leads to the best maximum differs from
data set to data set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Mask, Weight
from jensen.families.carriers import End
from jensen.numerics import partitions

if TYPE_CHECKING:
    from jensen.models.mixture.search.ground import Ground

Labels = NDArray[np.integer]
Partition = Callable[[Array, Weight, int, int, np.random.Generator], Labels]

PARTITIONS: dict[str, Partition] = {
    "k-means": partitions.kmeans,
    "columns": partitions.kmeans,  # on columns of one scale instead of the family's own coordinates
    "raw": partitions.kmeans,  # on the columns as they are: their scales may mean something
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
    "raw",
)
FAR_ROWS = 200  # among which a group far out is looked for


def begin(ground: Ground, count: int, rng: np.random.Generator, first: int = 0) -> list[End]:
    """``count`` starts of the kinds in turn, from the ``first`` on."""
    points = _centred(ground.family.embed(ground.data))
    raw, columns = _scales(ground.given)
    known = {"k-means": points, "columns": columns, "raw": raw}
    known = {kind: known.get(kind, points) for kind in PARTITIONS}
    kinds = [kind for kind in KINDS if kind not in PARTITIONS or known[kind] is not None]
    if points is None:
        kinds = [kind for kind in kinds if kind != "rows"] or ["responsibilities"]
    chosen = Counter(islice(cycle(kinds), first, first + count))
    named: list[str] = []
    labels: list[Labels] = []
    ends: list[End] = []
    for kind, times in chosen.items():
        if kind in PARTITIONS:
            points = known[kind]
            assert points is not None
            labels.append(PARTITIONS[kind](points, ground.weight, ground.k, times, rng))
            named += [kind] * times
        elif kind == "rows":
            made = (ground.family.start(ground.k, ground.data, ground.weight, rng) for _ in range(times))
            ends += [End(kind, *begin) for begin in made]
        else:
            ends += ground.begin_all(kind, rng.dirichlet(np.ones(ground.k), size=(times, ground.n)))
    return ends + (ground.begin_partitions(named, np.concatenate(labels)) if labels else [])


def _scales(data: Array | None) -> tuple[Array | None, Array | None]:
    """Columns of numbers, centred; and divided by their standard deviations."""
    if data is None:
        return None, None
    rows = np.asarray(data - data.mean(axis=0, dtype=float), float)
    spread = rows.std(axis=0)
    return rows, rows / np.where(spread > 0, spread, 1.0)


def _centred(points: Array | None) -> Array | None:
    return None if points is None else points - points.mean(axis=0)


def of_part(ground: Ground, points: Array | None, rng: np.random.Generator) -> list[End]:
    """Starts for k components in a part of the rows, which ``points`` shows in its own coordinates."""
    k, w = ground.k, ground.w
    if points is None:
        return ground.begin_all("part", rng.dirichlet(np.ones(k), size=(4, ground.n)))
    points = np.ascontiguousarray(points)
    labels = [partitions.kmeans(points, w, k, 1, rng), partitions.nearest_seeds(points, w, k, 1, rng)]
    as_given = _centred(ground.family.embed(ground.data))
    if as_given is not None:  # where groups are far apart that the shape of them all hides
        labels.append(partitions.kmeans(as_given, w, k, 1, rng))
    if points.shape[1] > 1:
        labels += [
            partitions.independent_directions(points, w, k, 1, rng),
            partitions.projections(points, w, k, 1, rng),
        ]
    labels.append(_shells(points, k))
    tail = dense_tail(points, ground.family.needed)
    if tail is not None:
        others = partitions.nearest_seeds(points, w, k - 1, 1, rng)[0] if k > 2 else np.zeros(ground.n, int)
        labels.append(np.where(tail, k - 1, others)[None])
    together = np.concatenate(labels)
    return ground.begin_partitions(["part"] * len(together), together)


def dense_tail(points: Array, needed: float) -> Mask | None:
    """The rows of a group far out: of the rows that lie farthest, those about the one with the nearest
    neighbours.

    ``points`` are about 0 with unit covariance; a group has more rows than are ``needed``. A mask, None
    where there are too few rows.
    """
    n = len(points)
    size = int(needed) + 2
    far = np.argsort(-np.square(points).sum(axis=1))[: min(FAR_ROWS, n // 2)]
    if len(far) <= size:
        return None
    rows = points[far]
    squares = np.square(rows).sum(axis=1)
    distance = np.maximum(squares[:, None] + squares - 2.0 * rows @ rows.T, 0.0)
    radius = np.partition(distance, size, axis=1)[:, size]
    middle = int(np.argmin(radius / np.maximum(squares, 1e-300)))
    mask = np.square(points - rows[middle]).sum(axis=1) <= 2.0 * radius[middle]
    return mask if mask.sum() <= n // 2 else None


def _shells(points: Array, k: int) -> Labels:
    """Rows by their distance from the middle: one component within another."""
    order = np.argsort(np.argsort(np.square(points).sum(axis=1), kind="stable"), kind="stable")
    return (order * k // len(points))[None]
