"""The same line in two libraries: GaussianMixture(n_components=3, covariance_type="tied").fit(faithful)."""

import sklearn.mixture

import jensen

x = jensen.load_dataset("faithful").values
n = len(x)

theirs = sklearn.mixture.GaussianMixture(n_components=3, covariance_type="tied", random_state=0).fit(x)
ours = jensen.GaussianMixture(n_components=3, covariance_type="tied", random_state=0).fit(x)

print(f"scikit-learn: converged_={theirs.converged_} after {theirs.n_iter_} iterations")
print(f"  log-likelihood of the model it returns  {theirs.score(x) * n:.4f}")
print(f"  lower_bound_ that it reports, times n   {theirs.lower_bound_ * n:.4f}  (one M-step before)")
print(f"jensen: converged_={ours.converged_}")
print(f"  log-likelihood of the model it returns  {ours.score(x) * n:.4f}")
print(f"  lower_bound_ that it reports, times n   {ours.lower_bound_ * n:.4f}")


def start(model):
    return {"weights_init": model.weights_, "means_init": model.means_, "precisions_init": model.precisions_}


# Going on from where each of them stopped.
longer = sklearn.mixture.GaussianMixture(
    3, covariance_type="tied", tol=1e-10, max_iter=5000, **start(theirs)
).fit(x)
again = jensen.GaussianMixture(3, covariance_type="tied", tol=1e-9, **start(ours)).fit(x)
print("going on from there")
print(f"  scikit-learn  {longer.score(x) * n:.4f}  after {longer.n_iter_} more iterations")
print(f"  jensen        {again.score(x) * n:.4f}")
print(f"BIC that a table of models would have shown: {theirs.bic(x):.2f} and {ours.bic(x):.2f}")
