"""The law of gradients: what is neither refused nor warned of is right."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, dataclass
from typing import Any

from jensen.testing.law import LawError


@dataclass(frozen=True, slots=True)
class GradientCounts:
    """What came of the programs of `check_gradient_law`; counts add.

    Attributes
    ----------
    programs, unknown, smooth
        How many were drawn; of how many of these the gradient is not known well enough to judge by; and of
        those that are left, how many neither jump nor have another derivative than their own.
    trials
        Of estimators, one or more on each program whose gradient is known.
    right, wrong, broken
        Of the trials: without a word and right; without a word and wrong; ended by an error that is no
        refusal.
    alarms, false_alarms
        Warned of or refused: where a program jumps or the estimator has no derivative; and where neither is
        so.
    undecided
        Of which a few draws decide the mean, or which are not finite.
    programs_with_false_alarm
        Of the smooth programs.
    """

    programs: int = 0
    unknown: int = 0
    smooth: int = 0
    trials: int = 0
    right: int = 0
    wrong: int = 0
    broken: int = 0
    alarms: int = 0
    false_alarms: int = 0
    undecided: int = 0
    programs_with_false_alarm: int = 0

    def __add__(self, other: GradientCounts) -> GradientCounts:
        both = zip(astuple(self), astuple(other), strict=True)
        return GradientCounts(*(one + another for one, another in both))

    def __str__(self) -> str:
        share = 100.0 * self.programs_with_false_alarm / max(self.smooth, 1)
        return (
            f"{self.programs} programs, {self.unknown} of unknown gradient; {self.trials} trials: "
            f"{self.right} right, {self.alarms} rightly warned of or refused, "
            f"{self.false_alarms} false alarms, {self.undecided} undecided, {self.broken} broken, "
            f"{self.wrong} silently wrong; a false alarm in "
            f"{self.programs_with_false_alarm} of {self.smooth} smooth programs ({share:.1f} %)"
        )


def check_gradient_law(
    estimator: Any = None,
    *,
    num_programs: int = 300,
    seed: int = 0,
    num_estimators: int = 2,
    most_faults: int = 3,
) -> GradientCounts:
    """Draw random programs, and hold estimates that are not warned of to the true gradients.

    A program is an f of JAX's operations, a distribution (or several that depend on each other) and θ. f
    branches, compares, rounds, sorts, loops, stops derivatives and has rules of its own; many programs jump.
    The truth is a sum over many points, of densities that are written in SciPy, and its differences in θ. An
    estimate is wrong if it is farther from it than 5.5 standard errors and the error of the truth, twice: the
    second time with 16 times as many draws. All is in 64 bits.

    Parameters
    ----------
    estimator
        An `jensen.gradients.Estimator` of your own; it must refuse what it cannot do. By default `Auto` and
        one more that is drawn, in different arrangements of draws, are put to each program.
    num_programs
        How many programs. One of them takes a second or two; one in a hundred is compiled, and the others run
        step by step, with random numbers of NumPy.
    seed
        The programs are those of the numbers ``seed`` … ``seed + num_programs − 1``.
    num_estimators
        How many of the two are put to each program: where it is 1, they take turns.
    most_faults
        After so many silently wrong gradients it stops.

    Returns
    -------
    GradientCounts
        What came of them.

    Raises
    ------
    LawError
        With the programs, as text that runs, whose gradients are silently wrong.

    Examples
    --------
    >>> from jensen.testing import check_gradient_law
    >>> counts = check_gradient_law(num_programs=2)
    >>> counts.programs, counts.wrong
    (2, 0)
    """
    from jensen.testing.gradients import law

    total, faults = GradientCounts(), []
    for program, trials in law.held(range(seed, seed + num_programs), estimator, num_estimators):
        total += counts_of(law.counted(program, trials))
        faults += [law.report(program, each) for each in trials if law.is_fault(each)]
        if len(faults) >= most_faults:
            break
    if faults:
        raise LawError(
            "check_gradient_law",
            "\n".join([str(total), "", *faults]),
            "a wrong estimator, or a jump that is not seen",
        )
    return total


def counts_of(found: Counter[str]) -> GradientCounts:
    """The counts by their words."""
    words = {
        "programs": "programs",
        "unknown": "truth unknown",
        "smooth": "smooth",
        "trials": "trials",
        "right": "right",
        "wrong": "silently wrong",
        "broken": "broken",
        "alarms": "rightly warned or refused",
        "false_alarms": "false alarm",
        "undecided": "undecided",
        "programs_with_false_alarm": "smooth programs with a false alarm",
    }
    return GradientCounts(**{name: found[word] for name, word in words.items()})
