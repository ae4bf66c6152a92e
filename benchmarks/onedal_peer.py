"""Intel's oneDAL, by daal4py in an interpreter of its own: it wants an older scikit-learn than ours.

python3 -m venv peers && peers/bin/pip install daal4py==2024.7.0 'scikit-learn<1.6' 'numpy<2.1' packaging
ONEDAL_PYTHON=peers/bin/python scripts/bench native
"""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

from benchmarks.served import outside

SCRIPT = Path(__file__).parent / "onedal.py"


def command() -> list[str] | None:
    """What starts it; None where ``ONEDAL_PYTHON`` names no interpreter that has it."""
    return None if version() is None else [os.environ["ONEDAL_PYTHON"], str(SCRIPT)]


@cache
def version() -> str | None:
    """Its version, None where it is not here."""
    python = os.environ.get("ONEDAL_PYTHON")
    if not python:
        return None
    code = "import daal4py; from importlib.metadata import version; print(version('daal4py'))"
    try:
        done = subprocess.run(
            [python, "-c", code], capture_output=True, text=True, env=outside(), check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
