"""Log-joints that verdicts are tried on, each with its log-likelihood written again in NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import gammaln, log_expit, logsumexp, xlog1py, xlogy

import jensen
from benchmarks.verdicts_tables import Table, answers, choices, counts, lines, lives, numbers, times, used

Values = dict[str, np.ndarray]
SPACES = {
    "real": jensen.Real,
    "positive": jensen.Positive,
    "unit": lambda shape: jensen.Interval(0, 1, shape),
    "simplex": jensen.Simplex,
}


@dataclass(frozen=True)
class Kind:
    """A model, written twice."""

    name: str
    parameters: dict[str, tuple[str, Any]]
    """Name → (space, shape)."""
    log_joint: Callable[..., Any]
    terms: Callable[[Values, Any], np.ndarray]
    """(n, K): the log-joint of every row, in NumPy."""
    tables: Callable[[np.random.Generator], dict[str, Table]]
    """Name → (data, weight)."""
    typical: Callable[[Any], dict[str, tuple[float, float]]]
    """Name → (centre, unit) of its numbers, given the data."""
    states: int = 2
    log_prior: Callable[[Values], float] | None = None
    more: dict[str, Any] = field(default_factory=dict)
    constrained: dict[str, Any] | None = None
    spike: str = ""
    """The name of a scale."""
    free: dict[str, tuple[str, Any]] | None = None
    expand: Callable[[Values], Values] | None = None
    """Where constrained: the free parameters, and all of them from these."""
    reduce: Callable[[Values], Values] | None = None

    def model(self) -> Any:
        spaces = {name: SPACES[space](shape) for name, (space, shape) in self.parameters.items()}
        found = jensen.LogJoint(
            self.log_joint, latent=jensen.Enumerated(self.states), parameters=spaces, **self.more
        )
        return found if self.constrained is None else jensen.constrain(found, **self.constrained)

    def impose(self, values: Values) -> Values:
        """A start that keeps what is fixed."""
        return values if self.expand is None or self.reduce is None else self.expand(self.reduce(values))

    def value(self, params: Values, data: Any, weight: np.ndarray) -> float:
        logs = logsumexp(self.terms(params, used(data, weight)), axis=1)
        total = float(weight[weight > 0] @ logs)
        return total if self.log_prior is None else total + self.log_prior(params)


def log_shares(w: np.ndarray) -> np.ndarray:
    """Finite where a share is 0."""
    return np.log(np.maximum(w, 1e-300))


def poisson_terms(v: Values, x: np.ndarray) -> np.ndarray:
    """Of x (n,): log w + log p(x | rate)."""
    x = x[:, None]
    return log_shares(v["w"]) + xlogy(x, v["rate"]) - v["rate"] - gammaln(x + 1)


def _size(x: Any) -> float:
    x = np.abs(np.asarray(x, float))
    return float(np.median(x[x > 0])) if (x > 0).any() else 1.0


def _middle(x: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(x, [10, 90])
    return float(np.median(x)), float(high - low) or abs(float(np.median(x))) or 1.0


def kinds() -> list[Kind]:
    """All of them."""
    import jax
    import jax.numpy as jnp

    D = jensen.densities
    found: list[Kind] = []

    def add(*args: Any, **named: Any) -> None:
        found.append(Kind(*args, **named))

    def size_of(*names: str) -> Callable[[Any], dict[str, tuple[float, float]]]:
        return lambda x: {name: (_size(x), _size(x)) for name in names}

    def middle_of(x: Any) -> dict[str, tuple[float, float]]:
        centre, unit = _middle(x)
        return {"mu": (centre, unit), "sd": (unit, unit)}

    def poisson(params: Any, z: Any, x: Any) -> Any:
        return jnp.log(params["w"][z]) + D.poisson(x, params["rate"][z])

    for k in (1, 2, 3, 4):
        add(
            f"Poisson, {k}",
            {"w": ("simplex", k), "rate": ("positive", k)},
            poisson,
            poisson_terms,
            counts,
            size_of("rate"),
            k,
        )

    closed = {
        "features": lambda x: {"one": 1.0, "x": x},
        "m_step": lambda s: {
            "w": s["one"] / s["one"].sum(),
            "rate": np.maximum(s["x"] / np.maximum(s["one"], 1e-300), 1e-100),
        },
    }
    two = {"w": ("simplex", 2), "rate": ("positive", 2)}
    add("Poisson, closed M-step", two, poisson, poisson_terms, counts, size_of("rate"), more=closed)
    add(
        "Poisson, prior",
        two,
        poisson,
        poisson_terms,
        counts,
        size_of("rate"),
        log_prior=lambda v: float((np.log(v["rate"]) - 0.1 * v["rate"]).sum() + np.log(v["w"]).sum()),
        more={
            "log_prior": lambda p: jnp.sum(jnp.log(p["rate"]) - 0.1 * p["rate"]) + jnp.sum(jnp.log(p["w"]))
        },
    )
    add(
        "Poisson, equal weights",
        two,
        poisson,
        poisson_terms,
        counts,
        size_of("rate"),
        constrained={"fixed": {"w": [0.5, 0.5]}},
        free={"rate": ("positive", 2)},
        expand=lambda v: {"w": np.array([0.5, 0.5]), "rate": v["rate"]},
        reduce=lambda v: {"rate": v["rate"]},
    )
    add(
        "exponential, 2",
        two,
        lambda p, z, x: jnp.log(p["w"][z]) + D.exponential(x, p["rate"][z]),
        lambda v, x: log_shares(v["w"]) + np.log(v["rate"]) - v["rate"] * x[:, None],
        times,
        lambda x: {"rate": (1 / _size(x), 1 / _size(x))},
    )
    add(
        "Weibull, 2",
        {"w": ("simplex", 2), "shape": ("positive", 2), "scale": ("positive", 2)},
        lambda p, z, x: jnp.log(p["w"][z]) + D.weibull(x, p["shape"][z], p["scale"][z]),
        lambda v, x: (
            log_shares(v["w"])
            + np.log(v["shape"])
            - np.log(v["scale"])
            + (v["shape"] - 1) * (np.log(x)[:, None] - np.log(v["scale"]))
            - np.exp(v["shape"] * (np.log(x)[:, None] - np.log(v["scale"])))
        ),
        times,
        lambda x: {"shape": (1.0, 1.0), "scale": (_size(x), _size(x))},
    )

    normals = {"w": ("simplex", 2), "mu": ("real", 2), "sd": ("positive", 2)}

    def normal_terms(v: Values, x: Any) -> np.ndarray:
        return log_shares(v["w"]) + stats.norm.logpdf(x[:, None], v["mu"], v["sd"])

    def normal(p: Any, z: Any, x: Any) -> Any:
        return jnp.log(p["w"][z]) + D.normal(x, p["mu"][z], p["sd"][z])

    for k in (2, 3):
        add(
            f"Gaussian, {k}",
            {"w": ("simplex", k), "mu": ("real", k), "sd": ("positive", k)},
            normal,
            normal_terms,
            numbers,
            middle_of,
            k,
            spike="sd",
        )
    add(
        "Gaussian, closed M-step",
        normals,
        normal,
        normal_terms,
        numbers,
        middle_of,
        spike="sd",
        more={
            "features": lambda x: {"one": 1.0, "x": x, "xx": x * x},
            "m_step": _gaussian_m_step,
        },
    )
    shared = {"w": ("simplex", 2), "mu": ("real", 2), "sd": ("positive", ())}
    add(
        "Gaussian, one sd",
        shared,
        lambda p, z, x: jnp.log(p["w"][z]) + D.normal(x, p["mu"][z], p["sd"]),
        normal_terms,
        numbers,
        middle_of,
        spike="sd",
    )
    add(
        "Cauchy, 2",
        normals,
        lambda p, z, x: jnp.log(p["w"][z]) + D.student_t(x, 1.0, p["mu"][z], p["sd"][z]),
        lambda v, x: log_shares(v["w"]) + stats.cauchy.logpdf(x[:, None], v["mu"], v["sd"]),
        numbers,
        middle_of,
        spike="sd",
    )
    add(
        "negative binomial, 2",
        {"w": ("simplex", 2), "mean": ("positive", 2), "size": ("positive", 2)},
        lambda p, z, x: jnp.log(p["w"][z]) + D.negative_binomial(x, p["mean"][z], p["size"][z]),
        _negative_binomial_terms,
        counts,
        lambda x: {"mean": (_size(x), _size(x)), "size": (1.0, 1.0)},
    )
    add(
        "zero-inflated Poisson",
        {"w": ("simplex", 2), "rate": ("positive", ())},
        lambda p, z, x: (
            jnp.log(p["w"][z]) + jnp.where(z == 0, jnp.where(x == 0, 0.0, -jnp.inf), D.poisson(x, p["rate"]))
        ),
        lambda v, x: np.stack(
            [
                np.where(x == 0, log_shares(v["w"])[0], -np.inf),
                log_shares(v["w"])[1] + xlogy(x, v["rate"]) - v["rate"] - gammaln(x + 1),
            ],
            axis=1,
        ),
        counts,
        size_of("rate"),
    )

    def classes_terms(v: Values, x: Any) -> np.ndarray:
        p, x = v["p"][None], x[:, None, :]
        return log_shares(v["w"]) + (xlogy(x, p) + xlog1py(1 - x, -p)).sum(axis=2)

    for k in (2, 3):
        add(
            f"latent classes, {k}",
            {"w": ("simplex", k), "p": ("unit", (k, 4))},
            lambda p, z, x: jnp.log(p["w"][z]) + D.bernoulli(x, p["p"][z]).sum(),
            classes_terms,
            answers,
            lambda x: {},
            k,
        )
    add(
        "latent classes, logits",
        {"w": ("simplex", 2), "b": ("real", (2, 4))},
        lambda p, z, x: (
            jnp.log(p["w"][z])
            + jnp.sum(x * jax.nn.log_sigmoid(p["b"][z]) + (1 - x) * jax.nn.log_sigmoid(-p["b"][z]))
        ),
        lambda v, x: (
            log_shares(v["w"])
            + (x[:, None] * log_expit(v["b"]) + (1 - x[:, None]) * log_expit(-v["b"])).sum(axis=2)
        ),
        answers,
        lambda x: {"b": (0.0, 1.0)},
    )
    for said, shape in (("one sd", ()), ("own sd", 2)):
        add(
            f"regressions, {said}",
            {"w": ("simplex", 2), "beta": ("real", (2, 2)), "sd": ("positive", shape)},
            lambda p, z, x, own=bool(shape): (
                jnp.log(p["w"][z])
                + D.normal(x["y"], p["beta"][z, 0] + p["beta"][z, 1] * x["t"], p["sd"][z] if own else p["sd"])
            ),
            _regression_terms,
            lines,
            lambda x: {"beta": (0.0, _size(x["y"])), "sd": (_size(x["y"]), 1.0)},
            spike="sd",
        )

    def typical_logits(x: Any) -> dict[str, tuple[float, float]]:
        return {"a": (0.0, 1.0), "b": (0.0, 1 / _size(x["t"]))}

    add(
        "logistic regressions, 2",
        {"w": ("simplex", 2), "a": ("real", 2), "b": ("real", 2)},
        lambda p, z, x: (
            jnp.log(p["w"][z]) + jax.nn.log_sigmoid((2 * x["y"] - 1) * (p["a"][z] + p["b"][z] * x["t"]))
        ),
        lambda v, x: (
            log_shares(v["w"]) + log_expit((2 * x["y"] - 1)[:, None] * (v["a"] + v["b"] * x["t"][:, None]))
        ),
        choices,
        typical_logits,
    )
    add(
        "logistic regression",
        {"a": ("real", ()), "b": ("real", ())},
        lambda p, z, x: jax.nn.log_sigmoid((2 * x["y"] - 1) * (p["a"] + p["b"] * x["t"])),
        lambda v, x: log_expit((2 * x["y"] - 1) * (v["a"] + v["b"] * x["t"]))[:, None],
        choices,
        typical_logits,
        1,
    )
    add(
        "censored exponential, 2",
        two,
        lambda p, z, x: jnp.log(p["w"][z]) + D.exponential.censored(x["low"], x["high"], p["rate"][z]),
        lambda v, x: (
            log_shares(v["w"])
            + np.where(np.isinf(x["high"]), 0.0, 1.0)[:, None] * np.log(v["rate"])
            - v["rate"] * x["low"][:, None]
        ),
        lives,
        lambda x: {"rate": (1 / _size(x["low"]), 1 / _size(x["low"]))},
    )
    return found


def _gaussian_m_step(s: Any) -> Any:
    one = np.maximum(s["one"], 1e-300)
    mu = s["x"] / one
    return {
        "w": s["one"] / s["one"].sum(),
        "mu": mu,
        "sd": np.sqrt(np.maximum(s["xx"] / one - mu**2, 1e-280)),
    }


def _negative_binomial_terms(v: Values, x: Any) -> np.ndarray:
    x, m, s = x[:, None].astype(float), v["mean"], v["size"]
    big = s > 1e5  # there log Γ(s + x) − log Γ(s) cancels: Stirling's formula
    small = np.where(big, 1.0, s)
    exact = gammaln(small + x) - gammaln(small) - xlogy(x, small + m) + small * -np.log1p(m / small)
    ratio = (s + x - 0.5) * np.log1p(x / s) - x + (1 / (s + x) - 1 / s) / 12
    series = ratio - xlog1py(x, m / s) - s * np.log1p(m / s)
    return log_shares(v["w"]) + np.where(big, series, exact) + xlogy(x, m) - gammaln(x + 1)


def _regression_terms(v: Values, x: Any) -> np.ndarray:
    mean = v["beta"][:, 0] + v["beta"][:, 1] * x["t"][:, None]
    return log_shares(v["w"]) + stats.norm.logpdf(x["y"][:, None], mean, v["sd"])
