"""What the numbers were measured on."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from benchmarks import armadillo_peer, mclust_peer, onedal_peer


def header() -> str:
    """Machine, versions and date, in one paragraph."""
    from jensen._native import _core
    from jensen.basics.threads import get_num_threads

    parts = [
        datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        f"{cpu()}, {os.cpu_count()} cores, load {load()} when it began",
        f"jensen {of('jensen')} ({_core.instruction_set()}, {get_num_threads()} threads)",
        f"Python {platform.python_version()}, NumPy {of('numpy')}, scikit-learn {of('scikit-learn')}",
    ]
    if mclust_peer.is_here():
        parts.append(mclust_peer.versions())
    for name, version in (("oneDAL", onedal_peer.version()), ("Armadillo", armadillo_peer.version())):
        parts += [] if version is None else [f"{name} {version}"]
    parts += [f"{name} {of(name)}" for name in ("pomegranate", "tgmm") if of(name) != "not installed"]
    return f"*{'; '.join(parts)}.*"


def cpu() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def load() -> str:
    """Processes that ran over the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def of(package: str) -> str:
    """The installed version."""
    try:
        return installed(package)
    except PackageNotFoundError:
        return "from its source tree" if package == "jensen" else "not installed"
