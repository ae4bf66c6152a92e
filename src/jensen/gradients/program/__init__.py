"""The random variables of an expectation, what becomes of each, and where its function jumps."""
