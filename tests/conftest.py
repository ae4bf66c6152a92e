"""What all tests share: reproducible property tests, compiled programs that outlive a run, a bound on memory.

And which tests share compiled programs or results of scripts, and so belong on one worker.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from jax_cache import Cache, compile_quickly

settings.register_profile(
    "jensen", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("jensen")

MOST_MEMORY = 1.5 * 2**30  # bytes that one process of the tests may ever have resident
MUCH_MEMORY = 0.6 * 2**30
COMPILING = ("test_gradients", "test_log_joint", "test_public_names")  # modules whose tests share programs
SCRIPTS = {  # examples that tests run and look at, with who else does: a script runs once a worker
    "factor_analysis": ("test_own_models", "censored_regression"),
    "gradient_m_steps": ("extending",),
}
_peaks: dict[str, tuple[float, str]] = {}  # of each process: bytes, and the module it grew in


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    if not is_worker:
        compile_quickly()
    is_controller = not is_worker and config.getoption("numprocesses", None)
    config.stash[_CACHE] = None if is_controller or os.environ.get("JENSEN_NO_JAX_CACHE") else Cache()


_CACHE = pytest.StashKey[Cache | None]()


# ---- who runs where ----------------------------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups for ``--dist loadgroup``; all other tests go to whoever is free."""
    for item in items:
        group = group_of(item.path.stem, getattr(item, "callspec", None) and item.callspec.id)
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))


def group_of(module: str, case: str | None) -> str | None:
    """The group of a test, by its module and the name of its case."""
    if module.startswith(COMPILING):
        return module
    for script, others in SCRIPTS.items():
        if module in others or (module == "test_examples" and case in (script, *others)):
            return script
    return None


# ---- memory ------------------------------------------------------------------------------------------------


def peak_memory() -> float:
    """The most that this process ever had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


def resident_memory() -> float:
    """What this process has resident now, in bytes; 0 where that is not told."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0.0


def drop() -> None:
    """Let go of compiled programs and figures."""
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # glibc keeps what is free in pieces


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_kept(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compiled programs and figures of a module go with it."""
    before = peak_memory()
    yield
    drop()
    if peak_memory() > before:
        _peaks["here"] = (peak_memory(), request.path.name)


_limit = MUCH_MEMORY


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Within a module they go once they are much."""
    global _limit  # noqa: PLW0603 -- of this process
    if resident_memory() > _limit:
        drop()
        _limit = max(MUCH_MEMORY, resident_memory() + MUCH_MEMORY / 8)  # not after every test, if little went


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    cache = session.config.stash[_CACHE]
    if cache is not None:
        cache.keep()
        cache.tidy()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["peak"] = _peaks.get("here", (peak_memory(), "collection"))
    elif not session.config.getoption("numprocesses", None):
        _peaks["this process"] = _peaks.pop("here", (peak_memory(), "collection"))
    if output is None and any(peak > MOST_MEMORY for peak, _ in _peaks.values()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """A worker has ended: xdist tells the controller."""
    peak = getattr(node, "workeroutput", {}).get("peak")
    if peak is not None:
        _peaks[node.gateway.id] = tuple(peak)  # pyright: ignore[reportAttributeAccessIssue]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, (peak, module) in sorted(_peaks.items()):
        over = f": more than {MOST_MEMORY / 2**30:.1f} GiB, a failure" if peak > MOST_MEMORY else ""
        terminalreporter.write_line(f"peak memory of {name}: {peak / 2**30:.2f} GiB, in {module}{over}")
