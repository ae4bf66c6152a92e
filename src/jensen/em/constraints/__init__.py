"""Parameters that are held or tied: `constrain` in `constrained`, and the chart of the rest in `chart`."""
