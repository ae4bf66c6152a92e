"""`scripts/bench [what …]`: measure, and rewrite those sections of RESULTS.md."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    acceleration,
    fits,
    gradients,
    iteration,
    log_joint,
    machine,
    memory,
    native,
    planted,
    quality,
    results,
    startup,
    structures,
    sweeps,
    verdicts,
)
from benchmarks.options import Options
from benchmarks.results import Section

SECTIONS: dict[str, Callable[[Options], Section]] = {
    "iteration": iteration.section,
    "native": native.section,
    "structures": structures.section,
    "fits": fits.section,
    "quality": quality.section,
    "planted": planted.section,
    "sweeps": sweeps.section,
    "acceleration": acceleration.section,
    "log_joint": log_joint.section,
    "gradients": gradients.section,
    "startup": startup.section,
    "memory": memory.section,
    "verdicts": verdicts.section,
}


def main() -> None:
    """Run what was asked for."""
    arguments = _parser().parse_args()
    unknown = set(arguments.what) - set(SECTIONS)
    if unknown:
        raise SystemExit(
            f"bench: there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}"
        )
    options = Options(arguments.quick, arguments.repetitions or (2 if arguments.quick else 5), arguments.csv)
    for name in arguments.what or SECTIONS:
        header = machine.header()
        results.write(SECTIONS[name](options), header, arguments.out)
    options.say(f"wrote {arguments.out}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "scripts/bench", description="Measure jensen and its peers side by side."
    )
    parser.add_argument("what", nargs="*", help=f"of {', '.join(SECTIONS)}; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="small cases, to see that it runs; not for numbers"
    )
    parser.add_argument("--repetitions", type=int, help="of every timing (default 5)")
    parser.add_argument(
        "--csv", type=Path, help="keep the raw rows of `quality` here; goes on where it stopped"
    )
    parser.add_argument(
        "--out", type=Path, default=results.PATH, help="the page to write (default RESULTS.md)"
    )
    return parser


if __name__ == "__main__":
    main()
