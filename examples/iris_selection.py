"""How many components, and of what shape? Fisher's irises, without looking at the species."""

import numpy as np

import jensen
from jensen.selection import ICL

iris = jensen.load_dataset("iris")
x = iris.values

found = jensen.select(x, range(1, 6))  # four covariance structures
print("BIC, smaller is better")
print("k " + "".join(f"{structure:>12}" for structure in ("full", "tied", "diag", "spherical")))
for k in range(1, 6):
    fits = [found.fits.get((k, structure)) for structure in ("full", "tied", "diag", "spherical")]
    print(k, "".join(f"{fit.bic:12.2f}" if fit and fit.verdict.proper else f"{'–':>12}" for fit in fits))
print(f"best: {found.chosen.label}; next: {found.runner_up.label}, {found.difference:.2f} above it")
print("which is", found.criterion.strength(found.difference))

# ICL wants components that do not overlap; BIC wants a good density.
by_icl = jensen.select(x, range(1, 6), criterion=ICL)
print(f"by ICL: {by_icl.chosen.label}")

# Three components of one shape, against the species that we did not use.
fit = found.fits[3, "full"]
labels = fit.model.posterior(fit.params, x).responsibilities.argmax(axis=1)
sizes = np.sort(np.bincount(labels))
print(f"k = 3, full: {fit.verdict.outcome}, BIC {fit.bic:.2f}, rows in each component {sizes}")
