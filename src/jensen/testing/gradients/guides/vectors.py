"""Transforms of vectors, exactly: what they make of one, and the terms of log |det ∂y/∂x|."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np

from jensen.testing.gradients.guides import digits as d
from jensen.testing.gradients.guides.digits import Dual, Numbers
from jensen.testing.gradients.guides.steps import Drawn, Generator, a_place

mp: Any = mpmath.mp  # pyright does not know what it has


def sticks(xs: list[Dual], p: Numbers) -> list[Dual]:
    left, ys, n = xs[0] * 0 + 1, [], len(xs)
    for i, x in enumerate(xs):
        z = x - mp.log(n - i)
        ys.append(left * d.sigmoid(z))
        left = left * d.sigmoid(-z)
    return [*ys, left]


def slope_of_sticks(xs: list[Dual], ys: list[Dual], p: Numbers) -> list[Dual]:
    log_left, terms, n = xs[0] * 0, [], len(xs)
    for i, x in enumerate(xs):
        z = x - mp.log(n - i)
        terms += [log_left, d.log_slope_of_sigmoid(z)]
        log_left = log_left - d.softplus(z)
    return terms


def unbroken(ys: list[Dual], p: Numbers) -> list[Dual]:
    n = len(ys) - 1
    return [d.log(ys[i]) - d.log(d.total(ys[i + 1 :])) + mp.log(n - i) for i in range(n)]


def ordered(xs: list[Dual], p: Numbers) -> list[Dual]:
    ys = [xs[0]]
    for x in xs[1:]:
        ys.append(ys[-1] + d.exp(x))
    return ys


def unordered(ys: list[Dual], p: Numbers) -> list[Dual]:
    return [ys[0], *(d.log(b - a) for a, b in pairwise(ys))]


def ball(xs: list[Dual], p: Numbers) -> list[Dual]:
    left, ys = xs[0] * 0, []
    for x in xs:
        ys.append(d.tanh(x) * d.exp(left))
        left = left + d.log_left(x)
    return ys


def slope_of_ball(xs: list[Dual], ys: list[Dual], p: Numbers) -> list[Dual]:
    left, terms = xs[0] * 0, []
    for x in xs:
        terms += [left, d.log_slope_of_tanh(x)]
        left = left + d.log_left(x)
    return terms


def factor_rows(xs: list[Dual]) -> list[tuple[list[Dual], list[Dual]]]:
    """Of each row but the first: its numbers, and log of the length that is left before each, and after."""
    rows, begin, i = [], 0, 1
    while begin < len(xs):
        row, left = xs[begin : begin + i], [xs[0] * 0]
        for x in row:
            left.append(left[-1] + d.log_slope_of_tanh(x) / 2)
        rows.append((row, left))
        begin, i = begin + i, i + 1
    return rows


def factor(xs: list[Dual], p: Numbers) -> list[Dual]:
    rows, zero = factor_rows(xs), xs[0] * 0
    n = len(rows) + 1
    found = [zero + 1, *[zero] * (n - 1)]
    for row, left in rows:
        found += [d.tanh(x) * d.exp(before) for x, before in zip(row, left[:-1], strict=True)]
        found += [d.exp(left[-1]), *[zero] * (n - len(row) - 1)]
    return found


def slope_of_factor(xs: list[Dual], ys: list[Dual], p: Numbers) -> list[Dual]:
    terms = []
    for row, left in factor_rows(xs):
        for x, before in zip(row, left[:-1], strict=True):
            terms += [before, d.log_slope_of_tanh(x)]
    return terms


def cholesky_like(diagonal: Callable[[Dual], Dual], is_unit: bool = False) -> Any:
    def there(xs: list[Dual], p: Numbers) -> list[Dual]:
        n = round((np.sqrt(1 + 8 * len(xs)) - 1) / 2)
        ends = [diagonal(x) for x in xs[-n:]]
        if not is_unit:
            return d.flattened(d.lower(xs[:-n], n, ends))
        rows = d.lower(xs[:-n], n, [xs[0] * 0 + 1] * n)
        return [x * ends[i] for i, row in enumerate(rows) for x in row]

    return there


def cholesky_slope(slope: Callable[[int, Dual], Dual]) -> Any:
    def of(xs: list[Dual], ys: list[Dual], p: Numbers) -> list[Dual]:
        n = round((np.sqrt(1 + 8 * len(xs)) - 1) / 2)
        return [slope(i, x) for i, x in enumerate(xs[-n:])]

    return of


def lower_affine(xs: list[Dual], p: Numbers) -> list[Dual]:
    rows = d.rows_of(p["scale_tril"], len(xs))
    return [d.at(p["loc"], i) + d.total([rows[i][j] * xs[j] for j in range(i + 1)]) for i in range(len(xs))]


def diagonal_of(values: list[Dual]) -> list[Dual]:
    n = round(len(values) ** 0.5)
    return values[:: n + 1]


def recursive(xs: list[Dual], p: Numbers) -> list[Dual]:
    """Two numbers at a time."""
    rows, y, found = d.rows_of(p["matrix"], 2), p["first"], []
    for begin in range(0, len(xs), 2):
        y = [rows[i][0] * y[0] + rows[i][1] * y[1] + xs[begin + i] for i in range(2)]
        found += y
    return found


def zero_sum(xs: list[Dual], p: Numbers) -> list[Dual]:
    n, total = len(xs) + 1, d.total(xs)
    norm = total / (mp.sqrt(n) + n)
    return [x - norm for x in xs] + [total * 0 - total / mp.sqrt(n)]


def cosines(xs: list[Dual], p: Numbers) -> list[Dual]:
    n, found = len(xs), []
    for k in range(n):
        waves = [x * mp.cos(mp.pi * (2 * i + 1) * k / (2 * n)) for i, x in enumerate(xs)]
        found.append(d.total(waves) * mp.sqrt(mp.mpf(1 if k == 0 else 2) / n))
    return found


def haar(xs: list[Dual], p: Numbers) -> list[Dual]:
    """Of four numbers."""
    root = 1 / mp.sqrt(2)
    (a, b, c, e) = xs
    low, high = [(a + b) * root, (c + e) * root], [(a - b) * root, (c - e) * root]
    return [(low[0] + low[1]) * root, (low[0] - low[1]) * root, *high]


def corr_slope(sign: int) -> Any:
    """Of C = L Lᵀ to L, for correlations: Σ −(n − 1 − i) log L_ii."""

    def of(xs: list[Dual], ys: list[Dual], p: Numbers) -> list[Dual]:
        diagonal = diagonal_of(ys if sign > 0 else xs)
        n = len(diagonal)
        return [d.log(x) * (-sign * (n - 1 - i)) for i, x in enumerate(diagonal)]

    return of


def square_slope(sign: int) -> Any:
    """Of S = L Lᵀ to L: −n log 2 − Σ (n − i) log L_ii."""

    def of(xs: list[Dual], ys: list[Dual], p: Numbers) -> list[Dual]:
        diagonal = diagonal_of(ys if sign > 0 else xs)
        n = len(diagonal)
        return [d.log(x) * (-sign * (n - i)) - sign * mp.log(2) for i, x in enumerate(diagonal)]

    return of


def gram(xs: list[Dual], p: Numbers) -> list[Dual]:
    rows = d.rows_of(xs, round(len(xs) ** 0.5))
    return d.flattened(d.product(rows, d.transposed(rows)))


def root(xs: list[Dual], p: Numbers) -> list[Dual]:
    return d.flattened(d.cholesky(d.rows_of(xs, round(len(xs) ** 0.5))))


def cat(xs: list[Dual], p: Numbers) -> list[Dual]:
    return [d.exp(xs[0]), *map(d.sigmoid, xs[1:])]


def none(xs: list[Dual], ys: list[Dual], p: Numbers) -> list[Dual]:
    return []


def cuts(xs: list[Dual], p: Numbers) -> list[Dual]:
    return [
        d.log(d.total(xs[: i + 1])) - d.log(d.total(xs[i + 1 :])) + p["anchor"][0] for i in range(len(xs) - 1)
    ]


def between(ys: list[Dual], p: Numbers) -> list[Dual]:
    ys = [y - p["anchor"][0] for y in ys]
    inner = [d.sigmoid(b) - d.sigmoid(a) for a, b in pairwise(ys)]
    return [d.sigmoid(ys[0]), *inner, d.sigmoid(-ys[-1])]


def slope_of_cuts(sign: int) -> Any:
    def of(xs: list[Dual], ys: list[Dual], p: Numbers) -> list[Dual]:
        cuts = ys if sign > 0 else xs
        return [d.log_slope_of_sigmoid(y - p["anchor"][0]) * -sign for y in cuts]

    return of


def negative(slope: Any) -> Any:
    return lambda xs, ys, p: [-term for term in slope(ys, xs, p)]


def permuted(order: list[int]) -> Any:
    return lambda xs, p: [xs[i] for i in order]


GROW = {2: 3, 3: 4, 4: 5}
SHRINK = {3: 2, 4: 3, 5: 4}
SAME = {2: 2, 3: 3, 4: 4}
SHUFFLED = np.array([2, 0, 1])


def anchor(rng: Generator, n: int) -> Drawn:
    return {"anchor": a_place(rng)}
