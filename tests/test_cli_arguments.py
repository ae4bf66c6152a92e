"""From what was typed to objects."""

from pathlib import Path

import pytest

from jensen.cli import arguments
from jensen.cli.errors import CommandError
from jensen.families import STRUCTURES, Diagonal, Full, Spherical, Tied
from jensen.selection import BIC, ICL


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", [3]),
        ("1:9", list(range(1, 10))),
        ("1,2,4", [1, 2, 4]),
        ("4, 2, 2", [2, 4]),
        ("1:3,6", [1, 2, 3, 6]),
        ("1:9:3", [1, 4, 7]),
        ("5:5", [5]),
    ],
)
def test_numbers_of_components(text, expected):
    assert arguments.parse_components(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "at least 1 component"),
        ("0:3", "at least 1 component"),
        ("-1", "give numbers of components"),
        ("5:3", "5:3 is an empty range"),
        ("1:5:0", "empty range"),
        ("", "give numbers of components"),
        ("1,,2", "give numbers of components"),
        ("three", "give numbers of components"),
        ("2.5", "give numbers of components"),
        ("1e3", "give numbers of components"),
        ("1:100000000", "more than 1000"),
    ],
)
def test_numbers_of_components_that_are_none(text, message):
    with pytest.raises(CommandError, match=message):
        arguments.parse_components(text)


def test_covariance_structures():
    assert arguments.parse_covariances("all") == list(STRUCTURES.values())
    assert arguments.parse_covariances("usual") == [Full(), Tied(), Diagonal(), Spherical()]
    assert arguments.parse_covariances("tied, FULL,tied") == [Tied(), Full()]
    with pytest.raises(
        CommandError, match="'foo': choose from full, tied, diag, eei, spherical, eii, usual, all"
    ):
        arguments.parse_covariances("full,foo")


def test_criteria():
    assert arguments.parse_criterion("bic") is BIC
    assert arguments.parse_criterion("ICL") is ICL
    with pytest.raises(CommandError, match="choose from bic, icl, aic"):
        arguments.parse_criterion("dic")


def test_starts():
    assert arguments.parse_starts("auto") is None
    assert arguments.parse_starts("12") == 12
    for text in ("0", "-3", "many", "1.5"):
        with pytest.raises(CommandError, match="give a number from 1 to 1000000, or auto"):
            arguments.parse_starts(text)


def test_names_of_columns():
    assert arguments.parse_names(None, "--columns") is None
    assert arguments.parse_names(["a, b"], "--columns") == ["a", "b"]
    assert arguments.parse_names(['"a,b",c', "d"], "--columns") == ["a,b", "c", "d"]
    for text in ("", "a,,b", ","):
        with pytest.raises(CommandError, match=r"--exclude .*: give names separated by commas"):
            arguments.parse_names([text], "--exclude")


def test_open_ranges():
    assert arguments.parse_components("2:") == list(range(2, 10))
    assert arguments.parse_components("12:") == list(range(12, 20))
    assert arguments.is_open("2:") and not arguments.is_open("2:9")
    with pytest.raises(CommandError, match="give numbers of components"):
        arguments.parse_components("2::3")


def test_names_of_mclust_and_scikit_learn():
    assert arguments.parse_covariances("VVV,EEE,VVI,VII,diagonal") == [
        Full(),
        Tied(),
        Diagonal(),
        Spherical(),
    ]
    assert [s.name for s in arguments.parse_covariances("EEI,EII,V,E")] == ["eei", "eii", "full", "tied"]
    with pytest.raises(CommandError, match="mclust's VEV is not fitted here; there are VVV = full"):
        arguments.parse_covariances("VEV")


def test_missing_and_decimal():
    assert arguments.parse_asked(missing="drop").drop_missing
    assert arguments.parse_asked(decimal=",").choice.decimal == ","
    for wrong in ({"missing": "no"}, {"decimal": ";"}):
        with pytest.raises(CommandError, match="choose from"):
            arguments.parse_asked(**wrong)


def test_outputs_do_not_overwrite_the_data_or_each_other(tmp_path):
    data = tmp_path / "d.csv"
    data.write_text("a\n1\n")
    with pytest.raises(CommandError, match="this is also the data"):
        arguments.check_outputs(str(data), out=tmp_path / "." / "d.csv")
    with pytest.raises(CommandError, match=r"--plot .*: this is also --out"):
        arguments.check_outputs("-", out=tmp_path / "x", plot=tmp_path / "x")
    assert data.read_text() == "a\n1\n"
    arguments.check_outputs("-", out=Path(tmp_path / "x"), plot=None)
    assert not (tmp_path / "x").exists()


def test_plots_need_a_format_and_the_library(monkeypatch):
    with pytest.raises(CommandError, match=r"must end in .png, .pdf or .svg"):
        arguments.check_plot(Path("a.jpeg"))
    arguments.check_plot(Path("a.PNG"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CommandError, match=r'pip install "jensen\[plots\]"'):
        arguments.check_plot(Path("a.png"))
