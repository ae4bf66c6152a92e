"""Plots: what is drawn, and that it can be written."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.integrate import trapezoid

import jensen
from jensen.basics.tables import Table
from jensen.em import Outcome, Verdict
from jensen.report import figure_bytes, plot_fit
from jensen.report.curves import draw_ends
from jensen.report.plots import MAX_COLUMNS, MAX_NAME, short_names
from jensen.report.view import View


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
    assert len([patch for patch in main.patches if type(patch).__name__ == "Polygon"]) == 6
    assert main.get_legend().get_texts()[0].get_text() == "1 standard deviation"
    assert criterion.get_title(loc="left") == "best BIC 2314.3: k = 3, tied"
    assert criterion.get_xlabel() == "components k  (↑: far above)"
    assert [text.get_text() for text in criterion.get_legend().get_texts()] == [
        "full",
        "tied",
        "diag",
        "spherical",
    ]
    tried = selection.best.starts.num_rows
    times = selection.best.starts["times_found"][0]
    assert climb.get_title(loc="left") == f"found by {times} of {tried} starts"
    assert {axes.get_yscale() for axes in figure.axes} == {"linear"}
    assert (
        figure.get_suptitle() == "faithful — 3 components, tied: the components share one covariance matrix"
    )


def test_the_ellipses_are_one_and_two_standard_deviations():
    fit, data = fitted(2, k=1)
    figure = plot_fit(fit, data)
    ellipses = [patch.get_xy() for patch in figure.axes[0].patches if type(patch).__name__ == "Polygon"]
    inverse = np.linalg.inv(fit.params.components.covariances[0])
    for points, deviations in zip(ellipses, (1.0, 2.0), strict=True):
        away = points - fit.params.components.means[0]
        assert np.sqrt(np.einsum("ni,ij,nj->n", away, inverse, away)) == pytest.approx(deviations)


def test_a_column_of_other_units_by_far_can_be_drawn():
    """Ellipses from eigenvectors were wrong by rounding times the larger unit, and never came to an end."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(60, 2)) * [1e30, 1.0]
    fit = jensen.fit(jensen.Mixture(1, jensen.Gaussian()), data)
    figure = plot_fit(fit, data)
    points = next(p.get_xy() for p in figure.axes[0].patches if type(p).__name__ == "Polygon")
    assert np.ptp(points[:, 1]) == pytest.approx(2 * data[:, 1].std(), rel=1e-3)
    assert figure_bytes(figure, ".png").startswith(b"\x89PNG")


def test_numbers_do_not_cover_each_other():
    from jensen.report.labels import apart

    crowd = np.random.default_rng(3).normal([2, 2], 0.05, (12, 2))
    places = apart(np.concatenate([crowd, crowd[:1], [[0.5, 3.5]]]), (0.3, 0.2), (4.0, 4.0))
    away = np.abs(places[:, None] - places[None]) + 1e-9
    np.fill_diagonal(away[..., 0], 1.0)
    assert ((away[..., 0] > 0.29) | (away[..., 1] > 0.19)).all()
    assert places[-1] == pytest.approx([0.5, 3.5], abs=1e-3)  # alone it stays
    assert (places > 0).all() and (places < 4).all()


def test_twenty_components_have_colours_of_their_own():
    from jensen.report.style import colour, marker

    assert len({colour(i) for i in range(20)}) == 20
    assert len({(colour(i), marker(i)) for i in range(80)}) == 80


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
    assert figure.get_supxlabel() == "ellipses: 1 (solid) and 2 (dashed) standard deviations"


def test_many_columns_are_the_six_that_separate_most_and_it_is_said():
    rng = np.random.default_rng(1)
    data = rng.normal(size=(200, 8))
    apart = [0, 2, 3, 5, 6, 7]
    data[:100, apart] += 8.0
    fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian(jensen.Diagonal())), data, restarts=3)
    figure = plot_fit(fit, data)
    assert View.of(fit, data, None).shown(MAX_COLUMNS) == apart
    assert figure.get_supxlabel() == (
        "the 6 of 8 columns in which the components differ most; "
        "ellipses: 1 (solid) and 2 (dashed) standard deviations"
    )
    assert {axes.get_xlabel() for axes in figure.axes} >= {f"x{j + 1}" for j in apart}


def test_of_many_rows_some_are_drawn_in_the_colours_of_their_components():
    rng = np.random.default_rng(2)
    data = rng.normal(size=(250_000, 2))
    fit = jensen.fit(jensen.Mixture(1, jensen.Gaussian()), data)
    main = plot_fit(fit, data).axes[0]
    assert sum(len(points.get_offsets()) for points in main.collections) == 10_000
    assert "10,000 of 250,000 rows drawn" in main.get_title(loc="left")


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


def test_the_ends_of_the_starts_that_the_search_made_are_shown():
    data = jensen.load_dataset("faithful").values
    fit = jensen.fit(jensen.Mixture(3, jensen.Gaussian(jensen.Tied())), data)
    figure = plot_fit(fit, data)
    assert titles(figure)[-1].startswith("found by ")
    drawn = np.concatenate([line.get_ydata() for line in figure.axes[-1].lines])
    assert np.sort(drawn) == pytest.approx(np.sort(fit.objective - fit.starts["objective"]), abs=1e-9)


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
    assert figure.axes[1].get_xlabel() == "components k\n×: not a proper maximum, ↑: far above"
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


def ends_above():
    """A fit at a maximum that two starts found, below an end at a bound that three found."""
    fit, _ = fitted(2)
    one = {"kind": "rows", "num_e_steps": 9, "note": "", "maximum": 1, "times_found": 2}
    one["outcome"] = "converged"
    bound = {**one, "maximum": 0, "times_found": 3, "outcome": "boundary", "objective": fit.objective + 50.0}
    rows = [bound] * 3 + [{**one, "objective": fit.objective}] * 2
    return replace(fit, starts=Table.from_rows(rows), ends=())


def test_how_often_the_maximum_was_found_is_not_how_often_a_higher_end_was():
    fit = ends_above()
    assert "5 starts, 2 of them found this maximum" in fit.summary().text()
    axes = Figure().subplots()
    draw_ends(axes, fit)
    assert axes.get_title() == "found by 2 of 5 starts"
    heights = [y for line in axes.lines for y in line.get_ydata()]
    assert heights == [0.0, 0.0]  # none of those above is drawn as if it were as high


def test_short_names_tell_columns_apart():
    names = [f"measurement_{i:02d}_long_name" for i in range(12)]
    assert len(set(short_names(names))) == 12
    assert max(map(len, short_names(names))) <= MAX_NAME
    assert short_names(["petal", "x" * 30 + "_begin"]) == ["petal", "x" * 13 + "…_begin"]
    twins = ["a" * 40 + "b" + "c" * 40, "a" * 40 + "b" + "c" * 40 + "d", "short"]
    assert len(set(short_names(twins))) == 3


def test_the_legend_of_six_structures_is_below_the_title():
    data = jensen.load_dataset("faithful")
    kinds = (jensen.Full, jensen.Tied, jensen.Diagonal, jensen.EEI, jensen.Spherical, jensen.EII)
    structures = [kind() for kind in kinds]
    found = jensen.select(data.values, [1, 2], structures, restarts=1)
    figure = plot_fit(found.best, data.values, selection=found)
    figure.canvas.draw()
    axes = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("best BIC"))
    legend = axes.get_legend().get_window_extent()
    title = axes._left_title.get_window_extent()
    assert title.y0 >= legend.y1 - 1.0
