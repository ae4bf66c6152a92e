"""How the randomness of the draws is arranged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import jax.numpy as jnp

from jensen.gradients.noise import uniform
from jensen.gradients.site import Layout


class Draws(Protocol):
    """An arrangement of draws."""

    @property
    def layout(self) -> Layout:
        """How many, and which are coupled."""
        ...

    def uniforms(self, key: Any, size: int) -> Any:
        """(batches, coupled, size) numbers in (0, 1), each uniform by itself; None for draws by key."""
        ...


@dataclass(frozen=True, slots=True)
class Independent:
    """``num`` independent draws."""

    num: int = 64

    def __post_init__(self) -> None:
        _require_positive(self.num)

    @property
    def layout(self) -> Layout:
        return Layout(self.num, 1)

    def uniforms(self, key: Any, size: int) -> Any:
        return None


@dataclass(frozen=True, slots=True)
class Antithetic:
    """``num`` draws in pairs: the second of a pair has the randomness of the first, mirrored."""

    num: int = 64

    def __post_init__(self) -> None:
        _require_positive(self.num)
        if self.num % 2:
            raise ValueError(f"antithetic draws come in pairs: num must be even, not {self.num}")

    @property
    def layout(self) -> Layout:
        return Layout(self.num // 2, 2)

    def uniforms(self, key: Any, size: int) -> Any:
        first = uniform(key, (self.num // 2, 1, size))
        return jnp.concatenate([first, 1.0 - first], axis=1)


def _require_positive(num: int) -> None:
    if num < 1:
        raise ValueError(f"the number of draws must be at least 1, not {num}")
