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
    assert "left out: path, antithetic-path (" in err
    assert "is discrete" in err


def test_few_replicates_are_enough_to_print_a_table(capsys):
    assert main([*NOTES, "-n", "10", "--estimators", "score,path"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert [line.split()[0] for line in out.splitlines()] == ["estimator", "score", "path", "exact"]


def test_a_sum_as_long_as_may_be_has_every_estimator(capsys):
    long = ["gradients", "x" + "+x" * 200, "-d", "normal(a,1)", "--at", "a=1", "-n", "20"]
    assert main([*long, "--estimators", "score,path,exact,taylor-score"]) == 0
    assert "exact gradient: a 201" in capsys.readouterr().out


def test_biased_rows_are_marked(capsys):
    bits = ["gradients", "(x - 0.45)**2", "-d", "bernoulli(p)", "--at", "p=0.3", "-n", "200"]
    assert main([*bits, "--estimators", "score,concrete"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("concrete *")
    assert lines[3].startswith("* biased: by construction")


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
        (
            ["x", "-d", "normal(0,s)", "--at", "s=-1"],
            "‸normal(0,s): scale must be positive, and is -1",
        ),
        (["x", "-d", "poisson(0)", "--at", "a=1"], "a: the name appears nowhere"),
        (["x*a", "-d", "poisson(0)", "--at", "a=1"], "‸poisson(0): rate must be positive, and is 0"),
        (["x", "-d", "poisson(a)", "--at", "a=0"], "‸poisson(a): rate must be positive, and is 0"),
        (["x", "-d", "poisson(-a)", "--at", "a=1"], "rate must be positive, and is"),
        (["x", "-d", "exponential(1/a)", "--at", "a=0"], "rate must be positive, and is inf"),
        (["x", "-d", "uniform(a,a)", "--at", "a=2"], "low must be less than high, and they are 2 and 2"),
        (["x", "-d", "uniform(a)", "--at", "a=2"], "low must be less than high, and they are 2 and 1"),
        (["x*a", "-d", "normal(0,0)", "--at", "a=2"], "scale must be positive, and is 0"),
        (["x", "-d", "normal(a,1e-400)", "--at", "a=2"], "scale must be positive, and is 0"),
        (["x", "-d", "normal(log(a),1)", "--at", "a=-2"], "loc must be a finite number, and is nan"),
        (["x*a", "-d", "bernoulli(1.2)", "--at", "a=2"], "probs must be from 0 to 1, and is 1.2"),
        (["x", "-d", "geometric(a)", "--at", "a=0"], "probs must be more than 0 and at most 1, and is 0"),
        (
            ["x", "-d", "z ~ poisson(1); x ~ gamma(a+z, a)", "--at", "a=-1"],
            "rate must be positive, and is -1",
        ),
        (["x", "-d", "z ~ normal(0,1); x ~ normal(a,z)", "--at", "a=1"], "'x': scale of Normal must be"),
        (["pi", "-d", "pi ~ normal(a,1)", "--at", "a=1"], "column 1 of ‸pi ~ normal(a,1): pi is a constant"),
        (["x", "-d", "x ~ normal(0,1); e ~ normal(x,1)", "--at", "a=1"], "column 18 of"),
        (["x", "-d", "sin ~ normal(a,1)", "--at", "a=1"], "sin is a function; give the variable another"),
        (
            ["x", "-d", "normal(pi,1)", "--at", "pi=3"],
            "--at pi: pi is a constant, 3.14159; give",
        ),
        (["x" + "+x" * 3000, "-d", "normal(a,1)", "--at", "a=1"], "more than 200 operators"),
        (["(" * 3000 + "x" + ")" * 3000, "-d", "normal(a,1)", "--at", "a=1"], "more than 60 levels"),
        (["x", "-d", "normal(a" + "+a" * 3000 + ",1)", "--at", "a=1"], "more than 200 operators"),
        (
            ["x0", "-d", "; ".join(f"x{i} ~ normal(a,1)" for i in range(21)), "--at", "a=1"],
            "more than 20 variables",
        ),
        (["x", "-d", "normal(mu,1)", "--at", "mu=1", "--estimators", "pth"], "(did you mean 'path'?)"),
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
