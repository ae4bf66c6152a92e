"""Programs that are compiled beside what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

import jax

from jensen.gradients.program.plan import Plan
from jensen.gradients.program.running import QUICKLY, for_bits, runs


class Ahead:
    """Compiles programs, in a ``pool`` if there is one; who draws alike shares the noise."""

    def __init__(self, pool: Executor | None = None) -> None:
        self.pool = pool
        self.noises: list[tuple[Any, Future[Any]]] = []

    def compiled(self, lowered: Any, options: Mapping[str, Any] = QUICKLY) -> Future[Any]:
        if self.pool is not None:
            return self.pool.submit(lowered.compile, dict(options))
        done: Future[Any] = Future()
        done.set_result(lowered.compile(dict(options)))
        return done

    def noise(self, F: Any, plan: Plan, keys: Any, like: Any) -> Future[Any]:
        """The noise of F for so many replicates, as a function of their keys, ``like`` these shapes."""
        each = [
            (name, of.shape, of.is_drawn, of.route and of.route.noise) for name, of in plan.treatments.items()
        ]
        what = F.draws, F.layout, each, len(keys)
        for other, made in self.noises:
            if other == what:
                return made
        program: Any = runs(jax.vmap(partial(F.noise, plan)), {})
        num = sum(leaf.size for leaf in jax.tree.leaves(like))
        made = self.compiled(program.lower(keys), for_bits(num))
        self.noises.append((what, made))
        return made
