"""What a family of component distributions implements."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Family(Protocol):
    """K component distributions p(x | z = k, θ). It knows no latent structure.

    The parameters are a named tuple of arrays with one entry for each component. A family may also give
    ``prepare(data, weight) -> family`` (what the data fix once), ``relabel(params, order)`` (where not every
    array has an entry for each component).
    """

    def log_density(self, params: Any, data: Any) -> Array:
        """log p(x_n | z = k), (n, k), every constant included."""
        ...

    def statistics(self, params: Any, data: Any, weight: Any) -> Any:
        """Σ_n w_nk T(x_n) under ``weight`` (n, k); they add and scale. ``params`` is None in a random
        start.
        """
        ...

    def m_step(self, stats: Any, params: Any) -> Any:
        """The parameters that maximize the expected log-density. ``params`` is None in a random start."""
        ...

    def expected_log_density(self, params: Any, stats: Any) -> float:
        """Σ_nk w_nk log p(x_n | z = k) from the statistics."""
        ...

    def sample(self, params: Any, labels: Any, rng: np.random.Generator) -> Any:
        """One row for each label."""
        ...

    def num_free(self, params: Any) -> int:
        """Free parameters of all components."""
        ...
