"""Fits as tables, sentences, documents and plots, for people and for other programs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
