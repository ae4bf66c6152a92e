"""Seeing: replicates of a gradient estimate, estimators side by side, and a check for tests."""

from jensen.gradients.compare.check import check
from jensen.gradients.compare.compare import compare
from jensen.gradients.compare.comparison import Comparison
from jensen.gradients.compare.samples import gradient_samples

__all__ = ["Comparison", "check", "compare", "gradient_samples"]
