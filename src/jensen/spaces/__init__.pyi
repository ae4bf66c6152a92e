# The public names of jensen.spaces; each is imported on first use.
from .chart import Chart as Chart
from .correlation import Correlation as Correlation
from .covariance import Covariance as Covariance
from .interval import Interval as Interval
from .names import Columns as Columns
from .positive import Positive as Positive
from .real import Real as Real
from .simplex import Simplex as Simplex
from .space import Space as Space
