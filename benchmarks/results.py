"""RESULTS.md: sections that are written one by one, the others kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).parent / "RESULTS.md"
ORDER = (
    "iteration",
    "native",
    "structures",
    "fits",
    "quality",
    "planted",
    "sweeps",
    "acceleration",
    "log_joint",
    "gradients",
    "startup",
    "memory",
    "verdicts",
)
TITLE = """# Benchmarks

Measured by `scripts/bench`, which writes this page: each section in one run, jensen and its peers in
turn, medians. Times move with the machine and its load; ratios of times taken side by side move less.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A name, a title and markdown."""

    name: str
    title: str
    body: str


def write(section: Section, header: str, path: Path = PATH) -> None:
    """Put the section in its place."""
    kept = _read(path)
    kept[section.name] = f"## {section.title}\n\n{header}\n\n{section.body.strip()}\n"
    ordered = [f"{_mark(name)}\n{kept[name]}" for name in ORDER if name in kept]
    temporary = path.with_suffix(".tmp")
    temporary.write_text("\n".join([TITLE, *ordered]), encoding="utf-8")
    temporary.replace(path)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A markdown table; the first column to the left, the others to the right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [header, rule, *rows])


def _mark(name: str) -> str:
    return f"<!-- section: {name} -->"


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    for part in path.read_text(encoding="utf-8").split("<!-- section: ")[1:]:
        name, text = part.split(" -->\n", 1)
        found[name] = text.rstrip("\n") + "\n"
    return found
