"""`check`: an estimator against the exact gradient, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.gradients.compare.ahead import Ahead
from jensen.gradients.compare.arguments import asked, of_expectation
from jensen.gradients.compare.compare import Contestant, bias_in_errors, entrant, run
from jensen.gradients.compare.names import parameter_names
from jensen.gradients.compare.reference import truth_at
from jensen.gradients.compare.samples import keys
from jensen.gradients.compare.truth import NoReference, Reference
from jensen.gradients.compare.validation import look
from jensen.gradients.expectation import Expectation
from jensen.gradients.labels import label

SEEN = 100.0  # draws in which f matters, by which a mean is judged


@of_expectation
def check(
    F: Expectation,
    params: Params,
    *,
    key: Any,
    num_replicates: int = 10_000,
    truth: Any = None,
    level: float = 5.0,
    max_standard_error: float | None = None,
) -> None:
    """Raise an ``AssertionError`` that says where, if an estimate of a gradient is biased or not finite.

    Parameters
    ----------
    F
        What `expectation` or `bound` returned, with the estimator that is checked.
    params, key, num_replicates, truth
        As for `compare`. A ``ValueError`` where no truth is given and none can be computed.
    level
        How many standard errors a mean may be off.
    max_standard_error
        None of them may be larger: an estimate of infinite variance is never many standard errors off.

    Examples
    --------
    >>> from numpyro.distributions import Poisson
    >>> from jensen import gradients as gr
    >>> F = gr.expectation(lambda x, params: x**2.0, lambda params: Poisson(params), gr.ScoreFunction())
    >>> gr.check(F, 2.3, key=0)
    """
    F, at = asked(F, params)
    looked = look(F, at)
    exact = truth_at(F, at, truth, looked)
    if isinstance(exact, NoReference):
        raise ModelError(f"no exact gradient is known here ({exact.why}): pass truth=")
    _require_seen(F, exact, num_replicates)
    found = run(entrant(F, looked, at, keys(key, num_replicates), Ahead()))
    name = label(F.estimator)
    if found.trouble:
        raise AssertionError(f"{name}: {found.trouble}")
    _require_small_errors(found, name, parameter_names(at), max_standard_error)
    _require_unbiased(found, name, parameter_names(at), exact, level)


def _require_seen(F: Expectation, exact: Reference, num_replicates: int) -> None:
    """That draws find where f matters: else their mean is far off, and looks sure."""
    num = num_replicates * F.layout.num_draws
    if exact.share * num < SEEN and np.isfinite(exact.value):
        raise ModelError(
            f"about {exact.share * num:.2g} of {num} draws would be where f matters, and {SEEN:.0f} are "
            "needed to tell a bias: more replicates, or draws from where it matters"
        )


def _require_unbiased(found: Contestant, name: str, names: list[str], exact: Reference, level: float) -> None:
    m, bias = found.moments, bias_in_errors(found.moments, exact)
    worst = int(np.argmax(np.abs(bias)))
    if abs(bias[worst]) > level:
        far = f"{abs(bias[worst]):.1f} standard errors off"
        raise AssertionError(
            f"{name} is biased: the gradient in {names[worst]} is {exact.gradient[worst]:.6g}, and the mean "
            f"of {len(found.samples)} replicates {m.mean[worst]:.6g} ± {m.standard_error[worst]:.2g}: "
            + (far if np.isfinite(bias[worst]) else "all of them the same")
        )


def _require_small_errors(found: Contestant, name: str, names: list[str], most: float | None) -> None:
    errors = found.moments.standard_error
    worst = int(np.argmax(errors))
    if most is not None and errors[worst] > most:
        raise AssertionError(
            f"{name}: the standard error in {names[worst]} is {errors[worst]:.3g}, more than {most:g}: "
            "more replicates, or an estimator of less variance"
        )
