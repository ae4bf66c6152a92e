"""What a fit shows of itself, and the names of columns and of entries in it."""

import copy
import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest

import jensen
from jensen.em import Columns, Sequences
from jensen.report import summary
from jensen.spaces import Space
from samples import faithful
from toys import Linkage, PoissonMixture

NAMES = ("eruptions", "waiting")
TIED = jensen.Mixture(2, jensen.Gaussian(jensen.Tied()))


def named():
    return jensen.load_dataset("faithful")


# ---- the page ----------------------------------------------------------------------------------------------


def test_no_line_is_wider_than_asked_and_no_correlation_is_cut_in_two():
    rng = np.random.default_rng(0)
    names = [f"{part}_of_the_flower_{i}" for i, part in enumerate(("length", "width", "depth", "weight"))]
    data = dict(zip(names, rng.normal(size=(4, 60)), strict=True))
    fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian(jensen.Tied())), data, restarts=2)
    for text in (fit.summary().text(80), summary(fit, names, 80)):
        assert max(len(line) for line in text.splitlines() if line.startswith("  ")) <= 80
        assert sum(line.count("corr ") for line in text.splitlines()) == 6
        assert not [line for line in text.splitlines() if line.rstrip().endswith(("corr", ","))]


def test_a_mixture_is_shown_by_its_components():
    fit = jensen.fit(TIED, named())
    lines = str(fit).splitlines()
    assert lines[0] == "2 components, tied: the components share one covariance matrix"
    means, spread = fit.params.components.means[:, 0], np.sqrt(fit.params.components.covariances[0, 0])
    row = next(line for line in lines if line.strip().startswith("eruptions"))
    assert row.split() == [
        "eruptions",
        *f"{means[0]:.3f} ({spread:.3f}) {means[1]:.3f} ({spread:.3f})".split(),
    ]
    text = "\n".join(lines)
    assert f"log-likelihood  −{-fit.log_evidence:.4f}, 8 free parameters, 272 rows of 2 columns" in text
    assert f"BIC {fit.bic:.2f}, ICL {fit.icl:.2f}, AIC {fit.aic:.2f}" in text
    assert "verdict         converged" in text
    times = fit.starts["times_found"][0]
    assert times > 1
    assert f"{fit.starts.num_rows} starts, {times} of them found this maximum" in text
    assert max(map(len, lines)) <= 100
    assert repr(fit).startswith("Fit(log_evidence=") and "\n" not in repr(fit)


def test_standard_errors_on_request():
    fit = jensen.fit(TIED, named())
    page, sure = fit.summary(standard_errors=True), fit.uncertainty()
    assert page.parameters["name"].tolist() == sure.table()["name"].tolist()
    np.testing.assert_array_equal(page.parameters["standard_error"], sure.table()["standard_error"])
    assert "standard errors from the observed information" in str(page)
    assert "standard errors from the sandwich" in str(fit.summary(sure.sandwich()))
    assert set(fit.summary().parameters) == {"name", "estimate"}
    assert fit.summary().parameters["estimate"].tolist() == sure.estimate.tolist()


def test_what_the_curvature_says_is_on_the_page():
    rng = np.random.default_rng(0)
    x = np.c_[np.r_[np.zeros(100, int), rng.poisson(4, 100)], np.r_[rng.poisson(8, 100), rng.poisson(1, 100)]]
    page = jensen.fit(jensen.Mixture(2, jensen.Poisson()), x).summary(True)
    said = dict(page.facts)
    assert "rates[0,0] is at the bound" in said["verdict"] and "rates[0,0]" in said["standard errors"]
    assert "at its bound" in str(page)


def test_a_plain_class_is_shown_by_what_it_has():
    fit = jensen.fit(Linkage(), np.arange(4), 0.5, weight=[125.0, 18.0, 20.0, 34.0])
    assert str(fit).startswith("Linkage: params\n") and "0.626821" in str(fit)  # Rao (1973)
    assert fit.summary().parameters["estimate"] == pytest.approx(0.626821, abs=1e-6)
    fit = jensen.fit(PoissonMixture(2), np.arange(12) % 5, rng=0, restarts=3)
    assert "rates[1]" in str(fit) or "rate[1]" in str(fit)


def test_a_model_without_a_chart_has_no_standard_errors():
    fit = jensen.fit(Linkage(), np.arange(4), 0.5, weight=[125.0, 18.0, 20.0, 34.0])
    with pytest.raises(ValueError, match="Linkage has no chart"):
        fit.summary(standard_errors=True)


def test_the_n_of_bic_is_said_where_it_is_not_that_of_rows():
    class InPairs(PoissonMixture):
        cases = Sequences()

    fit = jensen.fit(PoissonMixture(2), np.arange(12) % 5, rng=0, restarts=2)
    assert "with n =" not in str(fit)
    assert "with n = 24 observations" in str(replace(fit, num_observations=24.0))
    assert "with n = 1 observation " in str(replace(fit, num_observations=1.0))


def test_many_components_are_in_blocks():
    x = np.random.default_rng(0).normal(size=(400, 2)) * 9
    text = str(jensen.fit(jensen.Mixture(14, jensen.Gaussian(jensen.EII())), x, restarts=1))
    assert max(map(len, text.splitlines())) <= 100
    assert sum(line.strip().startswith("component ") for line in text.splitlines()) > 1


# ---- the data that it keeps --------------------------------------------------------------------------------


def test_a_fit_knows_its_data_and_does_not_take_them_along():
    fit = jensen.fit(TIED, named())
    assert copy.deepcopy(fit).given is fit.given
    carried = pickle.loads(pickle.dumps(fit))
    assert carried.given is None and carried.columns == NAMES
    assert len(pickle.dumps(fit)) < 60_000 + 0 * faithful().nbytes
    with pytest.raises(ValueError, match="leaves the data behind"):
        carried.summary(standard_errors=True)
    again = jensen.uncertainty(carried.model, carried, faithful())
    assert again.names == fit.uncertainty().names  # of the fit, where the data have none
    assert str(carried.summary(again)) == str(fit.summary(True))


# ---- names of columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["set", "pandas", "polars", "arrow", "rows"])
def test_names_travel_from_every_kind_of_data(kind, tmp_path):
    data = named()
    if kind in ("pandas", "polars"):
        pytest.importorskip(kind)
        data = data.to_pandas() if kind == "pandas" else data.to_polars()
    elif kind == "arrow":
        data = pytest.importorskip("pyarrow").table(data.to_dict())
    elif kind == "rows":
        data = jensen.data.as_rows(data.values, columns=NAMES)
    fit = jensen.fit(TIED, data)
    assert fit.columns == NAMES
    sure = jensen.uncertainty(TIED, fit, data)
    assert sure.names[2:4] == ["means[0, eruptions]", "means[0, waiting]"]
    assert sure.names[-2:] == ["covariances[waiting, eruptions]", "covariances[waiting, waiting]"]
    one = sure.interval("means[1, waiting]").rows()
    assert one == sure.interval("means[1,1]").rows() == sure.interval("means[1,waiting]").rows()
    assert sure.interval("means").num_rows == 4
    jensen.save(fit, tmp_path / "a.json")
    assert jensen.load(tmp_path / "a.json").columns == NAMES
    assert "waiting" in str(jensen.load(tmp_path / "a.json").fit)


def test_data_without_names_have_numbers():
    for data in (faithful(), faithful().tolist()):
        fit = jensen.fit(TIED, data)
        assert fit.columns == () and fit.uncertainty().names[2] == "means[0,0]"
        assert "x2" in str(fit) and "waiting" in str(fit.summary(columns=NAMES))
    pandas = pytest.importorskip("pandas")
    assert jensen.fit(TIED, pandas.DataFrame(faithful())).columns == ()
    assert jensen.fit(jensen.Mixture(1), pandas.Series(faithful()[:, 0], name="e")).columns == ("e",)


def test_names_in_a_sweep_and_under_constraints():
    found = jensen.select(named(), [1, 2], [jensen.Tied()])
    assert {fit.columns for fit in found.fits.values()} == {NAMES}
    held = jensen.fit(jensen.constrain(TIED, fixed={"weights": [0.4, 0.6]}), named())
    assert "means[1, waiting]" in held.uncertainty().names


def test_names_in_a_product():
    rng = np.random.default_rng(2)
    data = {"age": rng.normal(size=200), "pets": rng.poisson(2, 200), "kids": rng.poisson(1, 200)}
    parts = {"age": jensen.Gaussian(), ("pets", "kids"): jensen.Poisson()}
    fit = jensen.fit(jensen.Mixture(1, jensen.Product(parts)), data)
    assert fit.uncertainty().names[1:] == [
        "age.means[0,0]", "age.covariances[0,0,0]", "pets+kids.rates[0, pets]", "pets+kids.rates[0, kids]",
    ]  # fmt: skip
    table = jensen.data.as_rows(data)
    by_number = jensen.Product({0: jensen.Gaussian(), (2, 1): jensen.Poisson()})
    fit = jensen.fit(jensen.Mixture(1, by_number), table)
    assert fit.uncertainty().names[3:] == ["2+1.rates[0, kids]", "2+1.rates[0, pets]"]


def test_every_structure_names_its_covariances():
    found = {}
    for structure in jensen.families.STRUCTURES.values():
        fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian(structure)), named())
        found[structure.name] = fit.uncertainty().names[-1]
    expected = {
        "full": "covariances[1, waiting, waiting]", "tied": "covariances[waiting, waiting]",
        "diag": "covariances[1, waiting]", "eei": "covariances[waiting]",
        "spherical": "covariances[1]", "eii": "covariances",
    }  # fmt: skip
    assert expected.items() <= found.items()


# ---- names of entries --------------------------------------------------------------------------------------


def test_entries_have_the_names_that_a_space_gives():
    beta = ("intercept", "kid5", "mentor")
    chart = jensen.Chart({"beta": jensen.Real(3, names=beta), "s": jensen.Positive()})
    assert chart.names == ["beta[intercept]", "beta[kid5]", "beta[mentor]", "s"]
    assert jensen.Real((2, 3), names=beta).entries()[:2] == ["0, intercept", "0, kid5"]
    assert jensen.Real((2, 3), names=(("low", "high"), None)).entries()[-1] == "high, 2"
    assert jensen.Covariance(2, names=("a", "b")).entries() == ["a, a", "a, b", "b, a", "b, b"]
    assert jensen.Covariance((2, 2), names=("a", "b")).entries()[-1] == "1, b, b"
    assert jensen.Simplex((2, 2), names=("no", "yes")).entries()[1] == "0, yes"
    assert jensen.Interval(0, 1, (2,), names=("a", "b")).entries() == ["a", "b"]
    assert jensen.Real(3, names=beta) == jensen.Real(3)  # what a space is does not depend on names
    assert jensen.Real((2, 2), names=(None, Columns((1, 0)))).entries(NAMES)[0] == "0, waiting"
    assert jensen.Real(3, names=Columns()).entries(NAMES) == ["0", "1", "2"]  # of other columns


def test_a_space_of_ones_own_can_be_named():
    class Angles(Space):
        shape = (2,)
        size = 2
        to_chart = from_chart = violation = random = None

    plain = Angles()
    assert plain.entries() == ["0", "1"] and plain.named(("a", "b")).entries() == ["a", "b"]
    assert plain.entries() == ["0", "1"]

    @dataclass(frozen=True, slots=True)
    class Closed(Angles):
        shape: tuple = (2,)

    assert Closed().named(None).entries() == ["0", "1"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a",), r"1 names \(a\) for 2 entries"),
        (("a", "a"), "two entries are named 'a'"),
        ("ab", "one text for each entry, not the one text 'ab'"),
        ((None, ("a", "b")), "names are of 2 axes"),
        ((("a", 3),), "names must be texts"),
    ],
)
def test_names_that_will_not_do(names, message):
    for make in (jensen.Real, jensen.Positive, jensen.Simplex):
        with pytest.raises(ValueError, match=message):
            make(2, names=names)
    with pytest.raises(ValueError, match="names are of"):
        jensen.Real((), names=("a",))


def test_a_log_joint_over_features():
    """A regression without anything hidden, on a data frame: names in the table and in intervals."""
    jnp = pytest.importorskip("jax.numpy")
    rng = np.random.default_rng(0)
    x = np.c_[np.ones(300), rng.normal(size=(300, 2))]
    y = rng.poisson(np.exp(x @ [0.5, 0.3, -0.2]))

    def log_joint(params, z, row):
        return jensen.densities.poisson(row["y"], jnp.exp(row["x"] @ params["beta"]))

    beta = jensen.Real(3, names=("intercept", "kid5", "mentor"), start=(-0.1, 0.1))
    model = jensen.LogJoint(log_joint, latent=jensen.Enumerated(1), parameters={"beta": beta})
    fit = jensen.fit(model, {"x": x, "y": y}, {"beta": np.zeros(3)})
    assert "beta[kid5]" in str(fit)
    sure = fit.uncertainty()
    rate = np.exp(x @ fit.params["beta"])
    errors = np.sqrt(np.diag(np.linalg.inv(x.T @ (rate[:, None] * x))))  # of the Poisson regression
    assert sure.standard_errors["beta"] == pytest.approx(errors, rel=1e-7)
    row = sure.table().rows()[1]
    assert row["name"] == "beta[kid5]" and row["z"] == pytest.approx(fit.params["beta"][1] / errors[1])
    with pytest.raises(ValueError, match=r"no parameter 'beta\[kid6\]' \(did you mean 'beta\[kid5\]'\?\)"):
        sure.interval("beta[kid6]")


def test_names_of_an_axis_that_are_a_number_are_refused():
    with pytest.raises(ValueError, match="names of an axis must be texts"):
        jensen.Real((2, 2), names=(2, ("a", "b")))
