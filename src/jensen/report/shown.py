"""What there is to show of a fit, as `jensen.em.summary` has it."""

from jensen.em.summary.shown import components_of, named_values, num_columns, numbers_of

__all__ = ["components_of", "named_values", "num_columns", "numbers_of"]
