"""Numbers of many digits that know how they move, and what distributions and transforms make of them.

Nothing here knows JAX, NumPyro, or how densities are computed elsewhere: formulas are written as in a
textbook, and precision is raised until they agree with themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import mpmath
from mpmath import mpf

mp: Any = mpmath.mp  # pyright does not know what it has


class Dual:
    """A number, and its derivatives in the parameters that move it, by their numbers."""

    __slots__ = ("moves", "value")

    def __init__(self, value: Any, moves: Mapping[int, Any] | None = None) -> None:
        self.value = mpf(value)
        self.moves = {k: move for k, move in (moves or {}).items() if move}

    def __add__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.moves)
        moves = dict(self.moves)
        for k, move in other.moves.items():
            moves[k] = moves.get(k, 0) + move
        return Dual(self.value + other.value, moves)

    def __mul__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value * other, {k: move * other for k, move in self.moves.items()})
        moves = {k: move * other.value for k, move in self.moves.items()}
        for k, move in other.moves.items():
            moves[k] = moves.get(k, 0) + move * self.value
        return Dual(self.value * other.value, moves)

    def __neg__(self) -> Dual:
        return self * -1

    def __sub__(self, other: Any) -> Dual:
        return self + (-other)

    def __rsub__(self, other: Any) -> Dual:
        return -self + other

    def __truediv__(self, other: Any) -> Dual:
        return self * inverse(other) if isinstance(other, Dual) else self * (1 / mpf(other))

    __radd__, __rmul__ = __add__, __mul__

    def by(self, k: int) -> Any:
        """Its derivative in a parameter."""
        return self.moves.get(k, mpf(0))

    @property
    def still(self) -> Dual:
        """The same number, which does not move."""
        return Dual(self.value)


def along(x: Dual, value: Any, slope: Any) -> Dual:
    """A function of x, from its value and its slope there."""
    return Dual(value, {k: slope * move for k, move in x.moves.items()})


LARGEST = mpf(10) ** 8


def exponential(x: Any) -> Any:
    """exp x: what is larger by far than any number in floating point is an error, and smaller is 0."""
    if x > LARGEST:
        raise OverflowError
    return mpf(0) if x < -LARGEST else mp.exp(x)


def log_of_one_and(x: Any) -> Any:
    """log (1 + x), of small x too."""
    return x if abs(x) < mpf(10) ** -(mp.dps + 5) else mp.log1p(x)


def inverse(x: Dual) -> Dual:
    return along(x, 1 / x.value, -1 / x.value**2)


def exp(x: Dual) -> Dual:
    y = exponential(x.value)
    return along(x, y, y)


def log(x: Dual) -> Dual:
    return along(x, mp.log(x.value), 1 / x.value)


def absolute(x: Dual) -> Dual:
    return along(x, abs(x.value), mp.sign(x.value))


def sigmoid(x: Dual) -> Dual:
    up, down = 1 / (1 + exponential(-x.value)), 1 / (1 + exponential(x.value))
    return along(x, up, up * down)


def softplus(x: Dual) -> Dual:
    v = x.value
    value = max(v, mpf(0)) + log_of_one_and(exponential(-abs(v)))
    return along(x, value, 1 / (1 + exponential(-v)))


def log_gamma(x: Dual) -> Dual:
    return along(x, *_log_gamma(x.value, mp.dps))


@lru_cache(4096)
def _log_gamma(x: Any, digits: int) -> tuple[Any, Any]:
    """The value and its slope: the same few numbers are asked for again and again."""
    return mp.loggamma(x), mp.psi(0, x)


def arctan(x: Dual) -> Dual:
    return along(x, mp.atan(x.value), 1 / (1 + x.value**2))


def tanh(x: Dual) -> Dual:
    return along(x, mp.tanh(x.value), mp.sech(x.value) ** 2)


def log_left(x: Dual) -> Dual:
    """log (1 − tanh |x|) = log 2 − log (1 + exp 2|x|)."""
    return mp.log(2) - softplus(absolute(x) * 2)


def log_slope_of_tanh(x: Dual) -> Dual:
    """log (1 − tanh² x)."""
    size = absolute(x)
    return mp.log(4) - size * 2 - softplus(size * -2) * 2


def log_slope_of_sigmoid(x: Dual) -> Dual:
    return -(softplus(x) + softplus(-x))


def survival_of_normal(x: Dual) -> Dual:
    return along(x, mp.erfc(x.value / mp.sqrt(2)) / 2, -mp.npdf(x.value))


def total(terms: Sequence[Dual]) -> Dual:
    """A sum, also of nothing."""
    result = Dual(0)
    for term in terms:
        result = result + term
    return result


# ---- densities of numbers ----------------------------------------------------------------------------------

Numbers = dict[str, list[Dual]]
"""Parameters by name: one number for each entry, or one for all."""


def at(values: list[Dual], i: int) -> Dual:
    """That of an entry."""
    return values[i] if len(values) > 1 else values[0]


def _student(x: Dual, df: Dual) -> Dual:
    half = (df + 1) / 2
    scale = log_gamma(half) - log_gamma(df / 2) - (log(df) + mp.log(mp.pi)) / 2
    return scale - half * log(x * x / df + 1)


STANDARD: dict[str, Callable[[Dual], Dual]] = {
    "Normal": lambda e: (e * e) / -2 - mp.log(2 * mp.pi) / 2,
    "Laplace": lambda e: -absolute(e) - mp.log(2),
    "Logistic": log_slope_of_sigmoid,
    "Gumbel": lambda e: -e - exp(-e),
    "Cauchy": lambda e: -log(e * e + 1) - mp.log(mp.pi),
    "HalfNormal": lambda e: (e * e) / -2 + mp.log(2 / mp.pi) / 2,
    "Exponential": lambda e: -e,
    "HalfCauchy": lambda e: -log(e * e + 1) + mp.log(2 / mp.pi),
}
"""Log densities of location 0 and scale 1."""


def log_gamma_density(c: Dual, rate: Dual, y: Dual) -> Dual:
    return c * log(rate) - log_gamma(c) + (c - 1) * log(y) - rate * y


def log_beta_density(a: Dual, b: Dual, y: Dual) -> Dual:
    return log_gamma(a + b) - log_gamma(a) - log_gamma(b) + (a - 1) * log(y) + (b - 1) * log(1 - y)


def log_student_density(df: Dual, loc: Dual, scale: Dual, y: Dual) -> Dual:
    return _student((y - loc) / scale, df) - log(scale)


# ---- linear algebra of small matrices ----------------------------------------------------------------------


def rows_of(flat: Sequence[Dual], n: int) -> list[list[Dual]]:
    return [list(flat[i * n : (i + 1) * n]) for i in range(n)]


def lower(flat: Sequence[Dual], n: int, diagonal: Sequence[Dual] | None = None) -> list[list[Any]]:
    """A lower triangle from its rows, with the diagonal in it or apart."""
    zero = Dual(0)
    rows, begin = [], 0
    for i in range(n):
        num = i + 1 if diagonal is None else i
        row = list(flat[begin : begin + num]) + ([] if diagonal is None else [diagonal[i]])
        rows.append(row + [zero] * (n - i - 1))
        begin += num
    return rows


def product(a: list[list[Dual]], b: list[list[Dual]]) -> list[list[Dual]]:
    columns = list(zip(*b, strict=True))
    return [[total([x * y for x, y in zip(row, column, strict=True)]) for column in columns] for row in a]


def transposed(a: list[list[Dual]]) -> list[list[Dual]]:
    return [list(column) for column in zip(*a, strict=True)]


def cholesky(a: list[list[Dual]]) -> list[list[Dual]]:
    n = len(a)
    found = [[a[0][0] * 0 for _ in range(n)] for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            left = a[i][j] - total([found[i][k] * found[j][k] for k in range(j)])
            found[i][j] = exp(log(left) / 2) if i == j else left / found[j][j]
    return found


def flattened(a: list[list[Dual]]) -> list[Dual]:
    return [x for row in a for x in row]
