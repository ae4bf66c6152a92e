"""What a distribution is made of: rows of the table through wrappers, transforms and mixtures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpyro.distributions as dist

from jensen.gradients.distributions.implicit.mixtures import component_refusal
from jensen.gradients.distributions.validity.bounds import NOWHERE, TRANSFORMS, bounds, moving, parameters
from jensen.gradients.distributions.validity.rulings import (
    VALID,
    Derivatives,
    Row,
    Ruling,
    heavy,
    is_heavy,
    light,
    refused,
)
from jensen.gradients.distributions.validity.table import BOUND, MOVES, TABLE
from jensen.gradients.distributions.validity.tails import STRETCHING, Look, tail, unseen

Changes = Mapping[str, Callable[[Any], Any]]
"""What becomes of the parameters that change, by name."""

MASKED = refused("the density leaves out what is masked")
FOLDED = refused("what is folded ends somewhere, and the density counts values beyond")
WRAPPERS = (dist.Independent, dist.ExpandedDistribution, dist.MaskedDistribution, dist.FoldedDistribution)
TRUNCATED: dict[type, tuple[str, ...]] = {
    dist.LeftTruncatedDistribution: ("low",),
    dist.RightTruncatedDistribution: ("high",),
    dist.TwoSidedTruncatedDistribution: ("low", "high"),
}
MIXTURES = (dist.MixtureSameFamily, dist.MixtureGeneral)


def rows(distribution: Any, look: Look = unseen) -> Row | None:
    """The row of a distribution, from those of its parts; None where it is not in the table.

    What depends on values is decided where ``look`` sees them; by default nothing is looked at.
    """
    kind = type(distribution)
    if kind in TABLE:
        return _decided(TABLE[kind], distribution, look)
    if kind in WRAPPERS:
        return _wrapped(distribution, look)
    if kind in TRUNCATED:
        return _truncated(distribution, look)
    if kind is dist.TransformedDistribution:
        return _transformed(distribution, look)
    return _mixture(distribution, look) if kind in MIXTURES else None


def _decided(row: Row, distribution: Any, look: Look) -> Row:
    """Whether there is a warning where the row has one at some values."""
    is_warned = tail(distribution, look).is_heavy
    if is_warned is None:
        return row
    return with_paths(row, lambda path: _decide(path, is_warned) if path.warned_where else path)


def _decide(path: Ruling, is_warned: bool) -> Ruling:
    return heavy(path) if is_warned else light(path)


def with_paths(row: Row, change: Callable[[Ruling], Ruling]) -> Row:
    """A row with other rulings on paths."""
    return {name: Derivatives(change(both.path), both.score) for name, both in row.items()}


def changed(distribution: Any, changes: Changes) -> Any:
    """The same distribution with some parameters changed."""
    kind = type(distribution)
    if not changes:
        return distribution
    if kind in TABLE:
        return _rebuilt(distribution, changes)
    if kind in WRAPPERS:
        return _with(distribution, base_dist=changed(distribution.base_dist, changes))
    if kind in TRUNCATED:
        ends = {name: _value(distribution, name, changes) for name in TRUNCATED[kind]}
        return kind(changed(distribution.base_dist, changes), **ends, validate_args=False)
    if kind is dist.TransformedDistribution:
        steps = [
            _changed_transform(step, below(changes, f"transforms.{i}."))
            for i, step in enumerate(distribution.transforms, num_transforms(distribution.base_dist))
        ]
        return _with(distribution, base_dist=changed(distribution.base_dist, changes), transforms=steps)
    return _changed_mixture(distribution, changes)


def num_transforms(distribution: Any) -> int:
    """How many transforms are within wrappers: those around them are counted on from there."""
    kind = type(distribution)
    if kind in WRAPPERS or kind in TRUNCATED:
        return num_transforms(distribution.base_dist)
    if kind is dist.TransformedDistribution:
        return num_transforms(distribution.base_dist) + len(distribution.transforms)
    return 0


def below(names: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """What stands under a prefix, without it."""
    return {name.removeprefix(prefix): what for name, what in names.items() if name.startswith(prefix)}


def _above(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {prefix + name: what for name, what in row.items()}


def _wrapped(distribution: Any, look: Look) -> Row | None:
    base = rows(distribution.base_dist, look)
    if base is None:
        return None
    if isinstance(distribution, dist.MaskedDistribution):
        return {name: Derivatives(both.path, MASKED) for name, both in base.items()}
    if isinstance(distribution, dist.FoldedDistribution) and bounds(distribution.base_dist) != NOWHERE:
        return {name: Derivatives(both.path, FOLDED) for name, both in base.items()}
    return base


def _truncated(distribution: Any, look: Look) -> Row | None:
    """An end that is cut moves the draws in the tail of the other; where both are, there is no tail."""
    base = rows(distribution.base_dist, look)
    if base is None or isinstance(distribution.base_dist, dist.StudentT):  # NumPyro has no quantile of it
        return None
    row = {**base, **dict.fromkeys(TRUNCATED[type(distribution)], BOUND)}
    if isinstance(distribution, dist.TwoSidedTruncatedDistribution):
        return with_paths(row, light)
    return with_paths(row, heavy) if tail(distribution, look).is_heavy else row


def _transformed(distribution: Any, look: Look) -> Row | None:
    base = rows(distribution.base_dist, look)
    if base is None or not all(isinstance(step, TRANSFORMS) for step in distribution.transforms):
        return None
    is_warned = tail(distribution, look).is_heavy
    is_stretched = any(isinstance(step, STRETCHING) for step in distribution.transforms)
    row, ends = dict(base), bounds(distribution.base_dist)
    for i, step in enumerate(distribution.transforms, num_transforms(distribution.base_dist)):
        names, ends = moving(step, ends)
        of_step = {
            name: Derivatives(heavy(VALID) if is_warned and name != "loc" else VALID, _score(name in names))
            for name in parameters(step)
        }
        row |= _above(of_step, f"transforms.{i}.")
    if is_warned is None:
        return row
    return with_paths(row, light) if not is_warned else with_paths(row, heavy) if is_stretched else row


def _score(moves: bool) -> Ruling:
    return MOVES if moves else VALID


def _mixture(distribution: Any, look: Look) -> Row | None:
    mixing = rows(distribution.mixing_distribution, look)
    parts = {name: rows(component, look) for name, component in components(distribution).items()}
    if mixing is None or any(part is None for part in parts.values()):
        return None
    why = component_refusal(distribution)
    is_warned = tail(distribution, look).is_heavy is True

    def path(warned: bool) -> Ruling:
        return refused(why) if why is not None else heavy(VALID) if is_warned and warned else VALID

    row = _above({name: Derivatives(path(True), VALID) for name in mixing}, "mixing_distribution.")
    for name, part in parts.items():
        of_part = {
            of: Derivatives(path(is_heavy(both.path) or distribution.event_dim > 0), both.score)
            for of, both in (part or {}).items()
        }
        row |= _above(of_part, f"{name}.")
    return row


def components(mixture: Any) -> dict[str, Any]:
    """The components of a mixture by the names that their parameters have in the table."""
    if isinstance(mixture, dist.MixtureSameFamily):
        return {"component_distribution": mixture.component_distribution}
    return {f"component_distributions.{i}": part for i, part in enumerate(mixture.component_distributions)}


def _rebuilt(distribution: Any, changes: Changes) -> Any:
    kind = type(distribution)
    if not set(changes) & set(TABLE[kind]):
        return distribution
    values = {name: _value(distribution, name, changes) for name in TABLE[kind]}
    if kind is dist.Delta:
        return _with(distribution, **values)
    return kind(**values, validate_args=False)


def _value(distribution: Any, name: str, changes: Changes) -> Any:
    value = parameter(distribution, name)
    return changes[name](value) if name in changes else value


def parameter(thing: Any, name: str) -> Any:
    """A parameter of a distribution or a transform, by the name that it has in a table."""
    return getattr(thing, name)


def _changed_transform(step: Any, changes: Changes) -> Any:
    return _with(step, **{name: change(parameter(step, name)) for name, change in changes.items()})


def _changed_mixture(mixture: Any, changes: Changes) -> Any:
    mixing = changed(mixture.mixing_distribution, below(changes, "mixing_distribution."))
    parts = [changed(part, below(changes, f"{name}.")) for name, part in components(mixture).items()]
    if isinstance(mixture, dist.MixtureSameFamily):
        return _with(mixture, _mixing_distribution=mixing, _component_distribution=parts[0])
    return _with(mixture, _mixing_distribution=mixing, _component_distributions=parts)


def _with(thing: Any, **attributes: Any) -> Any:
    other = copy.copy(thing)
    vars(other).update(attributes)
    return other
