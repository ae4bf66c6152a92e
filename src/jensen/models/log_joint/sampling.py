"""Data drawn from a log-joint that says x by `jensen.densities`.

A log-joint is a sum: log p(z | θ) + Σ log densities of the parts of x. It is called once with something in
place of x that has no values: each density is asked of which part it is and with which parameters, and
counts for 0. What is left is log p(z | θ), which has to add up to one over z; then z is drawn from it, and
every part of x from its density.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.basics.sampling import Sample
from jensen.models.log_joint.densities.density import Density, Observed
from jensen.models.log_joint.passes import Passes
from jensen.models.log_joint.precision import double, require_jax
from jensen.models.log_joint.rows import as_rows

Path = tuple[Any, ...]
ROUNDING = 1e-9
ADVICE = "give LogJoint draw=…, a function (params, num_rows, rng) that returns data, or data and z"


class CannotDrawError(ModelError):
    """A log-joint that does not say how x is drawn."""

    def __init__(self, why: str) -> None:
        super().__init__(f"sample: {why}; {ADVICE}")


@dataclass
class Reading:
    """What a log-joint says of x: the density of each part with its parameters, and which parts are the
    same.
    """

    given: Mapping[Any, Any]
    level: float = 0.0
    parts: dict[Path, tuple[Density, tuple[Any, ...]]] = field(default_factory=dict)
    same: dict[Path, Path] = field(default_factory=dict)


class Unseen(Observed):
    """x before there are data, or a part of it: x["age"], x[0]."""

    def __init__(self, reading: Reading, path: Path = ()) -> None:
        self.reading, self.path = reading, path

    def __getitem__(self, key: Any) -> Any:
        if self.path or not isinstance(key, (str, int)):
            raise CannotDrawError(f"log_joint takes {key!r} of {self}, which is no column")
        return self.reading.given[key] if key in self.reading.given else Unseen(self.reading, (key,))

    def __str__(self) -> str:
        return "x" + "".join(f"[{key!r}]" for key in self.path)

    def __getattr__(self, name: str) -> Any:
        raise CannotDrawError(f"log_joint uses {self} outside of a density")

    def is_drawn_from(self, density: Density, params: tuple[Any, ...]) -> Any:
        """Written down, and 0; or another number for each part, to see whether it is only added."""
        if any(isinstance(value, Unseen) for value in params):
            raise CannotDrawError(
                f"the density of {self} has parameters that depend on other columns: give these"
            )
        if self.path in self.reading.parts:
            raise CannotDrawError(f"log_joint has more than one density of {self}")
        jnp = require_jax().numpy
        values = tuple(jnp.asarray(value) for value in params)
        self.reading.parts[self.path] = density, values
        level = self.reading.level * (1.0 + 0.1 * len(self.reading.parts))
        return jnp.full(density.shape(*values), level)

    def is_also(self, other: Any) -> None:
        if not isinstance(other, Unseen):
            raise CannotDrawError(f"the upper bound beside {self} is not a column of the data")
        self.reading.same[other.path] = self.path

    def cannot(self, why: str) -> Exception:
        return CannotDrawError(why)


def _refused(self: Unseen, *_: Any) -> Any:
    raise CannotDrawError(f"log_joint uses {self} outside of a density")


OPERATIONS = (
    "add radd sub rsub mul rmul truediv rtruediv pow rpow neg abs lt le gt ge iter len array bool float int"
)
for _operation in OPERATIONS.split():
    setattr(Unseen, f"__{_operation}__", _refused)


def ancestral(
    passes: Passes,
    params: Mapping[str, Any],
    num_rows: int,
    given: Mapping[str, Any] | None,
    rng: np.random.Generator,
) -> Sample:
    """Rows of x, and z, by the densities in the log-joint.

    Parameters
    ----------
    given
        Columns that are not drawn: (num_rows, …) each.
    """
    given = {name: np.asarray(column) for name, column in (given or {}).items()}
    for name, column in given.items():
        if column.shape[:1] != (num_rows,):
            wanted = f"{num_rows} rows, one for each to be drawn"
            raise ModelError(f"given[{name!r}] needs {wanted}; it has shape {column.shape}")
    logs, parts, same = _read(passes, params, given)
    row = np.arange(num_rows) if given else np.zeros(num_rows, dtype=int)
    state = _states(logs, row, rng)
    found = {
        path: density.draw(rng, *(value[row, state] for value in values))
        for path, (density, values) in parts.items()
    }
    found |= {path: found[other] for path, other in same.items()}
    labels = require_jax().tree.map(lambda leaf: np.asarray(leaf)[state], passes.states)
    return Sample(_assembled(found, given), labels)


def _read(
    passes: Passes, params: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[Array, dict[Path, tuple[Density, Any]], dict[Path, Path]]:
    """log p(z | θ) (rows, states), and of each part of x its density with parameters (rows, states, …)."""
    jax = require_jax()
    passes = copy.copy(passes)
    passes.real_rows = False  # there is nothing to convert yet
    readings: list[Reading] = []

    def one(columns: Any, z: Any) -> Any:
        readings.extend(Reading(columns, level) for level in (1.0, 0.0))
        raised, left = (passes.log_joint(values, z, Unseen(reading)) for reading in readings[-2:])
        return (left, raised), [own for _, own in readings[-1].parts.values()]

    rows = dict(given) if given else {"": np.zeros(1)}
    with double():
        values = {name: jax.numpy.asarray(value, float) for name, value in params.items()}
        try:
            found = jax.vmap(jax.vmap(one, (None, 0)), (0, None))(rows, passes.states)
        except CannotDrawError:
            raise
        except (TypeError, AttributeError, IndexError, KeyError) as error:
            raise CannotDrawError(f"log_joint cannot be read without data ({error})") from error
        (logs, raised), own = jax.tree.map(np.asarray, found)
    reading = readings[-1]
    _refuse_more(reading, logs, raised)
    if not reading.parts:
        raise CannotDrawError("log_joint has no jensen.densities of x")
    densities = [density for density, _ in reading.parts.values()]
    return logs, dict(zip(reading.parts, zip(densities, own, strict=True), strict=True)), reading.same


def _refuse_more(reading: Reading, logs: Array, raised: Array) -> None:
    """A log-joint that does more with a density than add it, or adds it for some values of z only."""
    sizes = [prod(density.shape(*own)) for density, own in reading.parts.values()]
    added = sum(size * (1.0 + 0.1 * (i + 1)) for i, size in enumerate(sizes))
    possible = logs > -np.inf
    if (
        np.abs(np.where(possible, raised, added) - np.where(possible, logs, 0.0) - added)
        > ROUNDING * (1 + np.abs(added))
    ).any():
        raise CannotDrawError("log_joint does more with the densities of x than add them, once for every z")


def _states(logs: Array, row: Any, rng: np.random.Generator) -> Any:
    """A value of z for each row."""
    p = np.exp(logs)
    total = p.sum(axis=1)
    if not (np.abs(total - 1.0) < ROUNDING).all():
        wrong = total[np.argmax(~(np.abs(total - 1.0) < ROUNDING))]
        raise CannotDrawError(
            f"what log_joint has beside the densities of x adds up to {wrong:.6g} over z, and not to 1, "
            "so that it is no probability of z"
        )
    cumulative = np.cumsum(p, axis=1)[row]
    u = rng.random(len(row))[:, None] * cumulative[:, -1:]
    return np.minimum((u >= cumulative).sum(axis=1), p.shape[1] - 1)


def _assembled(found: dict[Path, Any], given: Mapping[str, Any]) -> Any:
    """The parts as the data are: one array, columns of one, or a dict."""
    if list(found) == [()]:
        return found[()]
    names = [path[0] for path in found if path]
    if len(names) == len(found) and all(isinstance(name, str) for name in names):
        return {**given, **dict(zip(names, found.values(), strict=True))}
    if not given and sorted(names, key=str) == list(range(len(found))):
        return np.stack([found[(i,)] for i in range(len(found))], axis=1)
    raise CannotDrawError(f"the columns {', '.join(map(str, names))} are not all of a row")


def drawn(own: Callable[..., Any], params: Any, num_rows: int, rng: np.random.Generator) -> Sample:
    """What the user's ``draw`` returns, looked at."""
    with double():
        found = own(params, num_rows, rng)
    sample = Sample(*found) if type(found) is tuple and len(found) == 2 else found
    sample = sample if isinstance(sample, Sample) else Sample(sample, None)
    rows = as_rows(sample.data)
    if rows.num_rows != num_rows:
        raise ModelError(f"draw returned {rows.num_rows} rows, not {num_rows}")
    return sample
