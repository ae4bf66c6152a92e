"""One door for all verbs: the same rows give the same, whatever they are; what cannot be used, one line."""

import re
import warnings
from dataclasses import dataclass
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

import jensen
from jensen.basics.errors import DataError
from jensen.data import as_rows
from jensen.data.datasets import Dataset
from jensen.em import DiscretePosterior, Expected, Totals, em_map, log_evidence
from jensen.families import DirichletPrior, GammaPrior
from jensen.models import Dirichlet, NormalInverseWishart

RNG = np.random.default_rng(0)
Z = np.repeat([0, 1], 40)
REAL = np.array([[0.0, 0.0], [5.0, 4.0]])[Z] + RNG.normal(size=(80, 2))
COUNTS = RNG.poisson(np.array([[1.0, 3.0], [8.0, 2.0]])[Z]).astype(float)
CODES = ((RNG.random((80, 2)) < np.array([[0.2, 0.3], [0.8, 0.9]])[Z]) + 0.0) + (RNG.random((80, 2)) < 0.3)
MIXED = np.column_stack([REAL[:, 0], COUNTS[:, 0]])


# ---- what the same rows can come as ------------------------------------------------------------------------


@dataclass
class OnlyDLPack:
    """What a library that knows no NumPy hands over."""

    array: np.ndarray

    def __dlpack__(self, **asked):
        return self.array.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@dataclass
class OnlyArray:
    """What has nothing but a way to become an array."""

    array: np.ndarray

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


@dataclass
class OnlyStream:
    """What a library of tables hands over by Arrow's protocol alone."""

    table: pa.Table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def frame(x):
    return pd.DataFrame(x, columns=["a", "b"])


def in_jax(x):
    with jax.enable_x64(True):
        return jnp.asarray(x)


def matrix(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.matrix(x)


MEMORY = []  # a folder


def mapped(x):
    m = np.memmap(MEMORY[-1] / f"{len(list(MEMORY[-1].iterdir()))}", dtype=x.dtype, mode="w+", shape=x.shape)
    m[:] = x
    return m


ARRAYS = {
    "list": lambda x: x.tolist(),
    "list of arrays": list,
    "Fortran": np.asfortranarray,
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "big-endian": lambda x: x.astype(">f8"),
    "object": lambda x: x.astype(object),
    "longdouble": lambda x: x.astype(np.longdouble),
    "matrix": matrix,
    "masked nowhere": np.ma.masked_array,
    "memory-mapped": mapped,
    "DLPack": OnlyDLPack,
    "JAX": in_jax,
    "__array__": OnlyArray,
}
TABLES = {
    "pandas": frame,
    "pandas with nullable columns": lambda x: frame(x).convert_dtypes(),
    "pandas of Arrow": lambda x: frame(x).convert_dtypes(dtype_backend="pyarrow"),
    "pandas with another index": lambda x: frame(x).set_index(np.arange(len(x))[::-1]),
    "polars": lambda x: pl.from_pandas(frame(x)),
    "lazy": lambda x: pl.from_pandas(frame(x)).lazy(),
    "Arrow": lambda x: pa.table(frame(x)),
    "Arrow's batch": lambda x: pa.RecordBatch.from_pandas(frame(x)),
    "Arrow's stream": lambda x: OnlyStream(pa.table(frame(x))),
    "dict": lambda x: frame(x).to_dict("list"),
    "records": lambda x: frame(x).to_records(index=False),
    "Rows": lambda x: as_rows(x, columns=["a", "b"]),
    "Dataset": lambda x: Dataset("own", x, ("a", "b"), None, "", ""),
}


@pytest.fixture(scope="module", autouse=True)
def _memory(tmp_path_factory):
    MEMORY.append(tmp_path_factory.mktemp("mapped"))


# ---- models ------------------------------------------------------------------------------------------------


class Plain:
    """Two components N(μ_k, 1) of equal weight: a class with the four methods and a chart."""

    chart = jensen.Chart({"m": jensen.Real((2, 2))})

    def posterior(self, params, data):
        x = np.ascontiguousarray(data, float)
        return DiscretePosterior.from_log_joint(-0.5 * np.square(x[:, None, :] - params["m"]).sum(axis=2))

    def expected(self, params, data, posterior, weight):
        x = np.ascontiguousarray(data, float)
        r = posterior.responsibilities * (np.ones(len(x)) if weight is None else weight)[:, None]
        squares = float(r.sum(axis=1) @ np.square(x).sum(axis=1))
        return Expected.of(Totals(count=r.sum(axis=0), total=r.T @ x, squares=squares), posterior, weight)

    def m_step(self, stats, params):
        return {"m": stats.total / stats.count[:, None]}

    def expected_log_joint(self, params, stats):
        m = params["m"]
        return -0.5 * float(
            stats.squares - 2 * (stats.total * m).sum() + stats.count @ np.square(m).sum(axis=1)
        )


def log_joint(params, z, x):
    return jnp.log(params["w"][z]) + jensen.densities.normal(x[0], params["m"][z], params["s"])


SPACES = {"w": jensen.Simplex(2), "m": jensen.Real(2), "s": jensen.Positive()}
NUMBERED = jensen.Product({0: jensen.Gaussian(), 1: jensen.Poisson()})
NAMED = jensen.Product({"a": jensen.Gaussian(), "b": jensen.Poisson()})


@dataclass
class Case:
    """A model, its rows, where to start, what to hold, and the forms of the rows that it takes."""

    model: object
    rows: np.ndarray
    start: object = None
    fixed: object = None
    takes: tuple = (*ARRAYS, *TABLES)

    def fit(self, data, model=None, weight=None, **how):
        how |= {"restarts": 2} if self.start is None else {"params": self.start}
        return jensen.fit(self.model if model is None else model, data, weight=weight, **how)

    @property
    def family(self):
        return self.model.family if isinstance(self.model, jensen.Mixture) else None


HALVES = {"weights": [0.5, 0.5]}
CASES = {
    "Gaussian": Case(jensen.Mixture(2), REAL, fixed=HALVES),
    "Poisson": Case(jensen.Mixture(2, jensen.Poisson()), COUNTS, fixed=HALVES),
    "Categorical": Case(jensen.Mixture(2, jensen.Categorical()), CODES, fixed=HALVES),
    "Product by numbers": Case(jensen.Mixture(2, NUMBERED), MIXED, fixed=HALVES),
    "Product by names": Case(jensen.Mixture(2, NAMED), MIXED, fixed=HALVES, takes=tuple(TABLES)),
    "LogJoint": Case(
        jensen.LogJoint(log_joint, jensen.Enumerated(2), SPACES),
        REAL,
        {"w": [0.5, 0.5], "m": [0.0, 5.0], "s": 1.0},
        {"w": [0.5, 0.5]},
        tuple(name for name in (*ARRAYS, *TABLES) if name != "dict"),  # is a dict of the columns of x there
    ),
    "a plain class": Case(
        Plain(),
        REAL,
        {"m": np.array([[0.0, 1.0], [4.0, 4.0]])},
        {"m": [[0.0, np.nan], [np.nan, np.nan]]},
        tuple(name for name in (*ARRAYS, *TABLES) if name not in ("dict", "records", "Arrow's stream")),
    ),
}
ENDS = {}


def rows_of(name, form=None):
    """The plain rows: for a product by names a dict of columns, bare."""
    case = CASES[name]
    if form is not None:
        return {**ARRAYS, **TABLES}[form](case.rows)
    return {"a": case.rows[:, 0], "b": case.rows[:, 1]} if name == "Product by names" else case.rows


def end_of(name):
    """The fit of the plain rows, and q there."""
    if name not in ENDS:
        fit = CASES[name].fit(rows_of(name))
        ENDS[name] = fit, fit.model.posterior(fit.params, rows_of(name))
    return ENDS[name]


def numbers(value):
    """Everything in it, one after the other."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        return np.concatenate([numbers(part) for part in value])
    return np.ravel(np.asarray(value, float))


@cache
def held(name):
    return jensen.constrain(CASES[name].model, fixed=CASES[name].fixed)


# verb(name of the case, data, weight) -> numbers
VERBS = {
    "fit": lambda c, d, w=None: CASES[c].fit(d, weight=w).params,
    "select": lambda c, d, w=None: (
        jensen.select(d, [1, 2], CASES[c].family, weight=w, restarts=2).best.params
    ),
    "constrain": lambda c, d, w=None: CASES[c].fit(d, held(c), w, max_steps=5).params,
    "uncertainty": lambda c, d, w=None: (
        jensen.uncertainty(CASES[c].model, end_of(c)[0].params, d, w).covariance
    ),
    "posterior": lambda c, d, w=None: end_of(c)[0].model.posterior(end_of(c)[0].params, d).responsibilities,
    "score": lambda c, d, w=None: log_evidence(end_of(c)[0].model, end_of(c)[0].params, d, w),
    "elbo": lambda c, d, w=None: jensen.elbo(CASES[c].model, end_of(c)[0].params, d, end_of(c)[1], w),
    "kl_gap": lambda c, d, w=None: jensen.kl_gap(CASES[c].model, end_of(c)[0].params, d, end_of(c)[1], w),
    "expected_log_joint": lambda c, d, w=None: jensen.expected_log_joint(
        CASES[c].model, end_of(c)[0].params, d, end_of(c)[1], w
    ),
    "em_map": lambda c, d, w=None: em_map(CASES[c].model, end_of(c)[0].params, d, w),
}
WEIGHTED = [verb for verb in VERBS if verb != "posterior"]


def asked_of(name):
    """A sweep is of mixtures, and the posterior of a plain class is its own method."""
    others = {"select"} if CASES[name].family is None else set()
    others |= {"posterior"} if name == "a plain class" else set()
    return [verb for verb in VERBS if verb not in others]


@pytest.mark.parametrize(("name", "verb"), [(name, verb) for name in CASES for verb in asked_of(name)])
def test_the_same_rows_are_the_same_whatever_they_come_as(name, verb):
    want = numbers(VERBS[verb](name, rows_of(name)))
    for form in CASES[name].takes:
        got = numbers(VERBS[verb](name, rows_of(name, form)))
        np.testing.assert_array_equal(got, want, err_msg=form)


@pytest.mark.parametrize("form", [*ARRAYS, *TABLES])
def test_the_face_takes_them_too(form):
    gm = jensen.GaussianMixture(2, random_state=0, n_init=2)
    want, data = gm.fit(REAL).means_, {**ARRAYS, **TABLES}[form](REAL)
    np.testing.assert_array_equal(gm.fit(data).means_, want)
    np.testing.assert_array_equal(
        gm.predict_proba(data), gm.predict_proba(TABLES["pandas"](REAL) if form in TABLES else REAL)
    )


ONE = {
    "array": lambda x: x,
    "column": lambda x: x[:, None],
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(x.tolist()),
    "pandas": lambda x: pd.Series(x, name="a"),
    "polars": lambda x: pl.Series("a", x),
    "Arrow": pa.array,
    "Arrow in chunks": lambda x: pa.chunked_array([x[:10], x[10:]]),
    "JAX": in_jax,
    "DLPack": OnlyDLPack,
    "masked nowhere": np.ma.masked_array,
}


@pytest.mark.parametrize("form", ONE)
@pytest.mark.parametrize(
    ("family", "x"),
    [(jensen.Gaussian(), REAL[:, 0]), (jensen.Poisson(), COUNTS[:, 0]), (jensen.Categorical(), CODES[:, 0])],
    ids=lambda v: getattr(v, "name", ""),
)
def test_one_dimension_is_one_column(family, x, form):
    model = jensen.Mixture(2, family)
    want = jensen.fit(model, x[:, None], restarts=2)
    got = jensen.fit(model, ONE[form](x), restarts=2)
    np.testing.assert_array_equal(numbers(got.params), numbers(want.params))
    q = got.model.posterior(got.params, ONE[form](x)).responsibilities
    np.testing.assert_array_equal(q, want.model.posterior(want.params, x[:, None]).responsibilities)
    best = jensen.select(ONE[form](x), [1, 2], family, restarts=2).best
    assert np.isfinite(best.log_evidence)


def test_a_product_by_names_is_one_by_numbers():
    """To the last bit, by its search, which goes by the columns: array, dict and frame."""
    by_number = jensen.fit(CASES["Product by numbers"].model, MIXED)
    by_name = jensen.fit(CASES["Product by names"].model, frame(MIXED))
    np.testing.assert_array_equal(numbers(by_number.params), numbers(by_name.params))
    assert by_number.num_e_steps == by_name.num_e_steps
    assert set(by_number.starts["kind"]) == set(by_name.starts["kind"])


def test_columns_that_no_part_names_may_be_anything():
    noted = frame(MIXED).assign(note="text", when=pd.Timestamp("2020-01-01"))
    want = jensen.fit(CASES["Product by names"].model, frame(MIXED), restarts=2)
    for data in (noted, pl.from_pandas(noted), pa.table(noted), noted.to_dict("list")):
        got = jensen.fit(CASES["Product by names"].model, data, restarts=2)
        np.testing.assert_array_equal(numbers(got.params), numbers(want.params))


def test_whole_numbers_stay_whole_where_they_are_indices():
    """In a log-joint, also from columns that can be null."""
    codes = (CODES[:, :1] > 0).astype(int)
    model = jensen.LogJoint(
        lambda params, z, x: jnp.log(params["w"][z]) + jnp.log(params["t"][z, x[0]]),
        jensen.Enumerated(2),
        {"w": jensen.Simplex(2), "t": jensen.Simplex((2, 2))},
    )
    params = {"w": np.array([0.4, 0.6]), "t": np.array([[0.2, 0.8], [0.7, 0.3]])}
    want = model.posterior(params, codes).responsibilities
    table = pd.DataFrame(codes, columns=["a"])
    for data in (codes.tolist(), table, table.convert_dtypes(), pl.from_pandas(table), pa.table(table)):
        np.testing.assert_array_equal(model.posterior(params, data).responsibilities, want)


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ([0, 1, 2, 1], "row 2 has the code 2, which log_joint uses as an index into 2 entries"),
        ([1, 2, 1, 2], "row 1 has the code 2"),
        ([0, 1, -1, -1], "row 2 has the code -1, .*, and 1 more are wrong"),
        ([0.0, 0.5, 1.0, 1.0], r"index what is no whole number: make the codes integers, \.astype\(int\)"),
    ],
    ids=["beyond", "from one", "negative", "a fraction"],
)
def test_an_index_in_a_log_joint_is_never_clamped(codes, words):
    model = jensen.LogJoint(
        lambda params, z, x: jnp.log(params["w"][z]) + jnp.log(params["t"][z, x]),
        jensen.Enumerated(2),
        {"w": jensen.Simplex(2), "t": jensen.Simplex((2, 2))},
    )
    params = {"w": np.array([0.4, 0.6]), "t": np.array([[0.2, 0.8], [0.7, 0.3]])}
    q = model.posterior(params, [0, 1, 1, 0])
    verbs = [
        lambda: jensen.fit(model, codes, params),
        lambda: model.posterior(params, codes),
        lambda: log_evidence(model, params, codes),
        lambda: jensen.elbo(model, params, codes, q),
        lambda: jensen.uncertainty(model, params, codes),
        lambda: jensen.fit(jensen.constrain(model, fixed={"w": [0.4, 0.6]}), codes, params),
    ]
    said = {message_of(verb) for verb in verbs}
    assert len(said) == 1 and re.search(words, said.pop())


@pytest.mark.parametrize("verb", [jensen.elbo, jensen.kl_gap, jensen.expected_log_joint])
def test_a_posterior_of_other_rows_is_refused(verb):
    x = jensen.load_dataset("faithful").values
    model = jensen.Mixture(2, jensen.Gaussian())
    fit = jensen.fit(model, x)
    q = model.posterior(fit.params, x)
    assert np.isfinite(verb(fit.model, fit.params, x, q))
    with pytest.raises(ValueError, match="the posterior is of 272 cases and the data have 50"):
        verb(fit.model, fit.params, x[:50], q)


X = jensen.load_dataset("faithful").values
TWO = jensen.Mixture(2, jensen.Gaussian())
END = jensen.fit(TWO, X)
Q = TWO.posterior(END.params, X)


@pytest.mark.parametrize("verb", [jensen.elbo, jensen.kl_gap, jensen.expected_log_joint])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((TWO, END.params, X[:, 0], Q), "the data have 1 columns, the means 2"),
        ((TWO, END.params, np.c_[X, X[:, 0]], Q), "the data have 3 columns, the means 2"),
        ((TWO, END.params, X, None), r"model.posterior\(params, data\) returns, not NoneType"),
        (
            (TWO, END.params, X, np.ones((272, 2)) / 2),
            r"model.posterior\(params, data\) returns, not ndarray",
        ),
        ((TWO, None, X, Q), "params of a mixture are .*, not NoneType"),
        ((TWO, {"means": 1.0}, X, Q), "params of a mixture are .*, not dict"),
        ((TWO, END, X, Q), "not Fit: give its params"),
        ((jensen.Mixture(3, jensen.Gaussian()), END.params, X, Q), r"the weights must be \(3,\)"),
    ],
    ids=["one column", "three columns", "none", "array", "no params", "dict", "fit", "three components"],
)
def test_what_the_identities_refuse(verb, arguments, said):
    with pytest.raises((ValueError, TypeError), match=said):
        verb(*arguments)


# ---- what cannot be used -----------------------------------------------------------------------------------


def with_cell(x, value, dtype=float):
    x = x.astype(dtype)
    x[5, 1] = value
    return x


BAD = {
    "nan": (lambda x: with_cell(x, np.nan), r"1 NaN or missing\): the first is nan at row 5 .*column 'x2'"),
    "infinite": (lambda x: with_cell(x, np.inf), r"1 infinite\).* row 5 .*column 'x2'"),
    "missing in a frame": (lambda x: frame(with_cell(x, np.nan)), r"1 NaN or missing.*row 5 .*column 'b'"),
    "null": (lambda x: pl.from_pandas(frame(with_cell(x, np.nan))), r"1 NaN or missing.*column 'b'"),
    "masked": (lambda x: np.ma.masked_array(x, np.arange(x.size).reshape(x.shape) == 11), "1 NaN or missing"),
    "None": (lambda x: with_cell(x, None, object), "1 NaN or missing"),
    "huge": (lambda x: with_cell(x, 1e300), r"too large to square.*row 5 .*column 'x2'; change the units"),
    "huge in single": (lambda x: with_cell(x, 1e30, np.float32), "too large to square in float32"),
    "huge whole number": (lambda x: with_cell(x, 10**400, object), r"row 5 .*column 'x2' holds 1000"),
    "text": (lambda x: with_cell(x, "u", object), r"row 5 .*column 'x2' holds the text 'u'"),
    "text in a frame": (lambda x: frame(x).assign(kind="u"), r"column 'kind' holds text \(row 0: 'u'\)"),
    "categories": (lambda x: frame(x).assign(kind=pd.Categorical(["u"] * 80)), "column 'kind' holds text"),
    "numbered categories": (
        lambda x: frame(x).assign(kind=pd.Categorical([3] * 80)),
        r"column 'kind' holds categories \(row 0: 3\)",
    ),
    "a sparse frame": (lambda x: frame(x).astype("Sparse[float]"), r"values of type Sparse\[float64"),
    "dates": (
        lambda x: frame(x).assign(t=pd.Timestamp("2020-01-01")),
        "column 't' holds values of type Datetime",
    ),
    "dates in an array": (lambda x: x.astype("M8[D]"), "holds dates, not numbers"),
    "complex": (lambda x: x + 1j, "Complex data not supported"),
    "sparse": (scipy.sparse.csr_array, r"is sparse, which is not supported; pass (data|X)\.toarray"),
    "objects": (lambda x: with_cell(x, {}, object), r"row 5 .*holds \{\}"),
    "ragged": (lambda x: [*x.tolist(), [1.0]], "row 80 .*has 1 values where row 0 has 2"),
    "no columns": (lambda x: np.zeros((80, 0)), r"0 feature\(s\)"),
    "cube": (lambda x: x.reshape(20, 2, 4), "has 3 dimensions"),
    "a number": (lambda x: 5.0, "is not a table of rows and columns"),
    "nothing": (lambda x: None, "is not a table of rows and columns"),
    "a path": (lambda x: "faithful.csv", "is not a table of rows and columns"),
    "an iterator": (iter, "is not a table of rows and columns"),
}


def message_of(verb, *arguments):
    with pytest.raises((ValueError, TypeError)) as error:
        verb(*arguments)
    said = str(error.value)
    assert "\n" not in said and len(said) < 320, said
    return said


@pytest.mark.parametrize("kind", BAD)
def test_bad_rows_are_told_in_one_line_by_every_verb(kind):
    """That of the estimator, but for what the rows are called."""
    spoil, words = BAD[kind]
    face = message_of(jensen.GaussianMixture(2).fit, spoil(REAL)).replace("X", "data")
    assert re.search(words, face), face
    named = "frame" in kind or kind in ("null", "categories", "dates")
    fitted = jensen.GaussianMixture(2, random_state=0, n_init=1).fit(frame(REAL) if named else REAL)
    for verb in ("predict", "predict_proba", "score", "score_samples", "aic", "bic", "icl"):
        if kind not in (
            "no columns",
            "text in a frame",
            "categories",
            "dates",
        ):  # other columns than were fitted
            assert message_of(getattr(fitted, verb), spoil(REAL)).replace("X", "data") == face, verb
    for verb, call in VERBS.items():
        assert message_of(call, "Gaussian", spoil(REAL)) == face, verb


SUPPORT = {
    "negative": -1.0,
    "missing": np.nan,
    "infinite": np.inf,
    "a fraction": 0.5,
}


@pytest.mark.parametrize("kind", SUPPORT)
@pytest.mark.parametrize("name", ["Poisson", "Categorical", "Product by numbers", "Product by names"])
def test_counts_and_codes_are_told_by_row_and_value(name, kind):
    x = with_cell(CASES[name].rows, SUPPORT[kind])
    data = frame(x) if name == "Product by names" else x
    said = {verb: message_of(call, name, data) for verb, call in VERBS.items()}
    assert len(set(said.values())) == 1, said
    (line,) = set(said.values())
    assert "whole numbers from 0" in line and "row 5" in line and f"is {SUPPORT[kind]:g}" in line
    assert ("column 'b'" in line) == (name == "Product by names")


@pytest.mark.parametrize("name", ["Poisson", "Categorical"])
@pytest.mark.parametrize(
    "kind", ["text", "complex", "sparse", "dates", "ragged", "cube", "nothing", "no columns"]
)
def test_what_is_no_table_is_told_alike(name, kind):
    said = {message_of(call, name, BAD[kind][0](CASES[name].rows)) for call in VERBS.values()}
    assert len(said) == 1, said


def test_codes_from_one_are_refused():
    """As in a Bernoulli coded 1 and 2: a code that never occurs would have a probability all the same."""
    message = r"column 1 .* has codes 1 to 2 and no 0, as in row 0 .*: code from 0, or say .*num_codes=3"
    coded = np.column_stack([CODES[:, 0] > 0, 1 + (CODES[:, 1] > 0)])
    with pytest.raises(ValueError, match=message):
        jensen.fit(jensen.Mixture(2, jensen.Categorical()), coded)
    said = jensen.fit(jensen.Mixture(2, jensen.Categorical(3)), coded, restarts=2)
    assert said.params.components["probabilities1"][:, 0].max() < 1e-12


def test_messages_call_columns_by_their_names():
    rows = np.random.default_rng(0).normal(size=(30, 3))
    rows[:, 1] = 2.0
    frame = pd.DataFrame(rows, columns=["one", "two", "three"])
    named, numbered = r"column 'two' is constant", r"column 1 \(counted from 0\) is constant"
    for data, message in ((frame, named), (rows, numbered)):
        with pytest.raises(ValueError, match=message):
            jensen.fit(jensen.Mixture(2, jensen.Gaussian()), data)
        cell = jensen.select(data, 1, [jensen.Full(), jensen.Spherical()]).cells[0]
        assert re.search(message, cell.message)
        parts = jensen.Product({2: jensen.Gaussian(), 1: jensen.Gaussian()})
        if data is rows:  # the part has one column, its number 0
            with pytest.raises(ValueError, match=message):
                jensen.fit(jensen.Mixture(2, parts), data)
    with pytest.raises(ValueError, match="there is one row; give more"):
        jensen.fit(jensen.Mixture(1, jensen.Gaussian()), rows[:1])
    with pytest.raises(jensen.DataError, match="empty"):
        jensen.select(rows[:0], range(1, 3))


def test_codes_beyond_are_refused_in_new_rows():
    fit, _ = end_of("Categorical")
    top = int(CODES[:, 1].max())
    for model in (fit.model, jensen.Mixture(2, jensen.Categorical())):
        with pytest.raises(ValueError, match=rf"column 1 has codes 0 to {top}; row 5 .* is {top + 1}"):
            model.posterior(fit.params, with_cell(CODES, top + 1))
    with pytest.raises(ValueError, match=r"row 5, column 1 .* too large"):
        jensen.fit(jensen.Mixture(2, jensen.Categorical()), with_cell(CODES, 1e300))


@pytest.mark.parametrize("name", ["Gaussian", "Poisson", "Categorical", "Product by numbers"])
def test_other_columns_than_were_fitted(name):
    fit, _ = end_of(name)
    with pytest.raises(ValueError, match=r"columns?"):
        fit.model.posterior(fit.params, CASES[name].rows[:, :1])
    if name != "Product by numbers":  # which names its columns, and leaves others alone
        with pytest.raises(ValueError, match="the data have 3"):
            fit.model.posterior(fit.params, np.column_stack([CASES[name].rows, np.zeros(80)]))


@pytest.mark.parametrize(
    "name", ["Gaussian", "Poisson", "Categorical", "Product by numbers", "Product by names"]
)
def test_no_rows_are_none_in_the_answer(name):
    """What a filter leaves that nothing passes."""
    fit, _ = end_of(name)
    none = CASES[name].rows[:0]
    none = {"a": none[:, 0], "b": none[:, 1]} if name == "Product by names" else none
    q = fit.model.posterior(fit.params, none)
    assert q.responsibilities.shape == (0, 2) and q.log_evidence.shape == (0,)
    assert log_evidence(fit.model, fit.params, none) == 0.0
    assert fit.model.scores(fit.params, none).shape == (0, fit.model.chart.size)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        jensen.fit(CASES[name].model, none)


# ---- weights -----------------------------------------------------------------------------------------------

HALF = np.where(np.arange(80) % 3 == 0, 0.5, 2.0)
WEIGHTS = {
    "list": HALF.tolist(),
    "single": HALF.astype(np.float32),
    "column": HALF[:, None],
    "pandas": pd.Series(HALF, index=np.arange(80)[::-1]),
    "nullable": pd.array(HALF, dtype="Float64"),
    "polars": pl.Series(HALF),
    "Arrow": pa.array(HALF),
    "JAX": in_jax(HALF),
    "object": HALF.astype(object),
    "masked nowhere": np.ma.masked_array(HALF),
}
BAD_WEIGHTS = {
    "too few": (np.ones(3), r"one number for each of the 80 rows; its shape is \(3,\)"),
    "negative": (np.where(np.arange(80) == 7, -1.0, 1.0), r"must not be negative; row 7 .* has -1"),
    "nan": (np.where(np.arange(80) == 7, np.nan, 1.0), "must be finite, with no value missing; row 7"),
    "null": (pd.array([1.0] * 79 + [None], dtype="Float64"), "with no value missing; row 79"),
    "masked": (np.ma.masked_array(np.ones(80), np.arange(80) == 7), "with no value missing; row 7"),
    "zero": (np.zeros(80), "zero for every row"),
    "next to nothing": (np.full(80, 1e-33), "add up to 8e-32; multiply or divide"),
    "huge": (np.full(80, 1e300), r"add up to 8e\+301; multiply or divide"),
    "infinite": (np.full(80, 1e308), "add up to infinity"),
    "text": (["a"] * 80, "weight must be numbers"),
    "complex": (np.full(80, 1j), "weight must be numbers"),
}


@pytest.mark.parametrize("form", WEIGHTS)
@pytest.mark.parametrize("verb", WEIGHTED)
def test_the_same_weights_are_the_same(verb, form):
    for name in ("Gaussian", "Poisson"):
        want = numbers(VERBS[verb](name, CASES[name].rows, HALF))
        np.testing.assert_array_equal(numbers(VERBS[verb](name, CASES[name].rows, WEIGHTS[form])), want)


@pytest.mark.parametrize("kind", BAD_WEIGHTS)
def test_bad_weights_are_told_in_one_line_by_every_verb(kind):
    weight, words = BAD_WEIGHTS[kind]
    said = {message_of(jensen.GaussianMixture(2).fit, REAL, None, weight)}
    for name in CASES:
        for verb in set(WEIGHTED) & set(asked_of(name)):
            said.add(message_of(VERBS[verb], name, rows_of(name), weight))
    assert len(said) == 1, said
    assert re.search(words, said.pop())


def test_single_precision_weights_with_restarts():
    x = jensen.load_dataset("faithful").values
    weight = np.random.default_rng(0).random(272).astype(np.float32)
    single, double = (
        jensen.fit(jensen.Mixture(2), x, weight=w, restarts=2) for w in (weight, weight.astype(float))
    )
    assert single.log_evidence == double.log_evidence


# ---- arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: jensen.Mixture(np.nan), "whole number, not nan"),
        (lambda: jensen.Mixture(True), "whole number, not True"),
        (lambda: jensen.Mixture(0), "at least 1, not 0"),
        (lambda: jensen.Gaussian(floor=np.nan), "floor must be at least 0, not nan"),
        (lambda: jensen.Gaussian(floor=np.inf), "floor must be at least 0, not inf"),
        (lambda: jensen.Gaussian(floor="a"), "floor must be at least 0, not 'a'"),
        (lambda: Dirichlet(np.inf), "at least 1 to have a mode, not inf"),
        (lambda: Dirichlet(np.nan), "at least 1 to have a mode, not nan"),
        (lambda: Dirichlet(None), "at least 1 to have a mode, not None"),
        (lambda: DirichletPrior(np.inf), "at least 1 to have a mode, not inf"),
        (lambda: GammaPrior(np.inf, 1.0), "need shape ≥ 1 and rate > 0, not inf"),
        (lambda: GammaPrior(1.0, np.inf), "need shape ≥ 1 and rate > 0, not 1.0 and inf"),
        (lambda: NormalInverseWishart.from_data(REAL, 2, mean_count=np.inf), "need mean_count > 0"),
        (lambda: NormalInverseWishart([np.nan], 1.0, [[1.0]], 3.0), "mean and scale must be finite"),
        (lambda: jensen.Categorical(np.nan), "num_codes must be whole numbers from 1"),
        (lambda: jensen.Categorical(2.5), "num_codes must be whole numbers from 1"),
        (lambda: jensen.Categorical([2, 0]), "num_codes must be whole numbers from 1"),
        (lambda: jensen.fit(jensen.Mixture(2), REAL, restarts=2.5), "restarts must be at least 1"),
        (lambda: jensen.fit(jensen.Mixture(2), REAL, restarts="3"), "restarts must be at least 1"),
        (
            lambda: jensen.fit(jensen.Mixture(2), REAL, max_steps=-1),
            "max_steps must be a whole number from 0",
        ),
        (lambda: jensen.fit(jensen.Mixture(2), REAL, max_steps=np.nan), "max_steps must be a whole number"),
        (lambda: jensen.fit(jensen.Mixture(2), REAL, rng="seed"), "rng must be a numpy.random.Generator"),
        (lambda: jensen.fit(jensen.Mixture(2), REAL, rng=1.5), "whole number from 0, not 1.5"),
        (lambda: jensen.fit(jensen.Mixture(2), REAL, rng=-1), "whole number from 0, not -1"),
        (lambda: jensen.fit(jensen.Mixture(2), REAL, [1, 2]), "params of a mixture are .*not list"),
        (
            lambda: jensen.fit(jensen.Mixture(2), REAL, {"weights": [1, 2]}),
            "params of a mixture are .*not dict",
        ),
        (lambda: jensen.fit(CASES["LogJoint"].model, REAL, [1, 2]), "a dict, a named tuple or a dataclass"),
        (lambda: jensen.fit(CASES["LogJoint"].model, REAL, (1, 2)), "a dict, a named tuple or a dataclass"),
        (lambda: jensen.LogJoint(log_joint, jensen.Enumerated(2), {}), "nothing that can be fitted"),
        (
            lambda: jensen.LogJoint(log_joint, jensen.Enumerated(2), {"w": jensen.Simplex(1)}),
            "nothing that can",
        ),
        (lambda: jensen.select(REAL, [1.5]), "num_components must be whole numbers from 1, not 1.5"),
        (lambda: jensen.select(REAL, "3"), "num_components must be whole numbers from 1, not '3'"),
        (lambda: jensen.select(REAL, [np.nan]), "whole numbers from 1, not nan"),
        (lambda: jensen.select(REAL, [1], "full"), r"an object, such as jensen\.Full\(\), not 'full'"),
        (lambda: jensen.select(REAL, [1], ["full"]), r"an object, such as jensen\.Full\(\), not 'full'"),
    ],
)
def test_arguments_that_cannot_be(make, words):
    with pytest.raises((ValueError, TypeError), match=words) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("scale", [1e-140, 1e-100, 1e100, 1e140])
def test_units_far_from_one(scale):
    x = jensen.load_dataset("faithful").values
    want = jensen.fit(jensen.Mixture(2), x)
    got = jensen.fit(jensen.Mixture(2), x * scale)
    np.testing.assert_allclose(got.params.weights, want.params.weights, rtol=1e-6)


@pytest.mark.parametrize(
    ("scale", "dtype"), [(1e-150, float), (1e-170, float), (1e-300, float), (1e-25, np.float32)]
)
def test_units_too_small_to_be_squared(scale, dtype):
    x = (jensen.load_dataset("faithful").values * scale).astype(dtype)
    for verb in (lambda: jensen.fit(jensen.Mixture(2), x), lambda: jensen.GaussianMixture(2).fit(x)):
        with pytest.raises(ValueError, match=r"column 0 .* too little to be squared: change the units"):
            verb()
    with pytest.raises(ValueError, match="too little to be squared"):
        _ = jensen.select(x, [1, 2]).chosen


def test_an_impossible_row_without_weight():
    """In a log-joint: it has no say at the end either."""

    def refusing(params, z, x):
        plain = jnp.log(params["w"][z]) + jensen.densities.poisson(x, params["r"][z])
        return plain + jnp.where(x == 3, -jnp.inf, 0.0)

    spaces = {"w": jensen.Simplex(2), "r": jensen.Positive(2)}
    model = jensen.LogJoint(refusing, jensen.Enumerated(2), spaces)
    x, start = np.arange(6.0), {"w": [0.5, 0.5], "r": [1.0, 3.0]}
    weight = np.array([50.0, 60.0, 40.0, 0.0, 10.0, 5.0])
    whole = jensen.fit(model, x, start, weight=weight)
    alone = jensen.fit(model, x[weight > 0], start, weight=weight[weight > 0])
    assert whole.log_evidence == pytest.approx(alone.log_evidence, abs=1e-6)


def test_a_frame_is_converted_once_in_a_sweep(monkeypatch):
    from jensen.families import table

    plain, read = table.as_rows, []
    monkeypatch.setattr(table, "as_rows", lambda data: read.append(data) or plain(data))
    found = jensen.select(frame(REAL), range(1, 4), restarts=2)
    assert len(found.cells) == 12 and len(read) == 1


def test_a_kind_that_does_not_take_the_data_is_a_row_of_the_sweep():
    found = jensen.select(REAL, [1, 2], [jensen.Full(), jensen.Poisson()], restarts=2)
    assert found.chosen.name == "full"
    refused = [row for row in found.table.rows() if row["structure"] == "poisson"]
    assert {row["outcome"] for row in refused} == {"failed"}
    assert all("whole numbers from 0" in row["message"] for row in refused)


def test_arrays_on_another_device_are_told():
    class OnDevice:
        def __dlpack_device__(self):
            return 2, 0

        def __dlpack__(self, **asked):
            raise BufferError("the array is on another device")

    class WithGradient:
        shape = (2, 2)

        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("call detach() first")

    for data, words in ((OnDevice(), "another device"), (WithGradient(), "detach")):
        with pytest.raises(DataError, match=f"cannot be read as an array: .*{words}"):
            jensen.fit(jensen.Mixture(2), data)


def test_a_lazy_frame_is_asked_for_its_names_without_a_warning():
    frame = pl.DataFrame(jensen.load_dataset("faithful").values, schema=["a", "b"]).lazy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = jensen.fit(jensen.Mixture(1), frame)
    assert fit.columns == ("a", "b")
