"""Models as files, and back, without running code."""

from jensen.files.saved import Saved
from jensen.files.store import load, save

SavedMixture = Saved
"""The name that `Saved` had when it held Gaussian mixtures alone."""

__all__ = ["Saved", "SavedMixture", "load", "save"]
