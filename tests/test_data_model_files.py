"""Model files: what is written reads back to the last bit, and nothing else is taken for one."""

import json
import math
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import jensen
from jensen.basics.errors import DataError
from jensen.basics.writing import check_writable, write_file
from jensen.em import Outcome, Verdict
from jensen.families import STRUCTURES, Gaussian, GaussianParams
from jensen.files import Saved, SavedMixture, load, save
from jensen.files.store import _checksum as checksum
from jensen.models import Dirichlet, Mixture, MixtureParams, MixturePrior, NormalInverseWishart
from samples import faithful

STRUCTURE_NAMES = list(STRUCTURES)
PERHAPS = ("remaining", "rate", "num_observations")  # may be NaN


def fitted(name="full", prior=None, k=2, data=None):
    data = faithful() if data is None else data
    model = Mixture(k, Gaussian(STRUCTURES[name]), prior)
    return jensen.fit(model, data, restarts=2, rng=0)


@pytest.fixture(scope="module")
def mixture():
    return Saved.from_fit(fitted(), ["eruptions", "waiting"], seed=7, data="faithful")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.json"


def edited(path, mixture, change, keep_checksum=False):
    """A model file after a change of its document."""
    save(mixture, path)
    document = json.loads(path.read_text())
    del document["crc32"]
    change(document)
    if keep_checksum:
        document["crc32"] = checksum(document)
    path.write_text(json.dumps(document))


def refused(message, path):
    with pytest.raises(DataError, match=message) as error:
        load(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def assert_same(a, b):
    assert a.columns == b.columns
    assert a.model.num_components == b.model.num_components
    assert a.model.family.covariance == b.model.family.covariance
    assert a.model.family.floor == b.model.family.floor
    for left, right in zip(parts(a), parts(b), strict=True):
        assert_array_equal(left, right)
        assert np.asarray(left).dtype == np.asarray(right).dtype
    for name in PERHAPS:
        assert_array_equal(a.summary[name], b.summary[name])
    plain = [{k: v for k, v in m.summary.items() if k not in PERHAPS} for m in (a, b)]
    assert plain[0] == plain[1]


def parts(mixture):
    weights, (means, covariances) = mixture.params
    return weights, means, covariances


# ---- round trips -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRUCTURE_NAMES)
def test_a_fit_reads_back_to_the_last_bit(path, name):
    fit = fitted(name)
    before = Saved.from_fit(fit, ["eruptions", "waiting"], seed=3, dtype=np.float32, data="faithful.csv")
    save(before, path)
    after = load(path)
    assert_same(before, after)
    assert after.verdict == fit.verdict
    assert after.fit.columns == ("eruptions", "waiting")
    assert after.summary["log_evidence"] == fit.log_evidence
    assert after.summary["bic"] == fit.bic
    assert after.summary["dtype"] == "float32"
    assert after.summary["seed"] == 3
    metric, again = fit.model.family.metric, after.model.family.metric
    assert type(metric) is type(again)
    for field in metric.__dataclass_fields__:
        assert_array_equal(getattr(metric, field), getattr(again, field))


def test_what_was_loaded_works_as_what_was_saved(path):
    fit = fitted()
    save(fit, path)
    after = load(path)
    assert after.columns == ("x1", "x2")
    before = fit.model.posterior(fit.params, faithful())
    again = after.model.posterior(after.params, faithful())
    assert_array_equal(before.responsibilities, again.responsibilities)
    more = jensen.fit(after.model, faithful(), after.params)
    assert more.log_evidence == pytest.approx(fit.log_evidence, abs=1e-3)


def test_priors(path):
    niw = NormalInverseWishart.from_data(faithful(), 2)
    for prior in (
        MixturePrior(Dirichlet(1.5), niw),
        MixturePrior(None, niw),
        MixturePrior(Dirichlet(2.0)),
        MixturePrior(),
    ):
        save(fitted(prior=prior), path)
        again = load(path).model.prior
        assert again.weights == prior.weights
        assert (again.components is None) == (prior.components is None)
        if again.components is not None:
            for field in niw.__dataclass_fields__:
                assert_array_equal(getattr(again.components, field), getattr(niw, field))


finite = st.floats(-1e100, 1e100)
positive = st.floats(1e-100, 1e100)


@st.composite
def mixtures(draw):
    name = draw(st.sampled_from(STRUCTURE_NAMES))
    k, d = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    raw = np.array(draw(st.lists(st.floats(0, 1), min_size=k, max_size=k))) + 1e-3
    means = np.array(draw(st.lists(finite, min_size=k * d, max_size=k * d))).reshape(k, d)
    shape = STRUCTURES[name].shape(k, d)
    if name in ("full", "tied"):
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        roots = rng.standard_normal(shape) * draw(positive)
        covariances = roots @ np.swapaxes(roots, -1, -2) + draw(positive) * np.eye(d)
        covariances = (covariances + np.swapaxes(covariances, -1, -2)) / 2
    else:
        size = int(np.prod(shape))
        covariances = np.array(draw(st.lists(positive, min_size=size, max_size=size))).reshape(shape)
    params = MixtureParams(raw / raw.sum(), GaussianParams(means, covariances))
    names = draw(st.lists(st.text(), min_size=d, max_size=d, unique=True))
    numbers = {
        key: draw(finite) for key in ("log_evidence", "log_prior", "entropy", "gap", "aic", "bic", "icl")
    }
    maybe = {key: draw(st.one_of(finite, st.just(math.nan))) for key in PERHAPS}
    maybe["num_observations"] = abs(maybe["num_observations"]) or 1.0
    counts = {key: draw(st.integers(0, 2**60)) for key in ("num_free", "num_steps", "num_e_steps")}
    verdict = {
        "outcome": str(draw(st.sampled_from(list(Outcome)))),
        "message": draw(st.text()),
        "advice": draw(st.text()),
        "climbed": draw(st.booleans()),
    }
    rest = {
        "weight": draw(positive),
        "seconds": draw(positive),
        "verdict": verdict,
        "seed": draw(st.one_of(st.none(), st.integers(0, 2**64))),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "data": draw(st.one_of(st.none(), st.text())),
        "jensen_version": draw(st.text()),
    }
    model = Mixture(k, Gaussian(STRUCTURES[name], draw(st.floats(0, 1))))
    return Saved(model, params, tuple(names), {**numbers, **maybe, **counts, **rest})


@given(mixtures())
def test_any_mixture_reads_back_to_the_last_bit(tmp_path_factory, mixture):
    path = tmp_path_factory.mktemp("m") / "model.json"
    try:
        save(mixture, path)
    except DataError as error:  # rank-deficient in double precision
        assert "outside of what the family allows" in str(error)
        assert not path.exists()
        return
    assert_same(mixture, load(path))


def test_the_layout_can_be_read_and_may_change(path, mixture):
    save(mixture, path)
    text = path.read_text()
    assert text.startswith('{\n  "format": "jensen.model",\n  "version": 2,\n')
    assert '"columns": ["eruptions", "waiting"]' in text
    path.write_text("\ufeff" + json.dumps(json.loads(text), indent=8), encoding="utf-8")
    assert_same(mixture, load(path))


def test_a_deliberate_edit_needs_the_checksum_out(path, mixture):
    def rename(document):
        document["columns"] = ["length", "pause"]

    edited(path, mixture, rename)
    assert load(path).columns == ("length", "pause")
    edited(path, mixture, rename, keep_checksum=True)
    assert load(path).columns == ("length", "pause")


def test_the_old_name_is_an_alias():
    assert SavedMixture is Saved


def test_repr(mixture):
    assert repr(mixture).startswith("Saved(2 × full in 2 columns, log_evidence=-1130.26")
    assert isinstance(mixture.verdict, Verdict)


# ---- damage ------------------------------------------------------------------------------------------------


def test_any_changed_digit_is_noticed(path, mixture):
    save(mixture, path)
    text = path.read_text()
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    for i in digits:
        path.write_text(text[:i] + str((int(text[i]) + 1) % 10) + text[i + 1 :])
        try:
            again = load(path)
        except DataError as error:
            assert "\n" not in str(error)
        else:  # the 17th digit of a number: the same double
            assert_same(mixture, again)


def test_cut_off_anywhere(path, mixture):
    save(mixture, path)
    whole = path.read_bytes().rstrip()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        refused("is damaged or cut off: .* at line|is not a jensen model file: it is empty", path)


def test_versions(path, mixture):
    def version(value):
        return lambda document: document.update(version=value)

    edited(path, mixture, version(3))
    refused(
        r"was written by a newer jensen \(version 3 of jensen.model; this one reads version 2\): upgrade",
        path,
    )
    for value in (0, -1, 1.5, "1", True, None):
        edited(path, mixture, version(value))
        refused("is not a version of jensen.model", path)
    save(mixture, path)
    path.write_text(path.read_text().replace('"version": 2', '"version": 9'))
    refused("was written by a newer jensen", path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"  \n", "it is empty"),
        (b"a,b\n1,2\n", "it is not JSON"),
        (b"[1, 2]", "it is not JSON"),
        (b"\x00\x01\x02", "it is not JSON"),
        (b'{"a": "\xff"}', "it is not text"),
        (b"{}", "its format is None where 'jensen.model' is expected"),
        (b'{"format": "jensen.mixtur3", "version": 1}', "its format is 'jensen.mixtur3'"),
        (b'{"format": 1}', "its format is 1 where"),
    ],
)
def test_not_ours(path, content, why):
    path.write_bytes(content)
    refused(f"is not a jensen model file: {why}.*`jensen fit DATA --out MODEL` writes one", path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"format": "jensen.model", "version": 2', "is damaged or cut off: .* at line 1, column 40"),
        (b'{"a": NaN}', "is damaged: it holds NaN, which is not JSON"),
        (b'{"a": -Infinity}', "is damaged: it holds -Infinity"),
        (b'{"a": ' + b"[" * 100_000, "is damaged"),
        (b'{"a": ' + b"1" * 5000 + b"}", "is damaged"),
        (b'{"format": "jensen.mixture", "version": 1}', "is damaged: model is missing"),
        (b'{"format": "jensen.model", "version": 2}', "is damaged: model is missing"),
    ],
)
def test_damaged_json(path, content, why):
    path.write_bytes(content)
    refused(why, path)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FAMILY = ("model", "family")
VALUES = ("params", "values")
FIELDS = [
    *[("model", name) for name in ("class", "num_components", "family", "prior")],
    *[(*FAMILY, name) for name in ("class", "covariance", "floor", "metric")],
    *[(*VALUES, name) for name in ("weights", "means", "covariances")],
    *[(*VALUES, "means", name) for name in ("array", "shape", "dtype")],
    *[("summary", name) for name in ("verdict", "seed", "dtype", "weight", "rate", "data", "num_free")],
    *[(name,) for name in ("columns", "model", "params", "summary", "format", "version")],
    *[VALUES, ("anything",)],
]


@given(st.sampled_from(FIELDS), json_values)
def test_any_value_in_any_field_is_a_mixture_or_one_line(tmp_path_factory, mixture, keys, value):
    path = tmp_path_factory.mktemp("m") / "model.json"
    edited(path, mixture, change(*keys, value=value))
    try:
        load(path)
    except DataError as error:
        assert "\n" not in str(error)


def change(*keys, value):
    def apply(document):
        *path, last = keys
        for key in path:
            document = document[key]
        document[last] = value

    return apply


def test_a_file_without_words_on_the_search_loads(path):
    """As files were before they kept them."""
    fit = fitted()
    save(fit, path)
    document = json.loads(path.read_text())
    assert document["summary"]["verdict"].pop("search") == fit.verdict.search != ""
    document.pop("crc32")
    path.write_text(json.dumps(document))
    assert load(path).verdict == replace(fit.verdict, search="")


def drop(*keys):
    def apply(document):
        *path, last = keys
        for key in path:
            document = document[key]
        del document[last]

    return apply


def numbers(name, value):
    """The numbers of a parameter, and their shape with them."""

    def apply(document):
        shape = list(np.shape(value))
        document["params"]["values"][name] = {"array": value, "dtype": "float64", "shape": shape}

    return apply


def array(name, *keys, value):
    return change(*VALUES, name, "array", *keys, value=value)


PRIOR = {"class": "MixturePrior", "weights": None, "components": None}
OF_ONE_COLUMN = {
    **PRIOR,
    "components": {
        "class": "NormalInverseWishart",
        "mean": {"array": [1.0], "dtype": "float64", "shape": [1]},
        "mean_count": 1.0,
        "scale": {"array": [[1.0]], "dtype": "float64", "shape": [1, 1]},
        "dof": 3.0,
    },
}
DAMAGE = [
    (numbers("weights", [0.5, 0.4]), r"params\['weights'\] is outside Simplex.*"),
    (numbers("weights", [1.5, -0.5]), r"params\['weights'\] is outside Simplex"),
    (numbers("weights", [1.0]), r"params\['weights'\] has shape \(1,\), its space .* \(2,\)"),
    (array("weights", value=[]), r"params.weights has shape \(0,\) where \(2,\) is expected"),
    (array("weights", 1, value="0.5"), r"params.weights\[1\] is text \('0.5'\) where a number"),
    (array("weights", 1, value=True), r"params.weights\[1\] is true or false"),
    (array("weights", 1, value=None), r"params.weights\[1\] is null"),
    (array("weights", 1, value="nan"), r"params\['weights'\] is not finite"),
    (numbers("means", [[1, 2]]), r"params\['means'\] has shape \(1, 2\)"),
    (array("means", 1, value=[3]), r"params.means has shape \(2,\) where \(2, 2\) is expected"),
    (array("means", 1, 0, value=10**400), r"params.means has a number that is not finite"),
    (array("means", 1, value=3), r"params.means has shape \(2,\) where \(2, 2\)"),
    (change(*VALUES, "means", "dtype", value="object"), "params.means.dtype is 'object'"),
    (change(*VALUES, "means", "shape", value=[-1, 2]), r"params.means.shape is \[-1, 2\]; it must be"),
    (change(*VALUES, "means", "shape", value=[0, "x"]), r"params.means.shape is \[0, 'x'\]; it must be"),
    (change(*VALUES, "means", value={"number": "nine"}), "params.means is 'nine'; it is one of nan"),
    (change(*VALUES, "means", value="text"), "params.means is text .* where a number or an array"),
    (array("covariances", 1, value=[[1, 2], [2, 1]]), r"params\['covariances'\] is outside .* eigenvalue"),
    (array("covariances", 0, value=[[1, 0.5], [0, 1]]), r"params\['covariances'\] .* not symmetric"),
    (array("covariances", 0, value=[[0, 0], [0, 0]]), r"params\['covariances'\] .* not positive"),
    (
        array("covariances", value=[[1, 0], [0, 1]]),
        r"params.covariances has shape \(2, 2\) where \(2, 2, 2\)",
    ),
    (drop(*VALUES, "means"), "params.means is missing"),
    (drop("params", "values"), "params.dict is missing"),
    (change("params", value=None), "params is null where an object is expected"),
    (drop("columns"), "columns is missing"),
    (drop("summary", "verdict", "advice"), "summary.verdict.advice is missing"),
    (change("columns", value=["a", "a"]), "columns has the same name twice"),
    (change("columns", value=["a"]), "columns has 1 names where the model has 2 columns"),
    (change("columns", value=["a", 1]), r"columns\[1\] is a number \(1\) where text is expected"),
    (change("columns", value="ab"), "columns is text"),
    (change("model", value=[]), "model: list has no posterior"),
    (change("model", value=3), "model: int has no posterior"),
    (change(*FAMILY, "covariance", "class", value="Ful1"), r"'Ful1' \(did you mean 'Full'\?\)"),
    (change(*FAMILY, "covariance", "class", value="os.system"), "is no class of this jensen"),
    (
        change(*FAMILY, "covariance", value={"class": "Dirichlet", "concentration": 1.0}),
        "where a Structure is",
    ),
    (change(*FAMILY, "covariance", "class", value="Tied"), "params.* its space"),
    (change(*FAMILY, "class", value="Gauss1an"), "did you mean 'Gaussian'"),
    (change(*FAMILY, "class", value=1), "model.family.class is a number"),
    (change(*FAMILY, value={"class": "Full"}), r"model: Full\(\) is no family of components"),
    (change("model", "num_components", value=3), r"params\['weights'\] has shape \(2,\)"),
    (change("model", "num_components", value=0), "num_components must be at least 1"),
    (change("model", "num_components", value=2.0), "model.num_components is a number .* whole number"),
    (change("model", "num_components", value=True), "model.num_components is true or false"),
    (
        change(*FAMILY, "metric", "factor", value={"array": [[1.0]], "dtype": "float64", "shape": [1, 1]}),
        "model does not fit its params",
    ),
    (change(*FAMILY, "floor", value=-1.0), "floor must be at least 0, not -1"),
    (change("model", "prior", value=OF_ONE_COLUMN), "the prior is of 1 column, the .* have 2"),
    (change(*FAMILY, "metric", "rank", value=1.5), "model.family.metric.rank is a number"),
    (drop(*FAMILY, "metric", "rank"), "model.family.metric.rank is missing"),
    (
        change("model", "prior", value={**PRIOR, "weights": {"class": "Dirichlet", "concentration": 0.5}}),
        r"concentration must be at least 1 to have a mode, not 0\.5",
    ),
    (change("model", "prior", value={**PRIOR, "extra": 1}), "model.prior.extra is not a known field"),
    (change("summary", "verdict", "outcome", value="convergent"), r"did you mean 'converged'"),
    (change("summary", "log_evidence", value=None), "summary.log_evidence is null where a number"),
    (change("summary", "num_steps", value=-1), "summary.num_steps is -1"),
    (change("summary", "dtype", value="int8"), "summary.dtype is 'int8'"),
    (change("summary", "verdict", "climbed", value=1), "summary.verdict.climbed is a number"),
    (change("means", value=1), "means is not a known field"),
    (change("param", value=1), r"param is not a known field \(did you mean 'params'\?\)"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE)
@pytest.mark.parametrize("keep_checksum", [False, True])
def test_damaged_fields(path, mixture, damage, message, keep_checksum):
    edited(path, mixture, damage, keep_checksum)
    refused(f"is damaged: .*{message}.*; fit and save the model again", path)


def test_a_checksum_that_does_not_match(path, mixture):
    edited(path, mixture, change("crc32", value="00000000"))
    refused(r"does not match its checksum \(if it was edited on purpose, delete the crc32 line\)", path)


def test_paths_that_cannot_be_read(tmp_path):
    refused("cannot read .*: no such file", tmp_path / "nothing.json")
    refused("is a directory, not a model file", tmp_path)


def test_what_could_not_be_read_back_is_not_written(path, mixture):
    weights, components = mixture.params
    spoilt = replace(mixture, params=MixtureParams(weights * np.nan, components))
    with pytest.raises(DataError, match="cannot save the model"):
        save(spoilt, path)
    with pytest.raises(DataError, match=r"cannot save the model: params\['weights'\] has shape"):
        save(replace(mixture, params=MixtureParams(weights[:1], components)), path)
    with pytest.raises(DataError, match="cannot save the model: columns has the same name twice"):
        save(replace(mixture, columns=("a", "a")), path)
    assert not path.exists()


# ---- writing -----------------------------------------------------------------------------------------------


def others(folder):
    return sorted(p.name for p in folder.iterdir())


def test_check_writable_touches_nothing(tmp_path):
    check_writable(tmp_path / "new.json")
    assert others(tmp_path) == []
    old = tmp_path / "old.json"
    old.write_text("precious")
    check_writable(old)
    assert old.read_text() == "precious"
    assert others(tmp_path) == ["old.json"]


def unwritable(path, message):
    for attempt in (check_writable, lambda p: write_file(p, "x")):
        with pytest.raises(DataError, match=message) as error:
            attempt(path)
        assert "\n" not in str(error.value)


def test_paths_that_cannot_be_written(tmp_path, monkeypatch):
    unwritable(tmp_path, "is a directory; give the name of a file in it")
    unwritable(tmp_path / "nowhere" / "m.json", "the folder .*nowhere does not exist")
    old = tmp_path / "old.json"
    old.write_text("precious")
    unwritable(old / "m.json", "the folder .*old.json does not exist")
    old.chmod(0o444)
    unwritable(old, "the file is read-only")
    assert old.read_text() == "precious"
    unwritable("/proc/m.json", "cannot write /proc/m.json")
    monkeypatch.setattr(
        os, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    unwritable(tmp_path / "m.json", "m.json: permission denied")


def test_permissions(tmp_path):
    path = tmp_path / "m.json"
    before = os.umask(0o027)
    try:
        write_file(path, "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    write_file(path, b"y")
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert path.read_bytes() == b"y"


def test_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    link.symlink_to(real)
    write_file(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_devices_are_written_to_not_replaced():
    write_file("/dev/null", "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_nothing_is_left_half_written(tmp_path, monkeypatch, failing):
    path = tmp_path / "m.json"
    path.write_text("precious")

    def fail(*_):
        raise OSError(28, "No space left on device")

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(DataError, match=r"m.json: no space left on device"):
        write_file(path, "new")
    assert path.read_text() == "precious"
    assert others(tmp_path) == ["m.json"]


def test_an_interrupt_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    path.write_text("precious")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_file(path, "new")
    assert path.read_text() == "precious"
    assert others(tmp_path) == ["m.json"]
