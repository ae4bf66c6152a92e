"""Section: whether sweeps over k and structures hold together."""

from __future__ import annotations

import time
import traceback
import warnings
from collections import Counter
from itertools import islice

import numpy as np

import jensen
from benchmarks import units
from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.sweep_cases import PLANTED, Case, planted, real
from benchmarks.sweep_checks import BELOW, check

QUICK = 6
TEXT = f"""`jensen.select` on every data set of the section on quality, standardized and as it is, and on
{PLANTED} planted ones (n = 60…3,000, d = 1…8, k = 1…8; near and far, heavy tails, outliers, duplicates,
rounded values, weights, columns of very different units; counts, codes, and numbers beside counts; a few
under a prior), k = 1…6 or 3…9, up to six structures in different orders. Many are made rough, with two random
starts in place of the search of each model, so that there is much to mend. Of all pairs of proper maxima of
which one model contains the other, those in which it is more than {BELOW} nats below: log-likelihoods by
formula, apart from the library. Run with NumPy's error state set to raise, and warnings as errors."""
FAULTS = {
    "k above fewer, unmarked": "more components below fewer, unmarked",
    "k above fewer, marked": "the same, marked",
    "richer above poorer, unmarked": "a richer structure below a poorer one, unmarked",
    "richer above poorer, marked": "the same, marked",
    "marked without need": "marked, though below none",
    "another log-likelihood": "log-likelihoods that are not those of the params",
    "copies that differ": "cells that are the same model and show another fit",
    "edge not said": "sweeps with the best k at an end of the range, unsaid",
    "without a reason": "cells that cannot be chosen and do not say why",
    "raised": "sweeps that raised or warned",
}


def section(options: Options) -> Section:
    """Run all sweeps, and write."""
    groups = {"real data": real(), "planted": planted()}
    if options.quick:
        groups = {name: islice(cases, QUICK) for name, cases in groups.items()}
    counts = {name: Counter[str]() for name in groups}
    for name, cases in groups.items():
        for case in cases:
            counts[name].update(run(case, options))
    return Section("sweeps", "Sweeps that hold together", f"{TEXT}\n\n{_body(counts)}")


def run(case: Case, options: Options) -> Counter[str]:
    """One sweep, checked; what was wrong with it is said as it goes."""
    began, cpu = time.perf_counter(), time.process_time()
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            selection = jensen.select(
                case.data,
                case.ks,
                case.kinds,
                weight=case.weight,
                prior=case.prior,
                restarts=case.restarts,
            )
            _ = repr(selection), selection.table, selection.edge
        except (Exception, Warning):
            options.say(f"sweeps {case.name}: {traceback.format_exc()}")
            return Counter(sweeps=1, raised=1)
    spent = time.process_time() - cpu
    found = check(case, selection)
    wrong = ", ".join(f"{found[fault]} {words}" for fault, words in FAULTS.items() if found[fault])
    took = units.seconds(time.perf_counter() - began)
    options.say(f"sweeps {case.name}: {took}, processor {units.seconds(spent)} {wrong and f'— {wrong}'}")
    return found + Counter(sweeps=1)


def _body(counts: dict[str, Counter[str]]) -> str:
    sizes = {
        "sweeps": "sweeps",
        "cells": "cells",
        "fitted": "of these fitted (those that are other cells' models are not)",
        "proper": "of these proper maxima",
        "pairs": "pairs of proper maxima of which one model contains the other",
        "searched on": "cells searched on from a model that they contain",
    }
    rows = [
        [words, *(f"{count[name]:,}" for count in counts.values())]
        for name, words in {**sizes, **FAULTS}.items()
    ]
    return table(["", *counts], rows)
