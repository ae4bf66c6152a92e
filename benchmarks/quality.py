"""Section: the log-likelihood that default fits reach on a fixed list of real data sets."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import units
from benchmarks.datasets import QUALITY, DataSet, available
from benchmarks.options import Options
from benchmarks.quality_runs import Case, Row, read, run_converged, run_in_turn
from benchmarks.quality_summary import Pair, Shares, Table, against, by_case, seconds, worst
from benchmarks.results import Section, table
from jensen.families.gaussian.structures.registry import USUAL

STRUCTURES = [structure.name for structure in USUAL]  # those that scikit-learn has
SEEDS = 3
CONVERGENCE_ROWS = 600
NAMES = {
    "jensen": "jensen",
    "scikit-learn": "scikit-learn's ten starts",
    "converged": "the same to convergence",
}
TEXT = f"""Every data set below × k = 1…6 × four structures × {SEEDS} seeds a side, columns standardized.
jensen: its default fit. scikit-learn: `n_init=10` at its other defaults; *to convergence*: the same ten
starts gone on with at `tol=1e-9`, `max_iter=10_000` (data sets of at most {CONVERGENCE_ROWS} rows). Every
seed of one side is paired with every seed of the other; a side against itself is every pair of different
seeds. What is compared is the log-likelihood of the parameters returned, in nats, computed by one routine
for all.

Spurious solutions are left out by one rule: an end counts if `jensen.families.gaussian.diagnosis.diagnose`
finds it neither collapsed nor at the bound after one more plain EM step (which takes scikit-learn's
ridge away).
Of scikit-learn's ten ends the best that counts is taken, where its own `fit` would return the best of
all; a start that raises loses only itself. A pair in which only the other side has an end that counts is
a loss; one in which only this side has is not counted as a win but left out."""


def section(options: Options) -> Section:
    """Run what is not in the CSV yet, and write."""
    sets = available(QUALITY)
    if options.quick:
        sets = [data for data in sets if len(data.rows()) <= 250]
    seeds = 1 if options.quick else SEEDS
    with tempfile.TemporaryDirectory() as folder:
        path = options.csv or Path(folder) / "quality.csv"
        cases = [Case(data.name, k, s) for data in sets for k in _components(options) for s in STRUCTURES]
        small = {data.name for data in sets if len(data.rows()) <= CONVERGENCE_ROWS}
        run_in_turn(cases, seeds, path, options.say)
        run_converged([case for case in cases if case.data in small], seeds, path, options.say)
        rows = read(path)
    return Section("quality", "The likelihood that default fits reach", _body(sets, rows))


def _components(options: Options) -> range:
    return range(2, 4) if options.quick else range(1, 7)


def _body(sets: list[DataSet], rows: list[Row]) -> str:
    found = by_case(rows)
    pairs = against(found, "jensen", "scikit-learn")
    return "\n\n".join(
        [
            TEXT,
            _shares(found),
            _time(rows),
            "By structure and by k, jensen against scikit-learn's ten starts:\n\n" + _parts(pairs),
            "The data sets, and the same by data set:\n\n" + _sets(sets, pairs, rows),
            "The ten largest losses (of each case and seed of jensen's, the largest):\n\n"
            + _losses(found, pairs),
        ]
    )


def _shares(found: Table) -> str:
    head = [
        "",
        "against",
        "pairs",
        "at least as good",
        "> 1 nat below",
        "> 1 nat above",
        "only this",
        "only other",
    ]
    rows = []
    for side, other in (
        ("jensen", "scikit-learn"),
        ("scikit-learn", "scikit-learn"),
        ("jensen", "converged"),
        ("converged", "converged"),
        ("jensen", "jensen"),
    ):
        pairs = against(found, side, other)
        if pairs:
            rows.append(
                [NAMES[side], "itself" if side == other else NAMES[other], *_numbers(Shares.of(pairs))]
            )
    more = against({c: s for c, s in found.items() if c.k > 1}, "jensen", "scikit-learn")
    rows.insert(1, ["jensen, k > 1", NAMES["scikit-learn"], *_numbers(Shares.of(more))])
    target = (
        "Target for jensen against the ten starts: at least as good (within 0.01) in 95 %, more than 1 nat "
        "below in at most 3 % and less often than scikit-learn against itself. *Only this/other*: pairs in "
        "which only that side has an end that counts."
    )
    return f"{table(head, rows)}\n\n{target}"


def _numbers(shares: Shares) -> list[object]:
    return [
        shares.num_pairs,
        f"**{units.percent(shares.as_good)}**",
        units.percent(shares.below),
        units.percent(shares.above),
        shares.only_this,
        shares.only_other,
    ]


def _time(rows: list[Row]) -> str:
    ours, theirs = seconds(rows, "jensen"), seconds(rows, "scikit-learn")
    return (
        f"Total time of all these fits, in turn on the whole machine: jensen {units.seconds(ours)}, "
        f"scikit-learn {units.seconds(theirs)}: **{units.ratio(theirs / ours)}** faster (target 5×)."
    )


def _parts(pairs: list[Pair]) -> str:
    head = ["", "pairs", "at least as good", "> 1 nat below", "> 1 nat above", "only this", "only other"]
    parts = {name: [p for p in pairs if p.case.structure == name] for name in STRUCTURES}
    parts |= {f"k = {k}": [p for p in pairs if p.case.k == k] for k in sorted({p.case.k for p in pairs})}
    return table(head, [[name, *_numbers(Shares.of(part))] for name, part in parts.items()])


def _sets(sets: list[DataSet], pairs: list[Pair], rows: list[Row]) -> str:
    head = ["data set", "n", "d", "at least as good", "> 1 nat below", "> 1 nat above", "time", "from"]
    body: list[list[object]] = []
    for data in sets:
        shares = Shares.of([p for p in pairs if p.case.data == data.name])
        own = [row for row in rows if row.data == data.name]
        ratio = seconds(own, "scikit-learn") / seconds(own, "jensen")
        shown = [units.percent(x) for x in (shares.as_good, shares.below, shares.above)]
        body.append([data.name, *data.rows().shape, *shown, units.ratio(ratio), data.source])
    return table(head, body)


def _losses(found: Table, pairs: list[Pair]) -> str:
    head = [
        "data set",
        "k",
        "structure",
        "seed",
        "gap",
        "jensen by seed",
        "scikit-learn by seed",
        "its ends left out",
    ]
    rows: list[list[object]] = []
    for pair in worst(pairs, 10):
        case, sides = pair.case, found[pair.case]
        ours, theirs = sides["jensen"].values(), sides["scikit-learn"].values()
        rows.append(
            [
                case.data,
                case.k,
                case.structure,
                pair.seed,
                units.log_likelihood(pair.gap),
                ", ".join(units.log_likelihood(row.log_evidence) for row in ours),
                ", ".join(units.log_likelihood(row.log_evidence) for row in theirs),
                ", ".join(f"{row.num_left_out}/{row.num_ends}" for row in theirs),
            ]
        )
    return table(head, rows) if rows else "None."
