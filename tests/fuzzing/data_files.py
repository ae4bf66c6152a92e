"""Data files: random tables must come back cell by cell; damaged ones do, or are refused."""

from __future__ import annotations

import io
import math
import random
from pathlib import Path

import numpy as np

from fuzzing import damage
from fuzzing.outcomes import WrongError
from jensen.data import read_table

SIGNS = b",;\t \"'\n\r#.0123456789eE+-NAnaif\0\xff\xef\xbb\xbf%$"


def case(rng: random.Random) -> None:
    """One file, of text or of NumPy."""
    (text if rng.random() < 0.7 else npy)(rng)


def text(rng: random.Random) -> None:
    """A table of text with the marks, quotes and ends of lines that occur."""
    n, d = rng.choice((1, 2, 3, 17, 200)), rng.choice((1, 2, 3, 8))
    mark = rng.choice(",;\t")
    end = rng.choice(("\n", "\r\n"))
    table = [[_number(rng) for _ in range(d)] for _ in range(n)]
    rows = [[_written(value, rng) for value in row] for row in table]
    names = [f"{rng.choice(('x', 'width', 'é', 'a b', 'n.'))}{i}" for i in range(d)]
    content = end.join(mark.join(row) for row in [names, *rows]) + end * (rng.random() < 0.8)
    data = content.encode()
    if is_whole := rng.random() < 0.5:
        data = b"\xef\xbb\xbf" * (rng.random() < 0.2) + data
    else:
        data = damage.bytes_of(data, rng, SIGNS)
    path = Path("t.csv" if mark == "," else "t.txt")
    path.write_bytes(data)
    found = read_table(path).rows.values
    if is_whole and not np.array_equal(found, np.array(table), equal_nan=True):
        raise WrongError(f"{found.shape} of {(n, d)} cells, or others: {data[:60]!r}")


def _number(rng: random.Random) -> float:
    kind = rng.random()
    if kind < 0.05:
        return math.nan
    return float(rng.randrange(-9, 99)) if kind < 0.5 else rng.gauss(0.0, 1.0) * 10.0 ** rng.randrange(-8, 9)


def _written(value: float, rng: random.Random) -> str:
    if math.isnan(value):
        return rng.choice(("NA", "nan", "NaN"))
    cell = repr(value) if value % 1.0 or rng.random() < 0.3 else str(int(value))
    return f'"{cell}"' if rng.random() < 0.05 else cell


def npy(rng: random.Random) -> None:
    """A file of NumPy."""
    n, d = rng.choice((1, 2, 20)), rng.choice((1, 3))
    kind = rng.choice(("f8", "f4", "i8", "u1", "?", "f2", ">f8", "U3", "O", "c16"))
    values = np.arange(n * d).reshape(n, d).astype(kind)
    whole = io.BytesIO()
    np.save(whole, values, allow_pickle=True)
    data = whole.getvalue()
    is_whole = rng.random() < 0.3
    if not is_whole:
        data = damage.bytes_of(data, rng, b"'()[]{},:<>|0123456789fiuOSTrue ", most=128)
    Path("t.npy").write_bytes(data)
    found = read_table("t.npy").rows.values
    if is_whole and not np.array_equal(found, values.astype(float)):
        raise WrongError("other numbers")
