"""``jensen predict``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jensen.cli import arguments, tables
from jensen.cli.errors import CommandError, Ending
from jensen.cli.forms import predicted, prepared
from jensen.cli.inputs import Source
from jensen.data.datasets import load_dataset
from jensen.data.doors.formats import FORMATS
from jensen.data.doors.text.append import appended


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """What was typed."""

    model: Path
    data: str
    proba: bool
    append: bool
    missing: str
    decimal: str | None
    out: Path | None


def predict(options: PredictOptions) -> Ending:
    """Labels, or probabilities and uncertainty, as CSV or behind the columns of the data."""
    asked = arguments.parse_asked(missing=options.missing, decimal=options.decimal)
    arguments.check_outputs(options.data, options.model, out=options.out)
    saved, source = prepared(options.model, options.data, asked)
    header, columns = predicted(saved, source, options.proba)
    if options.append:
        tables.write_bytes(_beside(source, header, columns, options.decimal), options.out)
    else:
        tables.write_csv(header, columns, options.out)
    return Ending.DONE


def _beside(
    source: Source, header: Sequence[str], columns: Sequence[Any], decimal: str | None
) -> Iterator[bytes]:
    """The data as they are written, with the columns behind their own."""
    texts = [tables.cell_texts(column) for column in columns]
    if source.file is None:
        return _data_set_beside(source.name, header, texts)
    if source.info.format in {kind.name for kind in FORMATS}:
        raise CommandError(
            f"predict --append: {source.name} is not a text file; without --append the labels come in the "
            f"order of its rows"
        )
    return appended(source.file, header, texts, arguments.parse_decimal(decimal))


def _data_set_beside(name: str, header: Sequence[str], texts: Sequence[Sequence[str]]) -> Iterator[bytes]:
    table = load_dataset(name).to_dict()
    line = io.StringIO()
    rows = csv.writer(line, lineterminator="\n")
    rows.writerow([*table, *header])
    rows.writerows(zip(*(column.tolist() for column in table.values()), *texts, strict=True))
    yield line.getvalue().encode()
