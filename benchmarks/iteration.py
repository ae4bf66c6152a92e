"""Section: the time of one EM iteration of full-covariance mixtures, from the same start."""

from __future__ import annotations

from benchmarks import units
from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.steps import HOW, SHAPES, Problem, Shape, Times, compare

TARGETS = dict(zip(SHAPES, [(65, 140), (80, 190), (25, 40), (15, 22), (7, 8), (3.5, 5)], strict=True))
QUICK = [(50_000, 2, 3), (20_000, 8, 8)]


def section(options: Options) -> Section:
    """Measure and write."""
    shapes = QUICK if options.quick else SHAPES
    found: dict[tuple[Shape, str], Times] = {}
    for shape in shapes:
        problem = Problem.draw(shape, "full")
        for dtype in ("float64", "float32"):
            options.say(f"iteration {shape} {dtype}")
            found[shape, dtype] = compare(problem.as_type(dtype), options.repetitions, everybody=True)
    body = "\n\n".join(
        [HOW, _against_targets(shapes, found), _precisions(shapes, found), *_others(shapes, found)]
    )
    return Section("iteration", "One EM iteration, full covariance", body)


def _against_targets(shapes: list[Shape], found: dict[tuple[Shape, str], Times]) -> str:
    rows = []
    for shape in shapes:
        times = found[shape, "float64"]
        target, limit = TARGETS.get(shape, (float("nan"), float("nan")))
        ratio = times.ratio("scikit-learn")
        met = "–" if shape not in TARGETS else "yes" if ratio >= target else "no"
        rows.append(
            [
                name(shape),
                *(units.seconds(times.seconds[side]) for side in ("jensen", "scikit-learn")),
                f"**{units.ratio(ratio)}**",
                units.ratio(target),
                met,
                units.ratio(limit),
                times.sklearn_threads,
            ]
        )
    head = ["n, d, k", "jensen", "scikit-learn", "ratio", "target", "met", "stretch", "its threads"]
    text = "float64. *Its threads*: the number that scikit-learn was fastest with."
    return f"{text}\n\n{table(head, rows)}"


def _precisions(shapes: list[Shape], found: dict[tuple[Shape, str], Times]) -> str:
    rows = []
    for shape in shapes:
        double, single = found[shape, "float64"], found[shape, "float32"]
        own = double.seconds["jensen"] / single.seconds["jensen"]
        rows.append(
            [
                name(shape),
                *(units.seconds(single.seconds[side]) for side in ("jensen", "scikit-learn")),
                units.ratio(single.ratio("scikit-learn")),
                f"**{units.ratio(own)}**",
                "1.5×" if shape[1] >= 8 else "–",
                single.sklearn_threads,
            ]
        )
    head = [
        "n, d, k",
        "jensen",
        "scikit-learn",
        "ratio",
        "jensen's float64 / float32",
        "target",
        "its threads",
    ]
    return f"float32.\n\n{table(head, rows)}"


def _others(shapes: list[Shape], found: dict[tuple[Shape, str], Times]) -> list[str]:
    """Whoever else is on this machine."""
    rows = []
    for (shape, dtype), times in found.items():
        for peer in times.seconds:
            if peer not in ("jensen", "scikit-learn"):
                spent = times.seconds[peer]
                rows.append([peer, dtype, name(shape), units.seconds(spent), units.ratio(times.ratio(peer))])
    if not rows:
        return []
    text = "Other peers in the same run (a dash: more than 90 s, or failed)."
    return [f"{text}\n\n{table(['peer', 'data', 'n, d, k', 'one iteration', 'jensen is faster'], rows)}"]


def name(shape: Shape) -> str:
    """As the tables have it."""
    n, d, k = shape
    return f"{n // 1000}k, {d}, {k}" if n % 1000 == 0 else f"{n}, {d}, {k}"
