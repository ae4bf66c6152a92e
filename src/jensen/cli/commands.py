"""The commands, each loaded when it is given: what one needs costs the others nothing."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    "jensen.cli", ["fitting", "gradients", "predicting", "using"]
)
