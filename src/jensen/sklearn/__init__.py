"""The scikit-learn face: validation, defaults, names with a trailing underscore; no numerics."""

from jensen.sklearn.gaussian_mixture import GaussianMixture

__all__ = ["GaussianMixture"]
