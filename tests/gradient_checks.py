"""`jensen.gradients.check` on estimators of random programs, none of which may be accused.

python tests/gradient_checks.py 30000 31600
"""

import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen import gradients as gr
from jensen.gradients.program.running import run_by
from jensen.testing.gradients.programs import Program, drawn
from jensen.testing.gradients.stepwise import Stepwise
from jensen.testing.gradients.trials import (
    REFUSED,
    REPLICATES,
    RIGHT,
    WARNED,
    WRONG,
    chosen,
    estimate,
    is_known,
    tried,
)
from jensen.testing.gradients.truths import truth

ACCUSED = "accused"


def held_by_check(numbers: Iterable[int]) -> Iterator[tuple[Program, str, str, str]]:
    """Programs, an estimator of each that has the derivative, and what `jensen.gradients.check` says of it.

    One that is accused is tried by the truth of the law.
    """
    for number in numbers:
        program = drawn(number)
        rows = [row for row in chosen(program, np.random.default_rng([22, number])) if row[2]]
        estimator, draws, _ = rows[number % len(rows)]
        with jax.enable_x64(True), run_by(Stepwise):
            functions = program.functions()
            said = checked(program, functions, estimator, draws)
            if said[0] == ACCUSED and not _is_right(program, functions, estimator, draws):
                said = WRONG, said[1]
        yield program, f"{estimator}, {draws}", said[0], said[1]


def _is_right(program: Program, functions: Any, estimator: Any, draws: Any) -> bool:
    of = truth(program, functions[0])
    return is_known(of) and tried(program, functions, of, estimator, draws, True).outcome == RIGHT


def checked(program: Program, functions: Any, estimator: Any, draws: Any) -> tuple[str, str]:
    """What `jensen.gradients.check` says of an estimator: right, accused, or why it says nothing."""
    F = estimate(program, functions, estimator, draws)
    params = {name: jnp.asarray(at) for name, at in program.params.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", gr.GradientWarning)
        try:
            gr.check(F, params, key=program.number, num_replicates=REPLICATES)
        except gr.GradientWarning as warning:
            return WARNED, str(warning)
        except AssertionError as error:
            return ACCUSED, str(error)
        except ValueError as error:
            return REFUSED, str(error)
    return RIGHT, ""


if __name__ == "__main__":
    found: Counter[str] = Counter()
    for program, name, what, said in held_by_check(range(*map(int, sys.argv[1:]))):
        found[what] += 1
        if what == ACCUSED:
            print(program.number, name, said, program.text, program.params, sep="\n")
        if found.total() % 25 == 0:
            print(program.number, dict(found), flush=True)
    print(dict(found))
