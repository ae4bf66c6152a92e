"""Posteriors for models of one's own: that of a label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Array


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
