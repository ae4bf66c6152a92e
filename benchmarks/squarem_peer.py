"""R's SQUAREM, where R has it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benchmarks.outside import r_packages

SCRIPT = Path(__file__).parent / "squarem.R"


class Run(NamedTuple):
    """One run of R: evaluations of the EM map, the log-likelihood reached, seconds."""

    num_e_steps: int
    log_evidence: float
    seconds: float


def is_here() -> bool:
    """Whether this machine has R with SQUAREM."""
    return "SQUAREM" in r_packages()


@cache
def runs() -> dict[tuple[str, str], Run]:
    """(case and start, method) → what R needed, stopped on the norm of the step, 1e-8."""
    done = subprocess.run(["Rscript", str(SCRIPT)], capture_output=True, text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        name, method, evaluations, log_evidence, seconds = line.split()
        found[name, method] = Run(int(evaluations), float(log_evidence), float(seconds))
    return found
