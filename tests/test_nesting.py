"""Cells of a sweep that contain each other: none stays below another unmarked."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import jensen
from jensen.em import Outcome, Verdict
from jensen.families import EEI, Diagonal, Full, Gaussian, Poisson, Product, Spherical, Tied
from jensen.models import Dirichlet, MixturePrior
from jensen.report import sweeps
from jensen.report.sweeps import selection_report
from jensen.report.tables import to_text
from jensen.selection import nesting, select, sweep


@pytest.fixture(scope="module")
def rows():
    """Three groups of 40 rows."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(120, 2)) + np.repeat([[0.0, 0.0], [5.0, 0.0], [0.0, 6.0]], 40, axis=0)


def by_formula(cell, rows):
    """The log-likelihood of a Gaussian cell's params."""
    weights, (means, covariances) = cell.fit.params
    k, d = means.shape
    full = cell.fit.model.family.covariance.full(covariances, k, d)
    logs = [multivariate_normal.logpdf(rows, m, s) for m, s in zip(means, full, strict=True)]
    return logsumexp(np.transpose(logs) + np.log(weights), axis=1).sum()


def lower(monkeypatch, nats):
    """Searches that end where they should not: ``nats`` below by (k, name of the structure)."""
    best = jensen.fit

    def poor(model, data, *start, **kwargs):
        found = best(model, data, *start, **kwargs)
        if start:
            return found
        less = nats.get((model.num_components, model.family.name), 0.0)
        return replace(found, log_evidence=found.log_evidence - less)

    monkeypatch.setattr(sweep, "fit", poor)


def cells(selection):
    return {(cell.num_components, cell.name): cell for cell in selection.cells}


STRUCTURES = [Full(), Tied(), Diagonal()]


@pytest.mark.parametrize(
    ("ks", "structures", "nats"),
    [
        ([1, 2, 3], [Full()], {(3, "full"): 500.0}),
        ([3, 2, 1], [Full()], {(3, "full"): 500.0}),
        ([1, 3], [Tied()], {(3, "tied"): 500.0}),
        ([2], STRUCTURES, {(2, "full"): 500.0}),
        ([2], STRUCTURES[::-1], {(2, "full"): 500.0}),
        ([1, 2, 3], STRUCTURES, {(3, name): 500.0 for name in ("full", "tied", "diag")}),
    ],
    ids=["fewer", "in any order", "over a gap", "poorer", "poorer first", "all of a k"],
)
def test_a_cell_below_one_that_it_contains_is_searched_from_there(rows, monkeypatch, ks, structures, nats):
    best = select(rows, ks, structures)
    lower(monkeypatch, nats)
    found = select(rows, ks, structures)
    for key in nats:
        mended = cells(found)[key]
        assert mended.fit.verdict.converged
        assert not mended.note
        assert mended.fit.verdict.search.startswith("reached from k = ")
        assert mended.fit.log_evidence == pytest.approx(by_formula(mended, rows), abs=1e-6)
        assert mended.fit.log_evidence == pytest.approx(cells(best)[key].fit.log_evidence, abs=2e-3)


def test_one_structure_of_one_component_is_contained_in_another_of_more(rows, monkeypatch):
    """`tied` with k = 1 is the model `full`, and is shown there."""
    lower(monkeypatch, {(2, "tied"): 1000.0})
    monkeypatch.setattr(nesting, "grown", lambda *args: None)
    found = cells(select(rows, [1, 2], [Full(), Tied()]))
    assert found[1, "tied"].same_as == "full"
    assert found[2, "tied"].note == "below k = 1, full, which it contains"


def test_what_cannot_be_mended_is_marked_wherever_the_better_one_is(rows, monkeypatch):
    """k = 4 is above k = 3, and below k = 2."""
    monkeypatch.setattr(nesting, "grown", lambda *args: None)
    at = {k: select(rows, k, Tied()).best.log_evidence for k in (2, 3, 4)}
    lower(monkeypatch, {(3, "tied"): at[3] - at[2] + 20.0, (4, "tied"): at[4] - at[2] + 10.0})
    found = select(rows, [2, 3, 4], Tied())
    notes = [cell.note for cell in found.cells]
    assert notes == ["", *["below k = 2, tied, which it contains"] * 2]
    assert found.table["message"].tolist()[1:] == notes[1:]


def test_a_collapse_is_not_called_below_what_it_is_above(rows, monkeypatch):
    best = jensen.fit

    def collapsed(model, data, *start, **kwargs):
        found = best(model, data, *start, **kwargs)
        if start or model.num_components < 3:
            return found
        verdict = Verdict(Outcome.COLLAPSED, "made up")
        return replace(found, verdict=verdict, log_evidence=found.log_evidence + 1000.0)

    monkeypatch.setattr(sweep, "fit", collapsed)
    monkeypatch.setattr(nesting, "grown", lambda *args: None)
    assert select(rows, [2, 3], Full()).cells[-1].note == ""
    monkeypatch.undo()
    monkeypatch.setattr(sweep, "fit", collapsed)
    mended = select(rows, [2, 3], Full()).cells[-1]
    assert mended.fit.verdict.converged
    assert mended.fit.log_evidence == pytest.approx(by_formula(mended, rows), abs=1e-6)


def test_cells_that_are_the_same_model_show_the_same_fit_after_mending(rows, monkeypatch):
    lower(monkeypatch, {(2, "full"): 500.0})
    found = cells(select(rows[:, :1], [1, 2], [Full(), Diagonal()]))
    assert "reached from" in found[2, "full"].fit.verdict.search
    assert found[2, "diag"].same_as == "full"
    assert found[2, "diag"].fit is found[2, "full"].fit


def test_the_report_names_the_cells_that_are_marked(rows, monkeypatch):
    lower(monkeypatch, {(2, "tied"): 1000.0})
    monkeypatch.setattr(nesting, "grown", lambda *args: None)
    found = select(rows, [1, 2], [Full(), Tied()])
    assert sweeps.marked(found) == "below a model that they contain, so not at their best: k = 2 tied"
    assert sweeps.marked(select(rows, [1], Full())) == ""
    assert sweeps.marked(found) in " ".join(to_text(selection_report(found, None, 200), 200).split())


def test_a_sweep_that_is_interrupted_is_marked_and_not_searched(rows, monkeypatch):
    lower(monkeypatch, {(2, "full"): 500.0})
    poor = sweep.fit

    def interrupted(model, *args, **kwargs):
        if model.num_components == 3:
            raise KeyboardInterrupt
        return poor(model, *args, **kwargs)

    monkeypatch.setattr(sweep, "fit", interrupted)
    found = select(rows, [1, 2, 3], Full())
    assert found.interrupted
    assert [cell.note for cell in found.cells] == ["", "below k = 1, full, which it contains"]


def test_an_interrupt_while_mending_keeps_all_cells(rows, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    lower(monkeypatch, {(2, "full"): 500.0})
    monkeypatch.setattr(nesting, "grown", interrupt)
    found = select(rows, [1, 2], Full())
    assert found.interrupted
    assert [cell.note for cell in found.cells] == ["", "below k = 1, full, which it contains"]


def test_under_a_prior_nothing_is_contained(rows, monkeypatch):
    """Each k has a density of its own in front of its likelihood."""
    lower(monkeypatch, {(2, "full"): 500.0})
    found = select(rows, [1, 2], Full(), prior=MixturePrior(Dirichlet(2.0)))
    assert [cell.note for cell in found.cells] == ["", ""]


def test_a_product_contains_one_whose_parts_its_parts_contain(rows):
    counts = np.random.default_rng(1).poisson(3.0, size=len(rows))
    data = np.column_stack([rows, counts])
    rich, poor = (Product({(0, 1): Gaussian(s), 2: Poisson()}) for s in (Full(), Diagonal()))
    fit = jensen.fit(jensen.Mixture(2, poor), data)
    weights, components = fit.params
    rich = rich.prepare(data, None)
    given = rich.from_other(fit.model.family, components, weights)
    np.testing.assert_allclose(
        rich.log_density(given, data), fit.model.family.log_density(components, data), rtol=1e-12
    )
    rotated = {**given, "0+1": given["0+1"]._replace(covariances=np.array([[[2.0, 1.0], [1.0, 2.0]]] * 2))}
    assert poor.from_other(rich, rotated, weights) is None
    assert poor.from_other(Poisson(), rotated, weights) is None
    assert poor.from_other(Product({0: Gaussian(), 1: Gaussian(), 2: Poisson()}), rotated, weights) is None


def test_a_product_below_a_poorer_one_is_searched_from_there(rows, monkeypatch):
    data = np.column_stack([rows, np.random.default_rng(1).poisson(3.0, size=len(rows))])
    kinds = [Product({(0, 1): Gaussian(s), 2: Poisson()}) for s in (Full(), Diagonal())]
    lower(monkeypatch, {(2, "full × poisson"): 500.0})
    rich, poor = select(data, 2, kinds).cells
    assert rich.fit.verdict.search == f"reached from {poor.label}"
    assert rich.fit.log_evidence > poor.fit.log_evidence - 1e-3


@pytest.mark.parametrize(
    ("ks", "said"),
    [([1, 2], "largest"), ([1, 2, 3], "largest"), ([3, 4], "smallest"), ([2, 3, 4], ""), ([3], "")],
)
def test_a_best_k_at_an_end_of_the_range_is_said(rows, ks, said):
    found = select(rows, ks, Spherical())
    assert found.chosen.num_components == min(3, max(ks))
    assert (said in found.edge and found.edge in repr(found)) if said else not found.edge


def test_one_component_is_no_end_of_a_range(rows):
    found = select(rows[:40], [1, 2], Spherical())
    assert found.chosen.num_components == 1
    assert not found.edge


def test_a_failure_without_words_is_named(rows, monkeypatch):
    def failing(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(sweep, "fit", failing)
    assert select(rows, 2, Full()).cells[0].message == "ZeroDivisionError"


def test_the_error_state_of_numpy_changes_nothing(rows):
    usual = select(rows, [1, 2, 3], [Full(), EEI()])
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        strict = select(rows, [1, 2, 3], [Full(), EEI()])
        assert repr(strict) == repr(usual)
        for column, values in strict.table.items():
            np.testing.assert_array_equal(values, usual.table[column])
