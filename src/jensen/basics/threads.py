"""How many threads the native kernels use. The results have the same bits for any number."""

from __future__ import annotations

import os

_chosen: int | None = None


def set_num_threads(num_threads: int | None) -> None:
    """Use this many threads from now on; None goes back to the default.

    The default is the environment variable ``JENSEN_NUM_THREADS``, then ``OMP_NUM_THREADS``, then the
    number of processors that this process may run on.

    Raises
    ------
    ValueError
        If ``num_threads`` is less than 1.
    """
    global _chosen  # noqa: PLW0603 -- one setting of the process, like an environment variable
    if num_threads is not None and num_threads < 1:
        raise ValueError(f"num_threads must be at least 1, not {num_threads}")
    _chosen = num_threads


def get_num_threads() -> int:
    """The number of threads that the native kernels may use."""
    return _chosen or _default()


def _default() -> int:
    for name in ("JENSEN_NUM_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 0:
            return int(value)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # a system that does not say which processors are ours
        return os.cpu_count() or 1
