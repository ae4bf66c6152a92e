"""Imports point one way, and importing jensen stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jensen

ROOT = Path(jensen.__file__).parent

# What each part may import of the others. An arrow that is not here is a decision: docs/design.md first.
ARROWS: dict[str, set[str]] = {
    "em": set(),
    "families": set(),
    "threads": set(),
    "models": {"em", "families", "threads", "_native"},
    "data": {"em", "families", "models"},
    "report": {"em", "models", "data"},
    "testing": {"em", "families", "models", "threads"},
    "estimators": {"em", "families", "models", "data", "report"},
    "cli": {"em", "families", "models", "data", "report"},
    "__main__": {"cli"},
}
# Distributions that only these parts may touch, and only where they are needed.
OUTSIDE = {
    "sklearn": {"estimators"},
    "typer": {"cli"},
    "matplotlib": {"report"},
    "rich": {"em", "report", "cli"},
}


def imported(path: Path) -> Iterator[str]:
    """Dotted names of the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            if node.module == "jensen":
                yield from (f"jensen.{alias.name}" for alias in node.names)


def parts() -> list[str]:
    found = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.rglob("*.py")}
    return sorted(found - {"__init__", "_native"})


@pytest.mark.parametrize("part", parts())
def test_imports_point_down(part: str) -> None:
    files = [ROOT / f"{part}.py"] if (ROOT / f"{part}.py").exists() else sorted((ROOT / part).rglob("*.py"))
    for path in files:
        for name in imported(path):
            package, _, rest = name.partition(".")
            if package == "jensen" and rest:
                other = rest.partition(".")[0]
                if other != part and (other in ARROWS or other == "_native"):
                    assert other in ARROWS[part], f"{path.relative_to(ROOT)} imports jensen.{other}"
            elif package in OUTSIDE:
                assert part in OUTSIDE[package], f"{path.relative_to(ROOT)} imports {package}"


def loaded_after(statement: str, names: list[str]) -> list[str]:
    """Which of the modules a fresh interpreter has loaded after a statement."""
    code = f"import sys; {statement}; print(*[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


HEAVY = ["sklearn", "scipy", "pandas", "polars", "matplotlib", "rich", "typer", "narwhals", "jax"]


def test_importing_jensen_imports_next_to_nothing() -> None:
    assert loaded_after("import jensen", [*HEAVY, "numpy"]) == []


def test_a_fit_needs_numpy_only() -> None:
    fit = "import jensen; jensen.fit(jensen.Mixture(2), jensen.load_dataset('faithful').values)"
    assert loaded_after(fit, HEAVY) == []


def test_the_check_can_fail() -> None:
    assert loaded_after("import scipy", HEAVY) == ["scipy"]


def test_every_public_name_is_there() -> None:
    for name in jensen.__all__:
        assert getattr(jensen, name) is not None
    assert {"fit", "Fit", "Mixture", "Gaussian", "GaussianMixture", "load_dataset", "select"} <= set(
        jensen.__all__
    )
