"""Where data come in: memory and files."""
