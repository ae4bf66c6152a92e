"""The sweep over k and covariance structure, and what it chooses."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

import jensen
from jensen.basics.progress import Progress
from jensen.em import Outcome, Verdict
from jensen.families import EEI, Diagonal, Full, Gaussian, Poisson, Spherical, Tied
from jensen.models import Mixture
from jensen.selection import AIC, BIC, ICL, Cell, Selection, select, sweep


@pytest.fixture(scope="module")
def faithful():
    return jensen.load_dataset("faithful").values


@pytest.fixture(scope="module")
def selection(faithful):
    return select(faithful, range(1, 5))


def marked(fit, outcome, gain=0.0):
    """The fit with another verdict, and as much more log-likelihood."""
    return replace(fit, verdict=Verdict(outcome, "made up"), log_evidence=fit.log_evidence + gain)


def test_every_cell_is_a_row(selection):
    table = selection.table
    assert table.num_rows == 16
    assert list(zip(table["k"][:4], table["structure"][:4], strict=True)) == [
        (1, "full"),
        (1, "tied"),
        (1, "diag"),
        (1, "spherical"),
    ]
    assert set(table) >= {"log_evidence", "num_free", "aic", "bic", "icl", "outcome", "message", "rank"}


def test_a_cell_is_what_fit_gives_alone(selection, faithful):
    alone = jensen.fit(Mixture(3, Gaussian(Tied())), faithful)
    assert selection.fits[3, "tied"].log_evidence == alone.log_evidence
    assert alone.log_evidence == pytest.approx(-1126.3159, abs=1e-3)


def test_the_published_choice_for_faithful(selection):
    assert selection.chosen.label == "k = 3, tied"
    assert selection.best is selection.fits[3, "tied"]
    assert selection.best.bic == pytest.approx(2314.296, abs=0.01)


def test_the_ranking_is_by_the_criterion_and_counts_equal_models_once(selection):
    values = [selection.value(cell) for cell in selection.ranking]
    assert values == sorted(values)
    assert len(values) == 15
    assert selection.runner_up is selection.ranking[1]
    assert selection.difference == values[1] - values[0]


def test_num_free_is_that_of_the_fit(selection):
    for cell in selection.cells:
        assert cell.num_free == cell.fit.num_free


@pytest.mark.parametrize("criterion", [BIC, ICL, AIC])
def test_each_criterion_chooses_its_own_smallest(selection, criterion):
    other = replace(selection, criterion=criterion)
    column = other.table[criterion.name]
    assert criterion.of(other.best) == column.min()


def test_one_component_shares_nothing_and_one_column_has_one_shape(faithful):
    one = select(faithful, [1], [Full(), Tied()])
    assert [cell.same_as for cell in one.cells] == ["", "full"]
    narrow = select(faithful[:, :1], [2])
    assert [cell.same_as for cell in narrow.cells] == ["", "", "full", "full"]
    assert len(narrow.ranking) == 2


def test_structures_are_not_merged_where_they_differ(faithful):
    found = select(faithful, [2], [Diagonal(), Spherical()])
    assert [cell.same_as for cell in found.cells] == ["", ""]


def test_a_single_structure_and_a_single_k(faithful):
    found = select(faithful, 2, Full())
    assert found.best.log_evidence == pytest.approx(-1130.264, abs=1e-3)
    assert found.runner_up is None
    assert found.difference == np.inf


def test_more_components_than_distinct_rows_is_a_row_with_its_reason():
    data = np.repeat(np.random.default_rng(0).normal(size=(4, 1)), 30, axis=0)
    found = select(data, [1, 5], [Full()])
    assert found.cells[1].fit is None
    assert found.cells[1].message == "more components than the 4 distinct rows"
    assert found.table["outcome"].tolist() == ["converged", "failed"]
    assert np.isnan(found.table["bic"][1])


def test_distinct_rows_without_weight_do_not_count():
    data = np.arange(6.0)[:, None]
    weight = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    assert (
        select(data, [4], [Full()], weight=weight).cells[0].message
        == "more components than the 3 distinct rows"
    )


def test_a_model_that_raises_is_a_row(faithful):
    data = np.column_stack([faithful[:, 0], np.full(len(faithful), 3.0)])
    found = select(data, [1, 2], [Full(), Spherical()])
    assert "constant" in found.cells[0].message
    assert found.chosen.family.covariance == Spherical()


def test_nothing_to_choose_from_says_why():
    found = select(np.ones((5, 2)), [1, 2])
    with pytest.raises(ValueError, match=r"no model could be fitted: .*constant"):
        _ = found.best
    assert "no model could be fitted" in repr(found)


def test_an_improper_cell_is_never_chosen_over_a_proper_one(selection):
    for outcome in (Outcome.COLLAPSED, Outcome.BOUNDARY, Outcome.SADDLE, Outcome.FELL, Outcome.STEP_LIMIT):
        cells = [
            replace(cell, fit=marked(cell.fit, outcome, gain=1e6)) if cell.num_components == 4 else cell
            for cell in selection.cells
        ]
        other = replace(selection, cells=tuple(cells))
        assert other.chosen.label == "k = 3, tied"
        assert (other.table["rank"][other.table["k"] == 4] == 0).all()


def test_where_nothing_is_proper_the_least_bad_is_chosen_and_says_so(selection):
    fit = selection.best
    cells = (
        Cell(1, Full(), "full", 5, marked(fit, Outcome.COLLAPSED, gain=100.0)),
        Cell(2, Full(), "full", 11, marked(fit, Outcome.BOUNDARY)),
    )
    found = Selection(cells, BIC)
    assert found.chosen.num_components == 2
    assert not found.best.verdict.proper
    assert "boundary" in repr(found)


def test_the_same_seed_gives_the_same_and_a_generator_works(faithful):
    a, b = (select(faithful, 2, Full(), rng=np.random.default_rng(4)) for _ in range(2))
    assert a.best.log_evidence == b.best.log_evidence
    assert select(faithful, 2, Full(), restarts=2, rng=1).best.starts.num_rows == 2


def test_integer_weights_are_repeated_rows(faithful):
    weight = np.arange(len(faithful)) % 3
    weighted = select(faithful, [1, 2], [Full()], weight=weight.astype(float))
    repeated = select(np.repeat(faithful, weight, axis=0), [1, 2], [Full()])
    np.testing.assert_allclose(weighted.table["bic"], repeated.table["bic"], rtol=1e-7)


def test_an_interrupt_keeps_the_cells_so_far(faithful, monkeypatch):
    calls = []

    def interrupted_fit(*args, **kwargs):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return jensen.fit(*args, **kwargs)

    monkeypatch.setattr(sweep, "fit", interrupted_fit)
    found = select(faithful, range(1, 4), [Full()])
    assert found.interrupted
    assert [cell.num_components for cell in found.cells] == [1, 2]
    assert "interrupted" in repr(found)


def test_an_interrupted_fit_ends_the_sweep_and_can_be_chosen(faithful, monkeypatch):
    def interrupted_fit(*args, **kwargs):
        return marked(jensen.fit(*args, **kwargs), Outcome.INTERRUPTED)

    monkeypatch.setattr(sweep, "fit", interrupted_fit)
    found = select(faithful, range(1, 4), [Full()])
    assert found.interrupted
    assert len(found.cells) == 1
    assert found.best.verdict.outcome is Outcome.INTERRUPTED


def test_an_interrupt_before_anything_is_raised(faithful, monkeypatch):
    def interrupted_fit(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "fit", interrupted_fit)
    with pytest.raises(KeyboardInterrupt):
        select(faithful, [2])


def test_progress_says_where_the_sweep_is(faithful, monkeypatch):
    texts = []
    monkeypatch.setattr(Progress, "_show", lambda self, text: texts.append(text))
    select(faithful, [1, 2], [Full()])
    assert texts[0] == "0 of 2 models; k = 1, full"
    assert any(text.startswith("1 of 2 models; k = 2, full: ") for text in texts)  # from within the fit


@pytest.mark.parametrize(
    ("data", "ks", "structures"),
    [(np.zeros((5, 1, 1)), [1], [Full()]), (np.zeros((5, 1)), [], [Full()]), (np.zeros((5, 1)), [1], [])],
)
def test_what_is_no_sweep_is_refused(data, ks, structures):
    with pytest.raises(ValueError, match=r"rows and columns|at least one"):
        select(data, ks, structures)


def test_kinds_of_one_name_are_told_apart(faithful):
    found = select(faithful, [1, 2], [Gaussian(), Gaussian(floor=0.5)])
    assert list(found.fits) == [(1, "full"), (1, "full (2)"), (2, "full"), (2, "full (2)")]
    assert [len(row) for row in found.grid()] == [2, 2]
    assert found.fits[2, "full (2)"].log_evidence < found.fits[2, "full"].log_evidence - 1
    assert "full (2)" in repr(found)


def test_structures_with_something_to_hold_are_equal_where_it_is():
    class Ranked(Full):
        def __init__(self, rank):
            self.rank = rank

    assert Ranked(1) == Ranked(1) != Ranked(2) and Full() == Full() != Tied()
    assert Ranked(1).same_as(2, 2) != Ranked(2).same_as(2, 2)
    assert repr(Ranked(2)) == "Ranked(rank=2)"


def test_counts_in_one_column_are_a_sweep():
    counts = np.random.default_rng(0).poisson(3.0, size=100)
    found = select(counts, [1, 2], Poisson())
    assert found.fits[2, "poisson"].log_evidence == jensen.fit(Mixture(2, Poisson()), counts).log_evidence


def test_k_below_one_is_refused(faithful):
    with pytest.raises(ValueError, match="at least 1"):
        select(faithful, [0, 1])


@pytest.mark.parametrize(
    ("criterion", "difference", "words"),
    [
        (BIC, 1.9, "barely"),
        (BIC, 2.0, "positive"),
        (BIC, 6.5, "strong evidence"),
        (BIC, 11.0, "very strong"),
        (AIC, 1.0, "about as well"),
        (AIC, 50.0, "essentially no"),
    ],
)
def test_how_sure_in_words(criterion, difference, words):
    assert words in criterion.strength(difference)


def test_icl_has_no_accepted_scale():
    assert ICL.strength(5.0) == ""


def test_repr_is_a_grid_and_html_a_table(selection):
    lines = repr(selection).splitlines()
    assert lines[0].startswith("Selection: best by BIC: k = 3, tied; next: k = 4, tied, ")
    assert lines[1].split() == ["k", "full", "tied", "diag", "spherical"]
    assert lines[2].split()[2:4] == ["=", "full"]
    assert len(lines) == 6
    html = selection._repr_html_()
    assert "<table>" in html
    assert "k = 3, tied" in html


class Wide(Diagonal):
    """Variances of at least 9: for no k and d one of the others."""

    name = "wide"

    def estimate(self, scatter, dof, d, current):
        return np.maximum(super().estimate(scatter, dof, d, current), 9.0)


class Alike(EEI):
    """With the name of the class it comes from."""

    def estimate(self, scatter, dof, d, current):
        return np.maximum(super().estimate(scatter, dof, d, current), 9.0)


@pytest.mark.parametrize("structure", [Wide(), Alike()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(("d", "k"), [(1, 1), (1, 2), (2, 1)])
def test_a_structure_that_comes_from_another_is_no_other(structure, d, k):
    x = np.random.default_rng(0).normal(size=(50, d))
    kinds = [Full(), Tied(), Diagonal(), EEI(), structure]
    own = jensen.select(x, k, kinds).cells[-1]
    assert not own.same_as
    assert own.fit.log_evidence == pytest.approx(jensen.fit(Mixture(k, Gaussian(structure)), x).log_evidence)


def test_families_that_differ_where_a_repr_is_cut():
    @dataclass(frozen=True, eq=False)
    class Known(Poisson):
        scale: np.ndarray = field(default_factory=lambda: np.ones(2000))

    other = np.ones(2000)
    other[1000] = 2.0
    assert Known().same_as(1, None) != Known(scale=other).same_as(1, None)
    assert Known().same_as(1, None) == Known(scale=np.ones(2000)).same_as(1, None)


def test_weights_of_another_length_are_refused_at_the_door(faithful):
    with pytest.raises(ValueError, match="one number for each of the 272 rows"):
        select(faithful, 2, weight=np.ones(5))


def test_a_criterion_by_name():
    x = np.random.default_rng(0).normal(size=(60, 2))
    by_name = jensen.select(x, range(1, 3), criterion="ICL")
    assert by_name.criterion is jensen.selection.ICL
    with pytest.raises(
        ValueError, match=r"criterion 'bicc' is none of bic, icl, aic \(did you mean 'bic'\?\)"
    ):
        jensen.select(x, range(1, 3), criterion="bicc")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"restarts": 0}, "restarts must be at least 1"),
        ({"restarts": "a"}, "restarts must be at least 1"),
        ({"rng": "a"}, "rng must be a whole number"),
        ({"criterion": 3}, "criterion must be bic, icl, aic or a Criterion, not 3"),
    ],
)
def test_what_is_asked_wrongly_is_told_before_anything_is_fitted(asked, said):
    with pytest.raises((ValueError, TypeError), match=said):
        jensen.select(np.arange(20.0), range(1, 3), **asked)
