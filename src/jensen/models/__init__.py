"""Models p(z | θ) and q(z): latent structures over any family."""

import lazy_loader

from jensen.families.gaussian.prior import NormalInverseWishart

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["NormalInverseWishart"]
