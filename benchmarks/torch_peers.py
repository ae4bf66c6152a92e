"""pomegranate and tgmm, where torch is installed."""

from __future__ import annotations

import importlib.util
import sys
from functools import partial
from typing import Any

from benchmarks.timing import Measure, seconds
from jensen.models import MixtureParams


def contestants(rows: Any, params: MixtureParams) -> dict[str, Measure]:
    """Seconds per iteration of each that is here."""
    if importlib.util.find_spec("torch") is None:
        return {}
    known = {"pomegranate": _pomegranate, "tgmm": _tgmm}
    return {
        name: partial(_guarded, name, partial(measure, rows, params))
        for name, measure in known.items()
        if importlib.util.find_spec(name) is not None
    }


def _guarded(name: str, measure: Measure) -> float:
    """NaN where the peer cannot do it, and why on standard error: its failure is not ours."""
    try:
        return measure()
    except Exception as error:
        print(f"bench: {name} failed: {error}", file=sys.stderr)
        return float("nan")


def _pomegranate(rows: Any, params: MixtureParams) -> float:
    import torch
    from pomegranate.distributions import Normal
    from pomegranate.gmm import GeneralMixtureModel

    x = torch.from_numpy(rows)
    kind = x.dtype

    def run(steps: int) -> float:
        parts = [
            Normal(torch.tensor(m, dtype=kind), torch.tensor(c, dtype=kind))
            for m, c in zip(params.components.means, params.components.covariances, strict=True)
        ]
        priors = torch.tensor(params.weights, dtype=kind)
        model = GeneralMixtureModel(parts, priors=priors, max_iter=steps, tol=-float("inf"))
        return seconds(lambda: model.fit(x))

    return (run(3) - run(1)) / 2


def _tgmm(rows: Any, params: MixtureParams) -> float:
    import torch
    from tgmm import GaussianMixture

    x = torch.from_numpy(rows)
    k, d = params.components.means.shape

    def run(steps: int) -> float:
        means = torch.tensor(params.components.means, dtype=x.dtype)
        model = GaussianMixture(k, d, covariance_type="full", max_iter=steps, tol=0.0, init_means=means)
        return seconds(lambda: model.fit(x))

    return (run(3) - run(1)) / 2
