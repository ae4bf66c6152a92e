"""What the operations of JAX do with numbers that depend on x: each is known, or may jump.

An operation belongs into one of these lists only if its derivative, as JAX has it, is its weak derivative
wherever its operands are continuous. Anything that is in none of them may jump.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
from jax.core import ShapedArray

from jensen.gradients.program.look.seen import (
    STOPS,
    Level,
    Seen,
    constant,
    joined,
    jumping,
    losing,
    together,
)

Rule = Callable[[Sequence[Seen], Any], list[Seen]]
"""From what is known of the operands, and the step, to what is known of the results."""

RULES: dict[str, Rule] = {}

CALLS, COMPARES, ROUNDS = "calls", "compares", "rounds"
SIGN = "takes the sign or the place of"
DIVIDES = "divides by something that can be 0 and depends on"
SINGULAR = "may be infinite in the midst of the values of"
BRANCHES = "takes another branch by"
LOOPS = "goes on with a loop as long as is said by"


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register what some operations do."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


CUT_PLANES = {
    *("log", "log1p", "sqrt", "rsqrt", "cbrt", "pow", "sign"),
    *("asin", "acos", "atan", "asinh", "acosh", "atanh"),
    *("max", "min", "sort", "reduce_max", "reduce_min", "cummax", "cummin", "tanh", "tan", "logistic"),
}
"""Functions of complex numbers that have other branches, or poles, or go by an order that is none."""


def rule_of(step: Any) -> Rule | None:
    """What an operation does with its operands; None where there is no rule."""
    if step.primitive.name in CUT_PLANES and any(map(is_complex, step.invars)):
        return _cut
    return RULES.get(step.primitive.name)


def is_complex(var: Any) -> bool:
    """Whether numbers of a program are."""
    aval = var.aval
    kind: Any = aval.dtype if isinstance(aval, ShapedArray) else bool
    return jnp.issubdtype(kind, jnp.complexfloating)


def _cut(seen: Sequence[Seen], step: Any) -> list[Seen]:
    return [jumping(BRANCHES, seen)]


def unknown(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """Of what is in none of the lists."""
    return [jumping(f"{CALLS} {step.primitive.name}, whose derivative is not known, with", seen)] * len(
        step.outvars
    )


def _through(seen: Sequence[Seen], least: Level = Level.CONSTANT) -> Seen:
    """Smooth operations: what is cut off at infinity may come back from there, and jump."""
    found = together(seen)
    if found.level is Level.CUT:
        return replace(found, level=Level.JUMPS)
    return found.at_least(least)


# ---- that leave numbers as they are ------------------------------------------------------------------------

LEAST_BITS = 7  # of a mantissa: of bfloat16

SHAPES = [
    "broadcast_in_dim",
    "reshape",
    "transpose",
    "squeeze",
    "slice",
    "rev",
    "copy",
    "concatenate",
    "tile",
    "split",
    "real",
    "device_put",
    "sharding_constraint",
    "optimization_barrier",
    "reshard",
    "layout_constraint",
    "pvary",
    "psum_invariant",
    "all_gather",
    "ppermute",
    "name",
]


@rule(*SHAPES)
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    return [joined(seen)] * len(step.outvars)


@rule("pad")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    return [joined(seen)]


@rule("select_and_gather_add")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """What is taken from the first is where the second is largest."""
    values, by = seen
    return [values if by.is_constant else jumping(SIGN, seen)]


@rule("reduce_precision")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """As a number of half precision it is what it was, but for rounding."""
    return [joined(seen) if step.params["mantissa_bits"] >= LEAST_BITS else jumping(ROUNDS, seen)]


@rule("stop_gradient")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    return [losing(STOPS, seen[0], seen[0].moves)]


# ---- analytic functions ------------------------------------------------------------------------------------

INF = math.inf
RANGES: dict[str, tuple[float, float, bool]] = {  # between which ends, and whether 0 is left out
    "exp": (0.0, INF, True),
    "exp2": (0.0, INF, True),
    "expm1": (-1.0, INF, False),
    "logistic": (0.0, 1.0, True),
    "tanh": (-1.0, 1.0, False),
    "sin": (-1.0, 1.0, False),
    "cos": (-1.0, 1.0, False),
    "erf": (-1.0, 1.0, False),
    "erfc": (0.0, 2.0, True),
    "atan": (-math.pi / 2, math.pi / 2, False),
    "cosh": (1.0, INF, True),
    "igamma": (0.0, 1.0, False),
    "igammac": (0.0, 1.0, False),
    "regularized_incomplete_beta": (0.0, 1.0, False),
    "bessel_i0e": (0.0, 1.0, True),
}
DOMAINS = {  # of which operand, and outside of what there is no value
    "asin": (0, -1.0, 1.0),
    "acos": (0, -1.0, 1.0),
    "atanh": (0, -1.0, 1.0),
    "erf_inv": (0, -1.0, 1.0),
    "acosh": (0, 1.0, INF),
    "log1p": (0, -1.0, INF),
    "igamma": (1, 0.0, INF),
    "igammac": (1, 0.0, INF),
    "regularized_incomplete_beta": (2, 0.0, 1.0),
}
ANALYTIC = [
    "asin",
    "acos",
    "asinh",
    "acosh",
    "atanh",
    "sinh",
    "erf_inv",
    "bessel_i1e",
    "igamma_grad_a",
    "log1p",
    "imag",
    "conj",
    "complex",
    "fft",
    "conv_general_dilated",
    "cumlogsumexp",
    "cholesky",
    "ragged_dot_general",
    "reduce_prod",
    "cumprod",
    "symmetric_product",
]


@rule(*ANALYTIC, *RANGES)
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    name = step.primitive.name
    low, high, away = RANGES.get(name, (-INF, INF, False))
    found = _through(seen).between(low, high, away)
    if name == "cholesky":
        found = replace(found, partial=not found.is_constant)
    place, least, most = DOMAINS.get(name, (0, -INF, INF))
    return [found.only_within(least, most, seen[place])] * len(step.outvars)


@rule("log")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, found = seen[0], _through(seen)
    low, high = (math.log(end) if 0.0 < end < INF else math.nan for end in (x.low, x.high))
    if not (x.is_constant or x.is_nonzero or x.partial) and x.low >= 0.0:
        found = jumping(SINGULAR, seen)  # 1/x has no mean where 0 is reached from both sides
    return [found.between(low, high).only_within(0.0, INF, x)]


@rule("sqrt", "cbrt")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, found = seen[0], _through(seen)
    found = found if x.is_nonzero else found.at_least(Level.CONTINUOUS)
    if step.primitive.name == "cbrt" and x.low < 0.0:
        return [found.anywhere]
    found = found.between(math.sqrt(x.low) if x.low > 0.0 else 0.0, INF, x.is_nonzero)
    return [found.only_within(0.0, INF, x)]


@rule("neg")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    return [together(seen).between(-seen[0].high, -seen[0].low, seen[0].away)]


@rule("add", "add_any", "sub")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, y = seen
    low, high = (-y.high, -y.low) if step.primitive.name == "sub" else (y.low, y.high)
    low, high = x.low + low, x.high + high
    same_side = step.primitive.name != "sub" and (
        (x.low >= 0 and y.low >= 0) or (x.high <= 0 and y.high <= 0)
    )
    found = together(seen)
    found = replace(found, every=found.every and all(map(_is_bounded, seen)))  # beside ∞ nothing moves
    return [found.between(low, high, same_side and (x.is_nonzero or y.is_nonzero))]


def _is_bounded(seen: Seen) -> bool:
    """Whether it moves, or is a constant that is finite."""
    return not seen.is_constant or (math.isfinite(seen.low) and math.isfinite(seen.high))


@rule("mul")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, y = seen
    away = x.is_nonzero and y.is_nonzero
    operands = step.invars
    if operands[0] is operands[1]:
        return [_scaled(seen).between(0.0, max(x.low**2, x.high**2), away)]
    ends = [_times(a, b) for a in (x.low, x.high) for b in (y.low, y.high)]
    return [_scaled(seen).between(min(ends), max(ends), away)]


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0.0 or b == 0.0 else a * b


def _scaled(seen: Sequence[Seen]) -> Seen:
    """A product: by a constant, something that is cut off stays so; by 0 or ∞ nothing moves."""
    moving = [each for each in seen if not each.is_constant]
    found = together(seen) if len(moving) < 2 else _through(seen)
    still = [each for each in seen if each.is_constant]
    keeps = all(each.is_nonzero and _is_bounded(each) for each in still)
    return replace(found, every=found.every and keeps)


@rule("square")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x = seen[0]
    return [_through(seen).between(0.0, max(x.low**2, x.high**2), x.is_nonzero)]


@rule("dot_general")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, y = seen
    is_positive = _is_of_squares(step) or (x.low >= 0.0 and y.low >= 0.0)
    return [replace(_scaled(seen), every=False).between(0.0 if is_positive else -INF, INF)]


def _is_of_squares(step: Any) -> bool:
    """Whether each entry of an array is multiplied by itself, and no other."""
    (of_first, of_second), (batch_of_first, batch_of_second) = step.params["dimension_numbers"]
    is_alike = tuple(of_first) == tuple(of_second) and tuple(batch_of_first) == tuple(batch_of_second)
    is_whole = len(of_first) + len(batch_of_first) == len(step.invars[0].aval.shape)
    return step.invars[0] is step.invars[1] and is_alike and is_whole


@rule("reduce_sum", "cumsum", "psum", "reduce_window_sum")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x = seen[0]
    low, high = (0.0 if x.low >= 0.0 else -INF), (0.0 if x.high <= 0.0 else INF)
    away = x.is_nonzero and (x.low >= 0.0 or x.high <= 0.0) and _is_some(step)
    return [together(seen).between(low, high, away)] * len(step.outvars)


def _is_some(step: Any) -> bool:
    return all(step.invars[0].aval.shape)


# ---- with poles --------------------------------------------------------------------------------------------


def _pole(seen: Sequence[Seen], low: float = -INF, high: float = INF, away: bool = False) -> list[Seen]:
    return [jumping(DIVIDES, seen).between(low, high, away)]


@rule("div")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, y = seen
    if step.outvars and _is_integer(step.outvars[0]):
        return [jumping(ROUNDS, seen)]
    if not y.is_constant and (not y.is_nonzero or y.level is Level.CUT):  # 1/∞ is 0
        return [jumping(DIVIDES, seen)]
    low = 0.0 if x.low >= 0.0 and y.low >= 0.0 else -INF
    if x.low >= 0.0 and y.low > 0.0 and math.isfinite(x.high):
        return [_scaled(seen).between(0.0, x.high / y.low, x.is_nonzero and math.isfinite(y.high))]
    return [_scaled(seen).between(low, INF, x.is_nonzero and math.isfinite(max(abs(y.low), abs(y.high))))]


@rule("integer_pow")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, power = seen[0], step.params["y"]
    if power < 0 and not x.is_nonzero:
        return _pole(seen)
    is_even = power % 2 == 0
    low = 0.0 if is_even or x.low >= 0.0 else -INF
    return [_through(seen).between(low, INF, x.is_nonzero)]


@rule("pow")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, y = seen
    if x.low >= 0.0 and x.is_nonzero:
        return [_through(seen).between(0.0, INF, True)]
    if x.is_constant and y.is_constant:
        return [together(seen)]
    if x.low >= 0.0 and y.low > 0.0:
        return [_through(seen, Level.CONTINUOUS).between(0.0, INF)]
    if y.is_constant and y.low == y.high and y.low > 0.0 and float(y.low).is_integer():
        return [_through(seen).between(0.0 if y.low % 2 == 0 else -INF, INF, x.is_nonzero)]
    return _pole(seen)


@rule("rsqrt")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x = seen[0]
    if x.is_constant or x.is_nonzero:
        return [_through(seen).between(0.0, INF, True).only_within(0.0, INF, x)]
    return [each.only_within(0.0, INF, x) for each in _pole(seen, 0.0, INF, True)]


@rule("lgamma", "digamma", "polygamma", "zeta", "random_gamma")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    is_beyond = all(each.is_constant or (each.low >= 0.0 and each.is_nonzero) for each in seen)
    return [_through(seen).anywhere] if is_beyond else _pole(seen)


@rule("tan")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x = seen[0]
    is_between = x.low > -math.pi / 2 and x.high < math.pi / 2
    return [_through(seen).anywhere] if is_between or x.is_constant else _pole(seen)


@rule("atan2")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """An angle jumps from −π to π where the second number is negative; and at 0, 0."""
    if seen[1].low >= 0.0 and seen[1].is_nonzero:
        return [_through(seen).between(-math.pi / 2, math.pi / 2)]
    return [jumping("takes an angle of", seen).between(-math.pi, math.pi)]


@rule("triangular_solve", "tridiagonal_solve")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """Where an entry on the diagonal goes through 0 there is a pole."""
    is_still = all(each.is_constant for each in seen[:-1])
    return [_through(seen).anywhere if is_still else jumping(DIVIDES, seen)] * len(step.outvars)


# ---- with kinks --------------------------------------------------------------------------------------------


@rule("max", "min")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, y = seen
    best = max if step.primitive.name == "max" else min
    low, high = best(x.low, y.low), best(x.high, y.high)
    if any(each.is_infinite for each in seen):  # of nothing
        return [
            joined([each for each in seen if not each.is_infinite])
            if not all(e.is_infinite for e in seen)
            else seen[0]
        ]
    return [_kinked(seen).between(low, high, x.is_nonzero and y.is_nonzero)]


def _kinked(seen: Sequence[Seen]) -> Seen:
    """The greatest of things, one of which may be cut off, is where these are."""
    return _through(seen, Level.CONTINUOUS)


@rule("clamp")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """min(max(x, low), high)."""
    low, x, high = seen
    least, most = min(max(x.low, low.low), high.low), min(max(x.high, low.high), high.high)
    if low.high > high.low and not (low.is_constant and high.is_constant):
        # Where the ends are exchanged its derivative is wrong.
        return [jumping(COMPARES, seen).between(least, most)]
    return [_kinked(seen).between(least, most)]


@rule("abs")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x = seen[0]
    low = max(x.low, -x.high, 0.0)
    if x.low >= 0.0:
        return [x]
    found = together(seen) if x.is_nonzero and x.high <= 0 else _through(seen, Level.CONTINUOUS)
    return [found.between(low, max(abs(x.low), abs(x.high)), x.away)]


@rule(
    "reduce_max", "reduce_min", "cummax", "cummin", "pmax", "pmin", "reduce_window_max", "reduce_window_min"
)
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x = seen[0]
    return [_kinked(seen).between(x.low, x.high, x.away)] * len(step.outvars)


@rule("sort")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    keys = step.params.get("num_keys", 1)
    if together(seen[:keys]).partial:
        return [jumping(COMPARES, seen)] * len(seen)
    if len(seen) == 1:
        return [_kinked(seen).between(seen[0].low, seen[0].high, seen[0].away)]
    if all(each.is_constant for each in seen[:keys]):
        return [each.anywhere for each in seen]
    first = _kinked(seen[:1]).between(seen[0].low, seen[0].high, seen[0].away)
    return [first, *[jumping(SIGN, seen)] * (len(seen) - 1)]


@rule("top_k", "approx_top_k")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    return [_kinked(seen), jumping(SIGN, seen)]


@rule("eigh")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """Values are in order; of the vectors the sign, and where values are equal all, is anyhow."""
    found = [jumping("takes eigenvectors of", seen), _kinked(seen)]
    return found[: len(step.outvars)]


# ---- that jump ---------------------------------------------------------------------------------------------


@rule("lt", "le", "gt", "ge", "lt_to", "le_to")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, y = seen
    name = step.primitive.name[:2]
    if x.partial or y.partial:
        return [jumping(COMPARES, seen).between(0.0, 1.0)]
    if name in ("gt", "ge"):
        x, y = y, x
    if x.high < y.low or (name in ("le", "ge") and x.high <= y.low):
        return [Seen(moves=x.moves or y.moves, low=1.0, high=1.0, truth=True)]
    if x.low > y.high or (name in ("lt", "gt") and x.low >= y.high):
        return [Seen(moves=x.moves or y.moves, low=0.0, high=0.0, truth=False)]
    return [jumping(COMPARES, seen).between(0.0, 1.0)]


@rule("eq", "ne", "eq_to")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """Real numbers of which none stays the same for a stretch are equal with probability zero, or always."""
    is_equal = step.primitive.name != "ne"
    if together(seen).partial:
        return [jumping(COMPARES, seen).between(0.0, 1.0)]
    if step.invars[0] is step.invars[1]:
        return [Seen(low=float(is_equal), high=float(is_equal), truth=is_equal)]
    together_ = together(seen)
    x, y = seen
    apart = x.high < y.low or y.high < x.low
    is_real = not any(map(_is_integer, step.invars)) and not (x.is_infinite or y.is_infinite)
    moves_off = together_.every and together_.level is Level.ANALYTIC and is_real
    if together_.is_constant or apart or moves_off:
        truth = None if together_.is_constant and not apart else not is_equal
        return [Seen(moves=together_.moves, low=0.0, high=1.0, truth=truth)]
    return [jumping(COMPARES, seen).between(0.0, 1.0)]


def _is_integer(var: Any) -> bool:
    """Whether it is a whole number or a condition; keys and the like are not."""
    kind: Any = var.aval.dtype if isinstance(var.aval, ShapedArray) else None
    return kind is not None and any(jnp.issubdtype(kind, of) for of in (jnp.integer, jnp.bool_))


def _is_coarse(var: Any) -> bool:
    """Whether numbers have so few bits that they round as whole numbers do."""
    kind: Any = var.aval.dtype if isinstance(var.aval, ShapedArray) else None
    return kind is not None and jnp.issubdtype(kind, jnp.floating) and jnp.finfo(kind).nmant < LEAST_BITS


@rule("is_finite")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """Of what is between finite ends there is nothing to be seen of it."""
    x = seen[0]
    is_within = math.isfinite(x.low) and math.isfinite(x.high)
    if x.level >= Level.CUT or x.partial or not (x.is_constant or is_within):
        return [jumping(COMPARES, seen).between(0.0, 1.0)]
    return [Seen(moves=x.moves, low=0.0, high=1.0, truth=None if x.is_constant else True)]


@rule("not")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    found = together(seen).between(0.0, 1.0) if step.outvars[0].aval.dtype == bool else _through(seen)
    return [found if seen[0].truth is None else constant(not seen[0].truth)]


@rule("and", "or")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    decisive = step.primitive.name == "or"
    if step.outvars[0].aval.dtype == bool:
        if any(each.truth is decisive for each in seen):
            return [constant(decisive)]
        left = [each for each in seen if each.truth is not (not decisive)]
        if not left:
            return [constant(not decisive)]
        return [together(left).between(0.0, 1.0)]
    return [_of_integers(seen)]


@rule(
    "xor",
    "shift_left",
    "shift_right_logical",
    "shift_right_arithmetic",
    "population_count",
    "clz",
    "reduce_and",
    "reduce_or",
    "reduce_xor",
)
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    if len(seen) == 1 and seen[0].truth is not None:
        return [seen[0]]
    return [_of_integers(seen)]


def _of_integers(seen: Sequence[Seen]) -> Seen:
    found = together(seen)
    return found if found.is_constant else jumping(ROUNDS, seen)


@rule("floor", "ceil", "round", "rem", "nextafter", "bitcast_convert_type")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    return [jumping(ROUNDS, seen)]


@rule("sign")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x = seen[0]
    if x.is_nonzero and (x.low >= 0.0 or x.high <= 0.0):
        return [Seen(moves=x.moves, low=math.copysign(1.0, x.low), high=math.copysign(1.0, x.low), away=True)]
    return [jumping(SIGN, seen).between(-1.0, 1.0)]


@rule("argmax", "argmin")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    return [jumping(SIGN, seen)]


@rule("convert_element_type")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    x, new = seen[0], step.outvars[0]
    if _is_integer(step.invars[0]) or not (_is_integer(new) or _is_coarse(new)):
        return [x]
    if new.aval.dtype == bool and (x.is_constant or (x.every and x.level is Level.ANALYTIC)):
        return [Seen(moves=x.moves, low=0.0, high=1.0, truth=None if x.is_constant else True)]
    return [jumping(ROUNDS, seen)]


# ---- choices, places ---------------------------------------------------------------------------------------


@rule("select_n")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """Of a choice between something and infinity, as a density makes outside of its support, the first."""
    which, *cases = seen
    if which.truth is not None and len(cases) == 2:
        return [cases[int(which.truth)]]
    if which.is_constant:
        return [joined(cases)]
    finite = [case for case in cases if not case.is_infinite]
    whole = joined(cases)
    if len(finite) == 1 and len(cases) > 1 and finite[0].level <= Level.CUT:
        found = together([which, *finite])
        return [replace(found, level=Level.CUT).between(whole.low, whole.high, whole.away)]
    return [jumping(BRANCHES, [which, *cases]).between(whole.low, whole.high, whole.away)]


@rule("gather", "dynamic_slice")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    values, *places = seen
    if not all(place.is_constant for place in places):
        return [jumping(SIGN, seen)]
    if step.primitive.name != "gather" or _is_within(step, places[0]):
        return [values]
    filled = step.params["fill_value"]
    return [
        replace(values.anywhere, partial=True, every=False)
        if filled is None
        else joined([values, constant(filled)])
    ]


def _is_within(step: Any, places: Seen) -> bool:
    """Whether all places are there, so that none is filled by something else."""
    if "FILL" not in str(step.params["mode"]).upper():
        return True
    shape, sizes = step.invars[0].aval.shape, step.params["slice_sizes"]
    axes = step.params["dimension_numbers"].start_index_map
    last = min((shape[axis] - sizes[axis] for axis in axes), default=0)
    return places.low >= 0.0 and places.high <= last


@rule("dynamic_update_slice")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    values, new, *places = seen
    return [joined([values, new]) if all(p.is_constant for p in places) else jumping(SIGN, seen)]


@rule("scatter", "scatter-add", "scatter-mul", "scatter-min", "scatter-max", "scatter-sub")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    values, places, new = seen
    if not places.is_constant:
        return [jumping(SIGN, seen)]
    kind = step.primitive.name
    if kind == "scatter":
        return [joined([values, new])]
    least = Level.CONTINUOUS if kind in ("scatter-min", "scatter-max") else Level.CONSTANT
    return [replace(_through([values, new], least), every=False).anywhere]


# ---- without operands that could depend on x ---------------------------------------------------------------

RANDOM = [
    "iota",
    "random_seed",
    "random_wrap",
    "random_unwrap",
    "random_bits",
    "random_split",
    "random_fold_in",
    "random_clone",
    "threefry2x32",
    "rng_bit_generator",
    "rng_uniform",
    "create_token",
    "axis_index",
    "empty",
]


@rule(*RANDOM)
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    found = together(seen)
    made = found if found.is_constant else jumping(CALLS, seen)
    name = step.primitive.name
    return [made.between(0.0, INF) if name == "iota" else made] * len(step.outvars)
