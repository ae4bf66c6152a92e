"""Looks at few rows: one program computes all that an E-step, a posterior and Q need; the latest are kept.

With q and log p(x, z | θ) of every row at hand, Q(θ, S) = Σ w q log p(x, z | θ) is a sum of products of two
looks, q at the θ of S and log p at this one: no other pass is compiled, or run. Data are compared by their
bytes, since they may be changed in place between two calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.models.log_joint.precision import double, require_jax
from jensen.models.log_joint.rows import Block, Rows

KEPT = 4
MOST_LOOKED_AT = 2**16  # rows × states, and numbers in the data, up to which looks are kept: 512 KiB each
MOST_DEEP = 2**10
"""Rows × states × parameters up to which every look has second derivatives: they cost a quarter of a
millisecond there, another program for them half a second once."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of some rows at θ.

    Attributes
    ----------
    sums, features, score
        [log-evidence, H, Q]; Σ_n w_n q_n(z) T(x_n); ∂ log p(x | θ) / ∂u.
    logs, q
        (n, K): log p(x_n, z | θ), and the posterior.
    weight
        (n,)
    slopes, curvature
        Of a deep look: ∂ log p(x_n, z | θ) / ∂u (n, K, p), and −∂²Q / ∂u² under this q.
    """

    u: bytes
    sums: Array
    features: Array
    score: Array
    logs: Array
    q: Array
    weight: Array
    slopes: Array | None = None
    curvature: Array | None = None

    @property
    def scores(self) -> Array:
        """∂ log p(x_n | θ) / ∂u, (n, p), by Fisher's identity; of a deep look."""
        assert self.slopes is not None
        return np.einsum("nk,nkp->np", self.q, self.slopes)

    def information(self, missing: bool) -> Array:
        """−∂² log p(x | θ) / ∂u²: the curvature of Q less what is missing (Louis, 1982); of a deep look.

        Without ``missing`` the curvature of Q.
        """
        assert self.slopes is not None and self.curvature is not None
        if not missing:
            return self.curvature
        wq = (self.weight[:, None] * self.q).ravel()
        slopes, scores = self.slopes.reshape(len(wq), -1), self.scores
        with np.errstate(over="ignore", invalid="ignore"):  # at a collapse
            lost = slopes.T @ (wq[:, None] * slopes) - scores.T @ (self.weight[:, None] * scores)
            return self.curvature - lost

    @property
    def log_evidence(self) -> Array:
        """log p(x_n | θ), (n,)."""
        top = np.max(self.logs, axis=1)
        top = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return top + np.log(np.exp(self.logs - top[:, None]).sum(axis=1))


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows and weights where JAX computes, padded to a block."""

    key: tuple[Any, ...]
    rows: Any
    weight: Any


class Looks:
    """The latest looks, and the rows that they were at.

    Parameters
    ----------
    compute
        ``compute(u, rows, weight)`` of a padded block: sums, features, score, logs and q, states first; of a
        deep look slopes and the Hessian of Q as well.
    """

    def __init__(self, compute: Callable[[Array, Any, Any], tuple[Array, ...]]) -> None:
        self._compute = compute
        self._kept: tuple[tuple[tuple[Any, ...], Look], ...] = ()
        self._placed: Placed | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_compute": self._compute, "_kept": (), "_placed": None}

    def at(self, rows: Rows, u: Array, block: Block, weight: Array | None) -> Look:
        """The look at these rows, from memory where it is there."""
        placed, point = self.place(rows, block, weight), u.tobytes()
        for key, look in self._kept:
            if look.u == point and key == placed.key:
                return look
        look = _of_rows(point, block.end, weight, *self._compute(u, placed.rows, placed.weight))
        self._kept = ((placed.key, look), *self._kept[: KEPT - 1])
        return look

    def each_row(self, rows: Rows, u: Array, block: Block) -> Look:
        """A look of which only what does not depend on weights is wanted."""
        point = u.tobytes()
        for (key, _), look in self._kept:
            if look.u == point and key == (block.size, *rows.fingerprint):
                return look
        return self.at(rows, u, block, None)

    def place(self, rows: Rows, block: Block, weight: Array | None) -> Placed:
        """The rows as JAX arrays: they are moved once for a fit."""
        key = (block.size, *rows.fingerprint), None if weight is None else weight.tobytes()
        placed = self._placed
        if placed is None or placed.key != key:
            whole = rows.padded(0, block.end, block.size), block.of(weight)
            with double():
                placed = self._placed = Placed(key, *require_jax().device_put(whole))
        return placed


def _of_rows(
    u: bytes,
    num_rows: int,
    weight: Array | None,
    sums: Array,
    features: Array,
    score: Array,
    logs: Array,
    q: Array,
    slopes: Array | None = None,
    hessian: Array | None = None,
) -> Look:
    """The look without the padding, rows first."""
    logs, q = logs[:, :num_rows].T, q[:, :num_rows].T
    w = np.ones(num_rows) if weight is None else weight.copy()
    if slopes is None or hessian is None:
        return Look(u, sums, features, score, logs, q, w)
    slopes = slopes[:, :num_rows].swapaxes(0, 1)
    return Look(u, sums, features, score, logs, q, w, slopes, -0.5 * hessian - 0.5 * hessian.T)
