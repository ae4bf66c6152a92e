"""A prior is data seen before the data: maximum a posteriori on few rows.

Five setosas and five versicolors in three columns: two components have more parameters than that can pay for.
"""

import numpy as np

import jensen
from jensen.models import Dirichlet, MixturePrior, NormalInverseWishart

x = jensen.load_dataset("iris").values[[0, 5, 10, 15, 20, 50, 55, 60, 65, 70], 1:]

plain = jensen.fit(jensen.Mixture(2), x)
print(f"maximum likelihood: {plain.verdict}")

# The weak prior of Fraley and Raftery (2007): worth 0.01 rows for a mean, d + 2 for a covariance.
prior = MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(x, 2))
fit = jensen.fit(jensen.Mixture(2, prior=prior), x)
print(f"with a prior: {fit.verdict}")
print(f"  log p(x | θ) {fit.log_evidence:.4f} + log p(θ) {fit.log_prior:.4f} = objective {fit.objective:.4f}")
print(f"  monotone: {np.all(np.diff(fit.ledger['objective']) > -1e-9)}")

labels = fit.model.posterior(fit.params, x).responsibilities.argmax(axis=1)
print(f"  setosa | versicolor: {labels[:5]} | {labels[5:]}")
