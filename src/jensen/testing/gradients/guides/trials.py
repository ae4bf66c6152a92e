"""Whether densities and gradients of guides, as jensen makes them, are those of many digits."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
from mpmath import mpf

from jensen.gradients.distributions.validity.guards import cautions
from jensen.gradients.surrogates import InvalidGradientError
from jensen.testing.gradients.guides.exact import Exact, exact
from jensen.testing.gradients.guides.families import Drawn
from jensen.testing.gradients.guides.floats import DRAWS, PATHS, Floats
from jensen.testing.gradients.guides.guide import Guide
from jensen.testing.gradients.stepwise import Stepwise

mp: Any = mpmath.mp  # pyright does not know what it has

CLOSE = {"float32": 2e-4, "float64": 1e-9}
ROUGH = {"float32": 2e-2, "float64": 1e-6}  # of their size all draws together may be off
SEEN, ENOUGH = 5.0, 1000  # standard errors, of so many draws
RIGHT, WRONG, REFUSED, BEYOND, UNKNOWN = "right", "wrong", "refused", "beyond numbers", "unknown"
NO_NUMBER = "no number"  # a cost that is NaN in a compiled program; outside of one it is warned of
NO_SLOPE = "no slope"  # a derivative that is NaN, of a cost that is a number: seen, and nothing is said


@dataclass(frozen=True)
class Tried:
    """What came of one derivative, or of the value, of one guide at some parameters."""

    guide: Guide
    what: str
    outcome: str
    said: str


def tried(guide: Guide, seed: int, settings: int, is_double: bool, run: Any = Stepwise) -> list[Tried]:
    """A guide at several parameters; ``run`` is `Stepwise`, or `jax.jit`."""
    kind = "float64" if is_double else "float32"
    with jax.enable_x64(is_double), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(_at_all(guide, np.random.default_rng([32, guide.number, seed]), settings, kind, run))


def _at_all(guide: Guide, rng: np.random.Generator, settings: int, kind: str, run: Any) -> Iterator[Tried]:
    floats = None
    for _ in range(settings):
        params = {name: np.asarray(at, kind) for name, at in guide.params(rng).items()}
        on = {name: jnp.asarray(at) for name, at in params.items()}
        if floats is None:
            try:
                floats = Floats(guide, on, jax.random.key(guide.number), run)
            except (ValueError, NotImplementedError) as error:
                yield Tried(guide, "all", REFUSED, str(error))
                return
            if not floats.bounds:
                yield Tried(guide, "all", REFUSED, str(floats.refused))
                return
        yield from _tried(guide, floats, params, on, kind)


def _tried(guide: Guide, floats: Floats, params: Drawn, on: Any, kind: str) -> Iterator[Tried]:
    for name, F in floats.bounds.items():
        try:
            F.plan(on)
        except ValueError as error:
            yield Tried(guide, name, REFUSED, str(error))
            return
    found = floats(on)
    exactly = _exactly(guide, params, found.made)
    is_known = np.array([each is not None for each in exactly])
    if not is_known.any():
        yield Tried(guide, "all", UNKNOWN, "")
        return
    exactly = [each for each in exactly if each is not None]
    most, least = float(np.finfo(kind).max), float(np.finfo(kind).tiny)
    is_beyond = np.array([each.largest > most or each.least < least for each in exactly])
    is_lost = np.isnan(found.values)
    if is_lost.any() and not floats.is_heard:
        floats.is_heard, said = floats.heard(on)
        if floats.is_heard:
            yield _of_lost(guide, said, f"{kind}, {params}")
    judge = partial(_judged, guide, is_beyond, is_lost[is_known], kind, f"{kind}, {params}")
    values = [each.cost - each.value for each in exactly]
    sizes = [abs(each.cost) + each.size_of_value for each in exactly]
    yield judge("value", found.values[is_known], values, sizes)
    warned = _cautions(guide, on)
    for of, name in ((of, name) for of, slopes in found.slopes.items() for name in slopes):
        slope = found.slopes[of][name]
        begin = sum(np.size(params[before]) for before in list(params)[: list(params).index(name)])
        for k in range(np.size(params[name])):
            got = slope.reshape(DRAWS, -1)[is_known, k]
            want, size = zip(*(_want(of, each, begin + k) for each in exactly), strict=True)
            one = judge(f"{of} of {name}[{k}]", got, list(want), list(size))
            yield _warned(one, warned) if of in PATHS else one


def _exactly(guide: Guide, params: Drawn, made: dict[str, Any]) -> list[Exact | None]:
    """Each draw in many digits, from its noise, or from values and their moves.

    None of one that underflows: it stands for all that do.
    """
    found: list[Exact | None] = []
    for i in range(DRAWS):
        size = np.abs(made["y"][i])
        if ((size > 0) & (size < np.finfo(size.dtype).tiny)).any():
            found.append(None)
            continue
        moves, n = None, made["y"].shape[1]
        if "moves" in made:
            of = made["moves"]
            columns = [
                of[name][i].reshape(n, -1) if name in of else np.zeros((n, np.size(params[name])))
                for name in params
            ]
            moves = np.concatenate(columns, axis=1)
        found.append(exact(guide, params, made["noise"][i], made["y"][i], moves))
    return found


def _of_lost(guide: Guide, messages: list[str], where: str) -> Tried:
    """Costs that are NaN are warned of outside of ``jit``."""
    said = next((message for message in messages if "no numbers" in message), None)
    return Tried(guide, "outside of jit", WRONG if said is None else REFUSED, said or f"silent NaN\n{where}")


def _warned(one: Tried, warned: list[str]) -> Tried:
    """A wrong derivative along a path that is warned of, outside of ``jit``, is refused."""
    return Tried(one.guide, one.what, REFUSED, warned[0]) if one.outcome == WRONG and warned else one


def _cautions(guide: Guide, params: Any) -> list[str]:
    try:
        return cautions(lambda p: [guide.distribution(p)], params)
    except InvalidGradientError:
        return []


def _want(of: str, each: Exact, k: int) -> tuple[Any, Any]:
    """The derivative of an estimator at a draw, and the size of what it is a sum of."""
    moved, size = each.cost_moves[k], each.size[k]
    if of == "path":
        return moved - each.along[k], size
    if of == "landing":
        return moved - (each.along[k] - each.fixed[k]), size
    cost = each.cost - each.value
    return cost * each.fixed[k], size * (abs(cost) + each.size_of_value)


def _judged(
    guide: Guide,
    is_beyond: Any,
    is_lost: Any,
    kind: str,
    where: str,
    what: str,
    got: Any,
    want: list[Any],
    size: list[Any],
) -> Tried:
    """Of all draws; one whose cost is NaN may have NaN here, and its outcome is that."""
    most = float(np.finfo(kind).max)
    bad, off, lost, unknown = [], [], [], []
    for i, (g, w, s) in enumerate(zip(np.asarray(got, float), want, size, strict=True)):
        if abs(w) > most / 1e3 or s > most / 1e3 or (is_beyond[i] and not np.isfinite(g)):
            continue
        if np.isnan(g) and (is_lost[i] or what != "value"):
            (lost if is_lost[i] else unknown).append(i)
            continue
        if not np.isfinite(g):
            return Tried(guide, what, WRONG, f"draw {i}: {g} for {mp.nstr(w, 8)}\n{where}")
        off.append(mpf(float(g)) - w)
        if not abs(off[-1]) <= CLOSE[kind] * (s + abs(w)) + mpf(float(np.finfo(kind).tiny)):
            bad.append(i)
    if bad:
        values = [w for w in want if abs(w) < most]
        mean = sum(values) / len(values)
        spread = mp.sqrt(sum((w - mean) ** 2 for w in values) / len(values))
        is_seen = abs(sum(off) / len(off)) > SEEN * spread / mp.sqrt(ENOUGH)
        if is_seen or _mean_square(off) > ROUGH[kind] ** 2 * (_mean_square(values) + _mean_square(size)):
            i = bad[0]
            return Tried(guide, what, WRONG, f"draw {i}: {got[i]} for {mp.nstr(want[i], 8)}\n{where}")
    if lost or unknown:
        return Tried(guide, what, NO_SLOPE if unknown else NO_NUMBER, f"draws {unknown or lost}\n{where}")
    return Tried(guide, what, RIGHT if off else BEYOND, "")


def _mean_square(values: list[Any]) -> Any:
    return sum(value**2 for value in values) / len(values)


def counted(trials: Iterable[Tried]) -> Counter[str]:
    """How many of each outcome."""
    return Counter(each.outcome for each in trials)
