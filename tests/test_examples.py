"""The examples run and say what they should; the Python on every page runs and prints what the page says."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what stands after it, its text, and whether it follows the one before."""

    language: str
    info: str
    text: str
    line: int
    follows: bool


def blocks(text: str) -> list[Block]:
    found: list[Block] = []
    end = 0
    for match in FENCE.finditer(text):
        between = text[end : match.start()]
        line = text[: match.start()].count("\n") + 1
        found.append(Block(match[1], match[2].strip(), match[3], line, bool(end) and not between.strip()))
        end = match.end()
    return found


@pytest.fixture(scope="session")
def script() -> Any:
    """Runs a script once: its global names and what it printed."""
    done: dict[Path, tuple[dict[str, Any], str]] = {}

    def run(path: Path) -> tuple[dict[str, Any], str]:
        if path not in done:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                names = runpy.run_path(str(path), run_name="__main__")
            done[path] = names, printed.getvalue()
        return done[path]

    return run


# ---- the examples: one function each, by the name of the script ---------------------------------------------


def check_own_model(names: dict[str, Any]) -> None:
    # Hasselblad (1969); the maximum to twelve digits from a fit in extended precision
    assert names["fast"].log_evidence == pytest.approx(-1989.945859883, abs=1e-3)
    assert names["best"].weights[0] == pytest.approx(0.359885, abs=1e-3)
    assert names["fast"].verdict.converged
    assert names["plain"].verdict.converged
    assert names["fast"].num_e_steps < names["plain"].num_e_steps / 4


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_example(path: Path, script: Any) -> None:
    names, printed = script(path)
    assert printed.strip(), "an example prints something"
    globals()[f"check_{path.stem}"](names)  # an example without a check is an error


# ---- the pages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_page(page: Path, script: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Python runs, in one namespace a page; a text block right after it is what it printed.

    A fence may say more: ``python no-run: REASON``; ``python examples/NAME.py`` for an excerpt of a script;
    ``text examples/NAME.py`` for what a script prints.
    """
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": page.stem}
    printed: str | None = None
    for block in blocks(page.read_text(encoding="utf-8")):
        where = f"{page.name}:{block.line}"
        if block.language == "python" and block.info.startswith("examples/"):
            assert block.text.strip() in (ROOT / block.info).read_text(encoding="utf-8"), where
        elif block.language == "python" and block.info:
            assert re.fullmatch(r"no-run: .{10,}", block.info), f"{where}: a reason is missing"
        elif block.language == "python":
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile("\n" * block.line + block.text, page.name, "exec"), namespace)
            printed = output.getvalue()
            continue
        elif block.language == "text" and block.info.startswith("examples/"):
            assert_printed(script(ROOT / block.info)[1], block.text, where)
        elif block.language == "text" and block.follows and printed is not None:
            assert_printed(printed, block.text, where)
        printed = None


def assert_printed(printed: str, shown: str, where: str) -> None:
    """The same lines; three dots on a line of their own stand for lines left out."""
    pieces = [piece.strip("\n") for piece in re.split(r"^…$", shown, flags=re.MULTILINE)]
    rest = "\n".join(line.rstrip() for line in printed.splitlines())
    for piece in pieces:
        wanted = "\n".join(line.rstrip() for line in piece.splitlines())
        assert wanted in rest, f"{where} shows\n{wanted}\nand what was printed is\n{printed}"
        rest = rest[rest.index(wanted) + len(wanted) :]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{page.name} links to {target}"


def test_the_comparison_can_fail() -> None:
    assert_printed("a\nb\nc\n", "a\n…\nc\n", "here")
    with pytest.raises(AssertionError, match="here shows"):
        assert_printed("a\nb\nc\n", "a\n…\nd\n", "here")
