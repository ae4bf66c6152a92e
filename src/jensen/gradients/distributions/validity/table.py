"""The table: each family and parameter, by the exact class of the distribution."""

from __future__ import annotations

import numpyro.distributions as dist

from jensen.gradients.distributions.validity.rulings import (
    ONCE,
    VALID,
    Derivatives,
    Row,
    Ruling,
    heavy,
    refused,
    tailed,
    warned,
)
from jensen.gradients.distributions.von_mises_fisher import VonMisesFisher

DISCRETE = refused("a draw is discrete and does not move with it: the path would be zero")
COUNT = refused("it is a count, and has no derivative")
MOVES = refused("it moves the support, where the score leaves out a term: wrong, not noisy")
HEAVY = heavy(VALID)
CIRCULAR = warned("right for f of period 2π only: at the ends of (−π, π] a draw jumps")
UNNORMALIZED = refused("there is no density to draw from")

TABLE: dict[type, Row] = {}


def _add(kinds: type | tuple[type, ...], path: Ruling, names: str, **others: Derivatives) -> None:
    """Rows of families whose score is valid in every parameter but ``others``."""
    row = {name: Derivatives(path, VALID) for name in names.split()}
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        TABLE[kind] = {**row, **others}


def _discrete(names: str, *kinds: type, **others: Derivatives) -> None:
    _add(kinds, DISCRETE, names, **others)


BOUND = Derivatives(VALID, MOVES)
ANY_TIMES = Derivatives(VALID, VALID)
A_COUNT = Derivatives(DISCRETE, COUNT)

# Draws that are written as functions of noise
_add((dist.Normal, dist.LogNormal, dist.Laplace, dist.Logistic, dist.Gumbel), VALID, "loc scale")
_add(dist.SoftLaplace, VALID, "loc scale")
_add(dist.AsymmetricLaplace, VALID, "loc scale asymmetry")
_add(dist.AsymmetricLaplaceQuantile, VALID, "loc scale quantile")
_add(dist.MultivariateNormal, VALID, "loc covariance_matrix precision_matrix scale_tril")
_add(dist.LowRankMultivariateNormal, VALID, "loc cov_factor cov_diag")
_add(dist.MatrixNormal, VALID, "loc scale_tril_row scale_tril_column")
_add(dist.GaussianRandomWalk, VALID, "scale")
_add(dist.ProjectedNormal, VALID, "concentration")
_add(dist.HalfNormal, VALID, "scale")
_add(dist.Exponential, VALID, "rate")
_add(dist.Weibull, VALID, "scale concentration")
_add(dist.Kumaraswamy, VALID, "concentration1 concentration0")
_add(dist.Gompertz, VALID, "concentration rate")
_add(dist.RelaxedBernoulliLogits, VALID, "temperature logits")
_add(dist.Cauchy, VALID, "loc", scale=Derivatives(HEAVY, VALID))
_add(dist.HalfCauchy, HEAVY, "scale")
_add(dist.Levy, HEAVY, "scale", loc=ANY_TIMES)  # the density vanishes where the support begins
_add(dist.Pareto, tailed("alpha ≤ 2"), "alpha", scale=Derivatives(tailed("alpha ≤ 2"), MOVES))
_add((dist.Uniform, dist.LogUniform), VALID, "", low=BOUND, high=BOUND)
_add(dist.DoublyTruncatedPowerLaw, VALID, "alpha", low=BOUND, high=BOUND)
_add(
    dist.LowerTruncatedPowerLaw,
    tailed("alpha ≥ −3"),
    "alpha",
    low=Derivatives(tailed("alpha ≥ −3"), MOVES),
)

# Draws by implicit reparameterization
_add(dist.Gamma, ONCE, "concentration", rate=ANY_TIMES)
_add(
    dist.InverseGamma,
    tailed("concentration ≤ 2", 1),
    "concentration",
    rate=Derivatives(tailed("concentration ≤ 2"), VALID),
)
_add(dist.Chi2, ONCE, "df")
_add(dist.Beta, ONCE, "concentration1 concentration0")
_add(dist.BetaProportion, ONCE, "mean concentration")
_add(dist.Dirichlet, ONCE, "concentration")
for _kind, _scale in ((dist.StudentT, "scale"), (dist.MultivariateStudentT, "scale_tril")):
    _of_scale = {_scale: Derivatives(tailed("df ≤ 2"), VALID)}
    _add(_kind, VALID, "loc", **_of_scale, df=Derivatives(tailed("df ≤ 2", 1), VALID))
_add(dist.VonMises, CIRCULAR, "loc concentration")
_add(VonMisesFisher, VALID, "mean_direction concentration")

# Discrete
_discrete("probs", dist.BernoulliProbs, dist.CategoricalProbs, dist.GeometricProbs)
_discrete("logits", dist.BernoulliLogits, dist.CategoricalLogits, dist.GeometricLogits)
_discrete("probs", dist.BinomialProbs, dist.MultinomialProbs, total_count=A_COUNT)
_discrete("logits", dist.BinomialLogits, dist.MultinomialLogits, total_count=A_COUNT)
_discrete("rate", dist.Poisson)
_discrete("gate rate", dist.ZeroInflatedPoisson)
_discrete("concentration rate", dist.GammaPoisson)
_discrete("mean concentration", dist.NegativeBinomial2)
_discrete("total_count probs", dist.NegativeBinomialProbs)
_discrete("total_count logits", dist.NegativeBinomialLogits)
_discrete("concentration1 concentration0", dist.BetaBinomial, total_count=A_COUNT)
_discrete("concentration", dist.DirichletMultinomial, total_count=A_COUNT)
_discrete("predictor cutpoints", dist.OrderedLogistic)
_discrete("", dist.DiscreteUniform, low=Derivatives(DISCRETE, MOVES), high=Derivatives(DISCRETE, MOVES))

# Not drawn from a density
_add(dist.Delta, VALID, "", v=BOUND, log_density=Derivatives(UNNORMALIZED, UNNORMALIZED))
_add(dist.ImproperUniform, UNNORMALIZED, "")

FACTORIES: dict[object, tuple[type, ...]] = {
    dist.Bernoulli: (dist.BernoulliProbs, dist.BernoulliLogits),
    dist.Binomial: (dist.BinomialProbs, dist.BinomialLogits),
    dist.Categorical: (dist.CategoricalProbs, dist.CategoricalLogits),
    dist.Geometric: (dist.GeometricProbs, dist.GeometricLogits),
    dist.Multinomial: (dist.MultinomialProbs, dist.MultinomialLogits),
    dist.NegativeBinomial: (dist.NegativeBinomialProbs, dist.NegativeBinomialLogits),
}
"""Functions that make one of several classes."""
