"""What is known of an estimate once it has been traced: its plan, and how often it evaluates f."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import prod
from typing import Any

from jensen.gradients.program.plan import Plan


@dataclass(slots=True)
class Record:
    """Of an estimate that is traced, and differentiated.

    Attributes
    ----------
    plan
        By which it is taken.
    times
        By variable: how often a draw evaluates what follows it.
    """

    plan: Plan | None = None
    times: dict[str, int] = field(default_factory=dict)

    @property
    def evaluations(self) -> int:
        """How often f is evaluated, for a value and its gradient in all of θ."""
        assert self.plan is not None
        return self.plan.num_draws * prod(self.times.values())


RECORD: ContextVar[Record | None] = ContextVar("RECORD", default=None)


@contextmanager
def recorded(record: Record) -> Iterator[None]:
    """Of the estimate that is traced within: planned where it is made."""
    token = RECORD.set(record)
    try:
        yield
    finally:
        RECORD.reset(token)


@contextmanager
def taken() -> Iterator[Record | None]:
    """The record of an estimate; within, estimates that f makes have none."""
    record, token = RECORD.get(), RECORD.set(None)
    try:
        yield record
    finally:
        RECORD.reset(token)


def noted(record: Record | None, planned: Plan) -> Callable[[str, Any], None]:
    """What is to be told of each variable that is about to be drawn, by its name and distribution."""
    if record is None:
        return lambda name, distribution: None
    record.plan, times = planned, record.times

    def note(name: str, distribution: Any) -> None:
        times[name] = planned.treatments[name].estimator.evaluations(distribution)

    return note
