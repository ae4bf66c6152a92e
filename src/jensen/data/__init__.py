"""The doors: arrays, data frames, files and model files, and the built-in data sets."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
