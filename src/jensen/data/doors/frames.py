"""Data frames of any library, through narwhals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError

if TYPE_CHECKING:
    import narwhals as nw

    from jensen.data.rows import Rows


def from_frame(data: Any, columns: Sequence[str] | None, name: str) -> Rows | None:
    """Rows from a data frame or a column of one; None where ``data`` is neither."""
    import narwhals as nw

    from jensen.data.rows import from_columns, take

    native = _with_text_names(data)
    frame = nw.from_native(native, allow_series=True, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, nw.Series):
        frame = frame.alias(str(frame.name or "x1")).to_frame()
    if not isinstance(frame, nw.DataFrame):
        return None
    chosen = take(frame.columns, columns, name)
    return from_columns({column: _numbers(frame[column], name) for column in chosen}, name)


def _with_text_names(data: Any) -> Any:
    """A pandas frame whose columns are named by text: narwhals wants names that are, and differ."""
    if type(data).__module__.partition(".")[0] != "pandas" or getattr(data, "ndim", 0) != 2:
        return data
    from jensen.data.rows import repeated

    names = [str(column) for column in data.columns]
    twice = repeated(names)
    if twice:
        raise DataError(f"two columns are named {twice!r}; rename one")
    return data if names == list(data.columns) else data.set_axis(names, axis=1)


def _numbers(series: nw.Series[Any], name: str) -> NDArray[Any]:
    """One column as an array of floats; null is NaN."""
    import narwhals as nw

    from jensen.data.rows import numbers

    where = f"{name}, column {series.name!r}"
    if series.null_count() == len(series):
        return np.full(len(series), np.nan)
    if series.dtype == nw.Object:
        return numbers(np.asarray(series.to_list(), dtype=object), where)
    if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
        raise DataError(f"{where} holds {_kind(series)}, not numbers; leave it out or convert it")
    wanted = nw.Float32 if series.dtype == nw.Float32 else nw.Float64
    return np.asarray(
        series.cast(wanted).to_numpy(), dtype=np.float32 if wanted == nw.Float32 else np.float64
    )


def _kind(series: nw.Series[Any]) -> str:
    import narwhals as nw

    if series.dtype in (nw.String, nw.Categorical, nw.Enum):
        values = series.to_list()
        i, value = next((i, value) for i, value in enumerate(values) if value is not None)
        return f"text (row {i}: {value!r:.40})"
    return f"values of type {series.dtype}"
