"""The door for data in memory, and the checks at it."""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal

from jensen.basics.errors import DataError, DataTypeError
from jensen.data import (
    Rows,
    as_rows,
    check_columns,
    check_finite,
    check_weight,
    constant_columns,
)

TABLE = {"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}
FRAMES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "pyarrow": pa.table,
    "dict": dict,
}


def refused(message, data, kind=DataError, **arguments):
    with pytest.raises(kind, match=message) as error:
        as_rows(data, **arguments)
    assert "\n" not in str(error.value)


# ---- arrays ------------------------------------------------------------------------------------------------


@given(
    hnp.arrays(
        st.sampled_from(["f4", "f8", "i2", "i8", "u1", "?", ">f8", "f2"]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
    ),
    st.sampled_from(["C", "F", "strided"]),
)
def test_any_array_of_numbers(array, order):
    array = array[::-1, ::-1] if order == "strided" else np.array(array, order=order)
    rows = as_rows(array)
    assert rows.values.flags.c_contiguous
    assert rows.values.dtype == (np.float32 if array.dtype == np.float32 else np.float64)
    assert rows.values.dtype.isnative
    assert_array_equal(rows.values, array.astype(float).astype(rows.values.dtype))
    assert rows.columns == tuple(f"x{j + 1}" for j in range(array.shape[1]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_is_copied_that_is_right(dtype):
    array = np.ones((5, 2), dtype)
    assert as_rows(array).values is array
    rows = as_rows(array)
    assert as_rows(rows) is rows
    assert np.shares_memory(as_rows(array[1:]).values, array)
    assert not np.shares_memory(as_rows(np.asfortranarray(array)).values, array)


def test_lists_and_objects():
    assert as_rows([[1, 2], [3, 4]]).values.tolist() == [[1, 2], [3, 4]]
    assert as_rows([[True, 2.5]]).values.tolist() == [[1, 2.5]]
    mixed = np.array([[1, None], [np.float32(2), True]], dtype=object)
    assert_array_equal(as_rows(mixed).values, [[1, np.nan], [2, 1]])
    assert_array_equal(as_rows(np.ma.masked_array([[1, 2]], [[0, 1]])).values, [[1, np.nan]])


def test_structured_arrays_have_names():
    array = np.array([(1, 2.5), (3, 4.5)], dtype=[("n", int), ("x", float)])
    rows = as_rows(array)
    assert rows.columns == ("n", "x")
    assert rows.values.tolist() == [[1, 2.5], [3, 4.5]]


def test_column_names_of_arrays():
    assert as_rows([[1, 2]], columns=["u", "v"]).columns == ("u", "v")
    refused("data has 2 columns, but 1 names were given: u", [[1, 2]], columns=["u"])
    refused("two columns of data are named 'u'", [[1, 2]], columns=["u", "u"])


def test_text_is_refused_by_row_and_column():
    refused(
        r"data: row 1 \(counted from 0\), column 'x2' holds the text 'b', not a number", [[1, 2], [3, "b"]]
    )
    refused(
        r"row 0 \(counted from 0\), column 'v' holds the text '2'", [["1", "2"][::-1]], columns=["v", "w"]
    )
    refused("row 0 .* column 'x1' holds the text 'a'", np.array([["a", "b"]]))
    refused("column 'x1' holds the text b'a'", np.array([[b"a"]]))
    refused("xs: row 0", [["a"]], name="xs")


def test_other_things_that_are_no_numbers():
    refused(r"holds \{\}: float\(\) argument must be a string or a real number", [[{}]], DataTypeError)
    refused("column 'x1' holds 1000.*too large", [[10**400]], DataError)
    refused("data holds dates, not numbers", np.array([["2020-01-01"]], dtype="M8[D]"))
    refused("data holds durations, not numbers", np.array([[1]], dtype="m8[s]"))
    refused("Complex data not supported", np.array([[1 + 2j]]))
    refused("Complex data not supported", np.array([[1 + 2j]], dtype=object))
    for kind in (scipy.sparse.csr_array, scipy.sparse.dok_array, scipy.sparse.dok_matrix):
        message = "data is sparse, which is not supported; pass data.toarray"
        refused(message, kind([[1.0]]), DataTypeError)


def test_shapes():
    refused(r"data is one-dimensional, shape \(2,\).*Reshape your data: \.reshape\(-1, 1\)", [1, 2])
    refused(r"data has 3 dimensions, shape \(1, 1, 1\)", [[[1]]])
    refused("data is not a table of rows and columns", 5)
    refused("data is not a table of rows and columns", None)
    refused("data is not a table of rows and columns", "faithful.csv")
    refused(r"data is empty: 0 sample\(s\)", np.zeros((0, 2)))
    refused(
        r"data is empty: 0 feature\(s\) \(shape=\(2, 0\)\) while a minimum of 1 is required", np.zeros((2, 0))
    )
    refused(r"data is not a table: row 1 \(counted from 0\) has 1 values where row 0 has 2", [[1, 2], [3]])


# ---- frames ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_keep_their_names(kind):
    rows = as_rows(FRAMES[kind](TABLE))
    assert rows.columns == ("a", "b")
    assert rows.values.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert rows.values.flags.c_contiguous
    assert as_rows(FRAMES[kind](TABLE), columns=["b"]).values.tolist() == [[4], [5], [6]]
    assert as_rows(FRAMES[kind](TABLE), columns=["b", "a"]).columns == ("b", "a")


@pytest.mark.parametrize("kind", FRAMES)
def test_unknown_columns_of_frames(kind):
    frame = FRAMES[kind]({"eruptions": [1.0], "waiting": [2.0]})
    message = r"data has no column 'wating' \(did you mean 'waiting'\?\); it has eruptions, waiting"
    refused(message, frame, columns=["eruptions", "wating"])
    refused("column 'waiting' is asked for twice", frame, columns=["waiting", "waiting"])
    refused("no column of data is asked for", frame, columns=[])


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [1, None], "b": [0.5, 1.5]}),
        pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [0.5, 1.5]}),
        pd.DataFrame({"a": [1, None], "b": [0.5, 1.5]}),
        pd.DataFrame({"a": pd.Series([1, None], dtype=object), "b": [0.5, 1.5]}),
        pd.DataFrame({"a": pd.array([1, None], dtype="int32[pyarrow]"), "b": [0.5, 1.5]}),
        pa.table({"a": [1, None], "b": [0.5, 1.5]}),
    ],
    ids=["polars", "Int64", "float", "object", "pandas-pyarrow", "pyarrow"],
)
def test_nulls_are_reported_as_missing(frame):
    rows = as_rows(frame)
    assert_array_equal(rows.values, [[1, 0.5], [np.nan, 1.5]])
    with pytest.raises(DataError, match=r"1 NaN or missing.*row 1 \(counted from 0\), column 'a'"):
        check_finite(rows)


def test_types_of_frames():
    single = pl.DataFrame({"a": [1.0], "b": [2.0]}, schema={"a": pl.Float32, "b": pl.Float32})
    assert as_rows(single).values.dtype == np.float32
    assert as_rows(single.with_columns(c=1)).values.dtype == np.float64
    assert as_rows(single.to_pandas()).values.dtype == np.float32
    assert as_rows(single.to_arrow()).values.dtype == np.float32
    assert as_rows(pl.DataFrame({"a": [True, False]})).values.tolist() == [[1], [0]]
    assert as_rows(pl.DataFrame({"a": [1.25]}, schema={"a": pl.Decimal(10, 2)})).values.tolist() == [[1.25]]
    assert np.isnan(as_rows(pl.DataFrame({"a": [None, None]})).values).all()


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["u", "v"]),
        pd.Series(pd.Categorical(["u", "v"])),
        pl.Series(["u", "v"]),
        pl.Series([None, "v"]),
        pl.Series(["u", "v"], dtype=pl.Categorical),
    ],
    ids=["pandas", "pandas-categorical", "polars", "polars-null", "polars-categorical"],
)
def test_text_columns_are_refused_by_name(column):
    frame = (pd if isinstance(column, pd.Series) else pl).DataFrame({"x": [1.0, 2.0], "kind": column})
    refused(r"data, column 'kind' holds text \(row [01]: '[uv]'\), not numbers", frame)
    assert as_rows(frame, columns=["x"]).columns == ("x",)


def test_other_columns_that_are_no_numbers():
    refused("column 't' holds values of type Datetime", pd.DataFrame({"t": pd.to_datetime(["2020-01-01"])}))
    refused(
        "column 't' holds values of type Date", pl.DataFrame({"t": pl.Series(["2020-01-01"]).str.to_date()})
    )
    refused("column 'a', row 1 .* holds the text 'u'", pd.DataFrame({"a": pd.Series([1, "u"], dtype=object)}))
    refused("column 'a' holds values of type List", pl.DataFrame({"a": [[1], [2]]}))
    refused("column 'a', row 0 .*the text 'u'", {"a": ["u"]})
    refused("column 'a' has shape", {"a": [[1]]})
    refused("the columns have different lengths", {"a": [1], "b": [1, 2]})
    refused("data is empty: 0 sample", pl.DataFrame({"a": []}))
    refused("data is empty: 0 feature", {})


def test_names_of_frames():
    numbered = pd.DataFrame([[1, 2]])
    assert as_rows(numbered).columns == ("0", "1")
    assert list(numbered.columns) == [0, 1]
    refused("two columns are named 'a'", pd.DataFrame([[1, 2]], columns=["a", "a"]))
    assert as_rows(pd.Series([1, 2], name="u")).columns == ("u",)
    assert as_rows(pl.Series([1, 2])).columns == ("x1",)


# ---- checks ------------------------------------------------------------------------------------------------


def test_finite_data_pass():
    check_finite(as_rows([[1e150, -1e150]]))
    check_finite(as_rows(np.float32([[1e18, -1e18]])))
    check_finite(as_rows([[5e-324, 0.0]]))


@given(
    hnp.arrays(float, (7, 3), elements=st.floats(-1e3, 1e3)),
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 2), st.sampled_from([np.nan, np.inf, -np.inf])),
        min_size=1,
    ),
)
def test_what_is_not_finite_is_counted_and_found(values, spoilt):
    for i, j, bad in spoilt:
        values[i, j] = bad
    nan, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    i, j = min((i, j) for i, j, _ in spoilt)
    with pytest.raises(DataError) as error:
        check_finite(as_rows(values, columns=["a", "b", "c"]), name="t.csv")
    message = str(error.value)
    assert message.startswith("t.csv has values that are not finite")
    assert f"at row {i} (counted from 0), column {'abc'[j]!r}" in message
    assert (f"{nan} NaN or missing" in message) == (nan > 0)
    assert (f"{infinite} infinite" in message) == (infinite > 0)


def test_the_first_is_found_in_any_block():
    values = np.zeros((200_000, 3))
    values[150_001, 2] = np.inf
    values[199_999, 0] = np.nan
    with pytest.raises(DataError, match=r"1 NaN or missing and 1 infinite\): the first is inf at row 150001"):
        check_finite(as_rows(values))


def test_numbers_too_large_to_square():
    with pytest.raises(
        DataError, match=r"1 value beyond ±1e\+150.*1e\+300 at row 1 .* column 'x1'; change the units"
    ):
        check_finite(as_rows([[0.0], [1e300]]))
    with pytest.raises(DataError, match=r"2 values beyond ±1e\+18, too large to square in float32"):
        check_finite(as_rows(np.float32([[-2e18], [3e18]])))
    with np.errstate(over="raise"):
        check_finite(as_rows([[1e100]]))


def test_checks_need_little_memory():
    """A million rows of eight columns (61 MiB) are looked at in less than two."""
    values = np.ones((1_000_000, 8))
    values[-1, -1] = np.nan
    rows = Rows(values, tuple("abcdefgh"))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="row 999999"):
            check_finite(rows)
        constant_columns(rows)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()


def test_weights():
    assert check_weight(None, 3) is None
    for good in ([1, 0, 2], (True, False, True), pd.Series([1, 0, 2]), pl.Series([1, 0, 2]), np.ones((3, 1))):
        weight = check_weight(good, 3)
        assert weight.dtype == np.float64
        assert weight.shape == (3,)
    own = np.ones(3)
    assert check_weight(own, 3) is own


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, -1, -2], r"must not be negative; row 1 \(counted from 0\) has -1.0, and 1 more rows"),
        ([1, np.nan, 1], r"must be finite, with no value missing; row 1 \(counted from 0\) has nan$"),
        ([1, None, 1], "row 1 .* has nan"),
        ([np.inf, 1, 1], "row 0 .* has inf"),
        ([0, 0, 0], "weight is zero for every row"),
        ([1, 1], r"one number for each of the 3 rows; its shape is \(2,\)"),
        ([[1, 1, 1]], r"its shape is \(1, 3\)"),
        (1.0, r"its shape is \(\)"),
        (["a", "b", "c"], "weight must be numbers"),
        ([1, "b", 2], "weight must be numbers"),
        ([1j, 1, 1], "weight must be numbers"),
        ([1e308, 1e308, 1e308], "add up to infinity"),
    ],
)
def test_bad_weights(weight, message):
    with pytest.raises(DataError, match=message):
        check_weight(weight, 3)


def test_columns():
    check_columns(["a", "b"], ("a", "b"))
    check_columns(["a", "b"], 2)
    with pytest.raises(DataError, match=r"data has 3 columns where the model has 2 \(a, b\)"):
        check_columns(["a", "b"], 3)
    with pytest.raises(DataError, match="in another order: found b, a, expected a, b"):
        check_columns(["a", "b"], ["b", "a"])
    with pytest.raises(
        DataError,
        match=r"t.csv has 2 columns \(eruptions, wating\) where the model has 2 \(eruptions, waiting\); "
        r"missing: waiting \(did you mean 'wating'\?\)",
    ):
        check_columns(["eruptions", "waiting"], ["eruptions", "wating"], "t.csv")


def test_constant_columns():
    rows = as_rows([[1, 2, 3.0], [1, 3, 3.0], [2, 3, 3.0]])
    assert constant_columns(rows) == (2,)
    assert constant_columns(rows, np.array([1.0, 1.0, 0.0])) == (0, 2)
    assert constant_columns(rows, np.array([0.0, 2.0, 1.0])) == (1, 2)
    assert constant_columns(as_rows([[1, 2]])) == (0, 1)
    tall = np.zeros((100_000, 2))
    tall[-1, 1] = 1e-300
    assert constant_columns(as_rows(tall)) == (0,)


def test_repr():
    assert repr(as_rows([[1, 2]])) == "Rows(1 × 2 float64: x1, x2)"
    assert "(30 in all)" in repr(as_rows(np.zeros((1, 30))))
