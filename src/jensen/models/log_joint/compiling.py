"""How much is made of a program before it runs: little where that would take longer than all it saves.

A fit is a thousand passes or so. XLA takes a second or several to make a pass as fast as it can be, and a
pass over few rows takes no time however it was made: so the passes over few rows are compiled with little
optimization, in a fraction of that time. What is computed is the same.

Options go along with one program and touch no other; a version of XLA that does not know one refuses the
program, which is then compiled with less of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jensen.basics.progress import Waiting
from jensen.models.log_joint.precision import require_jax

PLAIN_WORK = {False: 2**8, True: 2**12}
"""Rows × states, for second derivatives (True) × parameters too, up to which a pass of a plain program loses
less than a millisecond; it saves 0.1 to 0.4 s once, for second derivatives 0.3 to 1.5 s."""
LIGHT_WORK = {False: 2**14, True: 2**22}
"""And up to which a light one is as fast, within a third; it saves 0.3 to 0.8 s, with second derivatives 1 to
2 s: a fit of many rows takes tens of those passes, not hundreds."""

Options = dict[str, bool | int]
LIGHT: Options = {
    "xla_backend_optimization_level": 1,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
PLAIN: Options = {
    **LIGHT,
    "xla_backend_optimization_level": 0,
    "xla_cpu_enable_concurrency_optimized_scheduler": False,  # threads would mostly wait for each other
    "xla_cpu_multi_thread_eigen": False,
}


def options_for(work: float, second: bool = False) -> Options:
    """XLA's options for a pass of so much work: rows × states; × parameters for second derivatives."""
    if require_jax().default_backend() != "cpu":
        return {}
    return PLAIN if work <= PLAIN_WORK[second] else LIGHT if work <= LIGHT_WORK[second] else {}


class Program:
    """A function that is compiled at its first call, and says so on a terminal where that takes long.

    Parameters
    ----------
    function
        Of JAX arrays.
    options
        For XLA, as `options_for` has them.
    what
        What it computes, for the line on the terminal.
    """

    def __init__(self, function: Callable[..., Any], options: Options, what: str) -> None:
        self._function = function
        self._what = what
        self._waiting: list[Waiting] = []
        self._compile(options)

    def _compile(self, options: Options) -> None:
        self._options = options
        self._compiled = require_jax().jit(self._traced, compiler_options=options or None)

    def _traced(self, *arguments: Any) -> Any:
        self._waiting.append(Waiting(f"compiling {self._what}"))  # JAX calls this when it begins to compile
        return self._function(*arguments)

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self._compiled(*arguments)
        except require_jax().errors.JaxRuntimeError as error:
            if not self._options or "compile option" not in str(error):
                raise
            self._compile(_fewer(self._options, str(error)))
            return self(*arguments)
        finally:
            while self._waiting:
                self._waiting.pop().end()


def _fewer(options: Options, complaint: str) -> Options:
    """The options without those that a complaint names; none where it names none of them."""
    known = {name: value for name, value in options.items() if name not in complaint}
    return known if len(known) < len(options) else {}
