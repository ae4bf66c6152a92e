"""E[f] and its gradient by sums over many points: densities of SciPy, differences in θ, no draws.

The points of a family stay where they are as θ moves, and its density moves: where f jumps is then no
matter, unless the jump itself moves with θ. Two sets of points and two steps say how far to believe it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from scipy import special

from jensen.gradients.program.running import runs
from jensen.testing.gradients.families import nodes
from jensen.testing.gradients.programs import Program, Variable

Params = Mapping[str, float]
Array = NDArray[Any]

POINTS = {0: (1, 1), 1: (40_000, 27_000), 2: (80_000, 55_000)}
LEAST_POINTS = 4_000
STEPS = (0.06, 0.04)
CLOSER = 0.25  # times these, where estimates are far from what is found: E[f] may bend between them


@dataclass(frozen=True)
class Truth:
    """E[f] and its derivatives, by name, and how wrong they may be."""

    value: float
    gradient: dict[str, float]
    error: dict[str, float]


def truth(program: Program, f: Callable[..., Any], share: float = 1.0) -> Truth:
    """Of a program, whose function f is; by steps of such a share of the usual ones."""
    at = runs(jax.vmap(f, (0, None)))
    found = [_Sum(program, at, which, share * STEPS[which]) for which in (0, 1)]
    with np.errstate(all="ignore"):
        values = [each.mean(program.params) for each in found]
        slopes = [{name: each.slope(name) for name in program.params} for each in found]
    error = {name: abs(slopes[0][name] - slopes[1][name]) for name in program.params}
    return Truth(values[0], slopes[0], error | {"": abs(values[0] - values[1])})


@dataclass
class _Sum:
    """A sum over one set of points."""

    program: Program
    f: Callable[[Any, Any], Any]
    which: int
    step: float

    def __post_init__(self) -> None:
        variables = self.program.variables
        size = sum(v.family.size for v in variables if not v.family.is_discrete)
        combinations = int(np.prod([max(v.family.values, 1) for v in variables]))
        count = POINTS[size][self.which]
        count = max(count // combinations, LEAST_POINTS) if size else 1
        self.v = _points(count, size, self.which)

    def slope(self, name: str) -> float:
        """The derivative in a parameter, by differences of fourth order."""
        if f'["{name}"]' not in self.program.text:
            return 0.0

        def at(shift: float) -> float:
            return self.mean({**self.program.params, name: self.program.params[name] + shift * self.step})

        return (8.0 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12.0 * self.step)

    def mean(self, params: Params) -> float:
        """E[f] at θ."""
        discrete = [v.name for v in self.program.variables if v.family.is_discrete]
        ranges = [range(v.family.values) for v in self.program.variables if v.family.is_discrete]
        parts = [self._part(dict(zip(discrete, each, strict=True)), params) for each in product(*ranges)]
        weight = np.concatenate([part[1] for part in parts])
        log_q = np.concatenate([part[2] for part in parts])
        values = {name: np.concatenate([part[0][name] for part in parts]) for name in parts[0][0]}
        costs = self._costs(values, params) - self.program.is_bound * log_q
        return float(weighted(weight, costs).sum() / len(self.v))

    def _part(self, labels: dict[str, int], params: Params) -> tuple[dict[str, Array], Array, Array]:
        """Where all that is discrete has these values: the points, their weights, and log q."""
        values: dict[str, Array] = {}
        weight, log_q, column = np.ones(len(self.v)), np.zeros(len(self.v)), 0
        for variable in self.program.variables:
            args = arguments(variable, params, values)
            if variable.family.is_discrete:
                label = np.full(len(self.v), labels[variable.name])
                values[variable.name] = label
                log_p = variable.family.log_density(label, *args)
                weight, log_q = weight * np.exp(log_p), log_q + log_p
                continue
            here = self.v[:, column : column + variable.family.size]
            column += variable.family.size
            at = arguments(variable, self.program.params, values)
            value, w = nodes(variable.family, here, at, args)
            if self.program.is_bound:
                log_q = log_q + variable.family.log_density(value, *args)
            values[variable.name] = np.broadcast_to(value, (len(self.v), *value.shape[1:]))
            weight = weight * w
        return values, weight, log_q

    def _costs(self, values: dict[str, Array], params: Params) -> Array:
        x = next(iter(values.values())) if len(values) == 1 else values
        return np.asarray(self.f(x, {name: np.float64(at) for name, at in params.items()}))


def weighted(weight: Array, cost: Array) -> Array:
    """Their product; what has no weight does not count, whatever it is."""
    return np.where(weight == 0.0, 0.0, weight * np.where(weight == 0.0, 0.0, cost))


NAMES = {
    "jnp": SimpleNamespace(exp=np.exp, sin=np.sin, tanh=np.tanh, where=np.where, maximum=np.maximum),
}


def arguments(variable: Variable, params: Params, values: Mapping[str, Array]) -> list[Any]:
    """The arguments of the distribution of a variable, computed by NumPy."""
    names = {**NAMES, "expit": special.expit, "params": params, **{n: values[n] for n in variable.parents}}
    return [eval(text, {"__builtins__": {}}, names) for text in variable.arguments]


def _points(count: int, size: int, which: int) -> Array:
    """(count, size) points in (0, 1): evenly on a line, else the sequence of Roberts (2018)."""
    if size < 2:
        return ((np.arange(count) + 0.5) / count)[:, None][:, :size] if size else np.zeros((1, 0))
    root = 2.0
    for _ in range(50):
        root = (1.0 + root) ** (1.0 / (size + 1))
    along = root ** -np.arange(1.0, size + 1)
    return (0.5 + 0.31 * which + np.arange(1, count + 1)[:, None] * along) % 1.0
