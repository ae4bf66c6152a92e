"""Families beside the Gaussian: the laws, against closed forms and published numbers, and every service."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

import jensen
from jensen.em import EM, Outcome, Totals, em_map
from jensen.families import (
    STRUCTURES,
    Categorical,
    DirichletPrior,
    Family,
    GammaPrior,
    Gaussian,
    Poisson,
    PoissonParams,
    Product,
    ProductPrior,
    Tied,
)
from jensen.models import Dirichlet, Mixture, MixtureParams, MixturePrior
from jensen.spaces import Positive, Real
from jensen.testing import check_family, check_model

RNG = np.random.default_rng(0)
LABELS = np.repeat([0, 1], 150)
COUNTS = RNG.poisson(np.array([[0.5, 4.0], [4.0, 1.0]])[LABELS]).astype(float)
CODES = np.column_stack(
    [
        *(RNG.random((4, 300)) < np.array([0.1, 0.8])[LABELS]),
        (RNG.random((300, 1)) > np.array([[0.5, 0.8], [0.1, 0.4]])[LABELS]).sum(axis=1),
    ]
).astype(float)
MIXED = {
    "a": RNG.normal(size=300) + 3.0 * LABELS,
    "b": COUNTS[:, 0],
    "c": CODES[:, 0],
    "d": RNG.normal(size=300),
}
ARRAY = np.column_stack([MIXED["a"], MIXED["b"], MIXED["c"]])

CASES = {
    "poisson": (Poisson(), COUNTS, GammaPrior(2.0, 0.5)),
    "categorical": (Categorical(), CODES, DirichletPrior(1.5)),
    "categorical with codes": (Categorical([2, 2, 2, 2, 3]), CODES, DirichletPrior(2.0)),
    "product of names": (
        Product({("a", "d"): Gaussian(Tied()), "b": Poisson(), "c": Categorical()}),
        MIXED,
        ProductPrior({"b": GammaPrior(2.0, 0.5), "c": DirichletPrior(2.0)}),
    ),
    "product of numbers": (
        Product({0: Gaussian(), 1: Poisson(), 2: Categorical(2)}),
        ARRAY,
        ProductPrior({"1": GammaPrior(1.5, 1.0)}),
    ),
}
NUM_FREE = [
    1 + 2 * 2,
    1 + 2 * (4 + 2),
    1 + 2 * (4 + 2),
    1 + (2 * 2 + 3) + 2 + 2,
    1 + (2 + 2) + 2 + 2,
]  # by hand
EACH = pytest.mark.parametrize(("family", "data", "prior"), CASES.values(), ids=CASES)


def begun(model, data, weight=None):
    model = model.prepare(data, weight)
    return em_map(model, model.start(data, weight, np.random.default_rng(1)), data, weight)


@EACH
@pytest.mark.parametrize("with_prior", [False, True], ids=["", "prior"])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
def test_every_law(family, data, prior, with_prior, weighted):
    weight = np.random.default_rng(2).uniform(0.2, 3.0, 300) if weighted else None
    model = Mixture(2, family, MixturePrior(Dirichlet(2.0), prior) if with_prior else None)
    model = model.prepare(data, weight)
    table = check_model(model, begun(model, data, weight), data, weight=weight, skip=("refit_recovers",))
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"fisher_identity", "score_is_slope", "scores_add", "chart_inverts", "relabelling"} <= held
    assert ("prior_is_data" in held) is with_prior


@EACH
def test_a_sample_leads_back(family, data, prior):
    model = Mixture(2, family).prepare(data, None)
    fit = jensen.fit(model, data)
    jensen.testing.refit_recovers(model, fit.params, num_rows=1500)


@EACH
def test_the_laws_of_the_family_alone(family, data, prior):
    family = family.prepare(data, None)
    params = begun(Mixture(2, family), data).components
    check_family(family, params, data, np.random.default_rng(0).dirichlet([1, 1], size=300))


NESTED = Product({("a", "b"): Product({"a": Gaussian(), "b": Poisson()}), "d": Gaussian()})


@pytest.mark.parametrize("columns", ["one", "within another"])
def test_what_a_product_is_split_into_is_joined_again(columns):
    family = NESTED if columns == "within another" else CASES["product of names"][0]
    family = family.prepare(MIXED, None)
    params = begun(Mixture(2, family), MIXED).components
    joined = family.join(params, family.split(params))
    assert repr(joined) == repr(params)
    table = check_family(family, params, MIXED, np.random.default_rng(0).dirichlet([1, 1], size=300))
    assert table["outcome"][table["law"] == "split_is_joined"] == ["holds"]


def planted(kind, n, k, seed):
    """Rows of k groups, and the parameters that they were drawn with."""
    rng = np.random.default_rng(seed)
    z = rng.integers(k, size=n)
    r = np.eye(k)[z]
    if kind == "counts":
        return rng.poisson(rng.gamma(2.0, 4.0, size=(k, 3))[z]).astype(float), Poisson(), r
    if kind == "codes":
        p = rng.dirichlet(0.4 * np.ones(4), size=(k, 8))[z].cumsum(axis=2)
        return (rng.random((n, 8, 1)) > p).sum(axis=2).astype(float), Categorical(4), r
    numbers = 4.0 * rng.normal(size=(k, 2))[z] + rng.normal(size=(n, 2))
    counts = rng.poisson(rng.gamma(2.0, 4.0, size=k)[z])
    return np.column_stack([numbers, counts]), Product({(0, 1): Gaussian(), 2: Poisson()}), r


@pytest.mark.parametrize(("n", "k"), [(2500, 3), (1200, 9)], ids=["many rows", "many components"])
@pytest.mark.parametrize("kind", ["counts", "codes", "columns of several kinds"])
def test_the_default_search_of_many_rows_and_of_many_components(kind, n, k):
    data, family, r = planted(kind, n, k, 1)
    model = Mixture(k, family)
    fit = jensen.fit(model, data)
    family = fit.model.family
    truth = MixtureParams(r.mean(axis=0), family.m_step(family.expected(None, data, r)[0], None))
    from_truth = jensen.fit(fit.model, data, truth)
    assert fit.verdict.converged
    assert fit.log_evidence > from_truth.log_evidence - 1.0


@pytest.mark.parametrize(("case", "num_free"), list(zip(CASES.values(), NUM_FREE, strict=True)), ids=CASES)
def test_the_default_is_quick_and_has_standard_errors(case, num_free):
    family, data, _ = case
    model = Mixture(2, family)
    begin = begun(model, data)
    fit = jensen.fit(model, data, begin)
    plain = jensen.fit(model, data, begin, algorithm=EM(), stop=jensen.em.Gain(1e-9))
    assert fit.log_evidence == pytest.approx(plain.log_evidence, abs=1e-6)
    assert fit.num_steps < plain.num_steps
    sure = jensen.uncertainty(model, fit, data)
    assert len(sure.names) == len(sure.estimate) == sum(np.size(v) for v in model_values(fit))
    known = np.isfinite(np.sqrt(np.diag(sure.covariance)))
    assert known.any()
    ratio = np.sqrt(np.diag(sure.sandwich().covariance) / np.diag(sure.covariance))[known]
    assert ((ratio > 0.8) & (ratio < 1.25)).all()  # the data are from the model
    assert fit.num_free == num_free
    assert np.isfinite(fit.bic)


def model_values(fit):
    return fit.model.chart.natural(fit.params).values()


@EACH
def test_parameters_can_be_held(family, data, prior):
    held = jensen.constrain(Mixture(2, family), fixed={"weights": [0.5, 0.5]})
    fit = jensen.fit(held, data)
    assert fit.params.weights.tolist() == [0.5, 0.5]
    assert fit.log_evidence <= jensen.fit(Mixture(2, family), data).log_evidence + 1e-6
    assert jensen.uncertainty(held, fit, data).verdict.outcome in (Outcome.CONVERGED, Outcome.BOUNDARY)


def test_tied_rates_of_two_columns():
    """All four rates equal is one Poisson distribution."""
    model = jensen.constrain(Mixture(2, Poisson()), tied={"rates": np.zeros((2, 2), int)})
    fit = jensen.fit(model, COUNTS, restarts=1)
    one = stats.poisson(COUNTS.mean()).logpmf(COUNTS).sum()
    assert fit.log_evidence == pytest.approx(one, abs=1e-8)


def test_poisson_densities_are_scipys():
    params = PoissonParams(np.array([[1.0, 6.0], [0.0, 2.0]]))
    expected = np.stack([stats.poisson(rates).logpmf(COUNTS).sum(axis=1) for rates in params.rates], axis=1)
    np.testing.assert_allclose(Poisson().log_density(params, COUNTS), expected, rtol=1e-12)


def test_death_notices_again():
    """Hasselblad (1969): the same maximum as the class that the documentation writes out."""
    notices, days = np.arange(10.0), np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1.0])
    fit = jensen.fit(Mixture(2, Poisson()), notices, weight=days)
    assert fit.log_evidence == pytest.approx(-1989.945859883, abs=1e-8)
    assert fit.params.components.rates[:, 0] == pytest.approx([1.2560951012244, 2.6634043566325], abs=1e-7)
    sure = jensen.uncertainty(Mixture(2, Poisson()), fit, notices, days)
    assert sure.standard_errors["rates"][:, 0] == pytest.approx([0.35002971139692, 0.2504782703087], abs=1e-6)


def test_one_component_has_a_closed_form():
    fit = jensen.fit(Mixture(1, Categorical()), CODES)
    counts = np.bincount(CODES[:, 4].astype(int)) / 300
    assert fit.params.components["probabilities4"][0] == pytest.approx(counts)
    assert fit.log_evidence == pytest.approx(
        sum(300 * (p[p > 0] @ np.log(p[p > 0])) for p in (np.bincount(c.astype(int)) / 300 for c in CODES.T))
    )


def test_a_product_of_one_part_is_that_part():
    own, product = Mixture(2, Poisson()), Mixture(2, Product({(0, 1): Poisson()}))
    params = begun(own, COUNTS)
    same = MixtureParams(params.weights, {"0+1": params.components})
    a, b = (m.prepare(COUNTS, None).e_step(p, COUNTS, None) for m, p in ((own, params), (product, same)))
    assert (a.log_evidence, a.entropy) == (b.log_evidence, b.entropy)


@pytest.mark.parametrize(
    ("family", "data", "message"),
    [
        (Poisson(), COUNTS - 1, r"counts, .*row \d+, column \d .* is -1, and \d+ cells are wrong, in"),
        (Poisson(), COUNTS + 0.5, "whole numbers from 0; row 0, column 0"),
        (
            Poisson(),
            np.where(np.arange(600).reshape(300, 2) == 7, np.nan, COUNTS),
            "row 3, column 1 .* is nan, and 1 cell",
        ),
        (Categorical(), CODES - 1, r"codes, .* whole numbers from 0; row \d+, column \d+ .* is -1"),
        (Categorical(2), CODES, r"column 4 has codes 0 to 1; row \d+ .* is 2"),
        (Categorical([2, 4]), CODES, "num_codes is of 2 columns, the data have 5"),
        (Product({"a": Poisson()}), MIXED, "a: the data must be counts"),
        (Product({"x": Poisson()}), MIXED, "the data have no column x"),
        (Product({7: Poisson()}), ARRAY, "the data have no column 7"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(family, data, message):
    with pytest.raises(ValueError, match=message) as raised:
        jensen.fit(Mixture(2, family), data)
    assert "\n" not in str(raised.value) and len(str(raised.value)) <= 300


def test_products_that_are_none():
    with pytest.raises(ValueError, match="at least one part"):
        Product({})
    with pytest.raises(ValueError, match="columns a are in more than one part"):
        Product({"a": Poisson(), ("a", "b"): Poisson()})


def test_codes_that_never_occur():
    """Their probabilities are 0, at their bound, and everything else has its standard error."""
    fit = jensen.fit(Mixture(2, Categorical(4)), CODES)
    assert fit.verdict.converged
    assert (fit.params.components["probabilities0"][:, 2:] < 1e-12).all()
    sure = jensen.uncertainty(Mixture(2, Categorical(4)), fit, CODES)
    assert sure.verdict.outcome is Outcome.BOUNDARY
    assert np.isfinite(sure.standard_errors["probabilities0"][:, :2]).all()
    fewer = jensen.fit(Mixture(2, Categorical([2, 2, 2, 2, 3])), CODES)
    assert fit.log_evidence == pytest.approx(fewer.log_evidence, abs=1e-6)


def test_identical_components_are_a_saddle():
    model = Mixture(2, Poisson())
    same = MixtureParams(np.array([0.5, 0.5]), PoissonParams(np.tile(COUNTS.mean(axis=0), (2, 1))))
    assert jensen.fit(model, COUNTS, same, algorithm=EM()).verdict.outcome is Outcome.SADDLE


def test_a_sweep_over_families():
    families = [Product({0: kind, 1: Poisson(), 2: Categorical()}) for kind in (Gaussian(), Poisson())]
    data = ARRAY.copy()
    data[:, 0] = np.abs(data[:, 0]).round()
    found = jensen.select(data, range(1, 4), families, restarts=5)
    assert found.chosen.num_components == 2
    assert {cell.num_free for cell in found.cells if cell.num_components == 2} == {
        2 * 2 + 1 + 2 + 2,
        2 + 1 + 2 + 2,
    }


# ---- a class that is not ours ------------------------------------------------------------------------------


class Rate:
    """A family with hidden variables of its own: the counts of a Poisson that are known to one bit only.

    z_n = k, then y ~ Poisson(λ_k) hidden, x = [y > 0] seen: p(x = 0) = exp(−λ).
    """

    def log_density(self, params, data):
        rate = params["rate"]
        return np.where(data[:, None] > 0, np.log(-np.expm1(-rate)), -rate)

    def expected(self, params, data, weight):
        rate = np.ones(weight.shape[1]) if params is None else params["rate"]
        mean = np.where(data[:, None] > 0, rate / -np.expm1(-rate), 0.0)  # of y, given that it is positive
        total = np.ascontiguousarray((weight * mean).T).sum(axis=1)  # added pairwise
        # E[log y!] cancels between Q and the entropy of y | x, so both leave it out.
        inside = np.where(data[:, None] > 0, np.log(-np.expm1(-rate)) + rate - mean * np.log(rate), 0.0)
        return jensen.em.Totals(count=weight.sum(axis=0), total=total), float((weight * inside).sum())

    def m_step(self, stats, params):
        return {"rate": stats.total / stats.count}

    def expected_log_density(self, params, stats):
        return float(stats.total @ np.log(params["rate"]) - stats.count @ params["rate"])


def test_a_family_with_hidden_variables_of_its_own():
    """Its entropy is part of the bound: without it Q + H would miss the evidence."""
    seen = (COUNTS[:, 0] > 0).astype(float)
    model, params = Mixture(2, Rate()), MixtureParams(np.array([0.4, 0.6]), {"rate": np.array([0.5, 3.0])})
    table = check_model(model, params, seen, skip=("gap_is_kl",))
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"bound_is_tight", "blocks_add", "m_step_is_best", "never_falls"} <= held
    fit = jensen.fit(model, seen, params, algorithm=EM())
    share = seen.mean()  # all that is identified
    expected = 300 * (share * np.log(share) + (1 - share) * np.log1p(-share))
    assert fit.log_evidence == pytest.approx(expected, abs=1e-3)


@dataclass(frozen=True)
class Noise(Family):
    """One normal column, one variance for all, which comes first and counts for two parameters."""

    shared = ("variance",)

    def log_density(self, params, data):
        v = params["variance"]
        return -0.5 * (np.log(2 * np.pi * v) + (np.reshape(data, (-1, 1)) - params["mean"]) ** 2 / v)

    def statistics(self, params, data, weight):
        x = np.reshape(data, -1)
        return Totals(count=weight.sum(axis=0), total=x @ weight, square=x**2 @ weight.sum(axis=1))

    def m_step(self, stats, params):
        mean = stats.total / stats.count
        left = stats.square - (stats.count * mean**2).sum()
        return {"variance": left / stats.count.sum(), "mean": mean}

    def expected_log_density(self, params, stats):
        v, mean = params["variance"], params["mean"]
        squares = stats.square - 2 * stats.total @ mean + stats.count @ mean**2
        return float(-0.5 * (stats.count.sum() * np.log(2 * np.pi * v) + squares / v))

    def spaces(self, k):
        return {"variance": Positive(), "mean": Real(k)}

    def num_free(self, params):
        return len(params["mean"]) + 2


def test_a_shared_parameter_may_come_first_and_a_part_may_count_for_itself():
    alone = jensen.fit(Mixture(2, Noise()), MIXED["a"])
    assert alone.params.components["mean"][0] < alone.params.components["mean"][1]
    assert alone.num_free == 1 + 2 + 2
    both = jensen.fit(Mixture(2, Product({"a": Noise(), "b": Poisson()})), MIXED)
    means = both.params.components["a"]["mean"]
    assert means[0] < means[1]
    assert both.num_free == 1 + (2 + 2) + 2


def test_an_error_inside_of_a_part_is_not_a_missing_column():
    class Broken(Noise):
        def prepare(self, data, weight):
            raise KeyError("of the part")

    with pytest.raises(KeyError, match="of the part"):
        Product({"a": Broken()}).prepare(MIXED, None)


@pytest.mark.parametrize(
    ("family", "prior"), [(Poisson(), GammaPrior(2.0, 1.0)), (Categorical(), DirichletPrior(2.0))]
)
def test_a_prior_of_a_family_that_is_not_prepared_is_refused(family, prior):
    with pytest.raises(ValueError, match="prepare the model first"):
        prior.pseudo_stats(family, 2)


def test_the_laws_prepare_the_model():
    model = Mixture(2, Categorical(), MixturePrior(components=DirichletPrior(2.0)))
    table = check_model(model, begun(model, CODES), CODES)
    assert "prior_is_data" in set(table["law"][table["outcome"] == "holds"])


def test_log_factorials_of_small_and_large_counts():
    rates = np.array([[3.0, 2.0]])
    for x in (COUNTS, COUNTS * 1e6):
        expected = stats.poisson.logpmf(x, rates).sum(axis=1)
        found = Poisson().log_density(PoissonParams(rates), x)[:, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_misspelt_method_is_told():
    class Misspelt(Rate):
        def row_score(self, params, data, r):
            return r

    with pytest.warns(UserWarning, match=r"Misspelt.row_score is never asked for: was row_scores meant\?"):
        Mixture(2, Misspelt())


def test_a_subclass_is_told_what_is_misspelt_and_what_is_missing():
    with pytest.warns(UserWarning, match=r"Silent.row_score is never asked for: was row_scores meant\?"):

        class Silent(Family):
            def row_score(self, params, data, r):
                return r

            def log_density(self, params, data):
                return np.zeros((len(data), 2))

            def m_step(self, stats, params):
                return None

            def expected_log_density(self, params, stats):
                return 0.0

    with pytest.raises(TypeError, match="Silent has neither statistics"):
        jensen.fit(Mixture(2, Silent()), np.zeros(5))


def test_a_method_that_is_missing_is_told():
    class Half:
        def log_density(self, params, data):
            return data

        def expected_log_density(self, params, stats):
            return 0.0

    with pytest.raises(TypeError, match=r"Half has no m_step\(stats, params\)"):
        Mixture(2, Half())


# ---- what parts of a product say ---------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_a_part_speaks_as_it_does_alone(structure, k):
    """A shared covariance, too, whose first axis is no component."""
    x = np.column_stack([MIXED["a"], MIXED["d"]])
    alone = jensen.fit(Mixture(k, Gaussian(structure)), x, restarts=1, max_steps=20)
    product = Product({("a", "d"): Gaussian(structure)})
    fit = jensen.fit(Mixture(k, product), MIXED, restarts=1, max_steps=3)
    inside = {"a+d": alone.params.components}
    prepared = fit.model.family
    assert prepared.describe(inside, None) == alone.model.family.describe(alone.params.components, ["a", "d"])
    order = np.arange(k)[::-1]
    moved = prepared.relabel(inside, order)["a+d"]
    assert np.array_equal(moved.covariances, structure.relabel(alone.params.components.covariances, order))
    assert prepared.shared == (("a+d.covariances",) if structure.is_shared else ())


def test_columns_that_no_part_has():
    family = Product({0: Poisson(), 2: Poisson()})
    data = np.column_stack([COUNTS[:, 0], np.full(300, 7.5), COUNTS[:, 1]])
    fit = jensen.fit(Mixture(2, family), data)
    rows, _ = fit.model.sample(fit.params, 50, np.random.default_rng(0))
    assert rows.shape == (50, 3) and np.isnan(rows[:, 1]).all()
    assert np.isfinite(fit.model.posterior(fit.params, rows).log_evidence).all()
    assert [label for label, _ in family.describe(fit.params.components, None)] == ["rates x1", "rates x3"]


def test_a_product_refuses_what_it_cannot_take():
    named = Mixture(2, Product({"a": Gaussian(), "b": Poisson()}))
    with pytest.raises(TypeError, match="a dict of the columns"):
        jensen.fit(named, ARRAY)
    prior = MixturePrior(components=ProductPrior({"aa": GammaPrior(2.0, 1.0)}))
    with pytest.raises(ValueError, match="the prior is of aa; the parts of the product are a, b"):
        jensen.fit(Mixture(2, named.family, prior), MIXED)
    assert not ProductPrior({}).holds_up


def test_a_family_that_does_not_count_itself_in_a_product():
    class Silent(Poisson):
        num_free = None

        def spaces(self, k):
            return None

    fit = jensen.fit(Mixture(2, Product({"a": Gaussian(), "b": Silent()})), MIXED, restarts=1, max_steps=5)
    assert fit.num_free is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x[:0], ("data is empty: 0 sample", r"0\+1: data is empty: 0 sample")),
        (
            lambda x: np.where(np.arange(x.size).reshape(x.shape) == 5, np.nan, x),
            ("nan at row 2 .*, column 'x2'", r"0\+1: .* nan at row 2 .*, column 'x2'"),
        ),
        (lambda x: np.where(x > x.mean(), np.inf, x), ("260 infinite", r"0\+1: .*260 infinite")),
        (
            lambda x: x * np.array([1e300, 1.0]),
            ("too large to square .* column 'x1'", r"0\+1: .*too large to square .* column 'x1'"),
        ),
    ],
)
@pytest.mark.parametrize("within", [False, True])
def test_a_gaussian_refuses_what_has_no_moments(change, words, within):
    x = change(np.column_stack([MIXED["a"], MIXED["d"]]))
    family = Product({(0, 1): Gaussian()}) if within else Gaussian()
    with pytest.raises(ValueError, match=words[within]):
        jensen.fit(Mixture(2, family), x)


def test_sandwich_errors_of_a_product_by_numbers_of_a_frame():
    family = Product({0: Gaussian(), 1: Poisson()})
    errors = []
    for data in (ARRAY[:, :2], pd.DataFrame(ARRAY[:, :2], columns=["a", "b"]), pl.DataFrame(ARRAY[:, :2])):
        fit = jensen.fit(Mixture(2, family), data)
        errors.append(jensen.uncertainty(fit.model, fit, data).sandwich().standard_errors["weights"])
    assert (errors[0] == errors[1]).all() and (errors[0] == errors[2]).all()


def test_wrong_types_are_told_at_once():
    with pytest.raises(TypeError, match="must be a structure of"):
        Gaussian("tied")
    with pytest.raises(TypeError, match=r"whole number, not 2\.5"):
        Mixture(2.5)


# ---- what a product is made of and given -------------------------------------------------------------------


def test_every_form_of_the_same_rows_is_the_same():
    rows = [[1, 90], [3, 20], [5, 40]]
    family = Product({0: Poisson(), 1: Poisson()})
    for data in (rows, np.array(rows), pd.DataFrame(rows), pl.DataFrame(rows, orient="row")):
        for weight in (None, [1.0, 1.0, 1.0]):
            fit = jensen.fit(Mixture(1, family), data, weight=weight)
            assert [rates.rates.tolist() for rates in fit.params.components.values()] == [[[3.0]], [[50.0]]]
    with pytest.raises(TypeError, match="a tuple is neither rows nor columns"):
        jensen.fit(Mixture(1, family), tuple(map(tuple, rows)))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frames_by_name(make):
    family = Product({"a": Gaussian(), "b": Poisson()})
    weight = np.linspace(0.5, 1.5, 300)
    table = {name: MIXED[name] for name in ("c", "a", "b")}
    fits = [jensen.fit(Mixture(2, family), data, weight=weight) for data in (table, make(table))]
    assert fits[0].log_evidence == fits[1].log_evidence
    errors = [
        jensen.uncertainty(fit.model, fit, data, weight).sandwich().standard_errors["weights"]
        for fit, data in zip(fits, (table, make(table)), strict=True)
    ]
    assert np.array_equal(*errors)
    chosen = jensen.select(make(table), [1, 2], family)
    assert chosen.best.log_evidence == pytest.approx(jensen.fit(Mixture(2, family), table).log_evidence)


@pytest.mark.parametrize(
    "parts",
    [
        {("a", "b"): Gaussian(), "a+b": Poisson()},
        {0: Gaussian(), "0": Poisson()},
        {("a", "b"): Product({0: Gaussian(), 1: Poisson()}), "a+b.0": Gaussian()},
        {0: Gaussian(), -1: Poisson()},
        {0.9: Gaussian()},
        {True: Gaussian()},
    ],
    ids=str,
)
def test_parts_that_cannot_be_told_apart_or_found(parts):
    with pytest.raises(ValueError, match=r"called alike|a name or a number from 0"):
        Product(parts)


def test_products_within_products_by_name():
    inner = Product({"a": Gaussian(), "b": Poisson()})
    nested = jensen.fit(Mixture(2, Product({("a", "b"): inner, "c": Categorical()})), MIXED)
    flat = jensen.fit(Mixture(2, Product({**{"a": Gaussian(), "b": Poisson()}, "c": Categorical()})), MIXED)
    assert nested.log_evidence == pytest.approx(flat.log_evidence, abs=1e-3)
    assert nested.num_free == flat.num_free


def test_columns_of_other_lengths_and_notes_beside_them():
    family = Product({"a": Gaussian(), "b": Poisson()})
    plain = jensen.fit(Mixture(2, family), MIXED)
    noted = jensen.fit(Mixture(2, family), {"note": "hi", "made": 3.0, **MIXED})
    assert noted.num_observations == plain.num_observations == 300
    assert noted.bic == plain.bic
    with pytest.raises(ValueError, match="b has 299 rows, the data have 300"):
        jensen.fit(Mixture(2, family), {**MIXED, "b": MIXED["b"][1:]})
    with pytest.raises(ValueError, match=r"a: .*shape \(300, 2\); a column is one-dimensional"):
        jensen.fit(Mixture(2, family), {**MIXED, "a": np.zeros((300, 2))})


class Shifted(Poisson):
    """x − 1 is Poisson."""

    def log_density(self, params, data):
        return super().log_density(params, np.asarray(data) - 1)

    def statistics(self, params, data, weight):
        return super().statistics(params, np.asarray(data) - 1, weight)


class Tempered(Product):
    def log_density(self, params, data):
        return 0.5 * super().log_density(params, data)


class Raised(Gaussian):
    def log_density(self, params, data):
        return super().log_density(params, data) + 10.0


def test_a_subclass_stays_one():
    fit = jensen.fit(Mixture(1, Shifted()), np.array([[1], [2], [3]]))
    assert isinstance(fit.model.family, Shifted)
    assert fit.params.components.rates.tolist() == [[1.0]]
    tempered = Mixture(1, Tempered({"b": Poisson()})).prepare(MIXED, None)
    assert isinstance(tempered.family, Tempered)
    x = np.column_stack([MIXED["a"], MIXED["d"]])
    raised = jensen.fit(Mixture(1, Raised()), x, algorithm=EM())
    assert raised.log_evidence == pytest.approx(jensen.fit(Mixture(1), x).log_evidence + 3000.0)


def test_rows_without_weight_may_be_impossible():
    x = np.array([[0, 1], [0, 2], [1, 1], [1, 2], [2, 0]])
    weight = [1, 1, 1, 1, 0]
    for family in (Categorical(3), Poisson()):
        whole, alone = jensen.fit(Mixture(1, family), x, weight=weight), jensen.fit(Mixture(1, family), x[:4])
        assert whole.log_evidence == pytest.approx(alone.log_evidence)
    assert jensen.fit(Mixture(1, Categorical(3)), x[:4]).log_evidence == pytest.approx(-8 * np.log(2.0))


@pytest.mark.parametrize("family", [Poisson(), Categorical()], ids=lambda f: f.name)
def test_no_rows(family):
    with pytest.raises(ValueError, match=r"data is empty: 0 sample\(s\)"):
        jensen.fit(Mixture(1, family), np.empty((0, 2)))


@pytest.mark.parametrize("family", [Gaussian(), Poisson(), Categorical()], ids=lambda f: f.name)
@pytest.mark.parametrize("prior", [GammaPrior(2.0, 1.0), DirichletPrior(2.0)], ids=lambda p: type(p).__name__)
def test_a_prior_of_another_family_is_told(family, prior):
    if (family.name, type(prior)) in (("poisson", GammaPrior), ("categorical", DirichletPrior)):
        return
    with pytest.raises(TypeError, match="is no prior of"):
        jensen.fit(Mixture(2, family, MixturePrior(components=prior)), CODES)


def test_the_entropy_of_a_familys_own_variables_is_none_of_labels():
    """ICL is about the labels alone."""
    fit = jensen.fit(Mixture(2, Product({"a": Noise(), "b": Poisson()})), MIXED)
    r = fit.model.posterior(fit.params, MIXED).responsibilities
    labels = -np.sum(r * np.log(np.where(r > 0, r, 1.0)))
    assert (fit.icl - fit.bic) / 2 == pytest.approx(labels, rel=1e-6)
    assert fit.own_entropy == pytest.approx(fit.entropy - labels, rel=1e-6)


class JoinsFlat(Product):
    """Its parts' parameters are not put back into them."""

    def join(self, like, values):
        return values


def test_the_law_of_joining_can_fail():
    family = JoinsFlat({0: Gaussian(), 1: Poisson()}).prepare(ARRAY[:, :2], None)
    params = begun(Mixture(2, family), ARRAY[:, :2]).components
    memberships = np.random.default_rng(0).dirichlet([1, 1], size=300)
    with pytest.raises(AssertionError, match="split_is_joined: log_density cannot read what join made"):
        check_family(family, params, ARRAY[:, :2], memberships)


@pytest.mark.parametrize(
    ("family", "said"),
    [(Tied(), r"you mean jensen.Gaussian\(Tied\(\)\)"), (Gaussian, r"the class Gaussian .*: Gaussian\(\)")],
    ids=["a structure", "a class"],
)
def test_what_is_meant_by_a_structure_or_a_class_is_told(family, said):
    with pytest.raises(TypeError, match=said):
        Mixture(2, family)


def test_codes_are_told_under_the_names_of_their_columns():
    frame = pd.DataFrame({"smoker": CODES[:, 0], "colour": CODES[:, 4]})
    fit = jensen.fit(Mixture(2, Categorical()), frame)
    rows = [line.split("  ")[1] for line in str(fit).splitlines() if " = " in line]
    assert [row.strip() for row in rows] == [
        "smoker = 0",
        "smoker = 1",
        "colour = 0",
        "colour = 1",
        "colour = 2",
    ]
