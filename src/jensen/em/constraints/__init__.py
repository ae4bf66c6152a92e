"""Parameters that are held or tied: `constrain` in `model`, and charts of the rest in `restricted_chart`."""
