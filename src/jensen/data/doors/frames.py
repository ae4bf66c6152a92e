"""The door for data frames and columns of any library, through narwhals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError
from jensen.basics.plain import given
from jensen.data.doors.arrays import numbers
from jensen.data.rows import Rows, repeated, side_by_side, take

if TYPE_CHECKING:
    import narwhals as nw


def from_frame(data: Any, columns: Sequence[str] | None, name: str) -> Rows | None:
    """Rows from a data frame or a column of one; None where ``data`` is neither."""
    if isinstance(data, np.ndarray | list | tuple):  # the usual case, without the import
        return None
    import narwhals as nw

    frame = nw.from_native(_with_text_names(data), allow_series=True, pass_through=True)
    if frame is data:
        frame = _from_stream(data)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, nw.Series):
        frame = frame.alias(str(frame.name or "x1")).to_frame()
    if not isinstance(frame, nw.DataFrame):
        return None
    chosen = take(frame.columns, columns, name)
    return side_by_side(
        {column: _numbers(frame[column], f"{name}, column {column!r}") for column in chosen}, name
    )


def _from_stream(data: Any) -> Any:
    """A table that its library hands over by Arrow's stream protocol; as it is where it does not."""
    import narwhals as nw

    if not given(data, ["__arrow_c_stream__"]) or isinstance(data, nw.DataFrame | nw.LazyFrame | nw.Series):
        return data
    for backend in ("pyarrow", "polars"):
        try:
            return nw.from_arrow(data, backend=backend)
        except ImportError:
            continue
        except (ValueError, TypeError):  # a stream of one column
            return data
    raise DataError("reading an Arrow stream needs pyarrow or polars: pip install pyarrow")


def _with_text_names(data: Any) -> Any:
    """A pandas frame whose columns are named by text: narwhals wants names that are, and differ."""
    import narwhals as nw

    if isinstance(data, nw.DataFrame | nw.LazyFrame | nw.Series) or not nw.dependencies.is_pandas_dataframe(
        data
    ):
        return data
    names = [str(column) for column in data.columns]
    twice = repeated(names)
    if twice is not None:
        raise DataError(f"two columns are named {twice!r}; rename one")
    return data if names == list(data.columns) else data.set_axis(names, axis=1)


def _numbers(series: nw.Series[Any], where: str) -> NDArray[Any]:
    """One column as an array of floats; null is NaN."""
    import narwhals as nw

    if series.null_count() == len(series):
        return np.full(len(series), np.nan)
    if series.dtype == nw.Object:
        return numbers(np.asarray(series.to_list(), dtype=object), where)
    if series.dtype in (nw.String, nw.Categorical, nw.Enum):
        i, value = next((i, value) for i, value in enumerate(series.to_list()) if value is not None)
        kind = "text" if isinstance(value, str) else "categories"
        raise DataError(
            f"{where} holds {kind} (row {i}: {value!r:.40}), not numbers; leave it out or convert it"
        )
    if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
        own = series.dtype
        if own == nw.Unknown:
            own = next(iter(given(series.to_native(), ["dtype", "type"]).values()), own)
        raise DataError(f"{where} holds values of type {own}, not numbers; leave it out or convert it")
    single = series.dtype == nw.Float32
    values = series.cast(nw.Float32 if single else nw.Float64).to_numpy()
    return np.asarray(values, dtype=np.float32 if single else np.float64)
