"""Information criteria, all in the sign where smaller is better."""

from __future__ import annotations

import math


def aic(log_evidence: float, num_free: int) -> float:
    """−2 log p(x | θ̂) + 2p (Akaike, 1974)."""
    return -2.0 * log_evidence + 2.0 * num_free


def bic(log_evidence: float, num_free: int, weight: float) -> float:
    """−2 log p(x | θ̂) + p log n (Schwarz, 1978); n is the total weight. mclust prints minus this."""
    return -2.0 * log_evidence + num_free * math.log(weight)


def icl(log_evidence: float, num_free: int, weight: float, entropy: float) -> float:
    """BIC + 2 H[q], of the posterior (Biernacki, Celeux and Govaert, 2000, with soft assignments)."""
    return bic(log_evidence, num_free, weight) + 2.0 * entropy
