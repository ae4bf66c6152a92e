"""`fit`, the one verb."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from jensen.basics.arguments import require_kind, shown
from jensen.basics.arrays import Data, Params, Weight
from jensen.basics.blas import few_threads
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.naming import columns_called
from jensen.basics.numbers import is_whole
from jensen.basics.plain import given
from jensen.basics.progress import Progress
from jensen.basics.sampling import as_generator
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.algorithms import Algorithm, as_algorithm
from jensen.em.cases import num_numbers
from jensen.em.contract import Model
from jensen.em.effort import Search
from jensen.em.fitted import Given
from jensen.em.multistart import Multistart, default_algorithm
from jensen.em.problem import Problem
from jensen.em.restarts import RANDOM, Starts, best_first, gather, settled, table_of_starts
from jensen.em.result import Fit
from jensen.em.stopping import Gain, Stop
from jensen.em.uncertainty.uncertainty import uncertainty
from jensen.em.validation import require_restarts

DEFAULT_MAX_STEPS = 10_000


@np.errstate(all="ignore")  # whatever the caller's: what is not finite is found out and told
def fit(
    model: Any,
    data: Data,
    params: Params | None = None,
    *,
    weight: Weight = None,
    algorithm: Algorithm | None = None,
    stop: Stop | None = None,
    max_steps: int = DEFAULT_MAX_STEPS,
    restarts: int | None = None,
    starts: Starts | None = None,
    search: Search | None = None,
    rng: np.random.Generator | int | None = None,
    resume: Fit | None = None,
) -> Fit:
    """Maximize log p(x | θ) (plus log p(θ) where the model has a prior) by EM.

    Parameters
    ----------
    model
        A `jensen.em.Model`, or any class with its four methods.
    data
        Whatever the model takes; for mixtures an (n, d) array.
    params
        Where to start. Without it there are many starts.
    weight
        One non-negative number for each case (row); an integer weight counts as that many repeated rows.
    algorithm
        How to climb. By default EM, accelerated once its steps are small: by `jensen.em.QuasiNewton` where
        the model has a chart, by `jensen.em.Squarem` where it has only ``pack`` and ``unpack``.
        `jensen.em.EM` for plain EM.
    stop
        When to stop; by default once less than 1e-3 of total log-likelihood is estimated to be left
        (`jensen.em.Gain`), or less than the rounding of the data can resolve.
    max_steps
        Limit of each climb. Reaching it is a verdict, not convergence.
    restarts
        Number of starts. None: the model's own search if it has one; else random starts, at least 10, until
        the best end was reached three times, and at most 50.
    starts
        A kind of start in place of the model's own random ones and of its search: `jensen.em.Starts`.
    search
        How hard the model's own search is to try: `jensen.Search`.
    rng
        A generator or a seed. Without one, 0: the same call gives the same answer. The starts of a seed are
        the same however many there are.
    resume
        An earlier fit of the same model and data from random starts of the same seed: they are not climbed
        again, the others are. ``fit(..., restarts=100, rng=1, resume=fit(..., restarts=10, rng=1))`` climbs
        from 90.

    Returns
    -------
    Fit
        Always. What went wrong is its ``verdict``.

    Raises
    ------
    ValueError
        For weights that are none, a start outside its spaces (of a model with a chart), or if every start
        failed; the reasons are in the message.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> x = np.random.default_rng(0).normal(size=(200, 1)) + np.repeat([[0.0], [5.0]], 100, axis=0)
    >>> fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian()), x)
    >>> fit.verdict.converged
    True
    """
    began = time.perf_counter()
    if params is not None and restarts is not None:
        raise ModelError("give either params (one start) or restarts (many), not both")
    require_restarts(restarts)
    _require_kinds(stop, starts, search, resume)
    if not (is_whole(max_steps) and max_steps >= 0):
        raise ModelError(f"max_steps must be a whole number from 0, not {max_steps!r}")
    seed = _seed(rng)
    if resume is not None:
        _check_resume(resume, params, seed, RANDOM if starts is None else starts.kind)
    problem = Problem.prepared(model, data, weight)
    if resume is not None:
        _check_same(resume, problem)
    if params is not None and problem.model.chart is not None:
        problem.model.chart.check(params)
    chosen = default_algorithm(problem.model) if algorithm is None else as_algorithm(algorithm)
    may_finish = algorithm is None and stop is None
    reorder = params is None and (starts is None or starts.reorder)
    with Progress() as progress, few_threads(num_numbers(problem.data)), columns_called(problem.columns):
        rule = Gain() if stop is None else stop
        climbs = Multistart(problem, chosen, rule, max_steps, progress, reorder, may_finish)
        before = () if resume is None else resume.ends
        generator = as_generator(rng)
        found, interrupted = gather(climbs.starts(params, restarts, generator, before, starts, search))
        if interrupted:
            climbs.max_steps = 0  # no more climbing: what was found is returned at once
        try:
            run, verdict = climbs.choose(found)
        except KeyboardInterrupt:
            interrupted, climbs.max_steps = True, 0
            run, verdict = climbs.choose(found)
    table = table_of_starts(problem.model, found)
    if interrupted:
        verdict = Verdict(Outcome.INTERRUPTED, "stopped by the user; this is the best so far", "run it again")
    elif verdict.converged and params is None:
        verdict = replace(verdict, search=settled(found, table, run.state.objective))
    expected = run.state.expected
    return Fit(
        params=_canonical(problem.model, run.state.params) if reorder else run.state.params,
        log_evidence=expected.log_evidence,
        log_prior=run.state.log_prior,
        entropy=expected.entropy,
        ledger=run.ledger,
        verdict=verdict,
        remaining=run.remaining,
        rate=run.rate,
        starts=table,
        num_steps=run.num_steps,
        num_e_steps=sum(start.num_e_steps for start in found) + climbs.num_extra_e_steps,
        weight=expected.weight,
        num_free=_num_free(problem.model, run.state.params),
        model=problem.model.as_given,
        seconds=time.perf_counter() - began,
        gap=0.0 if run.state.draws else run.state.gap,
        ends=tuple(start if start.run is None else replace(start, run=None) for start in best_first(found)),
        seed=seed,
        num_observations=problem.num_observations,
        own_entropy=expected.own_entropy,
        columns=_columns(problem, run.state.params),
        given=Given(data, weight, uncertainty),
    )


def _canonical(model: Model, params: Params) -> Params:
    """The one relabelling that stands for all, where the model has one; a given start keeps its order."""
    return params if model.canonical is None else model.canonical(params)


def _num_free(model: Model, params: Params) -> int | None:
    """The model's own count, else the size of its chart."""
    if model.num_free is not None:
        own = model.num_free(params)
        return None if own is None else int(own)
    return None if model.chart is None else int(model.chart.size)


def _columns(problem: Problem, params: Params) -> tuple[str, ...]:
    """What the columns are called, where these are the columns that the model has."""
    components_of, names = problem.model.components_of, problem.columns
    d = None if components_of is None else components_of(params).family.num_columns
    return names if d is None or d == len(names) else ()


def _seed(rng: np.random.Generator | int | None) -> int | None:
    """The seed, where it is one; 0 by default."""
    given: Any = rng
    if given is None or is_whole(given):
        given = int(given or 0)
    try:
        np.random.default_rng(given)
    except (TypeError, ValueError):
        raise ModelError(
            f"rng must be a numpy.random.Generator or a whole number from 0, not {rng!r}"
        ) from None
    return given if isinstance(given, int) else None


def _require_kinds(stop: Any, starts: Any, search: Any, resume: Any) -> None:
    """Of what is given besides numbers."""
    if stop is not None and (isinstance(stop, type) or not given(stop, ["done"])):
        raise ModelTypeError(f"stop must be a rule such as jensen.em.Gain(), not {shown(stop)}")
    for value, kind, name, wanted in (
        (starts, Starts, "starts", "a jensen.em.Starts; a number of starts is restarts"),
        (search, Search, "search", "a jensen.Search"),
        (resume, Fit, "resume", "an earlier fit"),
    ):
        if value is not None:
            require_kind(value, kind, name, wanted)


def _check_resume(before: Fit, params: Params | None, seed: int | None, kind: str) -> None:
    if params is not None:
        raise ModelError("a fit from given params has no starts to resume")
    if seed is None or before.seed != seed:
        raise ModelError(
            f"resume needs the seed of the earlier fit: it was {before.seed}, rng is now {seed}; "
            "give both calls the same whole number as rng"
        )
    if others := {end.kind for end in before.ends} - {kind}:
        raise ModelError(
            f"the earlier fit began from others than {kind} starts ({', '.join(sorted(others))}): "
            "nothing can be resumed"
        )


def _check_same(before: Fit, problem: Problem) -> None:
    """What can be told of whether the earlier fit was of this model and these data."""
    counted = problem.num_observations
    if before.num_observations != counted:
        raise ModelError(
            "resume needs a fit of the same data: it was of "
            f"{before.num_observations:g} observations, these are {counted:g}"
        )
    if problem.model.chart is not None:
        try:
            problem.model.chart.check(before.params)
        except (ValueError, TypeError) as error:
            raise ModelError(f"resume needs a fit of the same model: {error}") from None
