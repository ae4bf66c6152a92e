"""Criteria as objects: what to minimize over models, and what a difference means in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from jensen.basics.errors import ModelError, ModelTypeError, did_you_mean
from jensen.em.fitted import Fitted


@dataclass(frozen=True, slots=True)
class Criterion:
    """An information criterion; smaller is better.

    Attributes
    ----------
    name, title
        In code and files; in tables.
    of
        The criterion of a fit.
    note
        The sign of other programs, where it differs.
    bands
        (upper end of the difference to the runner-up, what it is worth), increasing.
    source
        Where the bands come from.
    """

    name: str
    title: str
    of: Callable[[Fitted], float] = field(repr=False)
    note: str = field(default="", repr=False)
    bands: tuple[tuple[float, str], ...] = field(default=(), repr=False)
    source: str = field(default="", repr=False)

    def strength(self, difference: float) -> str:
        """What a difference to the runner-up is worth; empty where there is no accepted scale."""
        return next((words for upper, words in self.bands if difference < upper), "")


INFINITY = float("inf")

BIC = Criterion(
    "bic",
    "BIC",
    attrgetter("bic"),
    "mclust prints minus this",
    (
        (2.0, "barely worth mentioning"),
        (6.0, "positive evidence"),
        (10.0, "strong evidence"),
        (INFINITY, "very strong evidence"),
    ),
    "Kass and Raftery, 1995",
)
AIC = Criterion(
    "aic",
    "AIC",
    attrgetter("aic"),
    "",
    (
        (2.0, "the runner-up is supported about as well"),
        (4.0, "the runner-up has less support"),
        (10.0, "the runner-up has considerably less support"),
        (INFINITY, "the runner-up has essentially no support"),
    ),
    "Burnham and Anderson, 2002",
)
ICL = Criterion("icl", "ICL", attrgetter("icl"), "mclust has the other sign, and hard assignments")

CRITERIA: dict[str, Criterion] = {c.name: c for c in (BIC, ICL, AIC)}


def as_criterion(criterion: Any) -> Criterion:
    """A criterion, or the one of that name."""
    if isinstance(criterion, Criterion):
        return criterion
    if not isinstance(criterion, str):
        raise ModelTypeError(f"criterion must be {', '.join(CRITERIA)} or a Criterion, not {criterion!r}")
    name = criterion.strip().lower()
    if name not in CRITERIA:
        known = list(CRITERIA)
        raise ModelError(f"criterion {criterion!r} is none of {', '.join(known)}{did_you_mean(name, known)}")
    return CRITERIA[name]
