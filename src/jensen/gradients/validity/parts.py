"""What a distribution is made of: rows of the table through wrappers, transforms and mixtures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpyro.distributions as dist

from jensen.gradients.implicit.mixtures import component_refusal
from jensen.gradients.validity.bounds import TRANSFORMS, bounds, moving, parameters
from jensen.gradients.validity.table import BOUND, MOVES, TABLE
from jensen.gradients.validity.verdicts import VALID, Derivatives, Row, refused

Changes = Mapping[str, Callable[[Any], Any]]
"""What becomes of the parameters that change, by name."""

MASKED = refused("the density leaves out what is masked")
WRAPPERS = (dist.Independent, dist.ExpandedDistribution, dist.MaskedDistribution, dist.FoldedDistribution)
TRUNCATED: dict[type, tuple[str, ...]] = {
    dist.LeftTruncatedDistribution: ("low",),
    dist.RightTruncatedDistribution: ("high",),
    dist.TwoSidedTruncatedDistribution: ("low", "high"),
}
MIXTURES = (dist.MixtureSameFamily, dist.MixtureGeneral)


def rows(distribution: Any) -> Row | None:
    """The row of a distribution, from those of its parts; None where it is not in the table."""
    kind = type(distribution)
    if kind in TABLE:
        return TABLE[kind]
    if kind in WRAPPERS:
        return _wrapped(distribution)
    if kind in TRUNCATED:
        base = rows(distribution.base_dist)
        return None if base is None else {**base, **dict.fromkeys(TRUNCATED[kind], BOUND)}
    if kind is dist.TransformedDistribution:
        return _transformed(distribution)
    return _mixture(distribution) if kind in MIXTURES else None


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
            for i, step in enumerate(distribution.transforms)
        ]
        return _with(distribution, base_dist=changed(distribution.base_dist, changes), transforms=steps)
    return _changed_mixture(distribution, changes)


def below(names: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """What stands under a prefix, without it."""
    return {name.removeprefix(prefix): what for name, what in names.items() if name.startswith(prefix)}


def _above(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {prefix + name: what for name, what in row.items()}


def _wrapped(distribution: Any) -> Row | None:
    base = rows(distribution.base_dist)
    if base is None or not isinstance(distribution, dist.MaskedDistribution):
        return base
    return {name: Derivatives(both.path, MASKED) for name, both in base.items()}


def _transformed(distribution: Any) -> Row | None:
    base = rows(distribution.base_dist)
    if base is None or not all(isinstance(step, TRANSFORMS) for step in distribution.transforms):
        return None
    row, ends = dict(base), bounds(distribution.base_dist)
    for i, step in enumerate(distribution.transforms):
        names, ends = moving(step, ends)
        of_step = {name: Derivatives(VALID, MOVES if name in names else VALID) for name in parameters(step)}
        row |= _above(of_step, f"transforms.{i}.")
    return row


def _mixture(distribution: Any) -> Row | None:
    mixing = rows(distribution.mixing_distribution)
    parts = {name: rows(component) for name, component in components(distribution).items()}
    if mixing is None or any(part is None for part in parts.values()):
        return None
    why = component_refusal(distribution)
    path = VALID if why is None else refused(why)
    row = _above({name: Derivatives(path, VALID) for name in mixing}, "mixing_distribution.")
    for name, part in parts.items():
        row |= _above({of: Derivatives(path, both.score) for of, both in part.items()}, f"{name}.")  # type: ignore[union-attr]
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
    value = getattr(distribution, name)
    return changes[name](value) if name in changes else value


def _changed_transform(step: Any, changes: Changes) -> Any:
    return _with(step, **{name: change(getattr(step, name)) for name, change in changes.items()})


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
