"""One column: how many groups of galaxies are there?

Velocities of 82 galaxies (Postman, Huchra and Geller, 1986; Roeder, 1990), in 1000 km/s.
"""

import numpy as np

import jensen

x = jensen.load_dataset("galaxies").values / 1000.0

found = jensen.select(x, range(1, 7), [jensen.Full(), jensen.Tied()])
for cell in found.ranking[:4]:
    print(f"{cell.label:14} log-likelihood {cell.fit.log_evidence:10.4f}  BIC {cell.fit.bic:8.2f}")
print(f"chosen: {found.chosen.label}, {found.difference:.2f} below the next ({found.runner_up.label})")

model, params = found.best.model, found.best.model.canonical(found.best.params)
for weight, mean, cov in zip(params.weights, *params.components, strict=False):
    print(f"  {weight:5.1%} around {mean[0]:.2f}, standard deviation {np.sqrt(np.ravel(cov)[0]):.2f}")

# The fitted density on a grid, ready to be drawn over a histogram.
grid = np.linspace(5.0, 40.0, 701)[:, None]
density = np.exp(model.posterior(params, grid).log_evidence)
print(f"the density adds up to {np.trapezoid(density, grid[:, 0]):.4f}")
