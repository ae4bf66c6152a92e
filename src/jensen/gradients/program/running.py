"""How programs that are run once, or a few times, are run: compiled, or as another way is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax

Function = Callable[..., Any]

QUICKLY = {"xla_backend_optimization_level": 1}
"""LLVM's second lowest level: what is run once is as fast, and compiled in two thirds of the time.

At the lowest, and with XLA's older loops (``xla_cpu_use_fusion_emitters=false``), both sides of an equality
may be computed apart, and round otherwise: the derivative of a maximum then loses its share at a tie.
"""

MORE_QUICKLY = {**QUICKLY, "xla_llvm_disable_expensive_passes": True}
"""Where little is computed."""

MOST_QUICKLY = {"xla_backend_optimization_level": 0}
"""LLVM's lowest level, for bits and means of which no derivative is taken: they run four times as long."""

FEW = 2**20  # numbers: to make them takes less than that gains

WAY: ContextVar[Callable[[Function], Function] | None] = ContextVar("WAY", default=None)


def for_bits(num: int) -> Mapping[str, Any]:
    """How a program is compiled that draws so many numbers, once."""
    return MOST_QUICKLY if num <= FEW else QUICKLY


def runs(function: Function, options: Mapping[str, Any] = QUICKLY) -> Function:
    """What a function of arrays returns is computed by what this returns."""
    way = WAY.get()
    return jax.jit(function, compiler_options=dict(options)) if way is None else way(function)


@contextmanager
def run_by(way: Callable[[Function], Function]) -> Iterator[None]:
    """Within, they are not compiled: as where thousands of programs are, each run once."""
    token = WAY.set(way)
    try:
        yield
    finally:
        WAY.reset(token)
