"""The native kernels: passes over rows in C++. Everything here is reached through `jensen.models`."""

from __future__ import annotations

import os

from jensen.basics.errors import DataError

INSTRUCTION_SETS = ("baseline", "avx2", "avx512")
"""That the kernels are compiled for; the best that the processor runs is taken, up to ``JENSEN_ISA``."""

if (_wanted := os.environ.get("JENSEN_ISA", "")) not in ("", *INSTRUCTION_SETS):
    raise DataError(f"JENSEN_ISA is {_wanted[:40]!r}: set it to {', '.join(INSTRUCTION_SETS)}, or not at all")
