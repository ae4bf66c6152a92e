"""`compare`: estimators of one gradient side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jensen.gradients.draws import Draws
from jensen.gradients.expectation import Expectation, expectation
from jensen.gradients.seeing.comparison import Comparison
from jensen.gradients.seeing.door import require_dependence, require_domains
from jensen.gradients.seeing.moments import Moments, moments
from jensen.gradients.seeing.names import columns, flat, label, parameter_names
from jensen.gradients.seeing.nonfinite import where
from jensen.gradients.seeing.reference import Reference, reference
from jensen.gradients.seeing.samples import as_arrays, keys, replicate


class Contestant(NamedTuple):
    """An estimator that has been run.

    Attributes
    ----------
    samples
        (replicates, parameters).
    evaluations
        Of f, for one replicate.
    seconds
        For one replicate, compiled before.
    trouble
        Where a value is not finite, in words; empty where all are.
    """

    F: Expectation
    samples: Any
    moments: Moments
    evaluations: int
    seconds: float
    trouble: str


def compare(
    f: Callable[[Any, Any], Any],
    distribution: Callable[[Any], Any],
    theta: Any,
    estimators: Sequence[Any] | Mapping[str, Any],
    *,
    key: Any,
    draws: Draws | None = None,
    num_replicates: int = 1000,
    truth: Any = None,
    vouch: tuple[str, ...] = (),
) -> Comparison:
    """Mean, variance, bias and cost of several estimators of the gradient of E[f(x, θ)].

    Parameters
    ----------
    f, distribution, vouch
        As for `expectation`.
    theta
        Where.
    estimators
        Estimators (each may be a dict with one for each variable), or pairs of an estimator and its draws; or
        a dict of these by the names they shall have in the table.
    key
        A JAX key, or an integer to make one of.
    draws
        Of those that have none of their own.
    num_replicates
        Independent repetitions of the whole estimate, from which means and variances are taken.
    truth
        The gradient, as θ. By default an exact one is sought: by sums, and by quadrature over one or two
        variables; the bias is NaN where there is none.

    Examples
    --------
    >>> from numpyro.distributions import Normal
    >>> from jensen import gradients as gr
    >>> found = gr.compare(
    ...     lambda x, theta: x**2,
    ...     lambda theta: Normal(theta["mu"], 1.0),
    ...     {"mu": 0.5},
    ...     [gr.ScoreFunction(), gr.Pathwise()],
    ...     draws=gr.Independent(1),
    ...     key=0,
    ...     num_replicates=10_000,
    ... )
    >>> abs(found.row("Pathwise()")["variance"] - 4.0) < 0.4
    True
    """
    theta = as_arrays(theta)
    named = contestants(f, distribution, estimators, draws, vouch)
    any_one = next(iter(named.values()))
    require_domains(any_one, theta)
    require_dependence(any_one, theta)
    exact = Reference(flat(truth), 0.0) if truth is not None else reference(any_one, theta)
    ran = {name: run(F, theta, key, num_replicates) for name, F in named.items()}
    return summary(ran, parameter_names(theta), exact)


def contestants(
    f: Any, distribution: Any, estimators: Any, draws: Draws | None, vouch: tuple[str, ...]
) -> dict[str, Expectation]:
    """The expectations by the names that they have in the table."""
    if not estimators:
        raise ValueError("there is no estimator to compare")
    given = estimators if isinstance(estimators, Mapping) else {_name(each): each for each in estimators}
    found = {}
    for name, each in given.items():
        estimator, own = each if isinstance(each, tuple) else (each, draws)
        found[name] = expectation(f, distribution, estimator, own, vouch)
    return found


def _name(estimator: Any) -> str:
    return ", ".join(map(label, estimator)) if isinstance(estimator, tuple) else label(estimator)


def run(F: Expectation, theta: Any, key: Any, num_replicates: int) -> Contestant:
    """Replicates of one estimator, timed."""
    each = keys(key, num_replicates)
    compiled = replicate(F).lower(theta, each).compile()
    began = time.perf_counter()
    values, gradients = jax.block_until_ready(compiled(theta, each))
    seconds = (time.perf_counter() - began) / num_replicates
    samples = columns(gradients, num_replicates)
    bad = ~(np.isfinite(samples).all(axis=1) & np.isfinite(np.asarray(values)))
    trouble = where(F, theta, each, np.flatnonzero(bad)) if bad.any() else ""
    return Contestant(F, samples, moments(samples), F.evaluations(theta), seconds, trouble)


def summary(ran: Mapping[str, Contestant], parameters: list[str], exact: Reference | None) -> Comparison:
    """The table, parameter by parameter."""
    rows = [
        _row(name, each, parameter, i, exact)
        for i, parameter in enumerate(parameters)
        for name, each in ran.items()
    ]
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    samples = {name: each.samples for name, each in ran.items()}
    return Comparison(table, samples, tuple(parameters), tuple(_remarks(ran, exact)))


def _row(name: str, each: Contestant, parameter: str, i: int, exact: Reference | None) -> dict[str, Any]:
    m, num_draws = each.moments, each.F.draws.layout.num_draws
    bias = bias_in_errors(m, exact)
    return {
        "estimator": name,
        "parameter": parameter,
        "draws": num_draws,
        "mean": float(m.mean[i]),
        "standard_error": float(m.standard_error[i]),
        "truth": float("nan") if exact is None else float(exact.gradient[i]),
        "bias": float("nan") if bias is None else float(bias[i]),
        "variance": float(m.variance[i]),
        "variance_error": float(m.variance_error[i]),
        "variance_per_draw": float(m.variance[i] * num_draws),
        "variance_per_draw_error": float(m.variance_error[i] * num_draws),
        "evaluations": each.evaluations,
        "variance_x_evaluations": float(m.variance[i] * each.evaluations),
        "seconds": each.seconds,
        "variance_x_seconds": float(m.variance[i] * each.seconds),
        "rounding": float(m.rounding[i]),
        "non_finite": int((~np.isfinite(each.samples[:, i])).sum()),
        "is_biased": is_biased(each.F),
    }


def bias_in_errors(m: Moments, exact: Reference | None) -> Any:
    """How many standard errors each mean is from the truth; less than rounding may explain is 0."""
    if exact is None:
        return None
    away = m.mean - exact.gradient
    allowed = np.hypot(m.standard_error, exact.error)
    beyond = np.sign(away) * np.maximum(np.abs(away) - m.rounding, 0.0)
    return beyond / np.maximum(allowed, np.finfo(float).tiny) + 0.0  # no −0


def is_biased(F: Expectation) -> bool:
    """Whether an estimator says of itself that it is."""
    used = F.estimator.values() if isinstance(F.estimator, Mapping) else [F.estimator]
    return any(each.is_biased for each in used)


def _remarks(ran: Mapping[str, Contestant], exact: Reference | None) -> list[str]:
    found = [f"{name}: {each.trouble}" for name, each in ran.items() if each.trouble]
    found += [f"{name}: biased by construction" for name, each in ran.items() if is_biased(each.F)]
    if exact is None:
        found.append("no exact gradient is known here: pass truth= to see a bias")
    return found
