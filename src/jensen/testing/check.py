"""Every law that applies, in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Data, Params, Weight
from jensen.basics.plain import given
from jensen.basics.tables import Table
from jensen.em.contract import Expected, Model
from jensen.families.family import Family, as_family
from jensen.testing import charts, climbing, contract, identities, sampling, statistics, symmetry
from jensen.testing.law import Chart, LawError, Take, chart_of, prepared

Law = tuple[str, bool, Callable[[], None]]


def check_model(
    model: Any,
    params: Params,
    data: Data,
    *,
    weight: Weight = None,
    rng: int = 0,
    take: Take | None = None,
    chart: Chart | None = None,
    transform: symmetry.Transform | None = None,
    skip: tuple[str, ...] = (),
) -> Table:
    """Run every law that applies to a model.

    Parameters
    ----------
    model, params, data, weight
        A `jensen.em.Model`, parameters inside its space and away from a maximum, data of a few
        hundred rows.
    rng
        Seed of everything random in the laws.
    take
        ``take(data, cases)``; by default as the model's ``cases`` do.
    chart
        (to_vector, from_vector), for a model that has neither ``chart`` nor ``pack`` and ``unpack``.
    transform
        A change of the data that the model should follow; by default one of the covariance structure's group
        for mixtures of Gaussians without a prior.
    skip
        Names of laws to leave out.

    Returns
    -------
    Table
        law, outcome: ``holds``, ``does not apply`` (the model lacks what the law needs) or ``left out``.

    Raises
    ------
    LawError
        Naming the first law that does not hold.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> from jensen.testing import check_model
    >>> x = np.random.default_rng(0).normal(size=(200, 2)) + np.repeat([[0.0], [3.0]], 100, axis=0)
    >>> model = jensen.Mixture(2, jensen.Gaussian(jensen.Tied()))
    >>> params = model.prepare(x, None).start(x, None, np.random.default_rng(1))
    >>> table = check_model(model, params, x)
    >>> str(table["law"][0]), str(table["outcome"][0])
    ('keeps_contract', 'holds')
    """
    case: dict[str, Any] = {"weight": weight}
    drawn: dict[str, Any] = {**case, "rng": rng}
    laws = _laws(model, params, data, case, drawn, take, chart, transform)
    return _run(laws, skip)


def _laws(
    model: Any,
    params: Params,
    data: Data,
    case: dict[str, Any],
    drawn: dict[str, Any],
    take: Take | None,
    chart: Chart | None,
    transform: symmetry.Transform | None,
) -> Iterator[Law]:
    """Name, whether it applies, and the law itself."""

    def law(function: Callable[..., None], options: dict[str, Any], applies: bool = True) -> Law:
        return function.__name__, applies, lambda: function(fitted, params, data, **options)

    yield "keeps_contract", True, lambda: contract.keeps_contract(model, params, data, **case)
    fitted = prepared(model, data, case["weight"])
    if transform is None:
        transform = fitted.transform(data, drawn["rng"])

    def has(*names: str) -> bool:
        return set(names) <= set(given(fitted, names))

    yield law(identities.bound_is_tight, case)
    yield law(identities.gap_is_kl, drawn, identities.can_draw_posterior(model, params, data))
    yield law(identities.fused_agrees, drawn, has("e_step"))
    has_chart = chart_of(fitted, chart) is not None
    yield law(identities.fisher_identity, {**drawn, "chart": chart}, has_chart)
    yield law(charts.chart_inverts, drawn, has("chart"))
    yield law(charts.score_is_slope, drawn, has("chart", "score"))
    yield law(charts.scores_add, drawn, has("chart", "scores"))
    yield law(charts.information_is_curvature, drawn, has("chart", "information"))
    yield law(identities.prior_is_data, drawn, has("prior"))
    yield law(statistics.blocks_add, {**drawn, "take": take})
    yield law(statistics.statistics_scale, drawn)
    yield law(statistics.statistics_move, drawn, statistics.can_move(model, params, data))
    yield law(statistics.weights_repeat, {"rng": drawn["rng"], "take": take})
    yield law(climbing.m_step_is_best, drawn)
    yield law(climbing.never_falls, case)
    yield law(climbing.reported_is_returned, case)
    yield law(symmetry.relabelling, drawn, has("relabel", "num_components"))
    yield law(symmetry.moves_with_data, {**drawn, "transform": transform}, transform is not None)
    can_refit = has("sample", "start") and not has("prior")
    can_refit &= given(fitted, ["sample_kind"]).get("sample_kind", "own") == "own"
    yield (
        "refit_recovers",
        can_refit,
        lambda: sampling.refit_recovers(model, params, rng=drawn["rng"]),
    )


def _run(laws: Iterator[Law], skip: tuple[str, ...]) -> Table:
    rows = []
    for name, applies, law in laws:
        outcome = "left out" if name in skip else "holds" if applies else "does not apply"
        if outcome == "holds":
            law()
        rows.append({"law": name, "outcome": outcome})
    return Table.from_rows(rows)


@dataclass(frozen=True, slots=True)
class _Known:
    """A posterior that is given: (n, k) memberships that are data."""

    log_evidence: NDArray[np.float64]

    def entropy(self) -> NDArray[np.float64]:
        return np.zeros(len(self.log_evidence))


@dataclass(frozen=True, slots=True)
class _Observed(Model):
    """A family as a model whose labels are observed: data are (rows, memberships), and log p = Q exactly."""

    family: Family

    def posterior(self, params: Params, data: Data) -> _Known:
        rows, members = data
        return _Known((members * self.family.log_density(params, rows)).sum(axis=1))

    def expected(self, params: Params, data: Data, posterior: _Known, weight: Weight) -> Expected:
        rows, members = data
        w = np.ones(len(members)) if weight is None else np.asarray(weight, float)
        stats, entropy = self.family.expected(params, rows, w[:, None] * members)
        return Expected(stats, float(w @ posterior.log_evidence), entropy, float(w.sum()))

    def m_step(self, stats: Any, params: Params) -> Params:
        return self.family.m_step(stats, params)

    def expected_log_joint(self, params: Params, stats: Any) -> float:
        return self.family.expected_log_density(params, stats)


def check_family(
    family: Any,
    params: Params,
    data: Data,
    memberships: NDArray[np.float64],
    *,
    rng: int = 0,
    skip: tuple[str, ...] = (),
) -> Table:
    """Run every law that applies to a family of K component distributions.

    The memberships (n, k) play the part of observed labels; then the expected log-density of the statistics
    is the sum of the log-densities, statistics add, scale and move, and the M-step is the best there is.

    Parameters
    ----------
    family
        With ``log_density``, ``statistics``, ``m_step``, ``expected_log_density``.
    params, data, memberships
        Parameters away from the maximum, (n, d) rows, (n, k) non-negative numbers.

    Returns
    -------
    Table
        law, outcome, as for `check_model`.

    Raises
    ------
    LawError
        Naming the first law that does not hold.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> from jensen.families import GaussianParams
    >>> rng = np.random.default_rng(0)
    >>> x, r = rng.normal(size=(100, 2)), rng.dirichlet([1, 1], size=100)
    >>> params = GaussianParams(np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones((2, 2)))
    >>> table = jensen.testing.check_family(jensen.Gaussian(jensen.Diagonal()), params, x, r)
    >>> str(table["law"][0]), str(table["outcome"][0])
    ('keeps_contract', 'holds')
    """
    family = as_family(family)
    model, blocks = _Observed(family), (data, np.asarray(memberships, float))
    drawn: dict[str, Any] = {"weight": None, "rng": rng}
    laws = _laws(model, params, blocks, {"weight": None}, drawn, None, None, None)
    joined = "split_is_joined", True, partial(_split_is_joined, family, params, data)
    return _run(chain(laws, [joined]), skip)


def _split_is_joined(family: Family, params: Params, data: Data) -> None:
    """Parameters taken apart by name and put together are the same; their names are those of the spaces."""
    law, values = "split_is_joined", family.split(params)
    spaces = family.spaces(len(family.order(params)))
    if spaces is not None and set(spaces) != set(values):
        said = f"split(params) has {', '.join(values)}; the spaces are of {', '.join(spaces)}"
        raise LawError(law, said, "a name that is written in two ways")
    made = {"join": family.join(params, values)}
    if spaces is not None:
        made["make"] = family.make(values)
    for name, again in made.items():
        try:
            is_same = np.array_equal(family.log_density(again, data), family.log_density(params, data))
        except (LookupError, TypeError, AttributeError) as error:
            raise LawError(
                law, f"log_density cannot read what {name} made: {error!r}", f"a wrong {name}"
            ) from error
        if not is_same:
            raise LawError(law, f"what {name} made has other densities", f"a wrong {name}, or a wrong split")
