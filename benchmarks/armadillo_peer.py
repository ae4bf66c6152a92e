"""Armadillo's `gmm_full`, compiled where there are a compiler and the library (Debian: libarmadillo-dev)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent / "armadillo.cpp"
FLAGS = ["-std=c++17", "-O3", "-march=native", "-fopenmp"]


def command() -> list[str] | None:
    """What starts it; None where it cannot be compiled."""
    program = _program()
    return None if program is None else [str(program)]


@cache
def version() -> str | None:
    """Its version, None where it is not here."""
    program = _program()
    if program is None:
        return None
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="jensen-bench-")  # kept by the cache, and removed at the end


@cache
def _program() -> Path | None:
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        return None
    program = Path(_folder().name) / "armadillo"
    arguments = [compiler, *FLAGS, str(SOURCE), "-o", str(program), "-larmadillo"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return program if done.returncode == 0 else None
