"""Gaussian components for people: means, standard deviations, correlations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.numbers import correlation_text, on_scale_of, spread_text
from jensen.basics.tables import default_columns
from jensen.families.carriers import Lines

MAX_CORRELATED = 4, 7  # columns up to which correlations are shown: of every component, of one matrix for all


def described(means: Array, covariances: Array, columns: Sequence[str] | None) -> Lines:
    """Each column's mean (standard deviation) in each component, and correlations where there are any."""
    d = means.shape[1]
    names = list(columns) if columns is not None else default_columns(d)
    spreads = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    rows = [(names[j], _means(means[:, j], spreads[:, j])) for j in range(d)]
    return rows + _correlations(covariances, spreads, names)


def _means(means: Array, spreads: Array) -> list[str]:
    write = on_scale_of(spreads, means)
    return [f"{write(m)} ({spread_text(s, write)})" for m, s in zip(means, spreads, strict=True)]


def _correlations(full: Array, spreads: Array, names: Sequence[str]) -> Lines:
    """Of every pair of columns, where there are few columns and the structure has any."""
    d, is_one = len(names), bool((full == full[0]).all())
    if not 2 <= d <= MAX_CORRELATED[is_one] or not full[:, ~np.eye(d, dtype=bool)].any():
        return []
    if is_one:  # said once
        full, spreads = full[:1], spreads[:1]
    scaled = full / spreads[:, :, None] / spreads[:, None, :]
    short = shorten(names)
    return [
        (f"corr {short[a]}, {short[b]}", [correlation_text(r) for r in scaled[:, a, b]])
        for a, b in combinations(range(d), 2)
    ]


def shorten(names: Sequence[str], length: int = 9) -> list[str]:
    """Names cut to ``length`` characters, longer where that would make two the same."""
    while len({name[:length] for name in names}) < len(set(names)):
        length += 1
    return [name if len(name) <= length + 1 else f"{name[:length].rstrip()}…" for name in names]
