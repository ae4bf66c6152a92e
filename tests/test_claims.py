"""The pages say what there is: they deny nothing that a name or an option shows, claim to be the only one in
nothing, name only what can be imported, and give the numbers that the code has.
"""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import jensen
from jensen.em import restarts, shaken
from jensen.families import STRUCTURES
from jensen.families.gaussian import diagnosis
from jensen.models.log_joint import compiling, looks
from jensen.models.log_joint import model as log_joint
from jensen.models.mixture.search import search
from pages import ROOT
from test_public_names import PACKAGES, modules

typer = pytest.importorskip("typer")

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = [*PAGES, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "examples").glob("*.py"))]


@dataclass(frozen=True)
class Denial:
    """Words that contradict every public name or option that ``there`` matches; without it, always wrong."""

    words: str
    there: str = ""


OTHERS = "(library|package|program|tool|implementation|software)"
DENIALS = [
    # What is not there is left unsaid, or said with what to do instead.
    Denial(r"\bnot (yet )?(supported|implemented|available)\b"),
    Denial(r"\bnot in (this|the present) (version|release)\b"),
    Denial(r"\b(in|with) an? (later|future|coming) (version|release)\b"),
    Denial(r"\b(does|do) not have yet\b|\bnot yet (there|possible|written|done)\b"),
    Denial(r"\bcoming soon\b|\bTODO\b|\bFIXME\b"),
    # Others have parts of everything.
    Denial(rf"\b(only|no other) {OTHERS}\b|\bfirst {OTHERS} (to|that|which)\b"),
    Denial(r"\b(nobody|no one|nothing) else (has|does|offers|gives|can|in Python)\b"),
    Denial(r"\b(only|alone) in Python\b|\b(only jensen|jensen alone|jensen is the only)\b"),
    # What a name shows to be there.
    Denial(r"\bno standard errors\b", r"uncertainty"),
    Denial(r"\bno (confidence )?intervals\b", r"Wald|Profile"),
    Denial(r"\bno (likelihood.ratio|tests? of)", r"likelihood_ratio"),
    Denial(r"\bno (other |ready-made )?models? (other than|but|except|besides?)\b", r"LogJoint"),
    Denial(r"\bno acceleration\b", r"QuasiNewton|Squarem"),
    Denial(r"\bno (families|family) (other than|but|except)\b", r"Poisson"),
    Denial(r"\bno censor|\bcensored \w+ (are|is) not\b", r"censored"),
    Denial(r"\bno missing (values|cells)\b|\bmissing (values|cells) are not\b", r"--missing|[Mm]issing"),
    Denial(r"\bno (partial labels|partly labelled)\b", r"LogJoint|[Ll]abelled"),
    # For when it is there.
    Denial(r"\bno (ready-made )?hidden Markov\b", r"Markov"),
    Denial(r"\bno GPUs?\b", r"(?i)gpu|cuda|device"),
    Denial(r"\bno bootstrap", r"(?i)bootstrap"),
    Denial(r"\bno (Student|t distributions?)\b", r"(?i)student"),
]
ALLOWED = {
    "plain EM, no standard errors",  # docs/extending.md: of a class without a chart
    "Where there are no standard errors, its ``verdict`` says why",  # jensen.uncertainty: at a bound
}


@cache
def names() -> frozenset[str]:
    """Everything public: names of every package, of the densities, of their methods, and options."""
    found = {*jensen.__all__, *jensen.densities.__all__, *dir(jensen.densities.weibull)}
    for package in PACKAGES:
        if package != "gradients":
            found |= set(importlib.import_module(f"jensen.{package}").__all__)
    return frozenset({*found, *options(), *commands()})


@cache
def commands() -> dict[str, frozenset[str]]:
    """The options of each command, long and short, by its name; "" is the program."""
    from jensen.cli.app import app

    root = typer.main.get_command(app)
    return {
        name: frozenset(option for param in command.params for option in (*param.opts, *param.secondary_opts))
        for name, command in {"": root, **root.commands}.items()
    }


def options() -> set[str]:
    return {"--help", *(name for each in commands().values() for name in each if name.startswith("-"))}


def denied(text: str) -> list[str]:
    """What a text denies although it is there, or claims although others have it."""
    text = re.sub(r"\s+", " ", text)
    for allowed in ALLOWED:
        text = text.replace(allowed, "")
    return [
        match[0]
        for denial in DENIALS
        for match in re.finditer(denial.words, text)
        if not denial.there or any(re.search(denial.there, name) for name in names())
    ]


# ---- what is denied ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_page_denies_what_is_there(path: Path) -> None:
    assert denied(written([path])) == []


@pytest.mark.parametrize("name", modules())
def test_no_docstring_denies_what_is_there(name: str) -> None:
    module = importlib.import_module(name)
    own = [thing for thing in vars(module).values() if getattr(thing, "__module__", "") == name]
    for thing in (module, *own):
        if inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isfunction(thing):
            assert denied(inspect.getdoc(thing) or "") == [], thing


def test_no_help_denies_what_is_there() -> None:
    from jensen.cli.app import app

    for command in typer.main.get_command(app).commands.values():
        said = [command.help or "", *(getattr(param, "help", None) or "" for param in command.params)]
        assert denied(" ".join(said)) == [], command.name


@pytest.mark.parametrize(
    "sentence",
    [
        "It has no standard errors, and no model other than the mixture.",
        "It has no\nstandard errors.",
        "Missing values are not in this version.",
        "There is no censoring.",
        "Sparse data are not yet supported.",
        "jensen is the only library for any model.",
        "There is no other package for it.",
        "What it does not have yet: everything.",
        "It shows what nobody else has.",
        "There are no likelihood-ratio tests.",
    ],
)
def test_the_law_of_denials_can_fail(sentence: str) -> None:
    assert denied(sentence)


def test_the_law_of_denials_knows_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "There are no ready-made hidden Markov models."
    assert denied(sentence) == []
    there = names() | {"HiddenMarkovModel"}
    monkeypatch.setattr(__name__ + ".names", lambda: there)
    assert denied(sentence) == ["no ready-made hidden Markov"]


def test_ordinary_sentences_are_no_denials() -> None:
    for sentence in (
        "There is no standard error at a bound.",
        "Only the slowest direction is shown, and nothing else is run.",
        "Where there is only one variable its name may be left out.",
    ):
        assert denied(sentence) == []


def test_what_is_allowed_still_stands_somewhere() -> None:
    said = [*(page.read_text(encoding="utf-8") for page in PAGES), inspect.getdoc(jensen.uncertainty)]
    for allowed in ALLOWED:
        assert any(allowed in text for text in said), allowed


# ---- what is named -----------------------------------------------------------------------------------------


def written(pages: list[Path]) -> str:
    """What stands on pages, without what is printed on them."""
    return " ".join(re.sub(r"(?ms)^```text.*?^```", "", page.read_text(encoding="utf-8")) for page in pages)


def test_every_public_name_is_on_a_page() -> None:
    words = set(re.findall(r"\w+", written(PAGES)))
    for package in ("", *PACKAGES):
        if package == "gradients":  # tests/test_public_names.py
            continue
        module = importlib.import_module(f"jensen.{package}".rstrip("."))
        assert set(module.__all__) - words == set(), package


def test_every_density_is_in_the_list() -> None:
    page = (ROOT / "docs" / "densities.md").read_text(encoding="utf-8")
    assert set(jensen.densities.__all__) - set(re.findall(r"\w+", page)) == set()


def test_every_public_name_has_a_line() -> None:
    page = (ROOT / "docs" / "names.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"(?ms)^## (jensen[.\w]*)\n(.*?)(?=^## |\Z)", page))
    for module, section in sections.items():
        said = set(re.findall(r"`(\w+)`", section))
        assert set(importlib.import_module(module).__all__) - said == set(), module
        rows = set(re.findall(r"(?m)^\| `(\w+)` \| \S", section))
        assert rows - set(importlib.import_module(module).__all__) == set(), module
    assert {"jensen", *(f"jensen.{p}" for p in PACKAGES if p != "sklearn")} == set(sections)


def test_every_command_and_option_is_on_its_page() -> None:
    page = written([ROOT / "docs" / "cli.md"])
    for name, said in commands().items():
        assert f"jensen {name}".strip() in page or f"`{name}`" in page, name
        for option in said:
            if option.startswith("--"):
                assert re.search(rf"(?<![\w-]){option}(?![\w-])", page), f"jensen {name} {option}"


def test_every_option_on_the_page_is_one() -> None:
    page = written([ROOT / "docs" / "cli.md"])
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)) - options() == set()


DOTTED = re.compile(r"(?<![\w./-])jensen(?:\.[A-Za-z_]\w*)+")


def unknown(text: str) -> list[str]:
    """Names after ``jensen.`` that are not there."""
    return [name for name in DOTTED.findall(text) if not _found(name)]


def _found(name: str) -> bool:
    thing: object = jensen
    for i, part in enumerate(name.split(".")[1:], 2):
        try:
            thing = getattr(thing, part)
        except AttributeError:
            try:
                thing = importlib.import_module(".".join(name.split(".")[:i]))
            except ImportError:
                return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    assert unknown(written([page])) == []


def test_the_law_of_names_can_fail() -> None:
    assert unknown("`jensen.fit`, `jensen.em.Gain`, `jensen.em.contract.CAPABILITIES`") == []
    assert unknown("`jensen.em.LatentVariableModel`, `jensen.data.save`") == [
        "jensen.em.LatentVariableModel",
        "jensen.data.save",
    ]


# ---- what is counted ---------------------------------------------------------------------------------------

WORDS = {2: "two", 3: "three", 4: "four", 6: "six", 7: "seven", 8: "eight", 10: "ten"}
WORDS |= {20: "twenty", 40: "forty"}


def power(number: int) -> str:
    """Of two, as a page has it."""
    exponent = str(number.bit_length() - 1)
    return f"$2^{exponent if len(exponent) == 1 else f'{{{exponent}}}'}$"


DENSITIES = set(jensen.densities.__all__) - {"Density", "xlogy", "inverse_factor"}
EFFORT = "src/jensen/em/effort.py"
NUMBERS = [
    ("docs/choosing.md", f"what {search.PASSES} passes over the rows for each component cost"),
    ("docs/choosing.md", f"{search.LONG_PASSES} for up to {WORDS[search.FEW_COMPONENTS]} components"),
    (
        "docs/choosing.md",
        f"Above {search.FEW_ROWS} rows (and, of up to {WORDS[search.FEW_COMPONENTS]} components, above",
    ),
    (
        "docs/choosing.md",
        f"found {WORDS[search.FOUND]} times, and by {100 * search.SHARE:.0f} % of the starts",
    ),
    ("docs/choosing.md", f"has settled when {WORDS[search.AGAIN]} samples agree"),
    ("docs/choosing.md", f"{WORDS[search.BATCH // 2]} to {WORDS[search.BATCH]} starts (the fewer"),
    (EFFORT, f"what {search.PASSES} E-steps for each component cost, {search.LONG_PASSES}"),
    (EFFORT, f"than {search.FEW_PASSES} E-steps"),
    (
        "docs/trouble.md",
        f"({100 * shaken.SIZES[0]:.0f} % and {100 * shaken.SIZES[-1]:.0f} %, those that the M-step "
        f"moves) and takes up to {WORDS[shaken.STEPS]} steps from there, "
        f"{WORDS[len(shaken.SIZES)]} times",
    ),
    (
        "docs/log-joint.md",
        f"(up to {power(compiling.LIGHT_WORK[False])}, and least of all up to "
        f"{power(compiling.PLAIN_WORK[False])})",
    ),
    ("docs/log-joint.md", f"Up to {power(looks.MOST_DEEP)} rows × values × parameters one program"),
    ("docs/log-joint.md", f"Up to {power(log_joint.NEWTON_WORK)} rows × values × parameters a climb"),
    ("docs/trouble.md", f"changes its density by {WORDS[int(diagnosis.OPTIMISM)]} times what it should"),
    ("docs/mathematics.md", f"> {diagnosis.OPTIMISM:.0f}\\, p_j"),
    ("docs/design.md", f"until the best end was found {WORDS[restarts.TIMES_FOUND]} times"),
    ("docs/alternatives.md", f"jensen has {WORDS[len(STRUCTURES)]} of the fourteen"),
    ("docs/alternatives.md", f"| covariance structures | {len(STRUCTURES)}, and your own |"),
    ("docs/alternatives.md", f"[{WORDS[len(DENSITIES)]} densities](densities.md)"),
]


@pytest.mark.parametrize(("page", "sentence"), NUMBERS, ids=range(len(NUMBERS)))
def test_a_number_on_a_page_is_that_of_the_code(page: str, sentence: str) -> None:
    text = re.sub(r"\s+", " ", (ROOT / page).read_text(encoding="utf-8"))
    assert sentence in text
