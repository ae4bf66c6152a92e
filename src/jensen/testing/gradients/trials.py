"""One estimator on one program: refused, warned of, right, or silently wrong."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.gradients.bound import bound
from jensen.gradients.distributions.validity.warning import GradientWarning
from jensen.gradients.estimators.auto import Auto
from jensen.gradients.estimators.baselines import LeaveOneOut
from jensen.gradients.estimators.exact import Exact
from jensen.gradients.estimators.landing import StickTheLanding
from jensen.gradients.estimators.measure import MeasureValued
from jensen.gradients.estimators.mixture import ExactLabel
from jensen.gradients.estimators.pathwise import Pathwise
from jensen.gradients.estimators.score import ScoreFunction
from jensen.gradients.expectation import expectation
from jensen.gradients.program.running import runs
from jensen.gradients.randomness.draws import Antithetic, Independent, Sobol, Stratified
from jensen.testing.gradients.families import LABEL, PATH, SCORE, SUM, WEAK
from jensen.testing.gradients.programs import Program
from jensen.testing.gradients.truths import Truth

REPLICATES, DRAWS, AGAIN = 320, 64, 16
SLOW_DRAWS = 16  # of distributions that draw one after the other
FAR, FLOOR, DOUBT = 5.5, 2e-4, 4.0  # standard errors; of the size of what is estimated; errors of the truth
KNOWN = 0.01  # a truth is known to so much of its size, or of 1
HEAVY = 0.2  # of a sum of squares, that one replicate may have where standard errors are to be believed

RIGHT, WRONG, WARNED, REFUSED, UNDECIDED, BROKEN = (
    "right",
    "silently wrong",
    "warned",
    "refused",
    "undecided",
    "broken",
)


@dataclass(frozen=True)
class Tried:
    """What came of an estimator.

    Attributes
    ----------
    estimator
        As it was asked for, with its draws.
    outcome
        One of these words.
    said
        The warning, the error, or the numbers.
    is_valid
        Whether the estimator has the derivative, by what the families are; else it must be refused.
    """

    estimator: str
    outcome: str
    said: str
    is_valid: bool


def is_known(truth: Truth) -> bool:
    """Whether a truth is known well enough."""
    of = truth.gradient | {"": truth.value}
    return all(truth.error[name] <= KNOWN * max(1.0, abs(of[name])) for name in of)


def chosen(program: Program, rng: np.random.Generator) -> Iterator[tuple[Any, Any, bool]]:
    """Estimators for a program, with their draws, and whether they have a derivative there."""
    yield Auto(), _draws(program, rng), True
    each = [
        _of_variable(v.family.allows, v.family.is_discrete, program.is_bound, rng) for v in program.variables
    ]
    names = [v.name for v in program.variables]
    if len(each) == 1:
        yield each[0][0], _draws(program, rng), each[0][1]
        return
    whole = {name: one for name, (one, _) in zip(names, each, strict=True)}
    yield whole, _draws(program, rng), all(valid for _, valid in each)


def _of_variable(
    allows: frozenset[str], is_discrete: bool, is_bound: bool, rng: np.random.Generator
) -> tuple[Any, bool]:
    """An estimator for one variable; now and then one that it does not have."""
    menu = [(Pathwise(), PATH), (ScoreFunction(), SCORE), (ScoreFunction(LeaveOneOut()), SCORE)]
    menu += [(MeasureValued(), WEAK)] * (WEAK in allows)
    menu += [(Exact(), SUM)] * (SUM in allows)
    menu += [(ExactLabel(), LABEL)] * (LABEL in allows)
    menu += [(StickTheLanding(), PATH)] * (is_bound and not is_discrete and SCORE in allows)
    able = [(one, True) for one, kind in menu if kind in allows]
    unable = [(one, False) for one, kind in menu if kind not in allows]
    rows = unable if unable and rng.random() < 0.1 else able
    return rows[int(rng.integers(len(rows)))]


def default_draws(program: Program) -> Any:
    """Independent ones."""
    return Independent(_num_draws(program))


def _num_draws(program: Program) -> int:
    return SLOW_DRAWS if any(v.family.is_slow for v in program.variables) else DRAWS


def _draws(program: Program, rng: np.random.Generator) -> Any:
    num = _num_draws(program)
    arranged = [Independent(num), Antithetic(num), Stratified(num // 4, 4), Sobol(num // 4, 4)]
    return arranged[0 if rng.random() < 0.7 else int(rng.integers(4))]


def tried(
    program: Program, functions: Any, truth: Truth, estimator: Any, draws: Any, is_valid: bool
) -> Tried:
    """An estimator is put to a program, whose f and distribution these are."""
    F = estimate(program, functions, estimator, draws)
    name = f"{estimator}, {draws}"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            return Tried(name, *_judged(F, program, truth, said), is_valid)
        except ValueError as error:
            return Tried(name, REFUSED, str(error), is_valid and "coupled" not in str(error))
        except Exception as error:  # a traceback is no gradient, and no refusal either
            return Tried(name, BROKEN, f"{type(error).__name__}: {error}", is_valid)


def _judged(F: Any, program: Program, truth: Truth, said: list[Any]) -> tuple[str, str]:
    each = jax.vmap(jax.value_and_grad(F), (None, 0))
    many = runs(each, {})  # traced as users do who compile it
    params = {name: jnp.asarray(at) for name, at in program.params.items()}

    def sample(key: Any) -> dict[str, Any]:
        value, gradient = many(params, jax.random.split(key, REPLICATES))
        return {name: np.asarray(at) for name, at in gradient.items()} | {"": np.asarray(value)}

    key = jax.random.key(program.number)
    found = sample(key)
    if words := [str(one.message) for one in said if issubclass(one.category, GradientWarning)]:
        return WARNED, words[0]
    if far := _far(found, truth):
        keys = jax.random.split(jax.random.fold_in(key, 1), AGAIN)
        parts = [sample(one) for one in keys]
        found = {name: np.concatenate([part[name] for part in parts]) for name in found}
        if any(_is_heavy(found[name]) for name in far):
            return UNDECIDED, _words(found, truth, far)
        if still := [name for name in _far(found, truth) if name in far]:
            return WRONG, _words(found, truth, still)
    return RIGHT, ""


def estimate(program: Program, functions: Any, estimator: Any, draws: Any) -> Any:
    """What is differentiated."""
    f, distribution = functions
    if program.is_bound:
        return bound(lambda params, z: f(z, params), distribution, estimator, draws)
    return expectation(f, distribution, estimator, draws)


def _far(found: dict[str, Any], truth: Truth) -> list[str]:
    """The parameters whose mean is far from the truth, and "" for the value."""
    of = truth.gradient | {"": truth.value}
    far = []
    for name, at in found.items():
        spread = float(np.std(at)) / math.sqrt(len(at))
        allowed = FAR * spread + DOUBT * truth.error[name] + FLOOR * max(1.0, abs(of[name]))
        if not abs(float(np.mean(at)) - of[name]) <= allowed:
            far.append(name)
    return far


def _is_heavy(at: Any) -> bool:
    """Whether few replicates decide, or one is no number: nothing is to be said then."""
    if not np.isfinite(at).all():
        return True
    squares = (at - np.median(at)) ** 2
    return bool(squares.max() > HEAVY * squares.sum() > 0.0)


def _words(found: dict[str, Any], truth: Truth, names: list[str]) -> str:
    of = truth.gradient | {"": truth.value}
    what = {name: f"the gradient in {name}" if name else "the value" for name in names}
    return "; ".join(
        f"{what[name]} is {of[name]:.6g} (± {truth.error[name]:.1g}), "
        f"and the mean of {len(found[name])} replicates {np.mean(found[name]):.6g} "
        f"± {np.std(found[name]) / math.sqrt(len(found[name])):.2g}"
        for name in names
    )
