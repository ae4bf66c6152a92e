"""Guides: a distribution, up to three transforms after it, and wrappers, drawn by a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpyro.distributions as dist

from jensen.testing.gradients.guides.families import FAMILIES, Drawn, Family
from jensen.testing.gradients.guides.steps import Step
from jensen.testing.gradients.guides.transforms import STEPS


@dataclass(frozen=True)
class Guide:
    """What a guide is made of.

    Attributes
    ----------
    number
        It is drawn from that.
    family, steps
        The distribution, and the transforms after it.
    n
        How many entries the distribution has.
    is_shared
        Whether all entries have the same parameters, and are expanded.
    split
        Before which transform a new distribution begins.
    wrapper
        What is around all of it.
    """

    number: int
    family: Family
    steps: tuple[Step, ...]
    n: int
    is_shared: bool
    split: int
    wrapper: str

    def __str__(self) -> str:
        steps = " → ".join([self.family.name, *(step.name for step in self.steps)])
        shared = ", expanded" if self.is_shared else ""
        return (
            f"guide {self.number}: {steps} ({self.n}{shared}, split {self.split}, {self.wrapper or 'bare'})"
        )

    def params(self, rng: np.random.Generator) -> Drawn:
        """Extreme ones, in bounds."""
        shape = () if self.is_shared else (self.n,)
        found = {f"base.{name}": at for name, at in self.family.draw(rng, shape).items()}
        n = self.n
        for i, step in enumerate(self.steps):
            found |= {f"{i}.{name}": at for name, at in step.draw(rng, n).items()}
            n = n if step.sizes is None else step.sizes[n]
        return found

    def distribution(self, params: Any) -> Any:
        """NumPyro's."""
        found = self.family.make(below(params, "base."))
        if self.is_shared or (self.family.name.startswith("Mixture") and not self.family.has_vector):
            found = found.expand([self.n])
        steps = [step.make(below(params, f"{i}.")) for i, step in enumerate(self.steps)]
        for some in (steps[: self.split], steps[self.split :]):
            if some:
                found = dist.TransformedDistribution(found, some)
                if len(some) == self.split and found.batch_shape and self.wrapper == "event":
                    found = found.to_event(1)
        if self.wrapper == "mask":
            return found.mask(self.mask)
        return found.to_event(len(found.batch_shape)) if self.wrapper == "event" else found

    @property
    def mask(self) -> np.ndarray:
        return np.arange(self.n) % 2 == 0


def below(params: Any, prefix: str) -> Any:
    return {name.removeprefix(prefix): at for name, at in params.items() if name.startswith(prefix)}


def drawn(number: int) -> Guide:
    """The guide of a number."""
    rng = np.random.default_rng([31, number])
    family = FAMILIES[int(rng.integers(len(FAMILIES)))]
    n = int(rng.choice([2, 3, 3, 3, 3, 4]))
    kind, size, steps, is_thin = family.gives, n, [], False
    for _ in range(int(rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 3]))):
        able = [step for step in STEPS if _takes(step, kind, size) and not (is_thin and _leaves(step, size))]
        if not able:
            break
        weight = np.array([1.0 if step.is_of_entries else 1.5 for step in able])
        step = able[int(rng.choice(len(able), p=weight / weight.sum()))]
        new = size if step.sizes is None else step.sizes[size]
        kind, size, is_thin = step.gives, new, new > size or (is_thin and new == size)
        steps.append(step)
    of_entries = all(step.is_of_entries for step in steps) and not family.has_vector
    wrapper = str(rng.choice(["", "event", "mask"] if of_entries else ["", "event"]))
    split = int(rng.integers(len(steps) + 1))
    split = split if family.name != "Folded" else 0
    is_shared = not family.has_vector and bool(rng.random() < 0.4)
    return Guide(number, family, tuple(steps), n, is_shared, split, wrapper)


WIDER = {
    "vector": ("vector", "real"),
    "real": ("real", "vector"),
    "ordered": ("ordered", "real", "vector"),
    "unit": ("unit", "unit vector", "positive"),
    "unit vector": ("unit", "unit vector", "positive"),
    "simplex": ("simplex", "positive"),
}


def _takes(step: Step, kind: str, size: int) -> bool:
    return step.takes in WIDER.get(kind, (kind,)) and (step.sizes is None or size in step.sizes)


def _leaves(step: Step, size: int) -> bool:
    """Whether a surface, as the simplex in space, moves with parameters: no draw on it stays there."""
    is_still = not step.draw(np.random.default_rng(0), size)
    return not is_still and (step.sizes is None or step.sizes[size] >= size)
