"""Plain classes with the four methods, right and wrong, and mixtures of every family, to try verdicts on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import gammaln, logsumexp, xlogy

import jensen
from benchmarks.verdicts_models import log_shares, poisson_terms
from benchmarks.verdicts_problem import Problem
from benchmarks.verdicts_starts import starts
from benchmarks.verdicts_tables import ROWS, counts, used
from jensen.em import DiscretePosterior, Expected, Totals

Values = dict[str, np.ndarray]


# ---- a mixture of two Poissons, from the contract alone ----------------------------------------------------


class PoissonClass:
    """Exact E- and M-steps."""

    def posterior(self, params: Values, data: np.ndarray) -> DiscretePosterior:
        joint = poisson_terms(params, data)
        evidence = logsumexp(joint, axis=1)
        return DiscretePosterior(np.exp(joint - evidence[:, None]), evidence)

    def expected(self, params: Values, data: np.ndarray, posterior: Any, weight: Any) -> Expected:
        w = np.ones(len(data)) if weight is None else weight
        q = w[:, None] * posterior.responsibilities
        sums = Totals(one=q.sum(0), x=data @ q, rest=float(q.sum(1) @ gammaln(data + 1)))
        return Expected(
            sums, float(w @ posterior.log_evidence), float(w @ posterior.entropy()), float(w.sum())
        )

    def m_step(self, s: Any, params: Values) -> Values:
        one = np.maximum(s.one, 1e-300)
        return {"w": one / one.sum(), "rate": np.maximum(s.x / one, 1e-100)}

    def expected_log_joint(self, params: Values, s: Any) -> float:
        log_w = log_shares(params["w"])
        each = xlogy(s.one, np.exp(log_w)) + xlogy(s.x, params["rate"]) - s.one * params["rate"]
        return float(each.sum() - s.rest)


class Charted(PoissonClass):
    chart = jensen.Chart({"w": jensen.Simplex(2), "rate": jensen.Positive(2)})


@dataclass
class Towards(PoissonClass):
    """A share of the way to the exact M-step, on logarithms: a generalized M-step."""

    share: float = 0.5

    def m_step(self, s: Any, params: Values) -> Values:
        best = super().m_step(s, params)
        moved = {n: params[n] ** (1 - self.share) * best[n] ** self.share for n in best}
        return {"w": moved["w"] / moved["w"].sum(), "rate": moved["rate"]}


class TowardsCharted(Towards):
    chart = Charted.chart


class Stuck(PoissonClass):
    """No M-step: what it is given."""

    def m_step(self, s: Any, params: Values) -> Values:
        return {name: value.copy() for name, value in params.items()}


class StuckCharted(Stuck):
    chart = Charted.chart


class Biased(PoissonClass):
    """Rates a tenth too large."""

    def m_step(self, s: Any, params: Values) -> Values:
        best = super().m_step(s, params)
        return best | {"rate": 1.1 * best["rate"]}


class BiasedCharted(Biased):
    chart = Charted.chart


class Crossed(PoissonClass):
    """The rates in the wrong order."""

    def m_step(self, s: Any, params: Values) -> Values:
        best = super().m_step(s, params)
        return best | {"rate": best["rate"][::-1].copy()}


class Partial(PoissonClass):
    """Shares that never move."""

    def m_step(self, s: Any, params: Values) -> Values:
        return super().m_step(s, params) | {"w": params["w"]}


class Shrunk(PoissonClass):
    """Pseudo-counts that no prior is declared for."""

    def m_step(self, s: Any, params: Values) -> Values:
        best = super().m_step(s, params)
        return {"w": (s.one + 5) / (s.one + 5).sum(), "rate": best["rate"]}


CLASSES: dict[str, Callable[[], Any]] = {
    "class, exact": PoissonClass,
    "class, exact, chart": Charted,
    "class, half steps": Towards,
    "class, steps of 1 %": partial(Towards, 0.01),
    "class, steps of 10⁻⁵": partial(Towards, 1e-5),
    "class, steps of 1 %, chart": partial(TowardsCharted, 0.01),
    "class, no step": Stuck,
    "class, no step, chart": StuckCharted,
    "class, biased": Biased,
    "class, biased, chart": BiasedCharted,
    "class, crossed": Crossed,
    "class, shares held": Partial,
    "class, undeclared pseudo-counts": Shrunk,
}
HELD = np.array([0.3, 0.7])
TABLES = ("planted", "apart", "one cluster", "zeros", "two values", "weights", "an outlier", "overdispersed")


def _poisson_value(x: np.ndarray, weight: np.ndarray, v: Values) -> float:
    return float(weight[weight > 0] @ logsumexp(poisson_terms(v, used(x, weight)), axis=1))


def _held_value(x: np.ndarray, weight: np.ndarray, v: Values) -> float:
    """With the shares that the starts of `_plain` give a class that keeps them."""
    return _poisson_value(x, weight, {"w": HELD, "rate": v["rate"]})


def _plain() -> Iterator[Any]:
    parameters = {"w": ("simplex", 2), "rate": ("positive", 2)}
    for kind, make in CLASSES.items():
        rng = np.random.default_rng(2)
        tables = counts(rng)
        for i, name in enumerate(TABLES):
            x, weight = tables[name]
            middle = max(float(np.median(x)), 1.0)
            yield Problem(
                kind,
                name,
                make(),
                x.astype(float),
                weight,
                [
                    (said, v | {"w": HELD} if make is Partial else v)
                    for said, v in starts(parameters, {"rate": (middle, middle)}, "", i, rng)
                ],
                {"rate": "positive"} if make is Partial else {"w": "simplex", "rate": "positive"},
                {},
                partial(_held_value if make is Partial else _poisson_value, x, weight),
                (lambda p: {"rate": p["rate"]}) if make is Partial else dict,
            )


# ---- jensen.Mixture of every family ------------------------------------------------------------------------

STRUCTURES = {
    "Full": (jensen.Full, "covariance"),
    "Tied": (jensen.Tied, "covariance"),
    "Diagonal": (jensen.Diagonal, "positive"),
    "EEI": (jensen.families.EEI, "positive"),
    "Spherical": (jensen.Spherical, "positive"),
    "EII": (jensen.families.EII, "positive"),
}


def _planes(rng: np.random.Generator) -> dict[str, np.ndarray]:
    z = rng.integers(2, size=(ROWS, 1))
    planted = rng.normal(np.where(z, 0.0, 3.0), np.where(z, 1.0, 0.6), size=(ROWS, 2))
    return {
        "planted": planted,
        "one cluster": rng.normal(size=(ROWS, 2)),
        "huge": 1e12 * planted,
        "tiny and huge": planted * np.array([1e-9, 1e9]),
        "duplicates": np.repeat(rng.normal(size=(10, 2)), 6, axis=0),
        "rounded": np.round(planted),
        "eight rows": planted[:8],
        "heavy tails": rng.standard_cauchy(size=(ROWS, 2)),
    }


def _spread(structure: str, covariances: np.ndarray) -> np.ndarray:
    """(k, 2, 2) whatever the structure."""
    c = np.asarray(covariances, float)
    if structure == "Full":
        return c
    if structure == "Tied":
        return np.stack([c, c])
    if structure in ("Diagonal", "EEI"):
        return np.stack([np.diag(row) for row in np.broadcast_to(c, (2, 2))])
    return np.stack([v * np.eye(2) for v in np.broadcast_to(c, 2)])


def _gaussian_value(structure: str, x: np.ndarray, v: Values) -> float:
    pairs = zip(v["means"], _spread(structure, v["covariances"]), strict=True)
    terms = [
        share + _log_density(x - mean, spread)
        for share, (mean, spread) in zip(log_shares(v["weights"]), pairs, strict=True)
    ]
    return float(logsumexp(terms, axis=0).sum())


def _log_density(x: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Of a Gaussian, in units of its standard deviations: SciPy's takes 10⁻¹⁸ beside 10¹⁸ to be singular."""
    unit = np.sqrt(np.diag(spread))
    root = np.linalg.cholesky(spread / np.outer(unit, unit))
    z = np.linalg.solve(root, (x / unit).T)
    scale = np.log(unit).sum() + np.log(np.diag(root)).sum() + len(unit) * np.log(2 * np.pi) / 2
    return -np.square(z).sum(axis=0) / 2 - scale


def _gaussians() -> Iterator[Any]:
    for name, (structure, space) in STRUCTURES.items():
        rng = np.random.default_rng(3)
        for table, x in _planes(rng).items():
            model = jensen.Mixture(2, jensen.Gaussian(structure()))
            unit = x.std(axis=0)
            yield Problem(
                f"Mixture, {name}",
                table,
                model,
                x,
                None,
                [
                    (said, _gaussian_start(said, x, name, rng))
                    for said in ("random", "near-identical", "edge")
                ],
                {"weights": "simplex", "means": "real", "covariances": space},
                {"means": float(unit.min())},
                partial(_gaussian_value, name, x),
                lambda p: {
                    "weights": p.weights,
                    "means": p.components.means,
                    "covariances": p.components.covariances,
                },
            )


def _gaussian_start(said: str, x: np.ndarray, structure: str, rng: np.random.Generator) -> Any:
    from jensen.families import GaussianParams
    from jensen.models import MixtureParams

    rows = x[rng.choice(len(x), 2, replace=False)]
    unit = x.std(axis=0)
    if said == "near-identical":
        rows = x.mean(axis=0) + 1e-7 * unit * rng.normal(size=(2, 2))
    share = np.array([0.5, 0.5]) if said != "edge" else np.array([1 - 1e-9, 1e-9])
    matrix = np.diag(unit**2)
    shapes = {
        "Full": np.stack([matrix, matrix]),
        "Tied": matrix,
        "Diagonal": np.stack([unit**2, unit**2]),
        "EEI": unit**2,
        "Spherical": np.full(2, np.mean(unit**2)),
        "EII": np.array(np.mean(unit**2)),
    }
    return MixtureParams(share, GaussianParams(rows, shapes[structure]))


def _counted() -> Iterator[Any]:
    """Mixtures of Poissons in two columns, of codes, and of both kinds together."""
    from jensen.families import PoissonParams
    from jensen.models import MixtureParams

    rng = np.random.default_rng(4)
    for name, (x, weight) in counts(rng).items():
        model = jensen.Mixture(2, jensen.Poisson())
        begin = [
            (said, MixtureParams(v["w"], PoissonParams(v["rate"])))
            for said, v in starts(
                {"w": ("simplex", 2), "rate": ("positive", (2, 1))},
                {"rate": (max(x.mean(), 0.1), 1.0)},
                "",
                0,
                rng,
            )
        ]
        yield Problem(
            "Mixture, Poisson",
            name,
            model,
            x[:, None],
            weight,
            begin,
            {"w": "simplex", "rate": "positive"},
            {},
            partial(_poisson_value, x, weight),
            lambda p: {"w": p.weights, "rate": p.components.rates[:, 0]},
        )


def problems() -> list[Any]:
    """All of them."""
    return [*_plain(), *_gaussians(), *_counted()]
