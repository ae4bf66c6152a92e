"""Section: the time of one EM iteration of the four covariance structures."""

from __future__ import annotations

from benchmarks import units
from benchmarks.iteration import name
from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.steps import SHAPES, Problem, compare
from jensen.families.gaussian.structures.registry import USUAL

STRUCTURES = [structure.name for structure in USUAL]  # those that scikit-learn has
QUICK = [(50_000, 2, 3)]


def section(options: Options) -> Section:
    """Measure and write."""
    rows = []
    for shape in QUICK if options.quick else [SHAPES[0], SHAPES[2], SHAPES[4]]:
        for structure in STRUCTURES:
            problem = Problem.draw(shape, structure)
            row: list[object] = [name(shape), structure]
            for dtype in ("float64", "float32"):
                options.say(f"structures {shape} {structure} {dtype}")
                times = compare(problem.as_type(dtype), options.repetitions, everybody=False)
                row += [units.seconds(times.seconds[side]) for side in ("jensen", "scikit-learn")]
                row += [f"**{units.ratio(times.ratio('scikit-learn'))}**"]
            rows.append(row)
    head = ["n, d, k", "structure"]
    head += [
        f"{side}, {dtype}" for dtype in ("float64", "float32") for side in ("jensen", "scikit-learn", "ratio")
    ]
    body = "Measured like the section above.\n\n" + table(head, rows)
    return Section("structures", "One EM iteration, the four structures", body)
