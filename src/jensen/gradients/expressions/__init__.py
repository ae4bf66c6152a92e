"""Expressions and distributions as one types them: ``x**2``, ``normal(mu, 1)``; read by a small grammar."""

from jensen.gradients.expressions.grammar import parse_expression, parse_program
from jensen.gradients.expressions.problem import Problem, problem
from jensen.gradients.expressions.tokens import ExpressionError

__all__ = ["ExpressionError", "Problem", "parse_expression", "parse_program", "problem"]
