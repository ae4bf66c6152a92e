"""Posteriors: that of a label, and the door to those of somebody's own.

A posterior gives ``log_evidence`` and ``entropy()``. What approximations need beyond is its own ``hard()``,
``truncated(num)``, ``sampled(draws, rng)``, or a field ``responsibilities`` (n, k) from which it can be had.
"""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelTypeError
from jensen.basics.plain import given
from jensen.em.cases import is_named


@dataclass(frozen=True, eq=False)
class DiscretePosterior:
    """q(z_n = k), for a hidden variable with K values.

    Attributes
    ----------
    responsibilities
        (n, K): rows add up to 1.
    log_evidence
        (n,): log p(x_n | θ) at the params that the posterior was computed at.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> q = jensen.em.DiscretePosterior.from_log_joint(np.log([[0.1, 0.3]]))
    >>> q.responsibilities.round(2).tolist(), round(float(np.exp(q.log_evidence[0])), 2)
    ([[0.25, 0.75]], 0.4)
    """

    responsibilities: Array
    log_evidence: Array

    @classmethod
    def from_log_joint(cls, log_joint: ArrayLike) -> DiscretePosterior:
        """From log p(x_n, z_n = k | θ), (n, K): p(z | x) = p(x, z) / Σ_z p(x, z).

        −inf is a value that is impossible for the row. The log-evidence of a row for which all are impossible
        is −inf.
        """
        log_joint = np.asarray(log_joint, dtype=float)
        top = log_joint.max(axis=1, keepdims=True)
        raised = np.exp(log_joint - np.where(np.isneginf(top), 0.0, top))
        total = raised.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            log_evidence = (top + np.log(total))[:, 0]
        return cls(raised / np.where(total == 0, 1.0, total), log_evidence)

    def entropy(self) -> Array:
        """H[q_n] = −Σ_k r_nk log r_nk of every row."""
        r = self.responsibilities
        return -np.sum(r * np.log(np.where(r > 0, r, 1.0)), axis=1)


def hard(posterior: Any) -> Any:
    """All of q at the most likely value."""
    own = given(posterior, ["hard"])
    return own["hard"]() if own else _with(posterior, most_likely(_probabilities(posterior, "hard()"), 1))


def truncated(posterior: Any, num: int) -> Any:
    """q on the ``num`` most likely values, in proportion."""
    own = given(posterior, ["truncated"])
    if own:
        return own["truncated"](num)
    return _with(posterior, most_likely(_probabilities(posterior, "truncated(num)"), num))


def sampled(posterior: Any, draws: int, rng: np.random.Generator) -> Any:
    """The empirical distribution of draws."""
    own = given(posterior, ["sampled"])
    if own:
        return own["sampled"](draws, rng)
    probabilities = np.asarray(_probabilities(posterior, "sampled(draws, rng)"), float)
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    return _with(posterior, rng.multinomial(draws, probabilities) / draws)


def random_labels(posterior: Any, rng: np.random.Generator) -> Any | None:
    """Some q of the same labels, with the log-evidence of the posterior; None where it has no labels."""
    r = labels_of(posterior)
    if r is None:
        return None
    # Only where the exact posterior is far from underflow: there its logarithm is known.
    drawn = rng.gamma(1.0, size=r.shape) * (r > float(np.finfo(r.dtype).tiny) ** 0.75)
    return _with(posterior, drawn / drawn.sum(axis=1, keepdims=True))


def divergence(q: Any, exact: Any) -> Array:
    """KL(q_n ‖ exact_n) of every case: the posterior's own ``kl``, or that of labels."""
    own = given(q, ["kl"])
    if own:
        return np.asarray(own["kl"](exact), dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = q.responsibilities * (np.log(q.responsibilities) - np.log(exact.responsibilities))
    return np.where(q.responsibilities > 0, terms, 0.0).sum(axis=1)


def labels_of(posterior: Any) -> Array | None:
    """q(z_n = k), (n, k), where z is a label; else None."""
    found = given(posterior, ["responsibilities"]).get("responsibilities")
    return found if found is not None and np.ndim(found) == 2 else None


def most_likely(probabilities: Array, num: int) -> Array:
    """The ``num`` largest of each row, made to add up to 1; of equal ones the first."""
    if num >= probabilities.shape[1]:
        return probabilities
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :num]
    kept = np.take_along_axis(probabilities, order, axis=1)
    q = np.zeros_like(probabilities)
    np.put_along_axis(q, order, kept / kept.sum(axis=1, keepdims=True), axis=1)
    return q


def _probabilities(posterior: Any, hook: str) -> Array:
    """q(z_n = k) of a posterior of enumerated values, (n, k)."""
    found = given(posterior, ["responsibilities"]).get("responsibilities")
    if found is None:
        raise ModelTypeError(
            f"an inexact E-step needs a posterior with the field responsibilities (n, k), or with the method "
            f"{hook}; {type(posterior).__name__} has neither"
        )
    if np.ndim(found) != 2:
        raise ModelTypeError(f"responsibilities are (n, k); these have shape {np.shape(found)}: give {hook}")
    return found


def _with(posterior: Any, responsibilities: Array) -> Any:
    """The posterior with another q."""
    if isinstance(posterior, tuple) and is_named(posterior):
        return posterior._replace(responsibilities=responsibilities)  # pyright: ignore -- a named tuple
    if is_dataclass(posterior) and not isinstance(posterior, type):
        return replace(posterior, responsibilities=responsibilities)  # pyright: ignore -- it has the field
    name = type(posterior).__name__
    raise ModelTypeError(
        f"{name} must be a dataclass or a named tuple, so that its responsibilities can be replaced"
    )
