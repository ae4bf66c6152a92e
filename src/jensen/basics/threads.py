"""What the native kernels are asked for: threads, whose number changes no bit, and an instruction set."""

from __future__ import annotations

import os
from functools import cache

from jensen.basics.arguments import shown
from jensen.basics.errors import DataError
from jensen.basics.numbers import is_whole, whole_of

INSTRUCTION_SETS = ("baseline", "avx2", "avx512")
MOST = 1024  # threads that are worth asking for
_chosen: int | None = None


def set_num_threads(num_threads: int | None) -> None:
    """Use this many threads from now on; None goes back to the default.

    The default is the environment variable ``JENSEN_NUM_THREADS``, then ``OMP_NUM_THREADS``, then the
    number of processors that this process may run on.

    Raises
    ------
    DataError
        If ``num_threads`` is no whole number from 1 to 1024.
    """
    global _chosen  # noqa: PLW0603 -- one setting of the process, like an environment variable
    if num_threads is not None and not (is_whole(num_threads) and 1 <= num_threads <= MOST):
        raise DataError(
            f"num_threads must be a whole number, at least 1 and at most {MOST}, not {shown(num_threads)}"
        )
    _chosen = None if num_threads is None else int(num_threads)


def get_num_threads() -> int:
    """The number of threads that the native kernels may use.

    Raises
    ------
    DataError
        If ``JENSEN_NUM_THREADS`` is set, and to something else than a whole number from 1 to 1024; or
        ``JENSEN_ISA``, and to something else than ``baseline``, ``avx2`` or ``avx512``.
    """
    _require_instruction_set()
    return _chosen or _default()


@cache
def _require_instruction_set() -> None:
    """That ``JENSEN_ISA`` names one that the kernels are compiled for; they take no better one."""
    wanted = os.environ.get("JENSEN_ISA", "")
    if wanted not in ("", *INSTRUCTION_SETS):
        raise DataError(
            f"JENSEN_ISA is {shown(wanted)}: set it to {', '.join(INSTRUCTION_SETS)}, or not at all"
        )


def _default() -> int:
    if own := os.environ.get("JENSEN_NUM_THREADS", ""):
        if (found := whole_of(own)) is None or not 1 <= found <= MOST:
            raise DataError(
                f"JENSEN_NUM_THREADS is {shown(own)}: "
                f"set it to a whole number from 1 to {MOST}, or not at all"
            )
        return found
    # OpenMP's may be a list, of a number for each level.
    if found := whole_of(os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]):
        return min(found, MOST)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # a system that does not say which processors are ours
        return os.cpu_count() or 1
