"""`compare`: estimators of one gradient side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from numpyro.distributions.distribution import validation_enabled

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.basics.tables import Table
from jensen.gradients.compare.ahead import Ahead
from jensen.gradients.compare.arguments import asked, of_expectation
from jensen.gradients.compare.best_constant import of_score
from jensen.gradients.compare.comparison import Comparison
from jensen.gradients.compare.contenders import Contender, contenders
from jensen.gradients.compare.moments import Moments, moments
from jensen.gradients.compare.names import columns, parameter_names
from jensen.gradients.compare.nonfinite import where
from jensen.gradients.compare.reference import begun, expected, truth_at
from jensen.gradients.compare.samples import WARM, Replicates, keys, replicates
from jensen.gradients.compare.truth import NoReference, Reference, most_precise
from jensen.gradients.compare.validation import Looked, heavy_paths, look
from jensen.gradients.distributions.validity.warning import warn
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.untraceable import explained
from jensen.gradients.surrogates import InvalidGradientError

R = TypeVar("R")
AT_A_TIME = 2  # programs that are compiled


class Place:
    """An expectation and where its gradient is asked for.

    What is known of it exactly is computed when it is first needed.
    """

    def __init__(self, F: Expectation, params: Params, truth: Any = None) -> None:
        self.F, self.params = F, params
        self.looked = look(F, params)
        self.given = None if truth is None else truth_at(F, params, truth, self.looked)
        self._begun: Callable[[], Reference | NoReference] | None = None

    def begin(self, ahead: Ahead) -> None:
        """Compile what the exact gradient is computed by, if it is not given."""
        if self.given is None:
            self._begun = begun(self.F, self.params, self.looked, ahead)

    @property
    def exact(self) -> Reference | NoReference:
        """The gradient that estimates are held against: the given one, else the computed one."""
        return self._computed if self.given is None else self.given

    @cached_property
    def _computed(self) -> Reference | NoReference:
        return truth_at(self.F, self.params, None, self.looked) if self._begun is None else self._begun()

    def mean(self) -> float:
        """E[f]; a ``ValueError`` where it is not known."""
        if isinstance(self._computed, NoReference):
            raise ModelError(f"E[f] is not known exactly: {self._computed.why}")
        return self._computed.value

    def best(self) -> float:
        """The constant baseline of least variance; a ``ValueError`` where it is not known."""
        self.mean()
        of = of_score(self.F, self.params)
        if of is None:
            raise ModelError(
                "its constant is computed for one variable and one parameter only: "
                "optimal-coefficient estimates it"
            )
        above, below = map(float, np.asarray(expected(self.F, of, self.params)))
        if not (below > 0 and np.isfinite(above)):
            raise ModelError("there is no best constant: the score does not vary, or not by a finite number")
        return above / below


class Entrant(NamedTuple):
    """An estimator that can be used: planned and traced, once."""

    F: Expectation
    looked: Looked
    params: Params
    keys: Any
    replicates: Replicates


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
    is_doubted
        Whether it may be wrong, so that no bias is told from it.
    """

    F: Expectation
    samples: Any
    moments: Moments
    evaluations: int
    seconds: float
    trouble: str
    is_doubted: bool


@of_expectation
def compare(
    F: Expectation,
    params: Params,
    estimators: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    key: Any,
    draws: Any = None,
    num_replicates: int = 1000,
    truth: Any = None,
) -> Comparison:
    """Mean, variance, bias and cost of several estimators of the gradient of E[f(x, θ)].

    Parameters
    ----------
    F
        What `expectation` or `bound` returned; its own estimator is not among them by itself.
    params
        Where.
    estimators
        Estimators (each may be a dict with one for each variable), or names that the command line has for
        them and their draws (``"score"``, ``"path"``, ``"leave-one-out"``), or pairs of one of these and its
        draws; or a dict of these by the names they shall have in the table. Those that cannot be used are
        left out, and the remarks say why.
    key
        A JAX key, or an integer to make one of.
    draws
        Of those that have none of their own; by default those of F.
    num_replicates
        Independent repetitions of the whole estimate, from which means and variances are taken.
    truth
        The gradient, in the form of params. By default an exact one is sought: by sums, and by quadrature
        over one or two variables; where there is none, biases are from the most precise of the unbiased
        estimates.

    Examples
    --------
    >>> from numpyro.distributions import Normal
    >>> from jensen import gradients as gr
    >>> F = gr.expectation(lambda x, params: x**2, lambda params: Normal(params["mu"], 1.0), draws=1)
    >>> both = [gr.ScoreFunction(), gr.Pathwise()]
    >>> found = gr.compare(F, {"mu": 0.5}, both, key=0, num_replicates=10_000)
    >>> abs(found.row("Pathwise()")["variance"] - 4.0) < 0.4
    True
    """
    place = Place(*asked(F, params, draws), truth)
    able, left_out = usable(place, contenders(place.F, place, estimators), keys(key, num_replicates))
    if not able:
        raise ModelError("; ".join(dict.fromkeys(left_out.values())))
    return compared(place, able, left_out)


def usable(
    place: Place, wanted: Mapping[str, Contender], keys: Any
) -> tuple[dict[str, Entrant], dict[str, str]]:
    """Those that can be used, and why the others cannot.

    What the exact gradient is computed by, and each of them, is compiled while the next is traced; all are
    before any is timed. Those that need something exact come last.
    """
    able: dict[str, Entrant] = {}
    left_out: dict[str, str] = {}
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        ahead = Ahead(pool)
        place.begin(ahead)
        for name, each in sorted(wanted.items(), key=lambda item: item[1].is_late):
            try:
                able[name] = entrant(each.make(), place.looked, place.params, keys, ahead)
            except TypeError:  # of f or a distribution: no estimator will do
                raise
            except (InvalidGradientError, ValueError) as error:
                left_out[name] = str(error)
    return _in_order(wanted, able), _in_order(wanted, left_out)


def _in_order(wanted: Iterable[str], found: Mapping[str, R]) -> dict[str, R]:
    return {name: found[name] for name in wanted if name in found}


def compared(
    place: Place,
    able: Mapping[str, Entrant],
    left_out: Mapping[str, str] | None = None,
    told: Callable[[str], Any] = lambda name: None,
) -> Comparison:
    """All of them, one after the other. ``told`` hears the name of each when it begins."""
    ran: dict[str, Contestant] = {}
    for name, each in able.items():
        told(name)
        ran[name] = run(each)
    return summary(ran, parameter_names(place.params), place.exact, left_out or {})


def entrant(F: Expectation, looked: Looked, params: Params, keys: Any, ahead: Ahead) -> Entrant:
    """An estimator, ready to run; an error where it does not give this gradient."""
    with validation_enabled(False), explained():
        plan = F.plan_of(looked.described, params)
    return Entrant(F, looked, params, keys, replicates(F, params, keys, plan, ahead))


def run(able: Entrant) -> Contestant:
    """Replicates of one estimator, timed."""
    F, looked, params, keys, its = able
    call, plan = its.compiled(), its.plan
    for words in dict.fromkeys(heavy_paths(F, plan, looked, params)):
        warn(words)
    began = time.perf_counter()
    values, gradients = jax.block_until_ready(call(params, keys))
    seconds = (time.perf_counter() - began) / len(keys)
    samples = columns(gradients, len(keys))
    if (undefined := ~np.isfinite(np.asarray(values))).any():
        samples = np.where(undefined[:, None], np.nan, samples)  # what is no number has no slope
    bad = ~np.isfinite(samples).all(axis=1)
    trouble = where(F, plan, params, keys, np.flatnonzero(bad)) if bad.any() else ""
    return Contestant(F, samples, moments(samples), its.record.evaluations, seconds, trouble, plan.is_doubted)


def summary(
    ran: Mapping[str, Contestant],
    parameters: list[str],
    exact: Reference | NoReference,
    left_out: Mapping[str, str],
) -> Comparison:
    """The table, parameter by parameter."""
    told, held = _held_against(ran, exact)
    bias = {name: bias_in_errors(each.moments, held) for name, each in ran.items()}
    rows = [
        _row(name, each, parameter, i, held, bias[name])
        for i, parameter in enumerate(parameters)
        for name, each in ran.items()
    ]
    samples = {name: each.samples for name, each in ran.items()}
    remarks = [*_remarks(ran), *told, *left_out_words(left_out)]
    return Comparison(
        Table.from_rows(rows), samples, tuple(parameters), tuple(remarks), isinstance(exact, Reference)
    )


def left_out_words(left_out: Mapping[str, str]) -> list[str]:
    """What is said of them, each reason once."""
    whys = {why: [name for name, its in left_out.items() if its == why] for why in left_out.values()}
    return [f"left out: {', '.join(names)} ({why})" for why, names in whys.items()]


def _held_against(
    ran: Mapping[str, Contestant], exact: Reference | NoReference
) -> tuple[list[str], Reference | None]:
    """What is said of the gradient that biases are from, and that gradient."""
    if isinstance(exact, Reference):
        return [], exact
    sure = {
        name: each.moments
        for name, each in ran.items()
        if not (is_biased(each.F) or each.is_doubted or _is_wild(each.moments))
    }
    best = most_precise(sure) if len(ran) > 1 and not exact.is_jump else None
    if best is None:
        return [f"no exact gradient is known here ({exact.why}): none to see a bias with"], None
    return [
        f"no exact gradient is known here ({exact.why}): biases are from {best[0]}, the most precise"
    ], best[1]


def _row(
    name: str, each: Contestant, parameter: str, i: int, exact: Reference | None, bias: Any
) -> dict[str, Any]:
    m, num_draws = each.moments, each.F.draws.layout.num_draws
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
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(beyond == 0.0, 0.0, beyond / allowed)


def is_biased(F: Expectation) -> bool:
    """Whether an estimator says of itself that it is."""
    used = F.estimator.values() if isinstance(F.estimator, Mapping) else [F.estimator]
    return any(each.is_biased for each in used)


WILD = 0.3  # of a variance: its own standard error, from which a few replicates decide
ENOUGH = 100  # replicates: of fewer any variance has such an error


def _remarks(ran: Mapping[str, Contestant]) -> list[str]:
    found = [f"{name}: {each.trouble}" for name, each in ran.items() if each.trouble]
    found += [f"{name}: biased by construction" for name, each in ran.items() if is_biased(each.F)]
    many = {name: each for name, each in ran.items() if len(each.samples) >= ENOUGH}
    wild = [name for name, each in many.items() if _is_wild(each.moments)]
    if wild:
        found.append(
            f"{', '.join(wild)}: a few replicates decide the variance: more are needed, or it is infinite"
        )
    warm = [name for name, each in ran.items() if each.F.init() is not None]
    return found + [f"{name}: after {WARM} calls that fill its memory" for name in warm]


def _is_wild(m: Moments) -> bool:
    big = m.variance > m.rounding**2
    return bool((m.variance_error[big] > WILD * m.variance[big]).any())
