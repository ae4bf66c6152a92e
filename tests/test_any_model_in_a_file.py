"""Every model in a file: the same bits come back, damage is one line, and nothing in a file is run."""

import copy
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import jensen
from jensen.basics.errors import DataError
from jensen.em import Outcome
from jensen.em.contract import as_model
from jensen.families import STRUCTURES, Full, Gaussian, Ridge
from jensen.files import Saved
from jensen.models import Dirichlet, MixturePrior, NormalInverseWishart
from own_families import Counts, Exponential, Named, Pair, Scaled, Tied, counts, waiting_times
from samples import faithful
from toys import Linkage, PoissonMixture, Rates

OLD = Path(__file__).parent / "model_files"
ROWS = faithful()
PRIORS = {
    "none": None,
    "conjugate": MixturePrior(Dirichlet(1.5), NormalInverseWishart.from_data(ROWS, 2)),
    "ridge": MixturePrior(None, Ridge(1e-3, len(ROWS) / 2)),
}
WHOLE = {
    "free": lambda model: model,
    "fixed": lambda model: jensen.constrain(model, fixed={"weights": [0.4, 0.6]}),
    "tied": lambda model: jensen.constrain(model, tied={"means": [[0, -1], [0, -1]]}),
}


def quick(model, data, **more):
    return jensen.fit(model, data, restarts=1, rng=0, max_steps=5, **more)


def there_and_back(fit, tmp_path, data, model=None, **more):
    path = tmp_path / "model.json"
    jensen.save(fit, path)
    found = jensen.load(path, model, **more)
    before, after = (as_model(each.model).posterior(each.params, data) for each in (fit, found))
    assert_array_equal(before.log_evidence, after.log_evidence)
    assert_array_equal(before.responsibilities, after.responsibilities)
    for name in ("log_evidence", "objective", "entropy", "num_free", "verdict", "weight", "seconds", "seed"):
        assert getattr(found.fit, name) == getattr(fit, name)
    if fit.num_free is not None:
        assert (found.fit.aic, found.fit.bic, found.fit.icl) == (fit.aic, fit.bic, fit.icl)
    return found


@pytest.mark.parametrize("whole", WHOLE)
@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("name", STRUCTURES)
def test_the_same_bits(name, prior, whole, tmp_path):
    model = WHOLE[whole](jensen.Mixture(2, Gaussian(STRUCTURES[name]), PRIORS[prior]))
    fit = quick(model, ROWS)
    found = there_and_back(fit, tmp_path, ROWS)
    assert type(found.model) is type(fit.model)
    assert found.columns == ("x1", "x2")
    assert repr(found).startswith(f"Saved(2 × {name} in 2 columns")


def printed(program, *arguments):
    """What a fresh process prints."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_fresh_process_reads_a_ridge(tmp_path):
    path = tmp_path / "model.json"
    jensen.save(jensen.GaussianMixture(2, reg_covar=0.1).fit(ROWS).result_, path)
    assert "2 × full" in printed("import sys, jensen; print(jensen.load(sys.argv[1]))", path)


SAME_AFTER_EVERY_IMPORT = """
from importlib import import_module
from pkgutil import walk_packages
from jensen.files.registry import PACKAGES, own_classes
before = own_classes()
for package in PACKAGES:
    for module in walk_packages(import_module(package).__path__, f"{package}."):
        import_module(module.name)
print(len(before), before.items() ^ own_classes().items())
"""


def test_what_a_file_may_name_does_not_depend_on_what_was_imported():
    pytest.importorskip("numpyro")
    count, rest = printed(SAME_AFTER_EVERY_IMPORT).split(maxsplit=1)
    assert int(count) > 50
    assert rest.strip() == "set()"


def test_constraints_of_constraints(tmp_path):
    model = jensen.constrain(jensen.Mixture(2, Gaussian()), fixed={"weights": [0.4, 0.6]})
    model = jensen.constrain(model, fixed={"means": [[2.0, 55.0], [4.3, 80.0]]})
    found = there_and_back(quick(model, ROWS), tmp_path, ROWS)
    assert found.model.base.fixed == {"weights": [0.4, 0.6]}


@pytest.mark.parametrize(
    ("family", "data"),
    [(Exponential(), waiting_times()), (Scaled(2.0), waiting_times()), (Counts(), counts())],
)
def test_families_of_ones_own(family, data, tmp_path):
    fit = quick(jensen.Mixture(2, family), data)
    with pytest.raises(DataError, match=rf"known=\[{type(family).__name__}\]"):
        there_and_back(fit, tmp_path, data)
    found = there_and_back(fit, tmp_path, data, known=[type(family)])
    assert type(found.model.family.own) is type(family)
    assert there_and_back(fit, tmp_path, data, fit.model).model is fit.model


def test_a_class_that_says_what_it_is_made_of(tmp_path):
    data = waiting_times().reshape(2, -1).T
    fit = quick(jensen.Mixture(2, Pair(Exponential(), Scaled(3.0))), data)
    found = there_and_back(fit, tmp_path, data, known=[Pair, Exponential, Scaled])
    assert found.model.family.own.parts[1] == Scaled(3.0)
    with pytest.raises(DataError, match=r"known=\[Scaled\]"):
        there_and_back(fit, tmp_path, data, known=[Pair, Exponential])


@pytest.mark.parametrize("structure", [Named(), Tied()])
def test_a_structure_of_ones_own_is_not_taken_for_one_of_jensen(structure, tmp_path):
    fit = quick(jensen.Mixture(2, Gaussian(structure)), ROWS)
    with pytest.raises(DataError, match=rf"known=\[{type(structure).__name__}\]"):
        there_and_back(fit, tmp_path, ROWS)
    found = there_and_back(fit, tmp_path, ROWS, known=[type(structure)])
    assert type(found.model.family.covariance) is type(structure)


def test_params_at_the_bound_of_a_space_can_be_saved(tmp_path):
    model = jensen.Mixture(2, Exponential())
    fit = quick(model, waiting_times())
    path = tmp_path / "model.json"
    for weights in ([1.0, 0.0], [0.0, 1.0]):
        edge = fit.params._replace(weights=np.array(weights))
        jensen.save(Saved(model, edge, (), Saved.from_fit(fit).summary), path)
        assert_array_equal(jensen.load(path, known=[Exponential]).params.weights, weights)
    edge = fit.params._replace(components={"rate": np.array([0.0, 1.0])})
    jensen.save(Saved(model, edge, (), Saved.from_fit(fit).summary), path)
    assert_array_equal(jensen.load(path, known=[Exponential]).params.components["rate"], [0.0, 1.0])


@pytest.mark.parametrize(
    ("structure", "other", "theirs"),
    [
        (Full(), lambda fitted: replace(fitted, num_components=3), r"Mixture \(weights: Simplex \(3,\)"),
        (Named(), lambda fitted: replace(fitted, num_components=3), r"Mixture \(weights: Simplex \(3,\)"),
        (Full(), lambda fitted: jensen.Mixture(2, jensen.Poisson(2)), r"Mixture \(.* rates: Positive"),
        (Full(), WHOLE["fixed"], r"Mixture, constrained \("),
    ],
)
def test_another_model_than_that_of_the_file(structure, other, theirs, tmp_path):
    fit = quick(jensen.Mixture(2, Gaussian(structure)), ROWS)
    path = tmp_path / "model.json"
    jensen.save(fit, path)
    with pytest.raises(DataError, match=rf"params of a Mixture \(.*, not of a {theirs}"):
        jensen.load(path, other(fit.model))
    assert jensen.load(path, fit.model).model is fit.model
    with pytest.raises(DataError, match=r"give model.prepare\(data, weight\)"):
        jensen.load(path, jensen.Mixture(2, Gaussian(structure)))


# ---- models whose functions no file can hold ---------------------------------------------------------------


class Closed:
    """A model with a function in it."""

    def __init__(self, own, chart):
        self.own, self.chart = own, chart
        self.posterior, self.expected = own.posterior, own.expected
        self.m_step, self.expected_log_joint = own.m_step, own.expected_log_joint


def closed(k=2):
    spaces = {"weights": jensen.Simplex(k), "rates": jensen.Positive(k)}
    return Closed(PoissonMixture(k), jensen.Chart(spaces, Rates))


def test_a_model_with_functions_is_given(tmp_path):
    data = counts()[:, 0]
    fit = jensen.fit(closed(), data, Rates(np.array([0.5, 0.5]), np.array([1.0, 5.0])))
    path = tmp_path / "model.json"
    with pytest.raises(
        DataError, match=r"holds the params of a Closed, not its functions: give it, load\(path, model\)"
    ):
        there_and_back(fit, tmp_path, data)
    found = there_and_back(fit, tmp_path, data, closed())
    assert type(found.params) is Rates
    with pytest.raises(
        DataError,
        match=r"params of a Closed \(weights: Simplex \(2,\), .*not of a Closed \(weights: Simplex \(3,\)",
    ):
        jensen.load(path, closed(3))
    with pytest.raises(DataError, match=r"holds the params of a Closed .*, not of a Mixture"):
        jensen.load(path, jensen.Mixture(2))


def test_a_log_joint(tmp_path):
    jnp = pytest.importorskip("jax.numpy")

    def log_joint(params, z, x):
        return jnp.log(params["w"][z]) + jensen.densities.poisson(x, params["rate"][z])

    spaces = {"w": jensen.Simplex(2), "rate": jensen.Positive(2, start=(0.5, 5))}
    model = jensen.LogJoint(log_joint, jensen.Enumerated(2), spaces)
    fit = jensen.fit(model, counts()[:, 0], rng=0, restarts=1, max_steps=4)
    assert there_and_back(fit, tmp_path, counts()[:, 0], model).model is model
    held = jensen.constrain(model, fixed={"w": [0.5, 0.5]})
    fit = jensen.fit(held, counts()[:, 0], rng=0, restarts=1, max_steps=4)
    with pytest.raises(DataError, match=r"params of a LogJoint, constrained .*, not of a LogJoint "):
        there_and_back(fit, tmp_path, counts()[:, 0], model)
    there_and_back(fit, tmp_path, counts()[:, 0], held)


def test_models_of_ones_own_that_are_their_fields(tmp_path):
    data = counts()[:, 0]
    fit = jensen.fit(PoissonMixture(2), data, rng=0, restarts=1)
    found = there_and_back(fit, tmp_path, data, known=[PoissonMixture, Rates])
    assert found.model == PoissonMixture(2)
    there_and_back(fit, tmp_path, data, PoissonMixture(2), known=[Rates])
    fit = jensen.fit(Linkage(), np.arange(4), 0.5, weight=[125.0, 18.0, 20.0, 34.0])
    assert there_and_back(fit, tmp_path, np.arange(4), known=[Linkage]).params == fit.params


def test_what_cannot_be_said_at_all_is_refused_before_it_is_written(tmp_path):
    fit = quick(jensen.Mixture(2), ROWS)
    saved = Saved(Linkage(), lambda: 1, (), Saved.from_fit(fit).summary)
    with pytest.raises(DataError, match="cannot save the model: a function, which is neither"):
        jensen.save(saved, tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


# ---- version 1 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prior", ["", "-prior"])
@pytest.mark.parametrize("name", ["full", "tied", "diag", "spherical"])
def test_files_of_version_1(name, prior):
    path = OLD / f"version_1_{name}{prior}.json"
    found, said = jensen.load(path), json.loads(path.read_text())
    assert found.model.family.covariance == STRUCTURES[name]
    assert found.columns == ("eruptions", "waiting")
    assert found.params.weights.tolist() == said["params"]["weights"]
    assert found.params.components.means.tolist() == said["params"]["means"]
    assert found.params.components.covariances.tolist() == said["params"]["covariances"]
    assert found.verdict.outcome is Outcome.CONVERGED
    assert found.fit.bic == said["summary"]["bic"]
    problem = found.model.posterior(found.params, ROWS)
    assert problem.log_evidence.sum() == pytest.approx(said["summary"]["log_evidence"], rel=1e-14)
    assert (found.model.prior is not None) == bool(prior)
    if prior:
        log_prior = found.model.prior.log_density(found.model, found.params)
        assert log_prior == pytest.approx(said["summary"]["log_prior"], rel=1e-12)


def test_version_1_says_what_is_wrong(tmp_path):
    said = json.loads((OLD / "version_1_full-prior.json").read_text())
    del said["crc32"]
    assert everything_is_refused(said, tmp_path) > 80
    floor = said["model"]["floor"]
    said["model"]["floor"] = -1
    refused(said, tmp_path, "floor must be at least 0, not -1")
    said["model"]["floor"] = floor
    of_both = dict(said["model"]["prior"]["components"])
    said["model"]["prior"]["components"] |= {"mean": [1.0], "scale": [[1.0]], "dof": 3.0}
    refused(said, tmp_path, "the prior is of 1 column, the (means have|data have) 2")
    said["model"]["prior"]["components"] = of_both
    said["model"]["covariance"] = "ful1"
    refused(said, tmp_path, r"model.covariance is 'ful1' \(did you mean 'full'\?\)")
    said["version"] = 2
    refused(said, tmp_path, r"newer jensen \(version 2 of jensen.mixture; this one reads version 1\)")


# ---- damage ------------------------------------------------------------------------------------------------


def refused(document, tmp_path, match=None):
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=match) as error:
        jensen.load(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) - len(str(path)) <= 300


def places(value, at=()):
    """Every place of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from places(item, (*at, key))


def everything_is_refused(document, tmp_path):
    """Every field taken out, and put in place of it what is never right."""
    count = 0
    for *way, last in places(document):
        if "dict" in way:  # requests of a constrained model are the user's own: any may be right
            continue
        for put in ("nothing", {"class": "os.system"}, {"surprise": 1}):
            damaged = copy.deepcopy(document)
            inner = damaged
            for key in way:
                inner = inner[key]
            if put == "nothing":
                if last == "search":  # files were written without it
                    continue
                del inner[last]
            else:
                inner[last] = put
            try:
                refused(damaged, tmp_path)
            except BaseException as error:
                raise AssertionError(f"{put!r} at {way}, {last}: {error}") from error
            count += 1
    return count


@pytest.mark.parametrize("whole", WHOLE)
def test_every_field_is_needed_and_checked(whole, tmp_path):
    model = WHOLE[whole](jensen.Mixture(2, Gaussian(), PRIORS["conjugate"]))
    path = tmp_path / "model.json"
    jensen.save(quick(model, ROWS), path)
    document = json.loads(path.read_text())
    del document["crc32"]
    assert everything_is_refused(document, tmp_path) > 150


@pytest.mark.parametrize("name", ["os.system", "Popen", "subprocess.Popen", "eval", "__import__", "this", ""])
def test_a_class_that_jensen_does_not_know_is_not_looked_for(name, tmp_path):
    path = tmp_path / "model.json"
    jensen.save(quick(jensen.Mixture(2), ROWS), path)
    document = json.loads(path.read_text())
    del document["crc32"]
    for said in (name, f"known.{name}"):
        document["model"]["family"] = {"class": said, "args": ["touch nothing"]}
        before = set(sys.modules)
        refused(document, tmp_path, "no class of this jensen|not one of jensen's")
        assert set(sys.modules) == before


# ---- the order of arguments --------------------------------------------------------------------------------


def test_the_old_order_works_and_says_the_new_one(tmp_path):
    fit = quick(jensen.Mixture(2), ROWS)
    for path in (tmp_path / "a.json", str(tmp_path / "a.json")):
        with pytest.warns(DeprecationWarning, match=r"save\(path, fit\) is now save\(fit, path\)"):
            jensen.save(path, fit, ["a", "b"])
        assert jensen.load(path).columns == ("a", "b")


def test_names_that_two_classes_have_are_those_shown():
    from jensen import em
    from jensen.files.registry import own_classes

    assert own_classes()["Rows"] is em.Rows


@pytest.mark.parametrize("depth", [200, 400, 2000])
def test_what_is_nested_deeply_is_damaged(tmp_path, depth):
    path = tmp_path / "model.json"
    jensen.save(quick(jensen.Mixture(2), ROWS), path)
    document = json.loads(path.read_text())
    del document["crc32"]
    text = json.dumps({**document, "params": "HERE"})
    deep = '{"tuple": [' * depth + "1" + "]}" * depth
    text = text.replace('"HERE"', deep)
    path.write_text(text)
    with pytest.raises(DataError, match="is damaged"):
        jensen.load(path)


def test_a_metric_that_is_none_is_refused(tmp_path):
    path = tmp_path / "model.json"
    fit = quick(jensen.Mixture(2, Gaussian()), ROWS)
    jensen.save(fit, path)
    document = json.loads(path.read_text())
    del document["crc32"]
    document["model"]["family"]["metric"]["rank"] = -7
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match="rank must be from 0"):
        jensen.load(path)
