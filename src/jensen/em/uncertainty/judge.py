"""What the curvature says of the end of a climb, as a verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.basics.errors import listed
from jensen.basics.verdict import AT_BOUND, Outcome, Verdict
from jensen.em.curvature.collapsing import collapsed
from jensen.em.curvature.parabola import Parabola
from jensen.em.curvature.vanishing import vanished
from jensen.em.problem import Problem

AT_A_MAXIMUM = 5e-3  # nats left: a tenth of a standard error away
BLURRED = 1e-3  # relative error of a standard error that is worth a word
MOST_NAMES = 8
HELD = "no standard error there, and those of the others hold it fixed"
GO_ON = "go on from there: fit(model, data, params=uncertainty.uphill)"


def judge(problem: Problem, params: Params, parabola: Parabola, jacobian: Array, error: float) -> Verdict:
    """The gravest of: a saddle, a flaw that the model sees, no maximum, not identified, at a bound."""
    model = problem.model
    names = problem.names
    flaw = None
    if model.diagnose is not None:
        flaw = model.diagnose(params, problem.data, problem.weight)
    is_known = np.isfinite(parabola.g).all() and np.isfinite(parabola.values).all()
    if not is_known and (flaw is None or flaw.proper):
        return Verdict(Outcome.FAILED, "the score or the information is not finite", "check the fit")
    if is_known and (fall := collapsed(parabola, model.chart, names)) is not None:
        return fall if flaw is None or flaw.proper else _seen_by_model(flaw)
    if is_known and parabola.climbing.any() and (flaw is None or flaw.outcome is not Outcome.COLLAPSED):
        return _saddle(parabola, jacobian, names)  # at a collapse no curvature can be trusted
    if flaw is not None:
        return _seen_by_model(flaw)
    if (left := log_likelihood_left(parabola)) > AT_A_MAXIMUM:
        return _slope(left)
    if parabola.vanished.any():
        said = vanished(parabola, model.chart, names)
        return Verdict(Outcome.NOT_IDENTIFIED, said, "start elsewhere, or hold them fixed")
    if parabola.flat.any():
        return _flat(parabola, jacobian, names)
    if parabola.frozen.any():
        return _bound(parabola, names)
    return _converged(parabola, error)


def reconciled(verdict: Verdict, of_the_fit: Verdict) -> Verdict:
    """The verdict on a point in the light of how the climb to it ended: the curvature may say that it is a
    maximum although the climb was cut short.
    """
    if not verdict.converged or of_the_fit.converged:
        return verdict
    said = f"a maximum, as the curvature has it, although the fit ended as {of_the_fit.outcome}"
    return replace(verdict, message="; ".join(filter(None, (said, verdict.message))))


def _seen_by_model(flaw: Verdict) -> Verdict:
    if flaw.outcome is Outcome.SADDLE:
        return replace(flaw, advice=f"{GO_ON}; where that is None, fewer components do as well")
    if flaw.outcome is Outcome.BOUNDARY:
        return replace(flaw, message=f"{flaw.message}; {HELD}")
    return flaw


def _saddle(parabola: Parabola, jacobian: Array, names: list[str]) -> Verdict:
    which = int(np.flatnonzero(parabola.climbing)[0])
    along = listed(parabola.named(jacobian, names, which), MOST_NAMES)
    return Verdict(
        Outcome.SADDLE,
        f"the log-likelihood still rises to both sides along {along}",
        GO_ON,
    )


def log_likelihood_left(parabola: Parabola) -> float:
    """The log-likelihood still to be gained. Where that seems little: along directions whose curvature cannot
    be told, so far from a maximum, it is at least what the curvature of complete data would leave. Where the
    curvature is lost in rounding, so is the slope.
    """
    if parabola.remaining > AT_A_MAXIMUM or not parabola.is_clear:
        return parabola.remaining
    flat = parabola.directions[:, parabola.flat & ~parabola.near_falling]
    return parabola.remaining + 0.5 * float(np.square(parabola.g @ flat).sum())


def _slope(left: float) -> Verdict:
    return Verdict(
        Outcome.STEP_LIMIT,
        f"not at a maximum: about {left:.2g} of log-likelihood is left, {np.sqrt(2 * left):.2g} standard "
        "errors away; these are the standard errors of a slope",
        "go on with the fit: fit(model, data, params=fit.params)",
    )


def _flat(parabola: Parabola, jacobian: Array, names: list[str]) -> Verdict:
    along = [parabola.named(jacobian, names, int(i)) for i in np.flatnonzero(parabola.flat)]
    concerned = [name for name in names if any(name in each for each in along)]
    number = len(along)
    directions = "one direction" if number == 1 else f"{number} directions"
    if not parabola.is_clear:
        return Verdict(
            Outcome.CONVERGED,
            f"the curvature is lost in rounding along {directions} in {listed(concerned, MOST_NAMES)}: no "
            "standard error there",
            climbed=True,
        )
    return Verdict(
        Outcome.NOT_IDENTIFIED,
        f"the data do not tell: {directions} in {listed(concerned, MOST_NAMES)}",
        "fewer parameters, parameters that are held or tied, or a prior",
    )


def _bound(parabola: Parabola, names: list[str]) -> Verdict:
    concerned = [names[i] for i in parabola.entries]
    verb = "is" if len(concerned) == 1 else "are"
    others = HELD if parabola.values.size else "no standard error there"
    return Verdict(
        Outcome.BOUNDARY,
        f"{listed(concerned, MOST_NAMES)} {verb} {AT_BOUND}; {others}",
        "interval(method=Profile()) gives one-sided intervals; or a prior keeps the estimate inside",
    )


def _converged(parabola: Parabola, error: float) -> Verdict:
    smallest = float(parabola.values.min(initial=1.0))
    blurred = error / smallest
    message = f"standard errors to about {blurred:.1g}" if blurred > BLURRED else ""
    return Verdict(Outcome.CONVERGED, message, climbed=True)
