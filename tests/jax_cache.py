"""Compiled JAX programs that outlive a run of the tests: most of what the tests of gradients wait for is XLA.

JAX writes its cache in place and reads it without a lock. So every process has a folder of its own, in which
what earlier runs left is linked, and what it adds is moved to the others, whole, when it has ended well.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".jax_cache"
LARGEST = 600 * 2**20  # bytes; beyond, it begins anew
QUICK = "--xla_cpu_use_fusion_emitters=false --xla_llvm_disable_expensive_passes=true"
QUICK += " --xla_backend_optimization_level=1"  # at 0 the programs are slower by more than compiling gains
FORGOTTEN = 24 * 3600  # seconds after which the folder of a process that was killed goes


def compile_quickly() -> None:
    """Let XLA optimize little: the tests compile many programs and run each once. Workers inherit it.

    XLA ends a process that names a flag which it does not know, so another process tries them first, once a
    version.
    """
    if "XLA_FLAGS" in os.environ:
        return
    try:
        known = FOLDER / f"quick-{version('jaxlib')}"
    except PackageNotFoundError:
        return
    if not known.exists():
        program = [sys.executable, "-c", "import jax; jax.devices()"]
        tried = subprocess.run(
            program, env={**os.environ, "XLA_FLAGS": QUICK}, capture_output=True, check=False
        )
        if tried.returncode:
            return
        FOLDER.mkdir(exist_ok=True)
        known.touch()
    os.environ["XLA_FLAGS"] = QUICK


class Cache:
    """The cache of this process; JAX must not be imported yet."""

    def __init__(self) -> None:
        self.shared = FOLDER / _machine()
        self.own = self.shared / f"process-{os.getpid()}"
        shutil.rmtree(self.own, ignore_errors=True)
        self.own.mkdir(parents=True)
        for path in self.shared.glob("*-cache"):
            with suppress(FileNotFoundError):  # another process has just tidied
                os.link(path, self.own / path.name)
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(self.own)
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"  # eager operations are the many
        os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"
        # Other caches of XLA would put this path into the name of every program.
        os.environ["JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES"] = "none"
        # XLA says of all that it loads that the processor lacks two features, which are its own tuning hints.
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

    def keep(self) -> None:
        """Give what was compiled to the next runs."""
        for path in self.own.glob("*-cache"):
            path.replace(self.shared / path.name)  # at once: nobody sees half a file
        shutil.rmtree(self.own, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what killed processes left, and everything once it is too much."""
        now = time.time()
        for folder in self.shared.glob("process-*"):
            if now - _stat(folder)[0] > FORGOTTEN:
                shutil.rmtree(folder, ignore_errors=True)
        kept = list(self.shared.glob("*-cache"))
        if sum(_stat(path)[1] for path in kept) > LARGEST:
            for path in kept:
                path.unlink(missing_ok=True)


def _stat(path: Path) -> tuple[float, int]:
    """When it was changed, and its size; of what another process has just removed, now and nothing."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return time.time(), 0
    return found.st_mtime, found.st_size


def _machine() -> str:
    """What compiled programs depend on that is not in their names: the processor, and XLA's flags."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))})
    except OSError:
        processor = list(os.uname())
    told = "\n".join([*processor, os.environ.get("XLA_FLAGS", "")])
    return hashlib.sha256(told.encode()).hexdigest()[:12]
