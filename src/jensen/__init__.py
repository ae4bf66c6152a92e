"""Maximum likelihood for models with hidden variables, and how sure it is."""

import lazy_loader

_public, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    if name == "__version__":  # pyproject.toml's, as it was installed; reading it takes a while
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("jensen")
        except PackageNotFoundError:  # run from a source tree
            return "unknown"
    return _public(name)
