"""Section: whole default fits of real data, time and log-likelihood reached."""

from __future__ import annotations

import statistics
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import jensen
from benchmarks import datasets, mclust_peer, units
from benchmarks.datasets import DataSet
from benchmarks.options import Options
from benchmarks.quality_runs import Case, Judge
from benchmarks.results import Section, table
from benchmarks.sklearn_peer import params_of
from benchmarks.timing import best_threads, in_turn, limited, seconds

Array = NDArray[np.float64]

FITS: list[tuple[DataSet, int, str]] = [
    (datasets.FAITHFUL, 2, "full"),
    (datasets.FAITHFUL, 3, "full"),
    (datasets.FAITHFUL, 3, "tied"),
    (datasets.IRIS, 3, "full"),
    (datasets.GALAXIES, 3, "full"),
    (datasets.DIABETES, 3, "full"),
    (datasets.WINE, 3, "diag"),
    (datasets.BREAST_CANCER, 2, "full"),
    (datasets.DIGITS, 10, "full"),
    (datasets.GRAFT, 5, "full"),
    (datasets.DIAMONDS, 6, "full"),
]
TEXT = """Everybody's own defaults, all starts included: `GaussianMixture(k, covariance_type=…).fit(X)` in
jensen and in scikit-learn, the latter also with `n_init=10`, and `Mclust(X, G=k, modelNames=…)`. Columns
as they are (galaxies in 1000 km/s). The seed differs from repetition to repetition. The time is followed
by the log-likelihood of the parameters returned, both medians. *Ratio*: scikit-learn's ten starts against
jensen. A star: in at least half of the repetitions jensen's diagnosis calls the end spurious or at the
bound. *Its threads*: the number that scikit-learn was fastest with."""
IRIS_TARGET = 4.0


@dataclass(slots=True)
class Side(ABC):
    """One way to fit; what it reached each time."""

    rows: Array
    case: Case
    judge: Judge
    values: list[float] = field(default_factory=list, init=False)
    flaws: list[bool] = field(default_factory=list, init=False)

    @abstractmethod
    def fit(self, seed: int) -> Any:
        """The call that is timed."""

    @abstractmethod
    def params(self, found: Any) -> Any:
        """Its parameters, as jensen has them."""

    def timed(self) -> float:
        """Fit with the next seed; judge outside of the time."""
        found: list[Any] = []
        spent = seconds(lambda: found.append(self.fit(len(self.values))))
        params = self.params(found[0])
        self.values.append(self.judge.log_evidence(params))
        self.flaws.append(self.judge.is_left_out(params))
        return spent

    def cell(self, spent: float) -> str:
        """Time and log-likelihood."""
        star = "\\*" if statistics.mean(self.flaws) >= 0.5 else ""
        return f"{units.seconds(spent)}, {units.log_likelihood(statistics.median(self.values))}{star}"


class Ours(Side):
    """jensen's default."""

    def fit(self, seed: int) -> Any:
        model = jensen.GaussianMixture(self.case.k, covariance_type=self.case.structure, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(self.rows)

    def params(self, found: Any) -> Any:
        return found.result_.params


@dataclass(slots=True)
class Theirs(Side):
    """scikit-learn's default, with so many starts."""

    num_starts: int = 1

    def fit(self, seed: int) -> Any:
        model = GaussianMixture(
            self.case.k, covariance_type=self.case.structure, n_init=self.num_starts, random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(self.rows)

    def params(self, found: Any) -> Any:
        return params_of(found)


@dataclass(slots=True)
class Mclust:
    """mclust's default."""

    rows: Array
    case: Case
    value: float = field(default=float("nan"), init=False)

    def timed(self) -> float:
        """Fit in R, where the time is taken."""
        found = mclust_peer.default_fit(self.rows, self.case.k, self.case.structure)
        self.value = found.log_evidence
        return found.seconds


def section(options: Options) -> Section:
    """Measure and write."""
    chosen = [fit for fit in FITS if datasets.available([fit[0]])]
    results = [_measure(*fit, options) for fit in (chosen[:5] if options.quick else chosen)]
    head = [
        "data, n × d, k, structure",
        "jensen",
        "scikit-learn",
        "its ten starts",
        "mclust",
        "ratio",
        "its threads",
    ]
    iris = next(result.ratio for result in results if result.name.startswith("iris"))
    note = (
        f"iris, k = 3, all of jensen's starts included: {units.ratio(iris)} faster than scikit-learn's ten "
        f"starts (target {units.ratio(IRIS_TARGET)}: {'met' if iris >= IRIS_TARGET else 'not met'})."
    )
    body = f"{TEXT}\n\n{table(head, [result.cells for result in results])}\n\n{note}"
    return Section("fits", "Whole default fits of real data", body)


@dataclass(frozen=True, slots=True)
class Result:
    """A row of the table, and by how much jensen is faster than ten starts."""

    name: str
    cells: list[object]
    ratio: float


def _measure(data: DataSet, k: int, structure: str, options: Options) -> Result:
    rows = data.rows() / (1000.0 if data is datasets.GALAXIES else 1.0)
    options.say(f"fits {data.name} {k} {structure}")
    case = Case(data.name, k, structure)
    judge = Judge(case, rows)
    ours, mclust = Ours(rows, case, judge), Mclust(rows, case)
    one, ten = Theirs(rows, case, judge), Theirs(rows, case, judge, 10)
    ours.timed()
    threads = best_threads(one.timed)
    contestants = {
        "jensen": ours.timed,
        "one": limited(one.timed, threads),
        "ten": limited(ten.timed, threads),
    }
    if mclust_peer.is_here():
        contestants["mclust"] = mclust.timed
    spent = in_turn(contestants, options.repetitions)
    r = (
        "–"
        if "mclust" not in spent
        else f"{units.seconds(spent['mclust'])}, {units.log_likelihood(mclust.value)}"
    )
    n, d = rows.shape
    name, ratio = f"{data.name}, {n} × {d}, {k}, {structure}", spent["ten"] / spent["jensen"]
    sides = [ours.cell(spent["jensen"]), one.cell(spent["one"]), ten.cell(spent["ten"])]
    return Result(name, [name, *sides, r, units.ratio(ratio), threads], ratio)
