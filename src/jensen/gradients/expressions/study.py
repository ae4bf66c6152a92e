"""The estimators of a problem side by side, by the names that one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jensen.gradients.compare.arguments import asked as taken
from jensen.gradients.compare.compare import Place, compared, left_out_words, usable
from jensen.gradients.compare.comparison import Comparison
from jensen.gradients.compare.contenders import contenders
from jensen.gradients.compare.menu import USUAL, UnknownEstimatorError, on_menu
from jensen.gradients.compare.samples import keys
from jensen.gradients.estimators.score import ScoreFunction
from jensen.gradients.expectation import expectation
from jensen.gradients.expressions.problem import problem


class Study(NamedTuple):
    """What was found, and why what was left out was."""

    comparison: Comparison
    left_out: dict[str, str]

    @property
    def words(self) -> list[str]:
        """What is said of what was left out."""
        return left_out_words(self.left_out)


def study(
    expression: str,
    distribution: str,
    at: Mapping[str, float],
    names: Sequence[str] | None,
    key: int,
    num_replicates: int,
    told: Callable[[str], Any] = lambda name: None,
) -> Study:
    """The gradient of a `problem` by estimators of these names, in double precision; else by the usual.

    ``told`` hears the name of each when it begins.

    Those of several draws (leave-one-out) are repeated as often as the others, each with all its draws.
    """
    for name in names or ():
        on_menu(name)
    with jax.enable_x64(True), np.errstate(all="ignore"):
        asked = problem(expression, distribution, at)
        place = Place(*taken(expectation(asked.f, asked.distribution, ScoreFunction(), 1), asked.params))
        wanted = contenders(place.F, place, {name: name for name in names or USUAL})
        able, left_out = usable(place, wanted, keys(key, num_replicates))
        if left_out and (names or not able):
            raise UnknownEstimatorError("; ".join(f"{name}: {why}" for name, why in left_out.items()))
        return Study(compared(place, able, told=told), left_out)
