"""Laws of the statistics: they add, scale and move, and a weight is a number of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Data, Params, Weight
from jensen.basics.plain import given
from jensen.em.contract import as_model
from jensen.em.fit import fit
from jensen.em.identities import e_step
from jensen.em.stopping import Never
from jensen.testing.law import (
    Take,
    neighbours,
    num_values,
    ones,
    require_close,
    require_same_expected,
    rounding,
)

EPS = float(np.finfo(float).eps)
AMPLIFIED = 10.0  # times what the order of the rows changes, which is rounding and nothing else
AT_MOST = 1e-8  # of the objective: what weights do wrong is larger by far


def blocks_add(
    model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0, take: Take | None = None
) -> None:
    """expected(x₁ ∪ x₂) = expected(x₁) + expected(x₂), in either order.

    Parameters
    ----------
    take
        ``take(data, cases)`` gives the cases with these numbers; by default as the model's ``cases`` do.

    Raises
    ------
    LawError
        The statistics do not add.
    """
    rng = np.random.default_rng(rng)
    at = [params, *neighbours(model, params, data, weight, rng, 4)]
    known = as_model(model)
    take = known.cases.take if take is None else take
    w = ones(known, data, weight)
    whole = e_step(model, params, data, weight)
    first, second = (
        e_step(model, params, take(data, rows), None if weight is None else w[rows])
        for rows in _halves(w, rng)
    )
    usually = "statistics that are averaged instead of summed, or that depend on the whole block"
    for added in (first + second, second + first):
        require_same_expected("blocks_add", usually, model, added, whole, at, data, weight)


def _halves(w: NDArray[np.float64], rng: np.random.Generator) -> list[NDArray[np.intp]]:
    order = rng.permutation(len(w))
    cut = max(1, len(w) // 3)
    return [np.sort(order[:cut]), np.sort(order[cut:])]


def statistics_scale(
    model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0, factor: float = 2.5
) -> None:
    """expected(c·w) = expected(w).scale(c).

    Raises
    ------
    LawError
        ``scale`` misses a part of the statistics, or a weight enters more than once.
    """
    at = [params, *neighbours(model, params, data, weight, np.random.default_rng(rng), 4)]
    scaled = factor * ones(as_model(model), data, weight)
    found = e_step(model, params, data, weight).scale(factor)
    expected = e_step(model, params, data, scaled)
    usually = "a scale() that misses a part of the statistics, or weights that do not enter linearly"
    require_same_expected("statistics_scale", usually, model, found, expected, at, data, scaled)


def statistics_move(
    model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0, distance: float = 3.0
) -> None:
    """Statistics moved to another centre and back mean the same, and Q does not know where their centre is.

    For a model whose statistics (or their ``components``) have ``about(centre)`` and ``centre``. ``distance``
    is in units of how far the centres are from each other, or from 0.

    Raises
    ------
    LawError
        ``about`` is not exact.
    """
    rng = np.random.default_rng(rng)
    stats = e_step(model, params, data, weight).stats
    inner = given(stats, ["components"]).get("components", stats)
    whole = (lambda part: part) if inner is stats else (lambda part: replace(stats, components=part))
    away = inner.centre + distance * np.std(inner.centre, axis=0) * rng.standard_normal(inner.centre.shape)
    there = inner.about(away)
    at = [params, *neighbours(model, params, data, weight, rng, 4)]
    for theta in at:
        expected = float(model.expected_log_joint(theta, stats))
        # What cancels on the way back is as large as Q of statistics that never moved but say that they did.
        unmoved = abs(float(model.expected_log_joint(theta, whole(replace(inner, centre=away)))))
        tolerance = rounding(model, theta, data, weight) + 4 * EPS * num_values(theta) * unmoved
        for moved in (there, there.about(inner.centre)):
            found = float(model.expected_log_joint(theta, whole(moved)))
            usually = "an about() that drops a cross term"
            require_close("statistics_move", usually, "Q(θ, S) after a move", found, expected, tolerance)


def can_move(model: Any, params: Params, data: Data) -> bool:
    """Whether `statistics_move` can be run."""
    stats = e_step(model, params, data).stats
    return "about" in given(given(stats, ["components"]).get("components", stats), ["about"])


def _amplified(objectives: Array, same: Array) -> float:
    """What rounding becomes on the way, where steps magnify it: near a bound on covariances they do."""
    apart = max((abs(a - b) for a, b in zip(objectives, same, strict=False)), default=0.0)
    return float(min(AMPLIFIED * apart, AT_MOST * (1.0 + abs(objectives[0]))))


def weights_repeat(
    model: Any,
    params: Params,
    data: Data,
    *,
    weight: NDArray[np.integer] | None = None,
    rng: Any = 0,
    take: Take | None = None,
    steps: int = 15,
) -> None:
    """Integer weights = repeated rows: in the E-step, and along a whole fit from the same start.

    Parameters
    ----------
    weight
        (n,) whole numbers; drawn from 0 to 3 without it.

    Raises
    ------
    LawError
        The weights are dropped or squared somewhere.
    """
    rng = np.random.default_rng(rng)
    cases = as_model(model).cases
    take = cases.take if take is None else take
    counts = rng.integers(0, 4, size=cases.count(data)) if weight is None else np.asarray(weight)
    repeated = take(data, np.repeat(np.arange(len(counts)), counts))
    w = counts.astype(float)
    law, usually = "weights_repeat", "weights that are dropped, squared or normalized somewhere"
    at = [params, *neighbours(model, params, data, w, rng, 4)]
    found, expected = e_step(model, params, data, w), e_step(model, params, repeated)
    require_same_expected(law, usually, model, found, expected, at, data, w)
    weighted = fit(model, data, params, weight=w, max_steps=steps, stop=Never())
    plain = fit(model, repeated, params, max_steps=steps, stop=Never())
    tolerance = (steps + 1) * rounding(model, params, data, w)
    backwards = take(repeated, np.arange(counts.sum())[::-1])
    same = fit(model, backwards, params, max_steps=steps, stop=Never()).ledger["objective"]
    tolerance += _amplified(plain.ledger["objective"], same)
    pairs = zip(weighted.ledger["objective"], plain.ledger["objective"], strict=False)
    for i, (a, b) in enumerate(pairs):
        require_close(law, usually, f"the objective after {i} steps", float(a), float(b), tolerance)
    require_close(law, usually, "steps taken", weighted.num_steps, plain.num_steps, 0)
