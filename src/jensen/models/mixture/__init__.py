"""The mixture: a hidden label over any family."""
