"""Seeing: replicates of a gradient estimate, estimators side by side, and a check for tests."""

from jensen.gradients.seeing.check import check
from jensen.gradients.seeing.compare import compare
from jensen.gradients.seeing.comparison import Comparison
from jensen.gradients.seeing.samples import gradient_samples

__all__ = ["Comparison", "check", "compare", "gradient_samples"]
