"""The public names are a list; each can be imported, says what it is, and its examples run."""

import doctest
import importlib
import inspect
import pkgutil
import re
import warnings
from pathlib import Path

import pytest

import jensen

NAMES = [
    "Chart",
    "Categorical",
    "Correlation",
    "Covariance",
    "DataError",
    "Diagonal",
    "EEI",
    "EII",
    "Enumerated",
    "Fit",
    "Full",
    "Gaussian",
    "GaussianMixture",
    "Interval",
    "LikelihoodRatio",
    "JensenError",
    "LogJoint",
    "ModelError",
    "Mixture",
    "Poisson",
    "Positive",
    "Product",
    "Profile",
    "Real",
    "Search",
    "Selection",
    "Simplex",
    "Spherical",
    "Tied",
    "Uncertainty",
    "Wald",
    "constrain",
    "data",
    "densities",
    "elbo",
    "em",
    "entropy",
    "expected_log_joint",
    "families",
    "fit",
    "get_num_threads",
    "gradients",
    "kl_gap",
    "likelihood_ratio",
    "list_datasets",
    "load",
    "load_dataset",
    "models",
    "save",
    "select",
    "selection",
    "set_num_threads",
    "testing",
    "uncertainty",
]
PACKAGES = [
    "em",
    "families",
    "models",
    "selection",
    "data",
    "files",
    "testing",
    "sklearn",
    "report",
    "gradients",
]


def test_the_list_of_public_names():
    assert sorted(jensen.__all__) == sorted(NAMES)
    assert set(NAMES) <= set(dir(jensen))


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_says_what_it_is(name):
    thing = getattr(jensen, name)
    doc = inspect.getdoc(thing)
    assert doc and len(doc.splitlines()[0]) > 15


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="GausianMixture"):
        jensen.GausianMixture  # noqa: B018 -- the access is the test


@pytest.mark.parametrize("name", PACKAGES)
def test_what_a_package_lists_is_there_and_documented(name):
    package = importlib.import_module(f"jensen.{name}")
    for public in package.__all__:
        thing = getattr(package, public)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), f"jensen.{name}.{public} has no docstring"


def test_every_name_of_gradients_is_on_a_page():
    """In what is written, and not only in what is printed."""
    pytest.importorskip("numpyro")
    gradients = importlib.import_module("jensen.gradients")
    pages = (Path(__file__).parents[1] / "docs").glob("gradients*.md")
    text = " ".join(re.sub(r"(?ms)^```text.*?^```", "", page.read_text(encoding="utf-8")) for page in pages)
    assert set(gradients.__all__) <= set(re.findall(r"\w+", text))


def modules():
    root = Path(jensen.__file__).parent
    found = pkgutil.walk_packages([str(root)], "jensen.")
    return [module.name for module in found if not module.name.split(".")[-1].startswith("_")]


@pytest.mark.parametrize("name", modules())
def test_examples_run(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_the_main_functions_have_examples():
    finder = doctest.DocTestFinder(recurse=False)
    for thing in (jensen.fit, jensen.Mixture, jensen.Gaussian, jensen.GaussianMixture, jensen.select):
        assert any(test.examples for test in finder.find(thing)), thing
