"""`validity`: the table, asked."""

from __future__ import annotations

from types import FunctionType
from typing import Any, overload

import numpyro.distributions as dist

from jensen.basics.errors import ModelError
from jensen.gradients.distributions.validity.parts import MIXTURES, TRUNCATED, WRAPPERS, rows, with_paths
from jensen.gradients.distributions.validity.rulings import Derivatives, Row, light, tailed
from jensen.gradients.distributions.validity.table import BOUND, FACTORIES, TABLE
from jensen.gradients.distributions.validity.tracers import concrete

NEED_AN_INSTANCE = (*WRAPPERS, *TRUNCATED, *MIXTURES, dist.TransformedDistribution)


class Validity(dict[str, Derivatives]):
    """What is valid for each parameter of a distribution: a dict that prints as a table."""

    def __str__(self) -> str:
        width = max(map(len, self), default=0)
        return "\n".join(
            f"{name:<{width}}  {kind:<5}  {ruling}"
            for name, both in self.items()
            for kind, ruling in (("path", both.path), ("score", both.score))
        )


@overload
def validity(distribution: Any, parameter: None = None) -> Validity: ...
@overload
def validity(distribution: Any, parameter: str) -> Derivatives: ...
def validity(distribution: Any, parameter: str | None = None) -> Validity | Derivatives:
    """Which derivatives of a distribution's draws (path) and log density (score) are valid.

    Parameters
    ----------
    distribution
        A class or function of NumPyro, or a distribution: then its parts are looked at, and parameters are
        named ``loc``, ``transforms.0.scale``, ``mixing_distribution.probs``, ``component_distribution.loc``.
    parameter
        Its name; all where it is left out.

    Returns
    -------
    Validity or Derivatives
        ``path`` and ``score`` of each parameter, each "valid", "warned" or "refused", and why.

    Raises
    ------
    ValueError
        Where the distribution is not in the table, or has no such parameter.

    Examples
    --------
    >>> from numpyro.distributions import Pareto
    >>> from jensen import gradients as gr
    >>> gr.validity(Pareto, "scale").score.status
    'refused'
    >>> print(gr.validity(Pareto(1.0, 3.0)))
    alpha  path   valid
    alpha  score  valid
    scale  path   valid
    scale  score  refused: it moves the support, where the score leaves out a term: wrong, not noisy
    >>> gr.validity(Pareto, "alpha").path.warned_where
    'alpha ≤ 2'
    """
    found = Validity(_row(distribution))
    if parameter is None:
        return found
    if parameter not in found:
        raise ModelError(
            f"{_name(distribution)} has no parameter {parameter!r}; it has {', '.join(found) or 'none'}"
        )
    return found[parameter]


def _row(distribution: Any) -> Row:
    if distribution in (dist.TruncatedNormal, dist.TruncatedCauchy):
        is_normal = distribution is dist.TruncatedNormal
        row = {**TABLE[dist.Normal if is_normal else dist.Cauchy], "low": BOUND, "high": BOUND}
        return with_paths(row, light if is_normal else lambda path: tailed("one end only is cut"))
    if not isinstance(distribution, dist.Distribution):
        return _row_of_class(distribution)
    row = rows(distribution, concrete)
    if row is None:
        raise ModelError(
            f"{_name(distribution)} is not in the table: its path is refused unless you vouch for it, and "
            "its score is taken where the support does not move"
        )
    return row


def _row_of_class(kind: Any) -> Row:
    if kind in NEED_AN_INSTANCE:
        raise ModelError(f"what is valid for a {_name(kind)} depends on its parts: ask with an instance")
    kinds = FACTORIES.get(kind, (kind,))
    if any(one not in TABLE for one in kinds):
        raise ModelError(f"{_name(kind)} is not in the table of distributions")
    return {name: both for one in kinds for name, both in TABLE[one].items()}


def _name(distribution: Any) -> str:
    is_named = isinstance(distribution, (type, FunctionType))
    return distribution.__name__ if is_named else type(distribution).__name__
