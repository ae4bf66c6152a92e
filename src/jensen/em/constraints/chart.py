"""The chart of a model on the part of its space that fixing and tying leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Mask, Params
from jensen.basics.errors import ModelError
from jensen.em.constraints.requests import read
from jensen.spaces.cells import Restricted
from jensen.spaces.chart import Cell, Chart


class RestrictedChart(Chart):
    """The chart of a model on the part of its space that fixing and tying leave.

    Its natural parameters are all of the model's; its coordinates are the free ones.
    """

    def __init__(self, base: Chart, fixed: Mapping[str, Any], tied: Mapping[str, Any]) -> None:
        requests = read(base.spaces, fixed, tied)
        super().__init__(requests.spaces, base._make, base._split)
        self.spaces: dict[str, Restricted] = requests.spaces
        self.base = base
        self._copies = requests.copies
        bent = any(space.is_bent for space in self.spaces.values())
        self._constant = None if bent else self._pullback(np.zeros(self.size))
        if not self.size:
            raise ModelError("everything is fixed, which leaves nothing to fit")

    def _parts(self, u: Any) -> dict[str, Any]:
        begins = [0, *self._ends[:-1]]
        parts = zip(self.spaces, begins, self._ends, strict=True)
        return {name: u[b:e] for name, b, e in parts if name not in self._copies}

    def _assemble(self, values: dict[str, Any]) -> Params:
        copied = {name: values[self._copies.get(name, name)] for name in self.spaces}
        return self._make(**copied)

    def from_vector(self, u: Any, xp: Any = np) -> Params:
        return self._assemble(
            {name: self.spaces[name].from_chart(part, xp) for name, part in self._parts(u).items()}
        )

    def from_natural_vector(self, vector: Array) -> Params | None:
        params = self.base.from_natural_vector(vector)
        return None if params is None else self.impose(params)

    def check(self, params: Params) -> None:
        self.base.check(params)

    def contains(self, params: Params) -> bool:
        return self.base.contains(params)

    def at_bound(self, params: Params) -> Mask:
        """A coordinate is held where one of the whole chart that comes from it is."""
        held = self.base.at_bound(params)
        return (self.pullback(self.to_vector(params))[held] != 0).any(axis=0)

    def random(self, rng: np.random.Generator) -> Params:
        return self.impose(self.base.random(rng))

    def impose(self, params: Params) -> Params:
        """Params with what is fixed as it is fixed, and what is tied at its mean."""
        values = self.natural(params)
        for source in set(self._copies.values()):
            names = [source, *(name for name, other in self._copies.items() if other == source)]
            values[source] = np.mean([values[name] for name in names], axis=0)
        return self._assemble(
            {n: space.impose(values[n]) for n, space in self.spaces.items() if n not in self._copies}
        )

    def violation(self, params: Params) -> str | None:
        """How params break what is fixed and tied; None where they do not."""
        values = self.natural(params)
        for name, space in self.spaces.items():
            source = self._copies.get(name)
            if source is None:
                problem = space.violation(values[name])
            else:
                same = np.allclose(values[name], values[source], rtol=1e-9, atol=0.0)
                problem = None if same else f"differs from {source}, to which it is tied"
            if problem:
                return f"{name} {problem}"
        return None

    def cell(self, index: int) -> Cell:
        """A copy comes from where the parameter comes from that it is a copy of."""
        firsts = {name: begin for name, (_, _, begin) in zip(self.spaces, self.places(), strict=True)}
        name = max((n for n in firsts if firsts[n] <= index), key=lambda n: firsts[n])
        return super().cell(index - firsts[name] + firsts[self._copies.get(name, name)])

    def pullback(self, u: Array) -> Array:
        """∂ coordinates of the whole chart / ∂ coordinates of this one, (whole size, size)."""
        return self._pullback(u) if self._constant is None else self._constant

    def _pullback(self, u: Array) -> Array:
        parts = self._parts(u)
        begins = dict(zip(self.spaces, [0, *self._ends[:-1]], strict=True))
        blocks = []
        for name, whole in self.base.spaces.items():
            source = self._copies.get(name, name)
            block = np.zeros((whole.size, self.size))
            inner = self.spaces[source].pullback(parts[source])
            block[:, begins[source] : begins[source] + inner.shape[1]] = inner
            blocks.append(block)
        return np.concatenate(blocks)
