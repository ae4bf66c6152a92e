"""The built-in data sets: classics with known answers, as text files in the package."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arguments import shown
from jensen.basics.errors import DataError, DataTypeError, did_you_mean
from jensen.basics.notebook import InNotebook
from jensen.basics.tables import Table

if TYPE_CHECKING:
    import pandas
    import polars

FOLDER = Path(__file__).parent / "sets"


@dataclass(frozen=True, slots=True, eq=False)
class Dataset(InNotebook):
    """A built-in data set.

    Attributes
    ----------
    name
        As `load_dataset` takes it.
    values
        (n, d) float64.
    columns
        The d names.
    labels
        (n,) text, the group that each row is known to belong to; None where none is known.
    title, source
        What it is; where it comes from.
    """

    name: str
    values: NDArray[np.float64] = field(repr=False)
    columns: tuple[str, ...]
    labels: NDArray[np.str_] | None = field(repr=False)
    title: str
    source: str = field(repr=False)
    note: str = field(default="", repr=False)
    label_name: str = field(default="", repr=False)

    def __repr__(self) -> str:
        n, d = self.values.shape
        known = "" if self.labels is None else f", {len(set(self.labels.tolist()))} {self.label_name} labels"
        return f"Dataset({self.name!r}: {n} × {d}{known}; {', '.join(self.columns)})\n  {self.title}"

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype, copy=copy)

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """The columns by name, the labels last."""
        table: dict[str, NDArray[Any]] = {c: self.values[:, j] for j, c in enumerate(self.columns)}
        return table if self.labels is None else {**table, self.label_name: self.labels}

    def to_pandas(self) -> pandas.DataFrame:
        """As a pandas frame, the labels last."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def to_polars(self) -> polars.DataFrame:
        """As a polars frame, the labels last."""
        import polars

        return polars.DataFrame(self.to_dict())


def load_dataset(name: str) -> Dataset:
    """A built-in data set by name.

    Raises
    ------
    DataError
        If there is none of that name; the message lists them.

    Examples
    --------
    >>> import jensen
    >>> jensen.load_dataset("faithful").values.shape
    (272, 2)
    """
    names = dataset_names()
    if not isinstance(name, str):
        raise DataTypeError(f"the name of a data set must be text, not {shown(name)}")
    if name not in names:
        raise DataError(
            f"no built-in data set {name!r}{did_you_mean(name, names)}; there are {', '.join(names)}"
        )
    about, header, cells = _read(FOLDER / f"{name}.csv")
    label_name = about.get("labels", "")
    d = len(header) - bool(label_name)
    return Dataset(
        name=name,
        values=np.array([list(map(float, row[:d])) for row in cells]),
        columns=tuple(header[:d]),
        labels=np.array([row[d] for row in cells]) if label_name else None,
        title=about["title"],
        source=about["source"],
        note=about.get("note", ""),
        label_name=label_name,
    )


def dataset_names() -> list[str]:
    """The names of the built-in data sets, in order of the alphabet."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def list_datasets() -> Table:
    """The built-in data sets: name, n, d, labels, title, source.

    Examples
    --------
    >>> import jensen
    >>> "iris" in jensen.list_datasets()["name"]
    True
    """
    sets = [load_dataset(name) for name in dataset_names()]
    return Table(
        {
            "name": np.array([s.name for s in sets]),
            "n": np.array([len(s.values) for s in sets]),
            "d": np.array([len(s.columns) for s in sets]),
            "labels": np.array([s.label_name for s in sets]),
            "title": np.array([s.title for s in sets]),
            "source": np.array([s.source for s in sets]),
        }
    )


def _read(path: Path) -> tuple[dict[str, str], list[str], list[list[str]]]:
    """What the comment lines say, the header, the rows. Our own files have no quotes and no gaps."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    about = dict(line.removeprefix("# ").split(": ", 1) for line in comments)
    header, *rows = (line.split(",") for line in lines[len(comments) :])
    return about, header, rows
