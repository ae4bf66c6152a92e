"""Gradients of the cases, estimated: mean and standard error of each parameter."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any
from unittest import mock

import jax
import numpy as np

import gradient_cases as cases
import gradient_parts as parts
from jensen import gradients as gr

FAMILIES = {**cases.CONTINUOUS, **cases.HEAVY, **cases.DISCRETE}
MADE_OF_OTHERS = {**parts.PARTS, **parts.OVERLAPPING, **parts.COUNTS}
LIMIT = 4.0

Estimates = dict[str, tuple[float, float]]


def estimates(case: cases.Case, estimator: Any, names: Iterable[str], **options: Any) -> Estimates:
    """The gradient of E[f] in some parameters, the others held fixed."""
    return summary(gradients(case, estimator, names, [case.f], **options)[0])


def summary(samples: dict[str, np.ndarray]) -> Estimates:
    """Mean and standard error."""
    return {name: (float(g.mean()), float(g.std() / np.sqrt(len(g)))) for name, g in samples.items()}


def gradients(
    case: cases.Case,
    estimator: Any,
    names: Iterable[str],
    functions: list[Callable[[Any], Any]],
    *,
    unguarded: bool = False,
    replicates: int = 100,
    draws: int = 400,
) -> list[dict[str, np.ndarray]]:
    """For each f, one gradient for each replicate; the functions see the same draws.

    Unguarded: what is refused is done nevertheless, to show that it is wrong.
    """
    moved = {name: case.params[name] for name in names}

    def gradient(f: Callable[[Any], Any], key: Any) -> Any:
        def make(some: Any) -> Any:
            return case.make({**case.params, **some})

        F = gr.expectation(lambda x, _: f(x), make, estimator, gr.Independent(draws))
        return jax.grad(F)(moved, key)

    run = jax.jit(jax.vmap(lambda key: [gradient(f, key) for f in functions]))
    with warnings.catch_warnings(), _without_guards() if unguarded else nullcontext():
        warnings.simplefilter("ignore", gr.GradientWarning)
        found = run(jax.random.split(jax.random.key(3), replicates))
    return [{name: np.asarray(g) for name, g in each.items()} for each in found]


@contextmanager
def _without_guards() -> Iterator[None]:
    pathwise, score = "jensen.gradients.estimators.pathwise", "jensen.gradients.estimators.score"
    with ExitStack() as stack:
        for place in (f"{pathwise}.path", f"{score}.score"):
            stack.enter_context(mock.patch(f"{place}_guarded", lambda distribution, *how: distribution))
            stack.enter_context(mock.patch(f"{place}_refusal", lambda distribution, vouched=False: None))
        yield


def off_by(found: Estimates, truth: dict[str, float]) -> dict[str, float]:
    """In standard errors; with a floor of rounding."""
    return {name: (mean - truth[name]) / (error + 1e-9) for name, (mean, error) in found.items()}
