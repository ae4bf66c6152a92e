"""What the program of f does with a variable, operation by operation."""
