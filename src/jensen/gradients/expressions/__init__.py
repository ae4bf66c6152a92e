"""Expressions and distributions as one types them, ``x**2`` and ``normal(mu, 1)``: never run as Python."""

from jensen.gradients.expressions.language import ExpressionError, parse_expression, parse_program
from jensen.gradients.expressions.problem import Problem, problem

__all__ = ["ExpressionError", "Problem", "parse_expression", "parse_program", "problem"]
