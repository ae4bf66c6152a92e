"""Distributions that NumPyro does not have."""

from jensen.gradients.distributions.von_mises_fisher import VonMisesFisher

__all__ = ["VonMisesFisher"]
