"""Models as files, and back, without running code."""

from jensen.files.models import SavedMixture, load, save

__all__ = ["SavedMixture", "load", "save"]
