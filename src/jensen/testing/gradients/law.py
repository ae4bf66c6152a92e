"""The programs of some numbers, each with what came of the estimators that were tried on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import Any

import jax
import numpy as np

from jensen.gradients.program.running import run_by
from jensen.testing.gradients.programs import Program, drawn
from jensen.testing.gradients.stepwise import Stepwise
from jensen.testing.gradients.trials import (
    BROKEN,
    REFUSED,
    RIGHT,
    WARNED,
    WRONG,
    Tried,
    chosen,
    default_draws,
    is_known,
    tried,
)
from jensen.testing.gradients.truths import CLOSER, Truth, truth

UNKNOWN, FALSE_ALARM, RIGHTLY = "truth unknown", "false alarm", "rightly warned or refused"
COMPILED = 100  # every so many programs one is compiled, as users do; the others are run step by step


def held(
    numbers: Iterable[int], estimator: Any = None, most: int = 2
) -> Iterator[tuple[Program, list[Tried]]]:
    """Programs and what came of them, in 64 bits; nothing where the truth is not known.

    ``most`` estimators are put to each.
    """
    for number in numbers:
        program = drawn(number)
        way = nullcontext() if number % COMPILED == 0 else run_by(Stepwise)
        with jax.enable_x64(True), way:
            trials = _tried(program, estimator, most)
        yield program, trials


def _tried(program: Program, estimator: Any, most: int) -> list[Tried]:
    functions = program.functions()
    of = truth(program, functions[0])
    if not is_known(of):
        return []
    rng = np.random.default_rng([21, program.number])
    rows = [(estimator, default_draws(program), False)] if estimator else [*chosen(program, rng)]
    begin = program.number % len(rows)
    rows = (rows[begin:] + rows[:begin])[:most]
    return [each for row in rows for each in _seen_twice(program, functions, of, row)]


def _seen_twice(program: Program, functions: Any, of: Truth, row: Any) -> list[Tried]:
    """What came of an estimator; nothing where it is wrong, and by closer differences known to be right."""
    found = tried(program, functions, of, *row)
    if found.outcome != WRONG:
        return [found]
    closer = truth(program, functions[0], CLOSER)
    is_right = is_known(closer) and tried(program, functions, closer, *row).outcome == RIGHT
    return [] if is_right else [found]


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
