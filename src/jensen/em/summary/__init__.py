"""What a fit says of itself: words, tables, and both together as a `Summary`."""
