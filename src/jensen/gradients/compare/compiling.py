"""How programs that are run once are compiled."""

from __future__ import annotations

from typing import Any

import jax

QUICKLY = {"xla_backend_optimization_level": 1}
"""LLVM's second lowest level: what is run here is as fast, and compiled in two thirds of the time."""

MORE_QUICKLY = {**QUICKLY, "xla_cpu_use_fusion_emitters": False}
"""Loops as XLA made them before: random numbers are compiled in half the time again."""


def compiled(lowered: Any) -> Any:
    """What JAX has lowered, as a program."""
    try:
        return lowered.compile(MORE_QUICKLY)
    except jax.errors.JaxRuntimeError:  # an XLA without that choice
        return lowered.compile(QUICKLY)
