"""`jensen gradients`: the notes' simulation, and one line where something is wrong."""

import json
import sys

import pytest

from jensen.cli import main

NOTES = ["gradients", "x**2", "--distribution", "normal(mu, 1)", "--at", "mu=0.5"]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The rows of the notes' example by name, and the figure."""
    figure = tmp_path_factory.mktemp("figure") / "spread.png"
    import contextlib
    import io

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        assert main([*NOTES, "-n", "20000", "--seed", "3", "--json", "--plot", str(figure)]) == 0
    document = json.loads(printed.getvalue())
    return {row["estimator"]: row for row in document["rows"]}, document, figure


def test_the_variances_of_the_notes(found):
    rows, _, _ = found
    # Moments of the normal: E x⁶ and the like, at mu = 0.5
    score = 0.5**4 + 14 * 0.5**2 + 15
    exact = {"score": score, "mean-baseline": 12.0, "best-baseline": 8.0, "path": 4.0}
    exact["measure-valued"] = 4 * 0.5**2 * (4 / 3.141592653589793 - 1)
    for name, variance in exact.items():
        row = rows[name]
        assert abs(row["variance"] - variance) < 4 * row["variance_error"], name
        assert abs(row["bias"]) < 4, name
        assert row["truth"] == pytest.approx(1.0, abs=1e-9)
    assert rows["antithetic-path"]["variance"] < 1e-20
    assert rows["leave-one-out"]["draws"] == 64


def test_the_document_and_the_figure(found):
    _, document, figure = found
    assert document["at"] == {"mu": 0.5}
    assert document["replicates"] == 20_000
    assert document["left_out"] == {}
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_the_table(capsys):
    assert main([*NOTES, "-n", "500", "--estimators", "exact,path"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split()[:3] == ["estimator", "parameter", "draws"]
    assert [line.split()[0] for line in printed[1:3]] == ["exact", "path"]
    assert printed[3] == "exact gradient: mu 1"


def test_what_is_not_valid_is_left_out_and_said(capsys):
    assert main(["gradients", "x", "-d", "bernoulli(p)", "--at", "p=0.3", "-n", "200"]) == 0
    out, err = capsys.readouterr()
    assert not any(line.startswith("path") for line in out.splitlines())
    assert "left out: path (" in err
    assert "is discrete" in err


def test_values_that_are_not_finite_are_told(capsys):
    arguments = ["gradients", "sqrt(x)", "-d", "normal(mu, 1)", "--at", "mu=1", "-n", "200"]
    assert main([*arguments, "--estimators", "score", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["rows"][0]["mean"] is None
    assert "in draw 0 of replicate" in document["remarks"][0]
    assert "at x = {x: -" in document["remarks"][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x**", "-d", "normal(mu,1)", "--at", "mu=1"], "column 4 of x**‸: expected a number"),
        (["x", "-d", "norml(mu,1)", "--at", "mu=1"], "no distribution 'norml'"),
        (["x", "-d", "normal(mu,nu)", "--at", "mu=1"], "nu is neither a variable (x) nor bound"),
        (["x", "-d", "normal(mu,1)", "--at", "mu=1,nu=2"], "nu: the name appears nowhere"),
        (["x", "-d", "normal(mu,1)", "--at", "mu"], "--at 'mu': give a name and a finite number"),
        (["x", "-d", "normal(mu,1)", "--at", "mu=inf"], "give a name and a finite number"),
        (["x", "-d", "normal(mu,1)", "--at", "mu=1", "--at", "mu=2"], "--at mu is given twice"),
        (["x/0", "-d", "normal(mu,1)", "--at", "mu=1"], "column 3 of x/‸0: division by zero"),
        (["x", "-d", "normal(0,s)", "--at", "s=-1"], "scale of Normal must be positive, and is -1."),
        (["mu", "-d", "normal(mu,1)", "--at", "mu=1"], "f does not depend on x"),
        (["x", "-d", "bernoulli(p)", "--at", "p=.3", "--estimators", "path"], "is discrete"),
        (["x", "-d", "normal(mu,1)", "--at", "mu=1", "--estimators", "magic"], "no estimator 'magic'"),
        (["x", "-d", "normal(mu,1)", "--at", "mu=1", "--estimators", ","], "give names"),
        (["x", "-d", "normal(mu,1)", "--at", "mu=1", "-n", "1"], "-n 1: give a number from 2"),
        (["x", "-d", "normal(mu,1)", "--at", "mu=1", "--seed", "-1"], "--seed -1"),
        (["x", "-d", "normal(mu,1)", "--at", "mu=1", "--plot", "a.txt"], "must end in .png"),
        (["x", "--at", "mu=1"], "--distribution"),
    ],
)
def test_errors_are_one_line(arguments, words, capsys):
    assert main(["gradients", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert words in err


def test_a_missing_extra_is_named(monkeypatch, capsys):
    for name in [each for each in sys.modules if each.startswith("jensen.gradients")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpyro", None)
    assert main(NOTES) == 2
    assert 'needs JAX and NumPyro; install it with: pip install "jensen[jax]"' in capsys.readouterr().err
