"""Model files: a fitted mixture as JSON, with a version and a schema. Loading one runs no code.

The numbers are written so that they read back to the last bit. A checksum over the content tells a changed
digit; a file edited on purpose is read once its ``crc32`` line is taken out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from jensen.basics.errors import DataError, one_line
from jensen.basics.writing import write_file
from jensen.data.rows import default_columns
from jensen.em import Fit, Outcome, Verdict
from jensen.files.document import (
    checksum,
    from_document,
    jensen_version,
    layout,
    measured,
    to_document,
)
from jensen.files.model_schema import FORMAT, VERSION
from jensen.models import Mixture, MixtureParams


@dataclass(frozen=True, slots=True, eq=False)
class SavedMixture:
    """A fitted Gaussian mixture with what was said about it.

    Attributes
    ----------
    model, params
        As `jensen.fit` takes and returns them.
    columns
        The names of the d columns.
    summary
        log_evidence, log_prior, entropy, aic, bic, icl, num_free, weight, remaining, rate, num_steps,
        num_e_steps, seconds, verdict, seed, dtype, data (what was fitted) and jensen_version.
    """

    model: Mixture
    params: MixtureParams
    columns: tuple[str, ...]
    summary: Mapping[str, Any]

    @classmethod
    def from_fit(
        cls,
        fit: Fit,
        columns: Sequence[str] | None = None,
        *,
        seed: int | None = None,
        dtype: Any = np.float64,
        data: str | None = None,
    ) -> SavedMixture:
        """What is worth keeping of a fit.

        Parameters
        ----------
        fit
            Of a Gaussian mixture.
        columns
            Names of the columns; x1 … xd by default.
        seed, dtype, data
            What it was fitted with: the seed, the precision of the rows, the name of the data.
        """
        d = fit.params.components.means.shape[1]
        names = default_columns(d) if columns is None else tuple(columns)
        said = {
            "seed": seed,
            "dtype": np.dtype(dtype).name,
            "data": data,
            "jensen_version": jensen_version(),
        }
        return cls(cast(Mixture, fit.model), fit.params, names, {**measured(fit), **said})

    @property
    def verdict(self) -> Verdict:
        """How the fit ended."""
        said = self.summary["verdict"]
        return Verdict(Outcome(said["outcome"]), said["message"], said["advice"], said["climbed"])

    def __repr__(self) -> str:
        k, d = self.params.components.means.shape
        name = self.model.family.covariance.name
        said = f"log_evidence={self.summary['log_evidence']:.6f}, verdict={str(self.verdict.outcome)!r}"
        return f"SavedMixture({k} × {name} in {d} columns, {said})"


def save(
    path: str | os.PathLike[str], mixture: SavedMixture | Fit, columns: Sequence[str] | None = None
) -> None:
    """Write a model file: under a temporary name, then moved into place.

    Parameters
    ----------
    path
        Where. Call `check_writable` on it before a long fit.
    mixture
        A fit, or a `SavedMixture` made of one.
    columns
        Names of the columns, for a fit.

    Raises
    ------
    DataError
        If the path cannot be written, or the model could not be read back.

    Examples
    --------
    >>> import jensen, tempfile, pathlib
    >>> from jensen.files import load, save
    >>> fit = jensen.fit(jensen.Mixture(1, jensen.Gaussian()), jensen.load_dataset("faithful").values)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> save(path, fit, ["eruptions", "waiting"])
    >>> load(path)
    SavedMixture(1 × full in 2 columns, log_evidence=-1289.796745, verdict='converged')
    """
    if isinstance(mixture, Fit):
        mixture = SavedMixture.from_fit(mixture, columns)
    try:
        document = to_document(mixture.model, mixture.params, mixture.columns, mixture.summary)
        from_document(json.loads(json.dumps(document, allow_nan=False)))
    except (DataError, ValueError) as error:
        raise DataError(f"cannot save the model: {one_line(error)}") from None
    write_file(path, layout({**document, "crc32": checksum(document)}) + "\n")


def load(path: str | os.PathLike[str]) -> SavedMixture:
    """Read a model file.

    Raises
    ------
    DataError
        For a file that is missing, damaged, from a newer version, or not a model file; with what to do.
    """
    document = _parse(_read(path), path)
    _check_format(document, path)
    try:
        found = document.pop("crc32", None)
        if found is not None and found != checksum(document):
            raise DataError(
                "its content does not match its checksum (if it was edited on purpose, delete the crc32 line)"
            )
        return SavedMixture(*from_document(document))
    except (DataError, ValueError) as error:
        raise DataError(f"{path} is damaged: {one_line(error)}; fit and save the model again") from None


def _read(path: str | os.PathLike[str]) -> str:
    """The text of a file that looks like JSON; anything else is not read further than its first bytes."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(64).removeprefix(b"\xef\xbb\xbf")
            if head.lstrip()[:1] != b"{":
                raise _not_ours(path, "it is empty" if not head.strip() else "it is not JSON")
            return (head + file.read()).decode("utf-8")
    except UnicodeDecodeError:
        raise _not_ours(path, "it is not text") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a directory, not a model file") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {(error.strerror or one_line(error)).lower()}") from None


def _parse(text: str, path: str | os.PathLike[str]) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise DataError(f"it holds {constant}, which is not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DataError(
            f"{path} is damaged or cut off: {error.msg} at {place}; fit and save the model again"
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {one_line(error)}; fit and save the model again") from None


def _check_format(document: dict[str, Any], path: str | os.PathLike[str]) -> None:
    found, version = document.get("format"), document.get("version")
    if found != FORMAT:
        raise _not_ours(path, f"its format is {found!r:.40} where {FORMAT!r} is expected")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise DataError(
            f"{path} is damaged: {version!r:.20} is not a version of {FORMAT}; save the model again"
        )
    if version > VERSION:
        raise DataError(
            f"{path} was written by a newer jensen (version {version} of {FORMAT}; this one reads "
            f"version {VERSION}): upgrade jensen"
        )


def _not_ours(path: str | os.PathLike[str], why: str) -> DataError:
    return DataError(f"{path} is not a jensen model file: {why}; `jensen fit DATA --out MODEL` writes one")
