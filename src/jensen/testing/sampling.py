"""The law of sampling: data drawn from θ* lead back to θ*."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.sampling import Sample
from jensen.em.contract import as_model
from jensen.em.fit import fit
from jensen.em.identities import log_evidence
from jensen.em.stopping import Gain
from jensen.testing.law import LawError, num_values, prepared

RARE = 1e-6  # a sound model fails this law with this probability


def refit_recovers(
    model: Any, params: Params, *, num_rows: int = 2000, rng: Any = 0, start: Params | None = None
) -> None:
    """Data from ``sample(θ*)`` refit to θ* within its standard errors, and the start did not.

    Distances are 2 (log p(x | θ̂) − log p(x | θ)): the squared distance in standard errors, whatever the
    labels and the coordinates (Wilks, 1938). At θ* it is χ² with as many degrees of freedom as there are free
    parameters.

    Parameters
    ----------
    params
        θ*.
    start
        Where to begin; without it the model's random starts, best of five.

    Raises
    ------
    LawError
        ``sample`` and the density disagree, the fit is stuck, or the start was at θ* already.
    """
    from scipy.stats import chi2

    rng = np.random.default_rng(rng)
    drawn = model.sample(params, num_rows, rng)
    pair = type(drawn) is tuple or isinstance(
        drawn, Sample
    )  # (rows, hidden values); another named tuple is data
    data = drawn[0] if pair else drawn
    begin = start if start is not None else prepared(model, data, None).start(data, None, rng)
    result = fit(model, data, start, restarts=None if start is not None else 5, stop=Gain(1e-2), rng=rng)
    own = as_model(model).num_free
    free = num_values(params) if own is None or own(params) is None else own(params)
    limit = float(chi2.isf(RARE, free))
    reached = 2 * (result.log_evidence - log_evidence(result.model, params, data))
    begun = 2 * (result.log_evidence - log_evidence(result.model, begin, data))
    if not -1e-2 <= reached <= limit:
        raise LawError(
            "refit_recovers",
            f"2 (log p(θ̂) − log p(θ*)) = {reached:.4g}, outside [0, {limit:.4g}] ({free} free parameters)",
            "a sample() that does not draw from the density, or a fit that is stuck",
        )
    if not begun > limit:
        raise LawError(
            "refit_recovers",
            f"the start was within {begun:.4g} already, where {limit:.4g} is what chance gives",
            "a test that cannot fail: begin further away, or with more rows",
        )
