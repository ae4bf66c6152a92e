"""Threads of BLAS, which where arrays are small cost more than they give: they wait for work spinning, on the
cores of the native kernels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

FEW = 1_000_000  # numbers in the data, below which products of them are quicker on one thread


@contextmanager
def few_threads(size: int) -> Iterator[None]:
    """One thread for BLAS while data of ``size`` numbers are worked on; more are left as they are."""
    if size > FEW:
        yield
        return
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController  # costs some milliseconds, once

    return ThreadpoolController()
