"""What is said of the package in more than one place is the same in all of them."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax_cache
import jensen
from conftest import COMPILING, SCRIPTS, group_of
from jensen.cli import main
from jensen.files import Saved

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_version_is_one():
    here = PROJECT["project"]["version"]
    assert jensen.__version__ == version("jensen") == here
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE)[1] == here


def test_a_source_tree_has_no_version(monkeypatch, capsys):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    assert jensen.__version__ == "unknown"
    fit = jensen.fit(jensen.Mixture(1), jensen.load_dataset("faithful").values)
    assert Saved.from_fit(fit).summary["jensen_version"] == "unknown"
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "jensen unknown\n"


def test_every_group_of_dependencies_is_an_extra_or_made_of_groups():
    extras, groups = PROJECT["project"]["optional-dependencies"], PROJECT["dependency-groups"]
    for name, group in groups.items():
        if name != "dev":
            assert group == [f"jensen[{name}]"]
            assert name in extras
    assert {each["include-group"] for each in groups["dev"] if isinstance(each, dict)} <= set(groups)


def test_the_lowest_versions_are_those_of_the_project():
    """The script installs extras, and has no versions of its own."""
    script = (ROOT / "scripts" / "test-lowest").read_text(encoding="utf-8")
    extras = PROJECT["project"]["optional-dependencies"]
    assert re.findall(r"(?m)^lowest \S+ (.*)$", script) == ["'.[test-core]'", "'.[test]'"]
    assert any("test-core" in each for each in extras["test"])
    assert not any("jax" in each for each in extras["test-core"])


def test_checks_before_a_commit_have_the_versions_of_the_project():
    ruff = next(each for each in PROJECT["project"]["optional-dependencies"]["check"] if "ruff" in each)
    named = re.findall(r"ruff==[\d.]+", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert named == [ruff, ruff]


def test_scripts_name_tests_that_exist():
    """A name that nobody has any more would run nothing."""
    for script in ("test-processors", "test-lowest", "sanitize"):
        named = re.findall(r"tests/\w+\.py", (ROOT / "scripts" / script).read_text(encoding="utf-8"))
        assert named
        assert [name for name in named if not (ROOT / name).exists()] == []


def test_groups_of_tests_exist():
    modules = {path.stem for path in ROOT.glob("tests/test_*.py")}
    assert all(any(module.startswith(start) for module in modules) for start in COMPILING)
    assert all((ROOT / "examples" / f"{script}.py").exists() for script in SCRIPTS)
    assert group_of("test_own_models", None) == "factor_analysis"
    assert group_of("test_examples", "factor_analysis") == "factor_analysis"
    assert group_of("test_engine", None) is None


def test_compiled_programs_outlive_a_run(tmp_path, monkeypatch):
    monkeypatch.setattr(jax_cache, "FOLDER", tmp_path)
    monkeypatch.setattr(jax_cache.os, "environ", {})
    first = jax_cache.Cache()
    (first.own / "program-cache").write_bytes(b"compiled")
    during = jax_cache.Cache()  # of this process again: it begins with what was kept, and nothing was
    assert not list(during.own.iterdir())
    (during.own / "program-cache").write_bytes(b"compiled")
    during.keep()
    after = jax_cache.Cache()
    assert (after.own / "program-cache").read_bytes() == b"compiled"
    monkeypatch.setattr(jax_cache, "LARGEST", 7)
    after.keep()
    after.tidy()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
