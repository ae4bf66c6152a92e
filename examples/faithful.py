"""Old Faithful end to end: fit, read the verdict, assign rows, sample.

272 eruptions of the geyser: how long each lasted and how long until the next, in minutes.
"""

import numpy as np

import jensen

faithful = jensen.load_dataset("faithful")
x = faithful.values

model = jensen.Mixture(2, jensen.Gaussian(jensen.Full()))
fit = jensen.fit(model, x)

print(f"log-likelihood {fit.log_evidence:.4f}, {fit.num_free} free parameters, BIC {fit.bic:.2f}")
print(f"verdict: {fit.verdict}; less than 1e-3 left to gain: {fit.remaining < 1e-3}")

params = model.canonical(fit.params)  # components in the order of their means
for weight, mean, cov in zip(params.weights, *params.components, strict=True):
    spread = np.sqrt(np.diagonal(cov))
    print(f"  weight {weight:.3f}  mean {mean.round(2)}  standard deviations {spread.round(2)}")

# Which component each eruption is from, and how sure that is.
posterior = model.posterior(params, x)
labels = posterior.responsibilities.argmax(axis=1)
uncertainty = 1.0 - posterior.responsibilities.max(axis=1)
print(f"{np.bincount(labels)} rows; {np.sum(uncertainty > 0.05)} of them are less than 95 % sure")

# The fit is a density: the log-density of each row, and new rows.
print(f"least expected eruption: {x[posterior.log_evidence.argmin()]}")
new, _ = model.sample(params, 5, np.random.default_rng(0))
print("five new ones:", *new.round(1).tolist())
