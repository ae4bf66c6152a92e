"""Plots: what is drawn, and that it can be written."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import trapezoid

import jensen
from jensen.em import Outcome, Verdict
from jensen.report import figure_bytes, plot_fit
from jensen.report.panels import View
from jensen.report.plots import MAX_COLUMNS


def fitted(d, k=2, n=120, structure=None, seed=0):
    rng = np.random.default_rng(seed)
    centres = 6.0 * rng.normal(size=(k, d))
    data = np.concatenate([centre + rng.normal(size=(n // k, d)) for centre in centres])
    model = jensen.Mixture(k, jensen.Gaussian(structure or jensen.Full()))
    return jensen.fit(model, data, restarts=3), data


@pytest.fixture(scope="module")
def sweep():
    data = jensen.load_dataset("faithful")
    return jensen.select(data.values, range(1, 4)), data


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_two_columns_with_a_sweep(sweep):
    selection, data = sweep
    figure = plot_fit(selection.best, data.values, columns=data.columns, selection=selection, name="faithful")
    main, criterion, climb = figure.axes
    assert (main.get_xlabel(), main.get_ylabel()) == ("eruptions", "waiting")
    assert len([patch for patch in main.patches if type(patch).__name__ == "Ellipse"]) == 6
    assert criterion.get_title(loc="left") == "best BIC 2314.3: k = 3, tied"
    assert criterion.get_xlabel() == "components k"
    assert [text.get_text() for text in criterion.get_legend().get_texts()] == [
        "full",
        "tied",
        "diag",
        "spherical",
    ]
    assert climb.get_title(loc="left").endswith("of 6 starts reach this")
    assert climb.get_yscale() == "log"
    assert (
        figure.get_suptitle() == "faithful — 3 components, tied: the components share one covariance matrix"
    )


def test_the_ellipses_are_one_and_two_standard_deviations():
    fit, data = fitted(2, k=1)
    figure = plot_fit(fit, data)
    small, large = [patch for patch in figure.axes[0].patches if type(patch).__name__ == "Ellipse"]
    values = np.linalg.eigvalsh(fit.params.components.covariances[0])
    assert sorted([small.width, small.height]) == pytest.approx(list(2 * np.sqrt(values)))
    assert large.width == pytest.approx(2 * small.width)


def test_one_column_is_a_density_over_a_histogram():
    fit, data = fitted(1)
    figure = plot_fit(fit, data, columns=["length"])
    main = figure.axes[0]
    assert main.get_xlabel() == "length"
    assert main.get_ylabel() == "density"
    assert sum(patch.get_width() * patch.get_height() for patch in main.patches) == pytest.approx(1.0)
    black = next(line for line in main.lines if line.get_color() == "black" and len(line.get_xdata()) > 300)
    x, y = black.get_xdata(), black.get_ydata()
    assert trapezoid(y, x) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("d", [3, 4, 6])
def test_every_pair_of_columns(d):
    fit, data = fitted(d)
    names = [f"col{j}" for j in range(d)]
    figure = plot_fit(fit, data, columns=names)
    panels = figure.axes[: d * (d + 1) // 2]
    assert {axes.get_xlabel() for axes in panels} - {""} == set(names)
    assert {axes.get_ylabel() for axes in panels} - {""} == set(names)
    assert figure.get_supxlabel() == ""


def test_many_columns_are_the_six_that_separate_most_and_it_is_said():
    rng = np.random.default_rng(1)
    data = rng.normal(size=(200, 8))
    apart = [0, 2, 3, 5, 6, 7]
    data[:100, apart] += 8.0
    fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian(jensen.Diagonal())), data, restarts=3)
    figure = plot_fit(fit, data)
    assert View.of(fit, data, None).shown(MAX_COLUMNS) == apart
    assert figure.get_supxlabel() == "the 6 of 8 columns in which the components differ most"
    assert {axes.get_xlabel() for axes in figure.axes} >= {f"x{j + 1}" for j in apart}


def test_many_rows_are_shaded_and_thinned():
    rng = np.random.default_rng(2)
    data = rng.normal(size=(250_000, 2))
    fit = jensen.fit(jensen.Mixture(1, jensen.Gaussian()), data)
    main = plot_fit(fit, data).axes[0]
    assert [type(c).__name__ for c in main.collections] == ["PolyCollection"]
    assert "125,000 of 250,000 rows drawn" in main.get_title(loc="left")


def test_weights_are_the_areas_of_the_points():
    fit, data = fitted(2, k=1, n=50)
    weight = np.linspace(0.1, 2.0, len(data))
    points = plot_fit(fit, data, weight=weight).axes[0].collections[0]
    sizes = points.get_sizes()
    assert sizes[-1] / sizes[25] == pytest.approx(weight[-1] / weight[25])


def test_the_climb_of_the_fit_is_shown_where_it_tells_something():
    data = jensen.load_dataset("faithful").values
    model = jensen.Mixture(2, jensen.Gaussian())
    fit = jensen.fit(model, data, restarts=1)
    figure = plot_fit(fit, data)
    assert titles(figure)[-1] == "the climb of this fit"
    line = figure.axes[-1].lines[0]
    assert np.all(np.diff(line.get_ydata()) <= 1e-9)


def test_where_climbs_would_take_long_the_ends_of_the_starts_are_shown(monkeypatch):
    monkeypatch.setattr("jensen.report.curves.MAX_WORK", 0)
    data = jensen.load_dataset("faithful").values
    fit = jensen.fit(jensen.Mixture(3, jensen.Gaussian(jensen.Tied())), data)
    figure = plot_fit(fit, data)
    assert titles(figure)[-1] == "where the starts ended"


def test_one_component_has_nothing_to_climb():
    data = jensen.load_dataset("faithful").values
    fit = jensen.fit(jensen.Mixture(1, jensen.Gaussian()), data)
    assert len(plot_fit(fit, data).axes) == 1


def test_a_flawed_fit_and_flawed_cells_are_marked(sweep):
    selection, data = sweep
    cells = tuple(
        replace(cell, fit=replace(cell.fit, verdict=Verdict(Outcome.COLLAPSED, "x")))
        if cell.label == "k = 3, full"
        else cell
        for cell in selection.cells
    )
    figure = plot_fit(
        replace(selection.best, verdict=Verdict(Outcome.STEP_LIMIT, "x")),
        data.values,
        selection=replace(selection, cells=cells),
    )
    assert figure.get_suptitle().endswith("(step limit)")
    assert figure.axes[1].get_xlabel() == "components k  (×: not a proper maximum)"
    assert any(line.get_marker() == "x" for line in figure.axes[1].lines)


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_files_are_written_and_the_same_twice(suffix, magic):
    fit, data = fitted(2)
    first, second = (figure_bytes(plot_fit(fit, data), suffix) for _ in range(2))
    assert first.startswith(magic)
    assert len(first) > 5000
    assert first == second


def test_matplotlib_keeps_its_settings_and_its_figures():
    code = (
        "import sys, matplotlib, jensen\n"
        "before = matplotlib.rcParams.copy()\n"
        "from jensen.report import plot_fit, figure_bytes\n"
        "data = jensen.load_dataset('faithful').values\n"
        "fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian()), data, restarts=1)\n"
        "figure_bytes(plot_fit(fit, data), '.png')\n"
        "assert matplotlib.rcParams.copy() == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
