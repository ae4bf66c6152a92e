"""What a fitted mixture says about rows: the methods that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.basics.numbers import is_whole
from jensen.basics.sampling import Randomness, Sample, as_generator
from jensen.em import criteria
from jensen.em.contract import Expected
from jensen.em.identities import e_step
from jensen.families.gaussian.gaussian import Gaussian
from jensen.families.gaussian.structures.structure import Structure
from jensen.models.mixture.mixture import Mixture
from jensen.models.mixture.params import MixtureParams
from jensen.sklearn import validation
from jensen.sklearn.shapes import parameters_of, structure_of


def mixture(k: int, covariance_type: str | Structure, prior: Any = None) -> Mixture:
    """The model that a scikit-learn covariance type names."""
    return Mixture(k, Gaussian(structure_of(covariance_type)), prior)


class ScoringMixin:
    """Labels, densities, criteria and samples of a fitted mixture, all from its attributes."""

    covariance_type: str
    random_state: Any
    weights_: Array
    means_: Array
    covariances_: Array

    def predict(self, X: Any) -> NDArray[np.intp]:
        """The most probable component of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return responsibilities(self, X).argmax(axis=1)

    def predict_proba(self, X: Any) -> Array:
        """The probability of each component given each row, p(z = k | x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        responsibilities : ndarray of shape (n_samples, n_components)
        """
        return responsibilities(self, X)

    def score_samples(self, X: Any) -> Array:
        """The log-density of each row, log p(x).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
        """
        model, params = fitted_model(self)
        rows = rows_of(self, X)
        return model.family.native.log_evidence(params.weights, params.components, rows)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The mean log-density of the rows, Σ w log p(x) / Σ w.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : Ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        total = expected(self, X, sample_weight)
        return total.log_evidence / total.weight

    def aic(self, X: Any, sample_weight: Any = None) -> float:
        """Akaike's criterion, −2 log-likelihood + 2 parameters; smaller is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        aic : float
        """
        return criteria.aic(expected(self, X, sample_weight).log_evidence, self._n_parameters())

    def bic(self, X: Any, sample_weight: Any = None) -> float:
        """Schwarz's criterion, −2 log-likelihood + log(Σw) parameters; smaller is better (mclust prints minus
        this).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        bic : float
        """
        total = expected(self, X, sample_weight)
        return criteria.bic(total.log_evidence, self._n_parameters(), total.weight)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """BIC plus twice the entropy of the labels: favours components that are apart; smaller is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        icl : float
        """
        total = expected(self, X, sample_weight)
        return criteria.icl(total.log_evidence, self._n_parameters(), total.weight, total.entropy)

    def sample(self, n_samples: int = 1, *, rng: Randomness = None) -> Sample:
        """Draw rows from the fitted mixture, in random order (scikit-learn's come sorted by component).

        Parameters
        ----------
        n_samples : int, default=1
        rng : int or numpy.random.Generator, default=None
            In place of ``random_state``.

        Returns
        -------
        data : ndarray of shape (n_samples, n_features)
        labels : ndarray of shape (n_samples,)
            The component that each row was drawn from. The two are a pair: ``X, y = mixture.sample(10)``.
        """
        model, params = fitted_model(self)
        if not (is_whole(n_samples) and n_samples >= 1):
            raise ModelError(f"n_samples must be at least 1, not {n_samples!r}")
        draws = generator(self.random_state) if rng is None else as_generator(rng)
        labels = model.labels(params, int(n_samples), draws)
        return Sample(model.family.sample(params.components, labels, draws), labels)

    def _n_parameters(self) -> int:
        """Free parameters: weights, means and covariances."""
        model, params = fitted_model(self)
        return len(params.weights) - 1 + model.family.num_free(params.components)


def generator(random_state: Any) -> np.random.Generator:
    """A generator seeded from scikit-learn's kind of random state (None: NumPy's global one)."""
    return np.random.default_rng(check_random_state(random_state).randint(2**31, size=4, dtype=np.int64))


def fitted_model(estimator: ScoringMixin) -> tuple[Mixture, MixtureParams]:
    """The model and its parameters, from the attributes: users may set these by hand."""
    check_is_fitted(estimator)
    if "n_features_in_" not in vars(estimator):
        estimator.n_features_in_ = np.shape(estimator.means_)[1]  # pyright: ignore -- set by hand
    params = parameters_of(estimator)
    return mixture(len(params.weights), estimator.covariance_type), params


def rows_of(estimator: ScoringMixin, X: Any) -> Array:
    """The rows in the precision of what is computed from them: single where parameters and rows both are."""
    rows = validation.rows(estimator, X)
    return rows if rows.dtype == np.asarray(estimator.means_).dtype else np.asarray(rows, np.float64)


def responsibilities(estimator: ScoringMixin, X: Any) -> Array:
    """p(z_n = k | x_n), (n, k)."""
    model, params = fitted_model(estimator)
    return model.posterior(params, rows_of(estimator, X)).responsibilities


def expected(estimator: ScoringMixin, X: Any, sample_weight: Any) -> Expected:
    """Totals over rows: log-evidence, entropy, weight. Nothing of size n × k is stored."""
    model, params = fitted_model(estimator)
    data = rows_of(estimator, X)
    return e_step(model, params, data, validation.weights(sample_weight, len(data)))
