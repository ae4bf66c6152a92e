"""Everything that is Gaussian."""
