"""Section: what it takes to import, and to run the command."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from benchmarks import mclust_peer, units
from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.timing import in_turn, seconds

REPETITIONS = 15
COMMANDS: dict[str, list[str]] = {
    "python": [sys.executable, "-c", "pass"],
    "import numpy": [sys.executable, "-c", "import numpy"],
    "import jensen": [sys.executable, "-c", "import jensen"],
    "import sklearn.mixture": [sys.executable, "-c", "import sklearn.mixture"],
    "jensen fit faithful -k 3": [sys.executable, "-m", "jensen", "fit", "faithful", "-k", "3"],
}
TARGETS = [
    ("import jensen", "import numpy", 1.4),
    ("jensen fit faithful -k 3", "import sklearn.mixture", 1.0),
]


def section(options: Options) -> Section:
    """Measure and write."""
    options.say("startup")
    commands = dict(COMMANDS)
    if mclust_peer.is_here():
        commands["library(mclust) in R"] = ["Rscript", "-e", "suppressMessages(library(mclust))"]
    runs = {name: partial(_run, command) for name, command in commands.items()}
    for run in runs.values():
        run()
    spent = in_turn(runs, 3 if options.quick else REPETITIONS)
    rows = [
        [name, units.seconds(time), units.seconds(time - spent["python"])] for name, time in spent.items()
    ]
    text = f"Whole processes, {REPETITIONS} fresh ones each, in turn, after one that filled the file cache."
    if options.quick:
        text = "Whole processes, 3 fresh ones each."
    shown = table(["", "time", "less the interpreter's"], rows)
    return Section("startup", "Start-up", f"{text}\n\n{shown}\n\n{_targets(spent)}")


def _targets(spent: dict[str, float]) -> str:
    lines = []
    for name, other, target in TARGETS:
        ratio = spent[name] / spent[other]
        verdict = "met" if ratio <= target else "not met"
        lines.append(
            f"- `{name}` takes {units.figures(ratio)} of the time of `{other}` "
            f"(target at most {target:g}: {verdict})."
        )
    return "\n".join(lines)


def _run(command: list[str]) -> float:
    return seconds(
        lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
