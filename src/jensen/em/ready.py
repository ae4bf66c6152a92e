"""Ready-made parts for models of one's own: statistics that add, and the posterior of a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Totals:
    """Named sums over the rows, as statistics: they add and scale.

    Parameters
    ----------
    **values
        Numbers or arrays; each becomes an attribute.

    Examples
    --------
    >>> import jensen
    >>> one = jensen.em.Totals(count=2.0, total=3.0)
    >>> (one + one.scale(0.5)).total
    4.5
    """

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no total {name!r}; there are {', '.join(vars(self))}")

    def __add__(self, other: Totals) -> Totals:
        if vars(self).keys() != vars(other).keys():
            raise ValueError(f"totals of {', '.join(vars(self))} and of {', '.join(vars(other))} do not add")
        return Totals(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    def scale(self, factor: float) -> Totals:
        """The totals of the rows counted ``factor`` times."""
        return Totals(**{name: factor * value for name, value in vars(self).items()})

    def __repr__(self) -> str:
        return f"Totals({', '.join(f'{name}={value}' for name, value in vars(self).items())})"


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
