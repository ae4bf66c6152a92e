"""The likelihood-ratio test between two nested fits.

    T = 2 (ℓ(large) − ℓ(small)) ~ χ² with as many degrees of freedom as the larger model has parameters more

if the data come from the smaller model, which is a smooth part of the *inside* of the larger one, on which
the larger one is identified (Wilks 1938). Where that is not so, the test says it, or refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from jensen.basics.arguments import require_kind
from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.basics.numbers import count, probability, signed
from jensen.basics.tables import html, text_lines
from jensen.basics.verdict import Outcome
from jensen.em.contract import as_model
from jensen.em.fitted import Fitted
from jensen.selection.inside import as_params_of, checked_inside

TITLES = ("", "log-likelihood", "free parameters")
BELOW = 1e-3  # nats by which the larger fit may be below the smaller one
COUNT_OF_COMPONENTS = (
    "the number of components differs, where the chi-square distribution does not hold (under the smaller "
    "model the extra component is not identified): compare by BIC, jensen.select(…), or by bootstrap"
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LikelihoodRatio:
    """A likelihood-ratio test; made by `likelihood_ratio`.

    Attributes
    ----------
    statistic
        2 (ℓ(large) − ℓ(small)).
    df
        Degrees of freedom: how many free parameters the larger model has more.
    p
        P(χ²_df ≥ statistic).
    caution
        Why the chi-square distribution does not hold, and which way ``p`` is wrong; empty where it does.
    small, large
        The fits.
    """

    statistic: float
    df: int
    p: float
    caution: str
    small: Fitted
    large: Fitted

    @property
    def words(self) -> str:
        """The result as a sentence."""
        said = f"χ² = {self.statistic:.4g} on {count(self.df, 'degree')} of freedom, p {_is(self.p)}"
        return f"{said}; {self.caution}" if self.caution else said

    def __repr__(self) -> str:
        return "\n".join([*text_lines(TITLES, self._cells(), num_left=1), self.words])

    def _repr_html_(self) -> str:
        return f"<div>{html(TITLES, self._cells())}<p>{escape(self.words)}</p></div>"

    def _cells(self) -> list[list[str]]:
        return [
            [name, signed(f"{fit.log_evidence:.4f}"), str(fit.num_free)]
            for name, fit in (("small", self.small), ("large", self.large))
        ]


def likelihood_ratio(small: Fitted, large: Fitted, *, within: Params | None = None) -> LikelihoodRatio:
    """Test a model against a larger one that contains it, both fitted to the same data.

    Parameters
    ----------
    small, large
        Two fits: of a constrained model and the model (`jensen.constrain`), of a poorer covariance structure
        and a richer one, or of any two models of which the larger one can be made the smaller.
    within
        The parameters of the smaller fit as parameters of the larger model, where that cannot be told: for
        two log-joints with different parameters. They are checked: they must have the same log-likelihood.

    Returns
    -------
    LikelihoodRatio
        With a ``caution`` where the chi-square distribution does not hold.

    Raises
    ------
    ValueError
        If the fits are not of the same data and weights, the models are not nested as far as can be told, the
        larger one has no more parameters, one has a prior or climbed a bound, an end is no maximum, the
        larger fit is below the smaller one (its search is not settled), or the number of components differs.

    Examples
    --------
    >>> import jensen
    >>> data = jensen.load_dataset("faithful")
    >>> model = jensen.Mixture(2, jensen.Gaussian(jensen.Tied()))
    >>> half = jensen.constrain(model, fixed={"weights": [0.5, 0.5]})
    >>> test = jensen.likelihood_ratio(jensen.fit(half, data), jensen.fit(model, data))
    >>> print(test.words)
    χ² = 21.69 on 1 degree of freedom, p = 3.2e-06
    """
    for name, fit in (("small", small), ("large", large)):
        require_kind(fit, Fitted, name, "a fit")
    _refuse_unlike(small, large)
    df = _degrees(small, large)
    inner = as_params_of(large, small) if within is None else within
    if inner is None:
        raise ModelError(
            f"whether a {_title(large)} contains a {_title(small)} cannot be told: make the smaller model by "
            "jensen.constrain(larger, …), or give within=, its fit as params of the larger model"
        )
    caution = checked_inside(small, large, inner, given=within is not None)
    if large.log_evidence < small.log_evidence - BELOW:
        raise ModelError(
            f"the larger model's fit is {small.log_evidence - large.log_evidence:.4g} nats below the smaller "
            "one's, which it contains: its search is not settled; fit it again, with more starts"
        )
    statistic = max(0.0, 2.0 * (large.log_evidence - small.log_evidence))
    return LikelihoodRatio(statistic, df, _chi_square_tail(statistic, df), caution, small, large)


def _is(p: float) -> str:
    text = probability(p)
    return text.replace("<", "< ") if text.startswith("<") else f"= {text}"


def _chi_square_tail(statistic: float, df: int) -> float:
    from scipy.special import gammaincc

    return float(gammaincc(df / 2.0, statistic / 2.0))


# ---- what is refused ---------------------------------------------------------------------------------------


def _refuse_unlike(small: Fitted, large: Fitted) -> None:
    """Other data, priors, bounds, ends that are no maxima, other numbers of components."""
    if not _same_data(small, large):
        raise ModelError("the two fits are not of the same data and weights")
    for name, fit in (("smaller", small), ("larger", large)):
        if fit.log_prior:
            raise ModelError(f"the {name} fit has a prior: a likelihood ratio is of maximum likelihood fits")
        if fit.gap:
            raise ModelError(
                f"the {name} fit climbed a bound, not the likelihood: fit it with an exact E-step"
            )
        if not fit.verdict.converged and fit.verdict.outcome is not Outcome.BOUNDARY:
            raise ModelError(f"the {name} fit is not at a maximum: {fit.verdict}")
    counts = [_num_components(fit) for fit in (small, large)]
    if None not in counts and counts[0] != counts[1]:
        raise ModelError(COUNT_OF_COMPONENTS)


def _same_data(small: Fitted, large: Fitted) -> bool:
    if not (np.isclose(small.weight, large.weight, rtol=1e-12) and small.columns == large.columns):
        return False
    if small.given is None or large.given is None:
        return True  # as far as files say
    same = small.given.data is large.given.data or _equal(_accepted(small), _accepted(large))
    return same and _equal(small.given.weight, large.given.weight)


def _accepted(fit: Fitted) -> Any:
    """The data as the model takes them."""
    assert fit.given is not None
    accept = as_model(fit.model).accept
    return fit.given.data if accept is None else accept(fit.given.data)


def _equal(one: Any, other: Any) -> bool:
    """Whether two things that users give are the same numbers."""
    if one is other:
        return True
    if one is None or other is None:
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and len(one) == len(other):
        return all(_equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))
    try:
        return np.array_equal(np.asarray(one), np.asarray(other))
    except (TypeError, ValueError):
        return False


def _num_components(fit: Fitted) -> int | None:
    model = as_model(fit.model)
    return (
        model.num_components if model.components_of is None else len(model.components_of(fit.params).weights)
    )


def _degrees(small: Fitted, large: Fitted) -> int:
    if small.num_free is None or large.num_free is None:
        raise ModelError("degrees of freedom need num_free(params), or a chart, of both models")
    df = large.num_free - small.num_free
    if df <= 0:
        raise ModelError(
            f"the larger model has {count(large.num_free, 'free parameter')}, the smaller {small.num_free}: "
            "give the smaller fit first, and two models with different numbers of parameters"
        )
    return df


def _title(fit: Fitted) -> str:
    return as_model(fit.model).title
