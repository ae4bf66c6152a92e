"""Weights on rows: counted data, and what a weight means.

A weight of 3 is three equal rows, in the fit and in the criteria, where n is the sum of the weights.
"""

import numpy as np

import jensen

waiting = jensen.load_dataset("faithful").values[:, 1:]  # whole minutes: many rows are equal
values, counts = np.unique(waiting, axis=0, return_counts=True)
model = jensen.Mixture(2, jensen.Gaussian(jensen.Full()))

every_row = jensen.fit(model, waiting)
counted = jensen.fit(model, values, weight=counts.astype(float))
print(f"{len(waiting)} rows:            log-likelihood {every_row.log_evidence:.6f}, BIC {every_row.bic:.6f}")
print(f"{len(values)} values with counts: log-likelihood {counted.log_evidence:.6f}, BIC {counted.bic:.6f}")

# A row of weight 0 has no say, wherever it is.
with_stray = np.vstack([values, [[1e6]]])
ignored = jensen.fit(model, with_stray, weight=np.append(counts, 0.0))
print(f"and a stray row of weight 0: log-likelihood {ignored.log_evidence:.6f}")
