"""Reports of models and families that the reports do not know: what they say of themselves is shown."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import jensen
from jensen.cli import main
from jensen.em.contract import as_model
from jensen.families import STRUCTURES, Components
from jensen.families.family import as_family
from jensen.files import Saved
from jensen.report import figure_bytes, fit_document, plot_fit, selection_document, summary
from jensen.report.documents import saved_document
from jensen.report.models import comparison, model_report
from jensen.report.sweeps import selection_report
from jensen.report.tables import to_text
from own_families import Counts, Exponential, counts, waiting_times
from samples import faithful
from toys import Linkage, PoissonMixture

ROOT = Path(jensen.__file__).parent


@pytest.fixture(scope="module")
def exponential():
    return jensen.fit(jensen.Mixture(2, Exponential()), waiting_times(), rng=0, restarts=3)


@pytest.fixture(scope="module")
def discrete():
    return jensen.fit(jensen.Mixture(2, Counts()), counts(), rng=0, restarts=3)


@pytest.fixture(scope="module")
def constrained():
    model = jensen.constrain(jensen.Mixture(2), fixed={"weights": [0.4, 0.6]})
    return jensen.fit(model, faithful(), rng=0, restarts=1)


@pytest.fixture(scope="module")
def own():
    return jensen.fit(PoissonMixture(2), counts()[:, 0], rng=0, restarts=3)


@pytest.fixture(scope="module")
def linkage():
    return jensen.fit(Linkage(), np.arange(4), 0.5, weight=[125.0, 18.0, 20.0, 34.0])


def drawn(fit, data, **more):
    figure = plot_fit(fit, data, **more)
    assert figure_bytes(figure, ".png").startswith(b"\x89PNG")
    return figure


# ---- a family of four methods ------------------------------------------------------------------------------


def test_a_family_of_four_methods_has_a_summary(exponential):
    lines = summary(exponential, ["wait"]).splitlines()
    assert lines[0] == "2 components, exponential"
    assert [line.split()[0] for line in lines if line.startswith("  ")] == [
        "component",
        *["─" * 27, "weight", "rows", "rate"],
        "components",
    ]
    assert "free parameters, 600 rows of 1 column" in summary(exponential, ["wait"])
    assert "free parameters, 600 rows\n" in summary(exponential)


def test_and_a_document(exponential):
    document = json.loads(json.dumps(fit_document(exponential, ["wait"]), allow_nan=False))
    assert document["structure"] == "exponential"
    assert document["params"]["rate"] == exponential.params.components["rate"].tolist()
    saved = saved_document("a.json", Saved.from_fit(exponential, ["wait"]))
    assert saved["params"] == document["params"]
    assert saved["rate"] is None  # of convergence, which is another thing


def test_and_a_picture(exponential):
    data = waiting_times()
    main_axes = drawn(exponential, data, columns=["wait"]).axes[0]
    assert main_axes.get_xlabel() == "wait"
    black = next(
        line for line in main_axes.lines if line.get_color() == "black" and len(line.get_xdata()) > 99
    )
    x, density = black.get_xdata(), black.get_ydata()
    weights, rates = exponential.params.weights, exponential.params.components["rate"]
    expected = (weights * rates * np.exp(-np.outer(x, rates))).sum(axis=1)
    np.testing.assert_allclose(density, expected, rtol=1e-12)
    assert x.min() == data.min()  # nothing is said of where there may be no density


def test_two_columns_without_moments_have_no_ellipses():
    class Both(Exponential):
        def log_density(self, params, data):
            return super().log_density(params, data.sum(axis=1)) + np.log(params["rate"])

        def statistics(self, params, data, weight):
            found = super().statistics(params, data.sum(axis=1), weight)
            return type(found)(count=2 * found.count, total=found.total)

        def spaces(self, k):
            return None

    data = waiting_times().reshape(2, -1).T
    fit = jensen.fit(jensen.Mixture(2, Both()), data, rng=0, restarts=2)
    axes = drawn(fit, data).axes[0]
    assert not axes.patches
    assert axes.get_title(loc="left") == "rows by component, numbers at the means"
    assert "criteria" not in summary(fit)


# ---- discrete columns --------------------------------------------------------------------------------------


def test_discrete_columns_are_bars(discrete):
    fit = jensen.fit(jensen.Mixture(2, Counts()), counts()[:, :1], rng=0, restarts=3)
    axes = drawn(fit, counts()[:, :1]).axes[0]
    bars = [patch for patch in axes.patches if patch.get_width() == pytest.approx(0.8)]
    assert sum(bar.get_height() for bar in bars) == pytest.approx(1.0)
    assert len(bars) == np.ptp(counts()[:, 0]) + 1
    assert axes.get_ylabel() == "probability"
    x, y = next(line for line in axes.lines if line.get_color() == "black").get_data()
    assert x.tolist() == list(range(len(bars)))
    assert y.sum() == pytest.approx(1.0, abs=0.02)
    axes = drawn(discrete, counts()).axes[0]
    assert not axes.patches
    points = axes.collections[0].get_offsets()
    assert len(np.unique(points[:, 0])) == len(points)  # moved apart


def test_weights_of_bars():
    data = counts()[:, :1]
    weight = np.where(data[:, 0] == 3, 2.0, 0.5)
    fit = jensen.fit(jensen.Mixture(2, Counts()), data, rng=0, restarts=2, weight=weight)
    bars = drawn(fit, data, weight=weight).axes[0].patches
    share = weight[data[:, 0] == 3].sum() / weight.sum()
    assert max(bar.get_height() for bar in bars) == pytest.approx(share)


def test_a_caption_and_no_criteria(discrete):
    text = summary(discrete, ["a", "b"])
    assert "rate a " in text
    assert "rate; components are counted from 0" in text
    assert "criteria" not in text
    document = fit_document(discrete, ["a", "b"])
    assert (document["aic"], document["bic"], document["icl"]) == (None, None, None)
    shown = to_text(comparison(["a", "b"], [Saved.from_fit(discrete)] * 2, 80))
    assert "BIC" in shown


def test_shared_parameters_and_many_entries():
    class Shared(Counts):
        shared = ("scale",)

    params = {"rate": np.ones((2, 2, 3)), "scale": np.array(2.5)}
    rows = dict(as_family(Shared()).describe(params, None))
    assert rows["scale"] == ["2.50", "2.50"]
    assert list(rows) == [f"rate[{i},{j}]" for i in range(2) for j in range(3)] + ["scale"]


def test_data_as_a_dict_of_columns_and_no_table_at_all(discrete):
    class ByName(Counts):
        def log_density(self, params, data):
            return super().log_density(params, np.column_stack(list(data.values())))

        def statistics(self, params, data, weight):
            return super().statistics(params, np.column_stack(list(data.values())), weight)

        def start(self, k, data, weight, rng):
            return np.full(k, 1 / k), {"rate": rng.uniform(1, 9, (k, 2))}

    data = dict(zip(["left", "right"], counts().T, strict=True))
    fit = jensen.fit(jensen.Mixture(2, ByName()), data, rng=0, restarts=2)
    assert fit.log_evidence == pytest.approx(discrete.log_evidence, abs=1e-5)
    axes = drawn(fit, data).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("left", "right")
    figure = drawn(fit, {"left": counts()})
    assert [axes.get_yscale() for axes in figure.axes] == ["linear"]  # where the starts ended, alone


# ---- models ------------------------------------------------------------------------------------------------


def test_a_constrained_model_is_shown_by_its_base(constrained):
    text = summary(constrained, ["eruptions", "waiting"])
    assert text.splitlines()[0] == "2 components, full: each component has a covariance matrix of its own"
    assert "0.4000" in text
    axes = drawn(constrained, faithful()).axes[0]
    assert len(axes.patches) == 4
    assert np.shape(fit_document(constrained, [])["covariances"]) == (2, 2, 2)


def test_a_model_without_components_is_shown_by_its_parameters(own, linkage):
    lines = summary(own).splitlines()
    assert lines[0] == "PoissonMixture: weights, rates"
    shown = {line.split()[0] for line in lines if line.startswith("  ")}
    assert {"weights[0]", "weights[1]", "rates[0]", "rates[1]"} <= shown
    assert fit_document(own, [])["params"]["rates"] == own.params.rates.tolist()
    assert summary(linkage).splitlines()[0] == "Linkage: params"
    assert "0.626821" in summary(linkage)
    figure = drawn(own, counts()[:, 0])
    assert [axes.get_yscale() for axes in figure.axes] == ["linear"]
    assert drawn(linkage, np.arange(4)).axes


def test_a_log_joint():
    jnp = pytest.importorskip("jax.numpy")

    def log_joint(params, z, x):
        return jnp.log(params["w"][z]) + jensen.densities.poisson(x, params["rate"][z])

    spaces = {"w": jensen.Simplex(2), "rate": jensen.Positive(2, start=(0.5, 5))}
    model = jensen.LogJoint(log_joint, jensen.Enumerated(2), spaces)
    fit = jensen.fit(model, counts()[:, 0], rng=0, restarts=2)
    lines = summary(fit).splitlines()
    assert lines[0] == "LogJoint: w, rate"
    assert {"w[0]", "w[1]", "rate[0]", "rate[1]"} <= {line.split()[0] for line in lines if line}
    assert drawn(fit, counts()[:, 0]).axes
    text = to_text(model_report(Saved.from_fit(fit, data="counts"), 100))
    assert "fitted to counts, seed 0, float64 rows, by jensen " in text


def test_components_of_every_kind_are_asked_for_the_same_way(constrained, exponential, own):
    for fit in (constrained, exponential):
        parts = as_model(fit.model).components_of(fit.params)
        assert isinstance(parts, Components)
        assert len(parts.weights) == 2
    assert as_model(own.model).components_of is None


def test_models_of_different_kinds_side_by_side(exponential, constrained, own):
    saved = [Saved.from_fit(fit) for fit in (exponential, constrained, own)]
    lines = to_text(comparison(["a", "b", "c"], saved, 100)).splitlines()
    kinds = next(line for line in lines if line.startswith("kind"))
    assert kinds.split() == ["kind", "exponential", "full", "PoissonMixture"]


def test_a_sweep_says_rows_and_columns():
    data = jensen.load_dataset("faithful")
    found = jensen.select(data.values, [1, 2], jensen.Tied(), restarts=2, rng=0)
    assert "272 rows, 2 columns" in to_text(selection_report(found, data.columns, 100))
    assert selection_document(found, data.columns)["fit"]["structure"] == "tied"


# ---- the command line --------------------------------------------------------------------------------------


def test_commands_on_models_that_are_no_gaussian_mixtures(tmp_path, constrained, linkage, capsys):
    held, other = str(tmp_path / "held.json"), str(tmp_path / "other.json")
    jensen.save(constrained, held, ["eruptions", "waiting"])
    jensen.save(linkage, other)
    assert main(["predict", held, "faithful"]) == 0
    assert main(["sample", held, "-n", "3", "--labels"]) == 0
    assert main(["show", held]) == 0
    assert "2 components, full" in capsys.readouterr().out
    assert main(["show", other]) == 2
    assert "load(path, known=[Linkage])" in capsys.readouterr().err


# ---- the rooms ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["files", "report"])
def test_no_family_is_known_by_name(part):
    """No family and no structure, nothing imported late, no attribute asked for by name."""
    known = {type(structure).__name__ for structure in STRUCTURES.values()} | {
        "Gaussian",
        "Poisson",
        "Categorical",
        "Product",
    }
    for path in sorted((ROOT / part).glob("*.py")):
        tree = ast.parse(path.read_text())
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not names & (known | {"getattr", "hasattr"}), path
        texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        if path.name != "version_1.py":
            assert not texts & ({*STRUCTURES, "poisson", "categorical", "product"} | known), path
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                late = [node for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
                assert not [node for node in late if node.module.startswith("jensen")], path
