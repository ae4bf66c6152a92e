"""The names of types that everybody uses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.intp]
Mask = NDArray[np.bool_]
Params = Any
Data = Any
Weight = NDArray[np.float64] | None
