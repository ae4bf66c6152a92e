"""Passes over all rows: block by block, summed, again where impossible values spoilt a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.models.log_joint.looks import MOST_DEEP, MOST_LOOKED_AT, Look, Looks
from jensen.models.log_joint.passes import Passes
from jensen.models.log_joint.precision import in_double
from jensen.models.log_joint.rows import Block, Rows, blocks, power_of_two
from jensen.models.log_joint.statistics import LogJointStats, Part

MOST_CELLS = 2**20  # of block × states: 8 MiB a copy
FEW_CELLS = 2**14  # take no time
SMALLEST_BLOCK = 32
HESSIAN_BLOCK = 1024
METRIC_ROWS = 2048
DERIVATIVES = ("scored_e_step", "q_score", "q_hessian", "hessian")


class Sums:
    """What `Passes` compute for a block, for all rows.

    Parameters
    ----------
    passes
        The compiled passes.
    num_states, size
        Values of z, coordinates of the chart.
    block
        Most rows of a block.
    """

    def __init__(self, passes: Passes, num_states: int, size: int, block: int) -> None:
        self.passes = passes
        self._num_states = num_states
        self._size = size
        self._sizes = {
            second: _sizes(num_states * (max(1, size) if second else 1), block, second)
            for second in (False, True)
        }
        self._looks = Looks(self._look)

    def blocks(self, rows: Rows, second: bool = False) -> list[Block]:
        """Blocks that keep block × states (× parameters, for second derivatives) in bounds."""
        return list(blocks(rows.num_rows, *self._sizes[second]))

    @in_double
    def each(self, name: str, rows: Rows, u: Array, second: bool = False) -> list[tuple[Block, Any]]:
        """A pass without weights, block by block."""
        work = self._work(rows.num_rows, second)
        return [
            (block, self.passes(name, u, rows.padded(block.begin, block.end, block.size), **work))
            for block in self.blocks(rows, second)
        ]

    def _work(self, num_rows: int, second: bool) -> dict[str, Any]:
        """Of a pass over so many rows, as `options_for` counts it."""
        return {"work": num_rows * self._num_states * (max(1, self._size) if second else 1), "second": second}

    # ---- few rows ------------------------------------------------------------------------------------------

    def only_block(self, rows: Rows) -> Block | None:
        """The block that holds all rows, where they are few enough for their `Looks` to be kept."""
        if max(rows.num_rows * self._num_states, rows.num_rows * rows.size) > MOST_LOOKED_AT:
            return None
        blocks = self.blocks(rows)
        return blocks[0] if len(blocks) == 1 else None

    def look(self, rows: Rows, u: Array, weight: Array | None) -> Look | None:
        """All that one pass tells of few rows; None where they are many."""
        block = self.only_block(rows)
        return None if block is None else self._looks.at(rows, u, block, weight)

    def deep_look(self, rows: Rows, u: Array, weight: Array | None) -> Look | None:
        """The same, with second derivatives; None where they would cost much."""
        block = self.only_block(rows)
        return self.look(rows, u, weight) if block is not None and self._is_deep(block.size) else None

    def _is_deep(self, num_rows: int) -> bool:
        return num_rows * self._num_states * self._size <= MOST_DEEP

    def look_at_each(self, rows: Rows, u: Array) -> Look | None:
        """The same, of any weights."""
        block = self.only_block(rows)
        return None if block is None else self._looks.each_row(rows, u, block)

    @in_double
    def _look(self, u: Array, rows: Any, weight: Any) -> tuple[Array, ...]:
        deep = self._is_deep(weight.size)
        name, work = "deep_look" if deep else "look", self._work(weight.size, deep)
        passed = self.passes(name, u, rows, weight, **work)
        found = tuple(np.asarray(part) for part in passed)
        value, _, score, _, _, *second = found
        spoilt = any(_is_spoilt((value, derivative)) for derivative in (score, *second))
        if self.passes.safe or not spoilt:
            return found
        self.passes.safe = True
        return self._look(u, rows, weight)

    # ---- any rows ------------------------------------------------------------------------------------------

    @in_double
    def total(
        self,
        name: str,
        rows: Rows,
        *vectors: Array,
        weight: Array | None,
        q: tuple[Array | None, ...] = (),
        second: bool = False,
    ) -> tuple[Array, ...]:
        """A pass summed over the blocks. Its last part is a derivative, if it has one."""
        if name in ("e_step", "scored_e_step") and (look := self.look(rows, vectors[0], weight)) is not None:
            return look.sums, look.features, look.score
        pending, work = [], self._work(rows.num_rows, second)
        for block in self.blocks(rows, second):
            here = rows.padded(block.begin, block.end, block.size)
            given = [None if part is None else block.of(part) for part in q]
            pending.append(self.passes(name, *vectors, here, block.of(weight), *given, **work))
        with np.errstate(over="ignore", invalid="ignore"):  # at a collapse
            total = tuple(
                np.add.reduce([np.asarray(part) for part in parts]) for parts in zip(*pending, strict=True)
            )
        if name in DERIVATIVES and not self.passes.safe and _is_spoilt(total):
            self.passes.safe = True
            return self.total(name, rows, *vectors, weight=weight, q=q, second=second)
        return total

    def posterior(self, rows: Rows, u: Array) -> tuple[Array, Array]:
        """q (n, K) and log p(x | θ) (n,)."""
        if (look := self.look_at_each(rows, u)) is not None:
            return look.q.copy(), look.log_evidence
        pieces = self.each("posterior", rows, u)
        found = [tuple(np.asarray(part)[: b.end - b.begin] for part in parts) for b, parts in pieces]
        q, evidence = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return q, evidence

    # ---- the evidence --------------------------------------------------------------------------------------

    def evidence(self, rows: Rows, u: Array, weight: Array | None, scored: bool) -> float:
        """Σ w log p(x | θ)."""
        return float(self.total("scored_e_step" if scored else "e_step", rows, u, weight=weight)[0][0])

    def evidence_and_score(self, rows: Rows, u: Array, weight: Array | None) -> tuple[float, Array]:
        """Σ w log p(x | θ) and its derivative."""
        sums, _, score = self.total("scored_e_step", rows, u, weight=weight)
        return float(sums[0]), score

    def information(self, rows: Rows, u: Array, weight: Array | None) -> Array:
        """−∂² Σ w log p(x | θ) / ∂u²."""
        return self._information(rows, u, 1.0, weight)

    def _information(self, rows: Rows, u: Array, missing: float, weight: Array | None) -> Array:
        if (look := self.deep_look(rows, u, weight)) is not None:
            return look.information(missing > 0)
        (hessian,) = self.total("hessian", rows, u, np.array(missing), weight=weight, second=True)
        return -0.5 * hessian - 0.5 * hessian.T

    def metric(self, rows: Rows, u: Array, weight: Array | None) -> Array:
        """−∂²Q/∂u² under the posterior at u, from rows evenly spread where there are many."""
        few = max(64, min(METRIC_ROWS, MOST_CELLS // (self._num_states * max(1, self._size))))
        share = 1.0
        if rows.num_rows > few:
            chosen = np.linspace(0, rows.num_rows - 1, few).astype(int)
            total = rows.num_rows if weight is None else weight.sum()
            rows, weight = rows.subset(chosen), None if weight is None else weight[chosen]
            share = total / (few if weight is None else max(weight.sum(), 1e-300))
        return share * self._information(rows, u, 0.0, weight)

    def scores(self, rows: Rows, u: Array) -> Array:
        """∂ log p(x_n | θ) / ∂u, (n, p)."""
        if (look := self.deep_look(rows, u, None)) is not None:
            return look.scores
        pieces = self.each("scores", rows, u, second=True)
        found = np.concatenate([np.asarray(g)[: b.end - b.begin] for b, g in pieces])
        if np.isfinite(found).all() or self.passes.safe:
            return found
        self.passes.safe = True
        return self.scores(rows, u)

    def features(self, rows: Rows, weight: Array | None, q: Array) -> Array:
        """Σ_n w_n q_nk T(x_n), (K, m), under any q (n, K)."""
        return self.total("features_of", rows, weight=weight, q=(q,))[0]

    @in_double
    def log_prior(self, u: Array) -> tuple[float, Array, Array]:
        """log p(θ), its derivative and its Hessian."""
        value, score, hessian = (
            np.asarray(part) for part in self.passes("log_prior", u, work=len(u) ** 2, second=True)
        )
        return float(value), score, hessian

    # ---- Q -------------------------------------------------------------------------------------------------

    def q(self, u: Array, stats: LogJointStats) -> float:
        """Q(θ, S)."""
        prior = stats.prior * self.log_prior(u)[0] if stats.prior else 0.0
        return prior + sum(part.factor * self._q_of(u, part) for part in stats.parts)

    def _q_of(self, u: Array, part: Part) -> float:
        if part.value is not None and part.is_at(u):
            return part.value
        if (here := self.look_at_each(part.rows, u)) is not None:
            return self._between(here, part)
        return float(self._under("q_value", u, part)[0])

    def _between(self, here: Look, part: Part) -> float:
        """Σ w q log p(x, z | θ) of the q of a part."""
        q = part.q
        if q is None:
            before = self.look_at_each(part.rows, part.u)
            assert before is not None
            q = before.q
        wq = q if part.weight is None else part.weight[:, None] * q
        counted = wq > 0  # what has no probability under q does not count, even where it is impossible
        return float(wq[counted] @ here.logs[counted])

    def q_score(self, u: Array, stats: LogJointStats) -> Array:
        """∂Q(θ, S)/∂u."""
        prior = stats.prior * self.log_prior(u)[1] if stats.prior else np.zeros(len(u))
        return np.add.reduce([prior, *(part.factor * self._q_score_of(u, part) for part in stats.parts)])

    def _q_score_of(self, u: Array, part: Part) -> Array:
        if part.score is not None and part.is_at(u):
            return part.score
        return self._under("q_score", u, part)[1]

    def q_derivatives(self, u: Array, stats: LogJointStats) -> tuple[float, Array, Array]:
        """Q, its score and its Hessian."""
        found: list[tuple[float, Any]] = [
            (part.factor, self._under("q_hessian", u, part, second=True)) for part in stats.parts
        ]
        if stats.prior:
            found.append((stats.prior, self.log_prior(u)))
        value, score, hessian = (
            np.add.reduce([factor * each[i] for factor, each in found]) for i in range(3)
        )
        return float(value), score, hessian

    def _under(self, name: str, u: Array, part: Part, second: bool = False) -> tuple[Any, ...]:
        """A pass under the q of a part."""
        return self.total(name, part.rows, u, part.u, weight=part.weight, q=(part.q,), second=second)


def _sizes(cells: int, block: int, second: bool) -> tuple[int, int]:
    """The largest and the smallest size of a block, of so many ``cells`` a row."""
    fitting, few = (max(1, power_of_two(most // cells + 1) // 2) for most in (MOST_CELLS, FEW_CELLS))
    largest = min(power_of_two(block), fitting, HESSIAN_BLOCK if second else fitting)
    return largest, min(SMALLEST_BLOCK, few)


def _is_spoilt(total: tuple[Array, ...]) -> bool:
    """Whether the derivative is not finite though the value is."""
    value = np.ravel(total[0])[0]
    return not np.isfinite(total[-1]).all() and (len(total) == 1 or bool(np.isfinite(value)))
