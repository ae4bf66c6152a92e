"""The kinds of files there are. A new one is one file, and one row here."""

from __future__ import annotations

from jensen.basics.errors import DataError
from jensen.data.doors.columnar import read_columns, scan_arrow, scan_excel, scan_parquet
from jensen.data.doors.format import Format
from jensen.data.doors.npy import read_npy, refuse_npz
from jensen.data.doors.sources import Source
from jensen.data.doors.text.table import read_text

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
FORMATS = (
    Format("NPY", (b"\x93NUMPY",), (".npy",), read_npy),
    Format("Parquet", (b"PAR1",), (".parquet", ".pq"), read_columns("Parquet", scan_parquet)),
    Format(
        "Arrow",
        (b"ARROW1", b"\xff\xff\xff\xff"),
        (".arrow", ".feather", ".ipc"),
        read_columns("Arrow", scan_arrow),
    ),
    Format("Excel", (ZIP, OLE), (".xlsx", ".xls", ".xlsb", ".ods"), read_columns("Excel", scan_excel)),
    Format("NPZ", (ZIP,), (".npz",), refuse_npz),
)
TEXT = Format("text", (), (), read_text)
"""What none of the others is."""


def format_of(source: Source) -> Format:
    """The kind that the first bytes show; the ending of the name only tells archives apart.

    Raises
    ------
    DataError
        If the name promises what the file does not hold.
    """
    head, suffix = source.head(), source.suffix()
    for kind in FORMATS:
        if head.startswith(kind.magic) and (suffix in kind.suffixes or not head.startswith(ZIP)):
            return kind
    for kind in FORMATS:
        if suffix in kind.suffixes:
            raise DataError(f"{source.name} does not hold {kind.name} data: it is damaged, or named wrongly")
    return TEXT
