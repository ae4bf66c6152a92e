"""Coming from scikit-learn: change the import, keep the rest; and go there and back."""

import numpy as np
import sklearn.mixture
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jensen import GaussianMixture, load_dataset

x = load_dataset("iris").values

gm = GaussianMixture(n_components=3, covariance_type="full", random_state=0).fit(x)
print(f"weights_ {gm.weights_.round(3)}, converged_ {gm.converged_}, n_iter_ {gm.n_iter_}")
print(f"score {gm.score(x):.4f}, bic {gm.bic(x):.2f}; more than theirs: icl {gm.icl(x):.2f}")
print(f"the whole fit is behind it: {gm.result_.verdict}")

# A fitted scikit-learn model here, and a fitted model of ours there: the same density.
theirs = sklearn.mixture.GaussianMixture(3, random_state=0).fit(x)
here = GaussianMixture.from_sklearn(theirs)
there = gm.to_sklearn()
print(f"theirs, here: {np.allclose(here.score_samples(x), theirs.score_samples(x))}")
print(f"ours, there:  {np.allclose(there.score_samples(x), gm.score_samples(x))}")

# In a pipeline and a search. `score` is the log-likelihood of a row, so the search compares held-out rows.
search = GridSearchCV(
    make_pipeline(StandardScaler(), GaussianMixture(random_state=0)),
    {"gaussianmixture__n_components": [1, 2, 3, 4]},
    cv=5,
).fit(x)
print(f"five-fold cross-validation prefers {search.best_params_}")
