"""Log-joint models with numbers to hold them to, for the tests of `jensen.LogJoint`.

Models are kept, and with them what was compiled; ``make.__wrapped__(…)`` is a new one.
"""

from __future__ import annotations

from functools import cache

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln

import jensen
from jensen import densities

# ---- genetic linkage: Dempster, Laird and Rubin (1977); one row, z = the split of its first cell ----------

CELLS = np.array([[125, 18, 20, 34]])
LINKAGE_MLE = (15 + np.sqrt(53809)) / 394
LINKAGE_ITERATES = [  # from 0.5: the table of the paper, to twelve digits
    0.608247422680,
    0.624321050369,
    0.626488879080,
    0.626777322347,
    0.626815632110,
    0.626820719019,
    0.626821394456,
    0.626821484140,
]


def linkage_log_joint(params, z, x):
    theta = params["theta"]
    ways = gammaln(x.sum() + 1.0) - gammaln(x[0] - z + 1.0) - gammaln(z + 1.0) - gammaln(x[1:] + 1.0).sum()
    split = (x[0] - z) * jnp.log(0.5) + (z + x[3]) * jnp.log(theta / 4)
    return ways + split + (x[1] + x[2]) * jnp.log((1 - theta) / 4)


@cache
def linkage(**options):
    return jensen.LogJoint(
        linkage_log_joint,
        latent=jensen.Enumerated(126),
        parameters={"theta": jensen.Interval(0, 1)},
        **options,
    )


# ---- death notices: Hasselblad (1969); the maximum from extended precision --------------------------------

NOTICES = np.arange(10)
DAYS = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])
NOTICES_MLE = {"w": [0.35988539698495, 0.64011460301505], "rate": [1.2560951012244, 2.6634043566325]}
NOTICES_LOG_EVIDENCE = -1989.945859883
NOTICES_START = {"w": np.array([0.3, 0.7]), "rate": np.array([1.0, 2.5])}


def poisson_log_joint(params, z, x):
    return jnp.log(params["w"][z]) + densities.poisson(x, params["rate"][z])


@cache
def poisson(k=2, **options):
    return jensen.LogJoint(
        poisson_log_joint,
        latent=jensen.Enumerated(k),
        parameters={"w": jensen.Simplex(k), "rate": jensen.Positive(k, start=(0.5, 5))},
        symmetric=("rate", "w"),
        **options,
    )


@cache
def poisson_closed(k=2, **options):
    def m_step(s):
        return {"w": s["count"] / s["count"].sum(), "rate": s["total"] / s["count"]}

    return poisson(k, features=lambda x: {"count": 1.0, "total": x}, m_step=m_step, **options)


# ---- latent classes: poLCA's manual ----------------------------------------------------------------------


def patterns(text):
    """Patterns of 1 and 2 with their counts, as zeros and ones."""
    pairs = [item.split(":") for item in text.split()]
    rows = np.array([[int(c) - 1 for c in pattern] for pattern, _ in pairs])
    return rows, np.array([int(count) for _, count in pairs])


CARCINOMA = patterns(
    "1111111:34 1111211:2 1211111:6 1211112:1 1211211:4 1211212:5 2111111:2 2121212:1 2211111:2 2211112:1 "
    "2211211:2 2211212:7 2211222:1 2212112:1 2212212:2 2212222:3 2221212:13 2221222:5 2222212:10 2222222:16"
)
VALUES = patterns(
    "1111:20 1112:2 1121:9 1122:2 1211:6 1212:1 1221:4 1222:1 "
    "2111:38 2112:7 2121:24 2122:6 2211:25 2212:6 2221:23 2222:42"
)


def classes_log_joint(params, z, x):
    return jnp.log(params["share"][z]) + densities.bernoulli(x, params["yes"][z]).sum()


@cache
def classes(k, items, **options):
    return jensen.LogJoint(
        classes_log_joint,
        latent=jensen.Enumerated(k),
        parameters={"share": jensen.Simplex(k), "yes": jensen.Interval(0, 1, (k, items))},
        symmetric=("yes", "share"),
        **options,
    )


# ---- a mixture of regressions: mixtools' CO2data ----------------------------------------------------------

GNP = np.fromstring(
    "19.02 3.67 28.20 40.94 10.61 20.09 15.72 28.11 26.44 4.74 32.10 23.24 26.27 28.87 "
    "11.46 4.34 17.11 19.88 25.94 24.51 3.23 10.16 14.35 25.71 44.35 2.83 19.60 2.41",
    sep=" ",
)
CO2 = np.fromstring(
    "14.7 3.9 20.8 9.0 8.3 16.0 7.6 7.4 10.2 10.8 10.5 10.0 5.8 10.2 "
    "7.3 5.5 9.0 7.2 8.8 16.6 8.8 5.2 5.9 5.0 5.5 2.7 9.3 12.3",
    sep=" ",
)
CO2_LOG_EVIDENCE = -66.939767793


def regressions_log_joint(params, z, x):
    gnp, co2 = x
    line = params["beta"][z, 0] + params["beta"][z, 1] * gnp
    return jnp.log(params["share"][z]) + densities.normal(co2, line, params["sd"][z])


@cache
def regressions(**options):
    return jensen.LogJoint(
        regressions_log_joint,
        latent=jensen.Enumerated(2),
        parameters={
            "share": jensen.Simplex(2),
            "beta": jensen.Real((2, 2)),
            "sd": jensen.Positive(2, start=(1, 4)),
        },
        symmetric=("beta", "share", "sd"),
        **options,
    )


# ---- a mixture of Gaussians -------------------------------------------------------------------------------


def gaussians_log_joint(params, z, x):
    return jnp.log(params["w"][z]) + densities.multivariate_normal(x, params["mu"][z], params["cov"][z])


@cache
def gaussians(k, d, **options):
    return jensen.LogJoint(
        gaussians_log_joint,
        latent=jensen.Enumerated(k),
        parameters={"w": jensen.Simplex(k), "mu": jensen.Real((k, d)), "cov": jensen.Covariance((k, d))},
        symmetric=("mu", "w", "cov"),
        **options,
    )


@cache
def gaussians_closed(k, d, **options):
    def m_step(s):
        n, total, squares = s
        mu = total / n[:, None]
        cov = squares / n[:, None, None] - mu[:, :, None] * mu[:, None, :]
        return {"w": n / n.sum(), "mu": mu, "cov": cov}

    return gaussians(k, d, features=lambda x: (1.0, x, jnp.outer(x, x)), m_step=m_step, **options)
