"""Log-joints that verdicts are tried on, each with its log-likelihood written again in NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit, gammaln, log_expit, logsumexp, xlog1py, xlogy

import jensen

ROWS = 60  # of every table, so that each model is compiled once; rows beyond a small one have weight 0
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
    tables: Callable[[np.random.Generator], dict[str, tuple[Any, np.ndarray]]]
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
        used = weight > 0
        rows = {n: x[used] for n, x in data.items()} if isinstance(data, dict) else data[used]
        total = float(weight[used] @ logsumexp(self.terms(params, rows), axis=1))
        return total if self.log_prior is None else total + self.log_prior(params)


# ---- tables of data ----------------------------------------------------------------------------------------


def _padded(x: np.ndarray, weight: Any = 1.0) -> tuple[np.ndarray, np.ndarray]:
    n = len(x)
    w = np.zeros(ROWS)
    w[:n] = weight
    return np.concatenate([x, np.repeat(x[:1], ROWS - n, axis=0)]), w


def counts(rng: np.random.Generator) -> dict[str, tuple[Any, np.ndarray]]:
    z = rng.integers(2, size=ROWS)
    return {
        "planted": _padded(rng.poisson(np.where(z, 2.0, 9.0))),
        "apart": _padded(rng.poisson(np.where(z, 1.0, 400.0))),
        "one cluster": _padded(rng.poisson(3.0, ROWS)),
        "zeros": _padded(np.zeros(ROWS, int)),
        "mostly zeros": _padded((np.arange(ROWS) == 7).astype(int)),
        "all the same": _padded(np.full(ROWS, 4)),
        "two values": _padded(np.where(z, 3, 11)),
        "five rows": _padded(rng.poisson(4.0, 5)),
        "large": _padded(rng.poisson(np.where(z, 3e8, 5e8))),
        "an outlier": _padded(np.r_[rng.poisson(2.0, ROWS - 1), 5000]),
        "weights": _padded(np.arange(10), np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])),
        "few and heavy": _padded(np.array([0, 1, 30]), np.array([1e6, 2e6, 1e-3])),
        "overdispersed": _padded(rng.negative_binomial(0.5, 0.05, ROWS)),
    }


def times(rng: np.random.Generator) -> dict[str, tuple[Any, np.ndarray]]:
    z = rng.integers(2, size=ROWS)
    planted = rng.exponential(np.where(z, 1.0, 10.0))
    return {
        "planted": _padded(planted),
        "one cluster": _padded(rng.exponential(2.0, ROWS)),
        "tiny": _padded(1e-12 * planted),
        "huge": _padded(1e12 * planted),
        "apart": _padded(rng.exponential(np.where(z, 1e-6, 1e6))),
        "duplicates": _padded(np.repeat(rng.exponential(1.0, 6), 10)),
        "all the same": _padded(np.full(ROWS, 2.5)),
        "two values": _padded(np.where(z, 1.0, 7.0)),
        "five rows": _padded(rng.exponential(1.0, 5)),
        "heavy tails": _padded(np.abs(rng.standard_cauchy(ROWS)) + 1e-9),
        "weights": _padded(rng.exponential(1.0, 8), np.array([1e4, 1, 3, 1e-3, 7, 50, 1e5, 2])),
        "regular": _padded(1.0 + 0.01 * np.arange(ROWS)),
    }


def numbers(rng: np.random.Generator) -> dict[str, tuple[Any, np.ndarray]]:
    z = rng.integers(2, size=ROWS)
    planted = rng.normal(np.where(z, 0.0, 4.0), np.where(z, 1.0, 0.5))
    return {
        "planted": _padded(planted),
        "one cluster": _padded(rng.normal(size=ROWS)),
        "tiny": _padded(1e-12 * planted),
        "huge": _padded(1e12 * planted),
        "far from 0": _padded(1e6 + planted),
        "apart": _padded(rng.normal(np.where(z, -1e3, 1e3))),
        "duplicates": _padded(np.repeat(rng.normal(size=6), 10)),
        "rounded": _padded(np.round(planted)),
        "five rows": _padded(rng.normal(size=5)),
        "heavy tails": _padded(rng.standard_cauchy(ROWS)),
        "an outlier": _padded(np.r_[rng.normal(size=ROWS - 1), 100.0]),
        "weights": _padded(rng.normal(size=8), np.array([1e4, 1, 3, 1e-3, 7, 50, 1e5, 2])),
        "two values": _padded(np.where(z, 1.0, 7.0)),
    }


def answers(rng: np.random.Generator) -> dict[str, tuple[Any, np.ndarray]]:
    z = rng.integers(2, size=ROWS)
    p = np.where(z[:, None], 0.85, 0.25)
    planted = (rng.uniform(size=(ROWS, 4)) < p).astype(int)
    return {
        "planted": _padded(planted),
        "independent": _padded((rng.uniform(size=(ROWS, 4)) < 0.4).astype(int)),
        "separable": _padded(np.tile(z[:, None], (1, 4))),
        "zeros": _padded(np.zeros((ROWS, 4), int)),
        "an item never": _padded(planted * np.array([1, 1, 1, 0])),
        "five rows": _padded(planted[:5]),
        "one pattern twice": _padded(np.array([[0, 1, 0, 1], [1, 0, 1, 0]]), 30.0),
        "heavy": _padded(planted, 1000.0),
        "exclusive": _padded(np.eye(4, dtype=int)[rng.integers(4, size=ROWS)]),
        "light": _padded(planted, 1e-3),
        "patterns": _padded(
            (np.arange(16)[:, None] >> np.arange(4)) & 1,
            np.array([9, 2, 2, 1, 3, 1, 1, 4, 2, 1, 1, 3, 1, 4, 3, 12]),
        ),
    }


def lines(rng: np.random.Generator) -> dict[str, tuple[Any, np.ndarray]]:
    t, z = rng.uniform(-1, 1, ROWS), rng.integers(2, size=ROWS)
    y = np.where(z, 1.0 + 2 * t, -1.0 - t) + 0.3 * rng.normal(size=ROWS)

    def table(t: np.ndarray, y: np.ndarray, w: Any = 1.0) -> tuple[Any, np.ndarray]:
        (t, weight), (y, _) = _padded(t, w), _padded(y, w)
        return {"t": t, "y": y}, weight

    return {
        "planted": table(t, y),
        "one line": table(t, 1 + t + 0.5 * rng.normal(size=ROWS)),
        "exact": table(t, np.where(z, 1.0 + 2 * t, -1.0 - t)),
        "huge": table(t, 1e12 * y),
        "tiny": table(t, 1e-12 * y),
        "five rows": table(t[:5], y[:5]),
        "two places": table(np.where(z, 0.0, 1.0), y),
        "heavy tails": table(t, y + 0.1 * rng.standard_cauchy(ROWS)),
        "weights": table(t[:20], y[:20], rng.uniform(0.1, 50, 20)),
        "noise": table(t, rng.normal(size=ROWS)),
    }


def choices(rng: np.random.Generator) -> dict[str, tuple[Any, np.ndarray]]:
    t, z = rng.normal(size=ROWS), rng.integers(2, size=ROWS)
    y = (rng.uniform(size=ROWS) < expit(np.where(z, 2 + 2 * t, -1 - 2 * t))).astype(int)

    def table(t: np.ndarray, y: np.ndarray, w: Any = 1.0) -> tuple[Any, np.ndarray]:
        (t, weight), (y, _) = _padded(t, w), _padded(y, w)
        return {"t": t, "y": y}, weight

    return {
        "planted": table(t, y),
        "separable": table(t, (t > 0).astype(int)),
        "nearly separable": table(t, ((t > 0) ^ (np.arange(ROWS) == 3)).astype(int)),
        "ones": table(t, np.ones(ROWS, int)),
        "zeros": table(t, np.zeros(ROWS, int)),
        "coin": table(t, rng.integers(2, size=ROWS)),
        "steep": table(1e6 * t, y),
        "shallow": table(1e-6 * t, y),
        "five rows": table(t[:5], y[:5]),
        "weights": table(t, y, rng.uniform(0.1, 30, ROWS)),
    }


def lives(rng: np.random.Generator) -> dict[str, tuple[Any, np.ndarray]]:
    def table(x: np.ndarray, limit: float, w: Any = 1.0) -> tuple[Any, np.ndarray]:
        low, weight = _padded(np.minimum(x, limit), w)
        high, _ = _padded(np.where(x < limit, x, np.inf), w)
        return {"low": low, "high": high}, weight

    z = rng.integers(2, size=ROWS)
    planted = rng.exponential(np.where(z, 1.0, 10.0))
    return {
        "planted": table(planted, 8.0),
        "nothing died": table(planted, 1e-9),
        "one died": table(planted, float(np.sort(planted)[1])),
        "all died": table(planted, 1e9),
        "tiny": table(1e-12 * planted, 8e-12),
        "huge": table(1e12 * planted, 8e12),
        "one cluster": table(rng.exponential(1.0, ROWS), 1.0),
        "five rows": table(planted[:5], 2.0),
        "weights": table(planted[:12], 5.0, rng.uniform(0.1, 40, 12)),
        "duplicates": table(np.repeat(rng.exponential(1.0, 6), 10), 1.0),
    }


# ---- the two ways of writing -------------------------------------------------------------------------------


def _log(w: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(w, 1e-300))


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

    def poisson_terms(v: Values, x: Any) -> np.ndarray:
        x = x[:, None]
        return _log(v["w"]) + xlogy(x, v["rate"]) - v["rate"] - gammaln(x + 1)

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
        lambda v, x: _log(v["w"]) + np.log(v["rate"]) - v["rate"] * x[:, None],
        times,
        lambda x: {"rate": (1 / _size(x), 1 / _size(x))},
    )
    add(
        "Weibull, 2",
        {"w": ("simplex", 2), "shape": ("positive", 2), "scale": ("positive", 2)},
        lambda p, z, x: jnp.log(p["w"][z]) + D.weibull(x, p["shape"][z], p["scale"][z]),
        lambda v, x: (
            _log(v["w"])
            + np.log(v["shape"])
            - np.log(v["scale"])
            + (v["shape"] - 1) * (np.log(x)[:, None] - np.log(v["scale"]))
            - np.exp(v["shape"] * (np.log(x)[:, None] - np.log(v["scale"])))
        ),
        times,
        lambda x: {"shape": (1.0, 1.0), "scale": (_size(x), _size(x))},
    )

    def normal_terms(v: Values, x: Any) -> np.ndarray:
        return _log(v["w"]) + stats.norm.logpdf(x[:, None], v["mu"], v["sd"])

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
        {"w": ("simplex", 2), "mu": ("real", 2), "sd": ("positive", 2)},
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
        {"w": ("simplex", 2), "mu": ("real", 2), "sd": ("positive", 2)},
        lambda p, z, x: jnp.log(p["w"][z]) + D.student_t(x, 1.0, p["mu"][z], p["sd"][z]),
        lambda v, x: _log(v["w"]) + stats.cauchy.logpdf(x[:, None], v["mu"], v["sd"]),
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
                np.where(x == 0, _log(v["w"])[0], -np.inf),
                _log(v["w"])[1] + xlogy(x, v["rate"]) - v["rate"] - gammaln(x + 1),
            ],
            axis=1,
        ),
        counts,
        size_of("rate"),
    )

    def classes_terms(v: Values, x: Any) -> np.ndarray:
        p, x = v["p"][None], x[:, None, :]
        return _log(v["w"]) + (xlogy(x, p) + xlog1py(1 - x, -p)).sum(axis=2)

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
            _log(v["w"])
            + (x[:, None] * log_expit(v["b"]) + (1 - x[:, None]) * log_expit(-v["b"])).sum(axis=2)
        ),
        answers,
        lambda x: {"b": (0.0, 1.0)},
    )
    add(
        "regressions, one sd",
        {"w": ("simplex", 2), "beta": ("real", (2, 2)), "sd": ("positive", ())},
        lambda p, z, x: (
            jnp.log(p["w"][z]) + D.normal(x["y"], p["beta"][z, 0] + p["beta"][z, 1] * x["t"], p["sd"])
        ),
        _regression_terms,
        lines,
        lambda x: {"beta": (0.0, _size(x["y"])), "sd": (_size(x["y"]), 1.0)},
        spike="sd",
    )
    add(
        "regressions, own sd",
        {"w": ("simplex", 2), "beta": ("real", (2, 2)), "sd": ("positive", 2)},
        lambda p, z, x: (
            jnp.log(p["w"][z]) + D.normal(x["y"], p["beta"][z, 0] + p["beta"][z, 1] * x["t"], p["sd"][z])
        ),
        _regression_terms,
        lines,
        lambda x: {"beta": (0.0, _size(x["y"])), "sd": (_size(x["y"]), 1.0)},
        spike="sd",
    )
    add(
        "logistic regressions, 2",
        {"w": ("simplex", 2), "a": ("real", 2), "b": ("real", 2)},
        lambda p, z, x: (
            jnp.log(p["w"][z]) + jax.nn.log_sigmoid((2 * x["y"] - 1) * (p["a"][z] + p["b"][z] * x["t"]))
        ),
        lambda v, x: (
            _log(v["w"]) + log_expit((2 * x["y"] - 1)[:, None] * (v["a"] + v["b"] * x["t"][:, None]))
        ),
        choices,
        lambda x: {"a": (0.0, 1.0), "b": (0.0, 1 / _size(x["t"]))},
    )
    add(
        "logistic regression",
        {"a": ("real", ()), "b": ("real", ())},
        lambda p, z, x: jax.nn.log_sigmoid((2 * x["y"] - 1) * (p["a"] + p["b"] * x["t"])),
        lambda v, x: log_expit((2 * x["y"] - 1) * (v["a"] + v["b"] * x["t"]))[:, None],
        choices,
        lambda x: {"a": (0.0, 1.0), "b": (0.0, 1 / _size(x["t"]))},
        1,
    )
    add(
        "censored exponential, 2",
        two,
        lambda p, z, x: jnp.log(p["w"][z]) + D.exponential.censored(x["low"], x["high"], p["rate"][z]),
        lambda v, x: (
            _log(v["w"])
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
    return _log(v["w"]) + np.where(big, series, exact) + xlogy(x, m) - gammaln(x + 1)


def _regression_terms(v: Values, x: Any) -> np.ndarray:
    mean = v["beta"][:, 0] + v["beta"][:, 1] * x["t"][:, None]
    return _log(v["w"]) + stats.norm.logpdf(x["y"][:, None], mean, v["sd"])
