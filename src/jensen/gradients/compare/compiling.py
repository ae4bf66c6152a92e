"""How programs that are run once are compiled."""

from __future__ import annotations

from typing import Any

QUICKLY = {"xla_backend_optimization_level": 1}
"""LLVM's second lowest level: what is run here is as fast, and compiled in two thirds of the time.

At the lowest, and with XLA's older loops (``xla_cpu_use_fusion_emitters=false``), both sides of an equality
may be computed apart, and round otherwise: the derivative of a maximum then loses its share at a tie.
"""


def compiled(lowered: Any) -> Any:
    """What JAX has lowered, as a program."""
    return lowered.compile(QUICKLY)
