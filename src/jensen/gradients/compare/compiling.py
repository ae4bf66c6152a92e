"""How programs that are run once are compiled."""

QUICKLY = {"xla_backend_optimization_level": 1}
"""LLVM's second lowest level: what is run here is as fast, and compiled in two thirds of the time."""
