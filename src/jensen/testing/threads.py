"""The law of the native kernels: the same bits for any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from jensen.basics.arrays import Data, Params, Weight
from jensen.basics.threads import get_num_threads, set_num_threads
from jensen.em.identities import e_step
from jensen.testing.law import LawError


def threads_agree(
    model: Any, params: Params, data: Data, *, weight: Weight = None, threads: tuple[int, ...] = (1, 2, 3)
) -> None:
    """An E-step has the same bits for any number of threads.

    Raises
    ------
    LawError
        A reduction runs in an order that depends on the threads.
    """
    found = []
    for count in threads:
        with num_threads(count):
            found.append(list(leaves(e_step(model, params, data, weight))))
    for count, other in zip(threads[1:], found[1:], strict=True):
        same = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(found[0], other, strict=True))
        if not same:
            raise LawError(
                "threads_agree",
                f"{threads[0]} and {count} threads give different bits",
                "a reduction whose order depends on the number of threads",
            )


@contextmanager
def num_threads(count: int) -> Iterator[None]:
    """The native kernels on this many threads."""
    before = get_num_threads()
    set_num_threads(count)
    try:
        yield
    finally:
        set_num_threads(before)


def leaves(value: Any) -> Iterator[np.ndarray]:
    """The arrays and numbers of a nest of data classes and tuples."""
    names = [field.name for field in fields(value)] if is_dataclass(value) else None
    if names is not None:
        for name in names:
            yield from leaves(attrgetter(name)(value))
    elif isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, (float, int, np.ndarray, np.generic)):
        yield np.asarray(value)
