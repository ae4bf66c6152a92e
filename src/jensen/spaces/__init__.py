"""The spaces that parameters live in, one file each; a chart is many of them as one unconstrained vector."""

from jensen.spaces.chart import Chart
from jensen.spaces.correlation import Correlation
from jensen.spaces.covariance import Covariance
from jensen.spaces.interval import Interval
from jensen.spaces.names import Columns
from jensen.spaces.positive import Positive
from jensen.spaces.real import Real
from jensen.spaces.simplex import Simplex
from jensen.spaces.space import Space

__all__ = [
    "Chart",
    "Columns",
    "Correlation",
    "Covariance",
    "Interval",
    "Positive",
    "Real",
    "Simplex",
    "Space",
]
