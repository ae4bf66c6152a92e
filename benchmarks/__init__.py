"""jensen and its peers, measured side by side: `scripts/bench`."""
