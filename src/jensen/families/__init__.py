"""Families p(x | z = k, θ): banks of K component distributions. They know no latent structure."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
