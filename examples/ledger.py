"""The bound and the ledger: log-likelihood = Q + H + KL, at every step.

A deliberately poor start on Old Faithful, so that there is something to see.
"""

import numpy as np

import jensen
from jensen.em import DiscretePosterior
from jensen.families import GaussianParams
from jensen.models import MixtureParams

x = jensen.load_dataset("faithful").values
model = jensen.Mixture(2, jensen.Gaussian(jensen.Full()))
start = MixtureParams(
    weights=np.array([0.5, 0.5]),
    components=GaussianParams(
        means=np.array([[3.0, 60.0], [4.0, 70.0]]), covariances=np.tile(np.diag([1.0, 100.0]), (2, 1, 1))
    ),
)
fit = jensen.fit(model, x, start)
ledger = fit.ledger  # columns: pandas.DataFrame(ledger) works as it is

# Row t: ℓ = Q + H at the exact posterior of θ_t. `kl` is the gap that the M-step before had opened and the
# E-step closed: KL(posterior at θ_{t-1} ‖ posterior at θ_t).
print("step          ℓ          Q         H        KL       gain")
gain = np.diff(ledger["log_evidence"], prepend=np.nan)
for t in [*range(8), *range(len(gain) - 2, len(gain))]:
    total, q, h, kl = (ledger[name][t] for name in ("log_evidence", "expected_log_joint", "entropy", "kl"))
    print(f"{t:4d} {total:10.4f} {q:10.4f} {h:9.4f} {kl:9.5f} {gain[t]:10.6f}")
    if t == 7:
        print("   …")

worst = np.abs(ledger["expected_log_joint"] + ledger["entropy"] - ledger["log_evidence"]).max()
print(f"Q + H = ℓ to 1e-8 in every row: {worst < 1e-8}; no KL is negative: {np.nanmin(ledger['kl']) > -1e-9}")
print(f"rate of EM at the end {fit.rate:.3f}: each step has that share of the length of the one before")

# The identity holds for every q, not only for the exact posterior.
exact = model.posterior(fit.params, x)
hard = DiscretePosterior(np.eye(2)[exact.responsibilities.argmax(axis=1)], exact.log_evidence)
elbo, gap = jensen.elbo(model, fit.params, x, hard), jensen.kl_gap(model, fit.params, x, hard)
print(f"with hard assignments: Q + H = {elbo:.4f}, KL = {gap:.4f}, together {elbo + gap:.4f}")
