"""Numerical methods that know no model."""
