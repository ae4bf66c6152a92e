"""Log-densities for log-joints, in JAX, for one row.

Each is called as a function, ``densities.weibull(x, shape, scale)``, and stays finite, with both
derivatives in all parameters, where the plain formula cancels, overflows or is 0 · log 0. Densities of
numbers have ``censored``, ``log_survival`` and ``log_cdf``; all have ``draw``. NumPyro's distributions do
as well, except in these corners and for the multivariate normal: one that factors or solves in every row is
many times slower than one that multiplies by an inverse factor of the parameters alone.
"""

from jensen.models.log_joint.densities.counts import bernoulli, binomial, negative_binomial, poisson
from jensen.models.log_joint.densities.density import Density
from jensen.models.log_joint.densities.half_line import exponential, gamma, log_logistic, log_normal, weibull
from jensen.models.log_joint.densities.interval import beta, uniform
from jensen.models.log_joint.densities.line import laplace, logistic, normal, student_t, von_mises
from jensen.models.log_joint.densities.special import xlogy
from jensen.models.log_joint.densities.vectors import (
    categorical,
    inverse_factor,
    multinomial,
    multivariate_normal,
)
from jensen.models.log_joint.densities.zero_inflated import zero_inflated

__all__ = [
    "Density",
    "bernoulli",
    "beta",
    "binomial",
    "categorical",
    "exponential",
    "gamma",
    "inverse_factor",
    "laplace",
    "log_logistic",
    "log_normal",
    "logistic",
    "multinomial",
    "multivariate_normal",
    "negative_binomial",
    "normal",
    "poisson",
    "student_t",
    "uniform",
    "von_mises",
    "weibull",
    "xlogy",
    "zero_inflated",
]
