"""The programs of some numbers, each with what came of the estimators that were tried on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import jax
import numpy as np

from jensen.testing.gradients.programs import Program, drawn
from jensen.testing.gradients.trials import (
    BROKEN,
    REFUSED,
    WARNED,
    WRONG,
    Tried,
    chosen,
    default_draws,
    is_known,
    tried,
)
from jensen.testing.gradients.truths import truth

UNKNOWN, FALSE_ALARM, RIGHTLY = "truth unknown", "false alarm", "rightly warned or refused"
EVERY = 25  # programs after which compiled ones are dropped


def held(numbers: Iterable[int], estimator: Any = None) -> Iterator[tuple[Program, list[Tried]]]:
    """Programs and what came of them, in 64 bits; nothing where the truth is not known."""
    with jax.enable_x64(True):
        for count, number in enumerate(numbers):
            program = drawn(number)
            yield program, _tried(program, estimator)
            if count % EVERY == EVERY - 1:
                jax.clear_caches()


def _tried(program: Program, estimator: Any) -> list[Tried]:
    of = truth(program)
    if not is_known(of):
        return []
    rng = np.random.default_rng([21, program.number])
    rows = chosen(program, rng) if estimator is None else [(estimator, default_draws(), False)]
    return [tried(program, of, *row) for row in rows]


def counted(program: Program, trials: list[Tried]) -> Counter[str]:
    """Of one program."""
    found = Counter({"programs": 1})
    if not trials:
        found[UNKNOWN] += 1
        return found
    found["smooth" if not program.jumps else "jumping"] += 1
    found["trials"] += len(trials)
    for each in trials:
        found[_word(program, each)] += 1
    if not program.jumps and any(_word(program, each) == FALSE_ALARM for each in trials):
        found["smooth programs with a false alarm"] += 1
    return found


def _word(program: Program, each: Tried) -> str:
    if each.outcome in (WARNED, REFUSED):
        return FALSE_ALARM if each.is_valid and not program.jumps else RIGHTLY
    return each.outcome


def report(program: Program, each: Tried) -> str:
    """All that is needed to see it again."""
    what = "a bound" if program.is_bound else "an expectation"
    return (
        f"program {program.number}, {what}, by {each.estimator}: {each.outcome}\n{each.said}\n"
        f"{program.text}\n\nparams = {program.params}\n"
    )


def is_fault(each: Tried) -> bool:
    """Whether the law does not hold."""
    return each.outcome in (WRONG, BROKEN)


def is_false_alarm(program: Program, each: Tried) -> bool:
    """Whether it was warned of or refused though nothing is wrong."""
    return _word(program, each) == FALSE_ALARM
