"""Numbers, sentences, tables and documents."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

import jensen
from jensen.basics import numbers
from jensen.em import Outcome, Verdict
from jensen.families.gaussian.describe import shorten
from jensen.report import fit_document, selection_document, summary, sweeps
from jensen.report.sweeps import selection_report
from jensen.report.tables import make_console, to_text
from jensen.selection import AIC, ICL

COLUMNS = ["eruptions", "waiting"]


@pytest.fixture(scope="module")
def selection():
    return jensen.select(jensen.load_dataset("faithful").values, range(1, 4), restarts=3)


def mixture_of(means, structure=None, weights=None, spread=1.0):
    """A fit with these means, without climbing."""
    means = np.asarray(means, float)
    k, d = means.shape
    structure = structure or jensen.Spherical()
    rng = np.random.default_rng(0)
    data = np.concatenate([mean + spread * rng.normal(size=(4 * d + 8, d)) for mean in means])
    shape = structure.reduce(np.tile(spread**2 * np.eye(d), (k, 1, 1)), np.ones(k))
    components = jensen.families.GaussianParams(means, shape)
    params = jensen.models.MixtureParams(np.full(k, 1 / k), components)
    return jensen.fit(jensen.Mixture(k, jensen.Gaussian(structure)), data, params, max_steps=1)


@pytest.mark.parametrize(
    ("spread", "values", "expected"),
    [
        ([0.264], [2.0364], ["2.036"]),
        ([5.9], [54.4969], ["54.50"]),
        ([1200.0], [20854.2], ["20854"]),
        ([0.01], [1234567.891], ["1234567.8910"]),
        ([2e-9], [3.1415926535e-8], ["3.1416e−08"]),
        ([3e11], [-4.2e12], ["−4.2e+12"]),
        ([1.0], [-0.5], ["−0.50"]),
        ([1.0], [-1e-4], ["0.00"]),
        ([3.2, 216.2, 1009.7], [5.1, 259.5, 1229.0], ["5.1", "259.5", "1229.0"]),
    ],
)
def test_numbers_show_three_digits_of_the_spread(spread, values, expected):
    write = numbers.on_scale_of(np.array(spread), np.array(values))
    assert [write(value) for value in values] == expected


def test_a_spread_that_is_not_zero_is_not_shown_as_zero():
    write = numbers.on_scale_of(np.array([1.0, 1.0, 1e-5]), np.zeros(3))
    assert numbers.spread_text(1e-5, write) == "1e-05"
    assert numbers.spread_text(0.0, write) == "0.00"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0123, "12 ms"), (1.234, "1.23 s"), (119.0, "119 s"), (150.0, "2 min 30 s")]
)
def test_durations(seconds, text):
    assert numbers.duration(seconds) == text


def test_counts_have_their_plural():
    assert numbers.count(1, "row") == "1 row"
    assert numbers.count(1234, "row") == "1,234 rows"
    assert numbers.count(2.5, "row") == "2.5 rows"


def test_short_names_stay_different():
    assert shorten(["sepal_length", "sepal_width"]) == ["sepal_len…", "sepal_wid…"]
    assert shorten(["measurement_a", "measurement_b"]) == ["measurement_a", "measurement_b"]


def test_summary_has_the_components_and_how_sure_it_is(selection):
    text = summary(selection.fits[2, "full"], COLUMNS)
    assert text.splitlines()[0] == "2 components, full: each component has a covariance matrix of its own"
    for part in (
        "weight",
        "rows",
        "eruptions",
        "waiting",
        "corr eruptions, waiting",
        "−1130.2640",
        "BIC 2322.19",
    ):
        assert part in text
    assert "verdict         converged\n" in text
    assert "3 starts, " in text
    assert "\x1b" not in text


def test_summary_without_names_calls_columns_x1_to_xd(selection):
    assert "\n  x1 " in summary(selection.best)


def test_summary_gives_advice():
    fit = mixture_of([[0.0], [4.0]])
    text = summary(replace(fit, verdict=Verdict(Outcome.COLLAPSED, "rests on one row", "fewer components")))
    assert "collapsed: rests on one row" in text
    assert "advice          fewer components" in text


def test_correlations_only_where_there_are_any():
    assert "corr" not in summary(mixture_of([[0.0, 0.0], [5.0, 5.0]]))
    assert "corr" not in summary(mixture_of(np.eye(2, 6) * 9, jensen.Full()))
    assert summary(mixture_of(np.eye(2, 4) * 9, jensen.Full())).count("corr ") == 6


def test_a_wide_table_is_broken_into_blocks_and_nothing_is_lost():
    fit = mixture_of(1000 * np.arange(9.0)[:, None] * np.ones((1, 3)))
    text = summary(fit, width=60)
    assert max(map(len, text.splitlines())) <= 60
    headers = [line.split()[1:] for line in text.splitlines() if line.lstrip().startswith("component ")]
    assert len(headers) > 1
    assert [name for header in headers for name in header] == [str(i) for i in range(9)]


def test_many_columns_are_cut_and_it_is_said():
    text = summary(mixture_of(np.zeros((1, 40)), jensen.Diagonal()))
    assert "x30 " in text
    assert "x31 " not in text
    assert "10 more columns are not shown" in text


def test_names_are_not_markup():
    text = summary(mixture_of([[0.0], [4.0]]), ["[bold]x[/bold] :smile:"])
    assert "[bold]x[/bold] :smile:" in text


def test_the_sweep_marks_the_best_three_and_says_the_sign(selection):
    text = to_text(selection_report(selection, COLUMNS, 100, "faithful"))
    assert text.startswith("faithful: 272 rows, 2 columns; 11 models fitted in ")
    assert "BIC (smaller is better; mclust prints minus this)" in text
    row = next(line for line in text.splitlines() if line.lstrip().startswith("3 "))
    assert "2314.30   #1" in row
    assert [text.count(f"#{i}") for i in (1, 2, 3, 4)] == [2, 2, 2, 0]  # in the table and in the legend
    assert "Chosen: k = 3, tied, BIC 2314.30. Next: k = 2, full, 7.90 above: strong evidence" in text
    assert "Kass and" in text


def test_the_sign_of_other_criteria(selection):
    assert "smaller is better" in sweeps.sign_of(AIC)
    assert "mclust" not in sweeps.sign_of(AIC)
    assert "hard assignments" in sweeps.sign_of(ICL)


def flawed(cell, outcome, message):
    return replace(cell, fit=replace(cell.fit, verdict=Verdict(outcome, message)))


def test_cells_that_are_passed_over_are_marked_with_the_reason(selection):
    cells = [
        flawed(cell, Outcome.COLLAPSED, "rests on one row") if cell.num_components == 3 else cell
        for cell in selection.cells
    ]
    text = to_text(selection_report(replace(selection, cells=tuple(cells)), COLUMNS, 100))
    row = next(line for line in text.splitlines() if line.lstrip().startswith("3 "))
    assert row.count("×") == 4
    assert "× not to be chosen: collapsed (rests on one row): k = 3" in text
    assert "Chosen: k = 2, full" in text


def test_where_nothing_is_proper_no_cell_is_ranked(selection):
    cells = tuple(flawed(cell, Outcome.COLLAPSED, "x") for cell in selection.cells)
    text = to_text(selection_report(replace(selection, cells=cells), COLUMNS, 100))
    assert "Nothing is a proper maximum here; the least bad: k = 3, tied" in text
    assert "#1" not in text
    assert "evidence" not in text


def test_an_interrupted_sweep_and_a_step_limit_say_so(selection):
    text = to_text(selection_report(replace(selection, interrupted=True), COLUMNS, 100))
    assert "Interrupted: this is the best of the models that were reached." in text
    cells = tuple(flawed(cell, Outcome.STEP_LIMIT, "x") for cell in selection.cells)
    text = to_text(selection_report(replace(selection, cells=cells), COLUMNS, 100))
    assert "No model of the sweep was climbed to its end" in text


def test_a_narrow_sweep_is_broken_into_blocks(selection):
    text = to_text(selection_report(selection, COLUMNS, 40), 40)
    assert max(map(len, text.splitlines())) <= 40
    for name in ("full", "tied", "diag", "spherical"):
        assert f" {name}" in text


def test_one_column_shows_equal_structures_once():
    found = jensen.select(jensen.load_dataset("galaxies").values, [1, 2], restarts=2)
    text = to_text(selection_report(found, ["velocity"], 100))
    assert "diag, spherical: the same model as full here" in text
    assert "2 components, full: each component has a variance of its own" in text


def test_colour_is_for_terminals(selection, monkeypatch):
    report = selection_report(selection, COLUMNS, 100)
    for terminal, no_colour, coloured in ((True, "", True), (True, "1", False), (False, "", False)):
        monkeypatch.setenv("NO_COLOR", no_colour)
        monkeypatch.setenv("TERM", "xterm-256color")
        file = Terminal() if terminal else io.StringIO()
        make_console(file=file, width=100).print(report)
        assert ("\x1b[32m" in file.getvalue()) is coloured


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_documents_are_json(selection):
    document = selection_document(selection, COLUMNS)
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again["chosen"] == {"k": 3, "structure": "tied", "value": pytest.approx(2314.296, abs=0.01)}
    assert again["runner_up"]["structure"] == "full"
    assert again["strength"] == "strong evidence"
    assert len(again["table"]) == 12
    assert np.shape(again["fit"]["covariances"]) == (3, 2, 2)


def test_what_json_cannot_say_is_null(selection):
    document = fit_document(replace(selection.best, remaining=np.nan, rate=np.inf), COLUMNS)
    assert document["verdict"]["remaining"] is None
    assert document["verdict"]["rate"] is None
    alone = jensen.select(jensen.load_dataset("galaxies").values, 1, jensen.Full())
    assert selection_document(alone, ["velocity"])["difference"] is None
