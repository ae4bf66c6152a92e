"""The spaces that parameters live in, one file each; a chart is many of them as one unconstrained vector."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
