"""The door for files: every format, and everything that can be wrong with one."""

import csv
import gzip
import io
import re
import subprocess
import sys
import tracemalloc

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from jensen.basics.errors import DataError
from jensen.data import check_finite, read_table
from jensen.data.doors.text import blocks
from jensen.data.doors.text.numbers import MISSING, are_numbers, numbers


@pytest.fixture
def file(tmp_path):
    """Writes a file and gives its path."""

    def write(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def refused(message, path, **arguments):
    with pytest.raises(DataError, match=message) as error:
        read_table(path, **arguments)
    assert "\n" not in str(error.value)


def bytes_of(write, *arguments, **options):
    buffer = io.BytesIO()
    write(buffer, *arguments, **options)
    return buffer.getvalue()


def npy(array, **options):
    return bytes_of(np.save, np.asarray(array), **options)


FRAME = pl.DataFrame({"a": [1, 2, 3], "kind": ["u", "v", "w"], "b": [0.5, 1.5, None]})
BINARY = {
    "t.parquet": bytes_of(FRAME.write_parquet),
    "t.arrow": bytes_of(FRAME.write_ipc),
    "t.feather": bytes_of(FRAME.write_ipc),
    "t.arrows": bytes_of(FRAME.write_ipc_stream),
    "t.npy": npy([[1.0, 0.5], [2.0, 1.5], [3.0, np.nan]]),
}


# ---- delimited text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("a,b\n1,2\n3,4.5\n", "comma-separated text"),
        ("a\tb\n1\t2\n3\t4.5\n", "tab-separated text"),
        ("a;b\n1;2\n3;4.5\n", "semicolon-separated text"),
        ("a;b\n1,0;2\n3;4,5\n", "semicolon-separated text"),
        ("a|b\n1|2\n3|4.5\n", "bar-separated text"),
        ("  a   b\n  1   2\n  3 4.5 \n", "blank-separated text"),
        ("a, b\n1, 2\n 3 ,  4.5\n", "comma-separated text"),
        ('"a","b"\n"1","2"\n3,"4.5"\n', "comma-separated text"),
        ("a,b\r\n1,2\r\n3,4.5\r\n", "comma-separated text"),
        ("a,b\r1,2\r3,4.5\r", "comma-separated text"),
        ("# made by hand\n\na,b\n1,2\n\n# half\n3,4.5\n\n", "comma-separated text"),
        ("a,b\n1,2\n3,4.5", "comma-separated text"),
        ("a,b\n+1,2e0\n3.,45E-1\n", "comma-separated text"),
        ("\ufeffa,b\n1,2\n3,4.5\n", "comma-separated text"),
        ("a,b\n1,2\n3,4.5\n".encode("utf-16"), "comma-separated text"),
        (gzip.compress(b"a,b\n1,2\n3,4.5\n", mtime=0), "comma-separated text"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "txt"])
def test_dialects(file, content, name, suffix):
    rows, weight, info = read_table(file(content, f"t.{suffix}"))
    assert rows.columns == ("a", "b")
    assert rows.values.tolist() == [[1, 2], [3, 4.5]]
    assert weight is None
    assert info.format == name
    assert info.has_header
    assert info.left_out == ()


def test_decimal_commas_are_reported(file):
    assert read_table(file("a;b\n1,5;2\n")).info.notes == ("its numbers are read with decimal commas",)


def test_other_encodings(file):
    assert read_table(file("Länge,b\n1,2\n".encode("latin-1"))).rows.columns == ("Länge", "b")
    assert read_table(file("Länge,b\n1,2\n")).rows.columns == ("Länge", "b")


def test_one_column(file):
    rows, _, info = read_table(file("a\n1\n2\n"))
    assert rows.columns == ("a",)
    assert rows.values.tolist() == [[1], [2]]
    assert info.format == "text in one column"
    assert read_table(file("1\n2\n")).rows.values.tolist() == [[1], [2]]


def test_text_columns_are_left_out_and_reported(file):
    path = file("x,kind,y,day\n1,u,2,2020-01-01\n3,v,4,2020-01-02\n")
    rows, _, info = read_table(path)
    assert rows.columns == ("x", "y")
    assert info.left_out == ("kind", "day")
    assert info.notes == ("left out, because not numbers: kind, day",)
    assert read_table(path, columns=["y", "x"]).rows.values.tolist() == [[2, 1], [4, 3]]
    assert read_table(path, columns=["y"]).info.left_out == ()


@pytest.mark.parametrize(
    ("content", "columns", "values"),
    [
        ("1,2\n3,4\n", ("x1", "x2"), [[1, 2], [3, 4]]),
        ("1,NA\n3,4\n", ("x1", "x2"), [[1, np.nan], [3, 4]]),
        ("5.1,3.5,u\n4.9,NA,u\n7,3.2,v\n", ("x1", "x2"), [[5.1, 3.5], [4.9, np.nan], [7, 3.2]]),
        ("5.1,3.5,setosa\n4.9,3,setosa\n7,3.2,other\n", ("x1", "x2"), [[5.1, 3.5], [4.9, 3], [7, 3.2]]),
    ],
)
def test_without_a_header_no_row_is_lost(file, content, columns, values):
    rows, _, info = read_table(file(content))
    assert not info.has_header
    assert rows.columns == columns
    assert_array_equal(rows.values, values)
    assert info.notes[0].startswith("it has no header line, so its columns are named x1, x2")


def test_headers_with_numbers_in_them(file):
    rows, _, info = read_table(file("country,1990,1991\nFrance,3,4\nSpain,5,6\n"))
    assert info.has_header
    assert rows.columns == ("1990", "1991")


@pytest.mark.parametrize("content", [",a,b\n0,5,6\n1,7,8\n", '"a" "b"\n"1" 5 6\n"2" 7 8\n'])
def test_row_names_are_not_data(file, content):
    rows, _, info = read_table(file(content))
    assert rows.columns == ("a", "b")
    assert rows.values.tolist() == [[5, 6], [7, 8]]
    assert info.left_out == ("(row names)",)


@pytest.mark.parametrize("asked", [{"columns": ["(row names)"]}, {"weights": "(row names)"}])
def test_row_names_cannot_be_asked_for(file, asked):
    refused(r"t.csv has no column '\(row names\)'; it has a, b$", file(",a,b\n0,5,6\n1,7,8\n"), **asked)


def test_row_names_are_no_column_in_messages(file):
    refused("t.csv has no column of numbers; it has a, b, all text", file(",a,b\n0,u,v\n1,w,x\n"))


@pytest.mark.parametrize("gap", ["", "NA", "NaN", "n/a", "null", "None", "?", ".", " ", "#N/A", "#NV"])
def test_gaps_are_missing_values(file, gap):
    rows = read_table(file(f"a,b\n1,2\n{gap},4\n5,6\n")).rows
    assert_array_equal(rows.values, [[1, 2], [np.nan, 4], [5, 6]])
    with pytest.raises(DataError, match=r"row 1 \(counted from 0\), column 'a'"):
        check_finite(rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"t.csv is empty \(0 bytes\)"),
        ("\n\n# nothing\n", "t.csv has no rows: there is nothing but blank lines and comments"),
        ("a,b\n", "t.csv has a header and no rows$"),
        ("id,b\n#1,2\n#2,3\n", "t.csv has a header and no rows: the lines that begin with # are comments"),
        ("a,b\n1,2\n#DIV/0!,4\n", "t.csv, line 3, column 'a': '#DIV/0!' is not a number"),
        ("a,b\n1,2\n3,4,5\n", "t.csv, line 3 has 3 cells; the header has 2"),
        ("a,b\n1,2\n\n# c\n3\n", "t.csv, line 5 has 1 cell; the header has 2"),
        ("1,2\n3\n", "t.csv, line 2 has 1 cell; the first row has 2"),
        ("a,b\n1,2\n3,x\n5,6\n", "t.csv, line 3, column 'b': 'x' is not a number"),
        ("a,b\n1,2\n3,1_0\n5,6\n", "line 3, column 'b': '1_0' is not a number"),
        ("a,b\nu,v\nw,x\n", "t.csv has no column of numbers; it has a, b, all text"),
        ("a,a\n1,2\n", "t.csv has two columns named 'a'"),
        ('a,b\n1,"2\n3,4\n', r"t.csv, line 2: quotation marks do not match \(unexpected end of data\)"),
        (b"\x00\x01junk", r"t.csv is neither a table of text nor a format that is known \(it is binary\)"),
        (np.random.default_rng(0).bytes(5000), "it is binary"),
        (b"\x89PNG\r\n\x1a\n....", "it is binary"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 9999, mtime=0)[:40], "t.csv is damaged or cut off"),
        (gzip.compress(b"\x00\x01", mtime=0), "it is binary"),
        (b"\x1f\x8bjunk", "t.csv is damaged or cut off"),
    ],
)
def test_bad_text(file, content, message):
    refused(message, file(content))


@given(
    st.one_of(
        st.binary(max_size=60),
        st.text("0123456789.,;| \t\n\r\"'#-+eENAnaxy\u00e4\ufeff", max_size=60).map(str.encode),
        st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.binary(max_size=40).map(lambda tail: b"\x93NUMPY\x01\x00" + tail),
        st.binary(max_size=40).map(lambda tail: b"\x1f\x8b\x08\x00" + tail),
    )
)
@settings(max_examples=400)
def test_any_bytes_are_a_table_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(content)
    try:
        rows = read_table(path).rows
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert rows.values.shape[1] == len(rows.columns) >= 1


def test_bad_paths(tmp_path, file):
    file("a\n1\n", "faithful.csv")
    refused(r"there is no file .*fathful.csv \(did you mean 'faithful.csv'\?\)", tmp_path / "fathful.csv")
    refused("there is no file .*: the folder .*nowhere does not exist", tmp_path / "nowhere" / "t.csv")
    refused("is a directory; give a file in it", tmp_path)
    refused("cannot read /proc/self/mem|there is no file|is empty", "/proc/self/mem")


def test_unknown_columns(file):
    path = file("eruptions,waiting\n1,2\n")
    message = r"t.csv has no column 'wating' \(did you mean 'waiting'\?\); it has eruptions, waiting"
    refused(message, path, columns=["wating"])
    refused(message, path, weights="wating")
    refused("column 'waiting' is asked for twice", path, columns=["waiting", "waiting"])


def test_a_text_column_that_is_asked_for(file):
    refused("t.csv, line 2, column 'kind': 'u' is not a number", file("x,kind\n1,u\n"), columns=["kind"])
    refused("column 'kind': 'u' is not a number", file("x,kind\n1,u\n"), weights="kind")


def test_weights(file):
    path = file("w,x,y\n1,2,3\n0,4,5\n")
    rows, weight, _ = read_table(path, weights="w")
    assert rows.columns == ("x", "y")
    assert weight.tolist() == [1, 0]
    assert read_table(path, columns=["y"], weights="w").rows.columns == ("y",)
    refused("column 'w' is asked for both as data and as weights", path, columns=["w"], weights="w")
    refused(
        "t.csv, column 'w': weight must not be negative; line 3 has -2",
        file("w,x\n1,2\n-2,3\n"),
        weights="w",
    )
    refused("column 'w': weight must be finite", file("w,x\n1,2\n,3\n"), weights="w")
    refused("column 'w': weight is zero for every row", file("w,x\n0,2\n"), weights="w")
    refused("no column of numbers beside the weights 'w'", file("w,x\n0,u\n"), weights="w")


# ---- what is written is what is read ---------------------------------------------------------------------

WORDS = st.text("abxyzNAn \u00e4\u4e2d#'\",;|\n.5", min_size=1, max_size=8).map(lambda word: f"w{word}")
NUMBERS = st.floats() | st.integers(-(2**70), 2**70)
GAPS = st.sampled_from(["", "NA", "n/a", "NaN", "-nan", "null", "None", "?", ".", "  ", "#N/A"])
SPELLINGS = {
    "plain": repr,
    "exponent": lambda number: f"{number:.16e}" if number == number else "nan",
    "sign": lambda number: f"{number!r}" if repr(number).startswith(("-", "n")) else f"+{number!r}",
    "blanks": lambda number: f" {number!r} ",
}


@st.composite
def tables(draw):
    """A text, how it is written, and what stands in it: columns of floats, and None for columns of text."""
    delimiter = draw(st.sampled_from(",;\t| "))
    comma = delimiter == ";" and draw(st.booleans())
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    header, n = draw(st.booleans()), draw(st.integers(2, 9))
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    kinds = ["number", *draw(st.lists(st.sampled_from(["number", "gaps", "text"]), min_size=1, max_size=4))]
    columns, values = [], []
    for kind in kinds:
        cells = draw(st.lists(WORDS if kind == "text" else NUMBERS, min_size=n, max_size=n))
        if kind == "text":
            # a delimiter that is another in every row could be either
            cells = [re.sub(rf"[;,|](?<!{re.escape(delimiter)})", "_", cell) for cell in cells]
            if delimiter == " ":  # runs of blanks and ends of lines are one blank there
                cells = [re.sub(r"\s", "_", cell) for cell in cells]
            columns.append([*cells[:-1], cells[-1] if header else cells[0]])  # names do not come again
            values.append(None)
            continue
        if not columns:
            cells[0] = 0.25  # a first row of gaps and texts is a header
        spell = SPELLINGS[draw(st.sampled_from(sorted(SPELLINGS)))]
        column = [spell(cell) for cell in cells]
        number = np.array([float(cell) for cell in cells])
        if kind == "gaps":
            for i in draw(st.sets(st.integers(1, n - 1), max_size=n - 2)):
                gap = draw(GAPS)
                column[i], number[i] = gap if gap.strip() or delimiter != " " else "NA", np.nan
        if delimiter == " ":
            column = [cell.strip() for cell in column]
        columns.append([cell.replace(".", ",") if comma and cell != "." else cell for cell in column])
        values.append(number)
    if comma:  # what shows that commas are decimal marks
        columns.append(["0,5"] * n)
        values.append(np.full(n, 0.5))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    names = [f"c{j}" for j in range(len(columns))]
    writer.writerows([names] * header + list(zip(*columns, strict=True)))
    return text.getvalue(), header, values


@given(tables(), st.sampled_from([30, 200, 8 << 20]), st.booleans())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_what_is_read(tmp_path_factory, table, block, zipped):
    text, header, values = table
    path = tmp_path_factory.mktemp("t") / "t.csv"
    content = text.encode()
    path.write_bytes(gzip.compress(content) if zipped else content)
    prefix = "c" if header else "x"
    known = {f"{prefix}{j + (not header)}": column for j, column in enumerate(values) if column is not None}
    numeric = {name: column for name, column in known.items() if not np.isnan(column).all()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        rows, _, info = read_table(path, columns=list(known))
    assert rows.columns == tuple(known)
    assert info.has_header == header
    for j, (name, column) in enumerate(known.items()):
        read = rows.values[:, j]
        assert read.tobytes() == np.where(np.isnan(column), read, column).tobytes(), name
        assert_array_equal(np.isnan(read), np.isnan(column))
    if numeric:
        assert set(numeric) <= set(read_table(path).rows.columns)


CELL = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf(inity)?|[+-]?nan", re.IGNORECASE
)


@given(
    st.text("0123456789+-.eE_, \u0661\u00a0dxinfaINFATY", min_size=1, max_size=9)
    | st.sampled_from(
        (
            "1_000|0x10|\u0661|nan|-nan|inf|-Infinity|1e400|-1e400|1e-400|+5| 5 |5.|.5|1d3|1e|e5|--5|+-5"
            "|\uff11|1e5.0|1.5.2|1L|5%|true|\t5|0b1|2.2250738585072011e-308|9007199254740993|4.35|1e23|0.10.1"
            f"|{'9' * 400}|0.{'0' * 400}1"
        ).split("|")
    )
)
@settings(max_examples=1000)
def test_one_rule_says_what_a_number_is(cell):
    """What Python's float reads, of plain digits and without underscores; the same bits."""
    value = numbers(pl.DataFrame({"cell": [cell, "1"]}))["cell"][0]
    bare = cell.strip()
    if CELL.fullmatch(bare):
        assert value is not None
        assert (
            np.float64(value).tobytes() == np.float64(bare).tobytes() or np.isnan([value, float(bare)]).all()
        )
    elif bare.lower() in MISSING:
        assert np.isnan(value)
    else:
        assert value is None
    assert are_numbers([cell]) == [value is not None and not np.isnan(value)]


@given(st.from_regex(r"[+-]?[0-9]{1,3}([,.][0-9]{0,3}){0,2}", fullmatch=True))
def test_the_rule_with_decimal_commas(cell):
    """The same with commas; a point is no decimal mark then, and not taken for one."""
    value = numbers(pl.DataFrame({"cell": [cell]}), decimal_comma=True)["cell"][0]
    if "." in cell or cell.count(",") > 1:
        assert value is None
    else:
        assert value == float(cell.replace(",", "."))


@pytest.mark.parametrize(
    ("cells", "values", "said"),
    [
        (["1.234,5", "2,5"], [1234.5, 2.5], "a ('1.234,5' as 1234.5)"),
        (["1.234", "2,5"], [1234, 2.5], "a ('1.234' as 1234)"),
        (['"1,234.5"', "7"], [1234.5, 7], "a ('1,234.5' as 1234.5)"),
        (['"1,234,567"', '"1,234"'], [1234567, 1234], "a ('1,234,567' as 1234567)"),
        (['"1,234"', "2.5"], [1234, 2.5], "a ('1,234' as 1234)"),
        (["12 %", "5.5%"], [12, 5.5], "a ('12 %' as 12)"),
        (["$1200", "-$3.50"], [1200, -3.5], "a ('$1200' as 1200)"),
        (["3,50 €", "1 000,25 €"], [3.5, 1000.25], "a ('1 000,25 €' as 1000.25)"),
        (["1'234.5", "−2"], [1234.5, -2], 'a ("1\'234.5" as 1234.5)'),
    ],
)
def test_numbers_as_they_are_dressed(file, cells, values, said):
    comma = any(re.search(r",[0-9]{1,2}\b", cell) for cell in cells) or "1.234,5" in cells
    sep = ";" if comma else ","
    rows, _, info = read_table(file(f"a{sep}b\n" + "".join(f"{cell}{sep}1\n" for cell in cells)))
    assert rows.values[:, 0].tolist() == values
    assert any(said in note for note in info.notes), info.notes


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ['"1,234"', "7"],
            "line 2, column 'a' has '1,234', which may be 1234 or 1.234: say",
        ),
        (["12 %", "0.5"], "line 2, column 'a' has percents and plain numbers"),
        (["$5", "€5"], "has numbers with"),
        (['"1,23,4"', "7"], "'1,23,4' is not a number"),
    ],
)
def test_what_can_be_read_in_two_ways_is_not_guessed(file, cells, message):
    path = file("a,b\n" + "".join(f"{cell},1\n" for cell in cells))
    refused(message, path, columns=["a"])
    assert read_table(path, exclude=["a"]).rows.columns == ("b",)


def test_the_decimal_mark_can_be_told(file):
    path = file('a,b\n"1,234",1\n7,1\n')
    assert read_table(path, decimal=".").rows.values[0, 0] == 1234
    assert read_table(path, decimal=",").rows.values[0, 0] == 1.234
    with pytest.raises(DataError, match="decimal mark is"):
        read_table(path, decimal=";")


@pytest.mark.parametrize("block", [30, 8 << 20])
def test_dressed_numbers_far_down(file, monkeypatch, block):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    rows = read_table(file("a\n" + "1.5\n" * 50 + '"2,000.5"\n' + "3\n" * 50)).rows.values[:, 0]
    assert rows.tolist() == [1.5] * 50 + [2000.5] + [3.0] * 50


def test_tabs_and_decimal_commas(file):
    rows, _, info = read_table(file("a\tb\n1,5\t2\n2,25\t3\n"))
    assert rows.values.tolist() == [[1.5, 2], [2.25, 3]]
    assert "its numbers are read with decimal commas" in info.notes
    refused("which may be 1234 or 1.234", file("a\tb\n1,234\t2\n2,250\t3\n"))


def test_columns_by_pattern_and_excluded(file):
    path = file("x1,x2,y,w\n1,2,3,4\n5,6,7,8\n")
    assert read_table(path, columns=["y", "x*"]).rows.columns == ("y", "x1", "x2")
    assert read_table(path, exclude=["x?"], weights="w").rows.columns == ("y",)
    refused("no column of .* is like 'z\\*'", path, columns=["z*"])
    refused("has no column 'z'", path, exclude=["z"])
    refused("no column of .* is left", path, exclude=["*"])


@pytest.mark.parametrize("block", [25, 8 << 20])
def test_rows_are_told_by_their_lines(file, monkeypatch, block):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    info = read_table(file('# c\na,b\n1,"x\ny"\n\n2,z\n# d\n3,"u"\n')).info
    assert [info.place(i) for i in range(3)] == ["line 4", "line 6", "line 8"]
    assert info.told("row 1 (counted from 0) is odd") == "line 6 is odd"


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ('x,size\n1,5" pipe\n2,7" pipe\n3,"a, b"\n', [1, 2, 3]),
        ('x,size\n1, "a, b"\n2,c\n3,d\n', [1, 2, 3]),
        ('x,"a\n1,2"\n1,"u ""v"", w"\n2,"line\n3,4"\n3,""\n', [1, 2, 3]),
        ('x,s\n# it is 5" wide\n1,"u"\n2,v\n# "\n3,w\n', [1, 2, 3]),
        ('x,s\n1,"a\n#"\n# "b\n2,"\n# c\n\n"\n3,d\n', [1, 2, 3]),
        ('x,s"\n1,u\n2,v\n3,w"\n', [1, 2, 3]),
        ('x s\n1   "u  v"\n 2 w\n3 "x"\n', [1, 2, 3]),
    ],
)
@pytest.mark.parametrize("block", [25, 8 << 20])
def test_quotation_marks(file, monkeypatch, content, values, block):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    assert read_table(file(content)).rows.values.tolist() == [[value] for value in values]


@pytest.mark.parametrize("content", ['x,s\n1,"u"v\n', 'x,s\n1,u\n2,"v\n3,w\n'])
def test_quotation_marks_that_do_not_match(file, content):
    refused(r"t.csv, line [23]: quotation marks do not match", file(content))


def test_long_first_lines_and_comments(file):
    d = 3000
    wide = ",".join(f"a_long_name_of_a_column_{j}" for j in range(d)) + "\n" + ",".join(["1.5"] * d) + "\n"
    assert read_table(file(wide)).rows.values.shape == (1, d)
    assert read_table(file("# COLUMN: description\n" * 5000 + "a,b\n1,2\n")).rows.columns == ("a", "b")


def test_messages_are_short_lines(file):
    names = [f"{'n' * 40}\n{j}" for j in range(40)]
    head = ",".join(f'"{name}"' for name in names) + "\n"
    for content, columns in [(head + ",".join("u" * 40), None), (head + ",".join("1" * 40), ["z"])]:
        with pytest.raises(DataError) as error:
            read_table(file(content), columns=columns)
        assert len(str(error.value)) <= 300
        assert "\n" not in str(error.value)


# ---- many blocks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [1000, 8 << 20])
def test_bad_cells_far_down_in_a_large_file(file, monkeypatch, block):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    good = "1.5,2,u\n" * 5_000
    for bad, message in [
        ("1.5,oops,u\n", "line 5002, column 'b': 'oops' is not a number"),
        ("1.5,2\n", "line 5002 has 2 cells; the header has 3"),
        ("1.5,2,3,4\n", "line 5002 has 4 cells; the header has 3"),
        ('1.5,2,"u\n', "t.csv, line 5002: quotation marks do not match"),
    ]:
        refused(message, file("a,b,s\n" + good + bad + good))
    rows = read_table(file("a,b,s\n" + good + ",,u\n" + good)).rows
    assert rows.values.shape == (10_001, 2)
    assert np.flatnonzero(np.isnan(rows.values[:, 0])).tolist() == [5_000]


def test_a_large_text_needs_little_memory(file):
    """What is kept is the numbers: twice their size at the peak, and a block of text in hand."""
    n = 400_000
    path = file("a,b,c,kind\n" + "1.25,2.5,3.75,some text here\n" * n)
    tracemalloc.start()
    try:
        rows = read_table(path).rows
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows.values.shape == (n, 3)
    assert peak < 2 * rows.values.nbytes + 6 * blocks.BLOCK_BYTES


# ---- binary formats ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("renamed", [False, True])
def test_binary_formats(file, name, renamed):
    rows, _, info = read_table(file(BINARY[name], "t.csv" if renamed else name))
    assert_array_equal(rows.values, [[1, 0.5], [2, 1.5], [3, np.nan]])
    assert info.format == {"t.parquet": "Parquet", "t.npy": "NPY"}.get(name, "Arrow")
    if name != "t.npy":
        assert rows.columns == ("a", "b")
        assert info.left_out == ("kind",)


@pytest.mark.parametrize("name", [*BINARY, "t.csv"])
def test_a_name_is_no_pattern(file, name):
    rows, _, _ = read_table(file(BINARY.get(name, b"a,b\n1,0.5\n2,1.5\n3,\n"), f"t [1]*?.{name[2:]}"))
    assert_array_equal(rows.values, [[1, 0.5], [2, 1.5], [3, np.nan]])


@pytest.mark.parametrize("name", [name for name in BINARY if name != "t.npy"])
def test_columns_and_weights_of_binary_formats(file, name):
    path = file(BINARY[name], name)
    assert read_table(path, columns=["a"]).info.left_out == ()
    rows, weight, _ = read_table(path, weights="a")
    assert rows.columns == ("b",)
    assert weight.tolist() == [1, 2, 3]
    refused(r"column 'kind' holds text \(row 0: 'u'\)", path, columns=["kind"])
    refused(r"has no column 'kinds' \(did you mean 'kind'\?\)", path, columns=["kinds"])
    refused("has no column 'w'; it has a, kind, b", path, weights="w")
    refused("column 'b': weight must be finite", path, weights="b")


@pytest.mark.parametrize("name", BINARY)
def test_damaged_binary_files(file, name):
    """Cut off anywhere, or with a byte changed: a table or one line, nothing else."""
    whole = BINARY[name]
    for cut in sorted({1, 3, 6, 20, len(whole) // 2, len(whole) - 60, len(whole) - 1}):
        with pytest.raises(DataError) as error:
            read_table(file(whole[:cut], name))
        assert "\n" not in str(error.value)
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(whole), size=40):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        try:
            read_table(file(bytes(changed), name))
        except DataError as error:
            assert "\n" not in str(error)


NEEDLE = pl.DataFrame({"a": [1, 2], "kind": ["needle" * 3, "u"], "b": [3, 4]})
UNREADABLE = {  # a text that is no UTF-8, as whoever reads it finds out
    "t.parquet": bytes_of(NEEDLE.write_parquet, compression="uncompressed", statistics=False),
    "t.arrow": bytes_of(NEEDLE.write_ipc, compression="uncompressed"),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ({}, [[1, 3], [2, 4]]),
        ({"columns": ["b"]}, [[3], [4]]),
        ({"columns": ["b", "a"]}, [[3, 1], [4, 2]]),
        ({"weights": "b"}, [[1], [2]]),
        ({"columns": ["a"], "weights": "b"}, [[1], [2]]),
    ],
)
def test_columns_that_are_not_used_are_not_read(file, name, asked, values):
    path = file(UNREADABLE[name].replace(b"needle", b"\xff" * 6), name)
    refused("is damaged or cut off", path, columns=["kind"])
    rows, weight, _ = read_table(path, **asked)
    assert rows.values.tolist() == values
    assert weight is None or weight.tolist() == [3, 4]


def test_the_name_promises_what_the_file_does_not_hold(file):
    refused(
        "t.parquet does not hold Parquet data: it is damaged, or named wrongly", file("a\n1\n", "t.parquet")
    )
    refused("t.npy does not hold NPY data", file("a\n1\n", "t.npy"))
    refused("t.xlsx does not hold Excel data", file("a\n1\n", "t.xlsx"))


def test_parquet_without_numbers(file):
    text = bytes_of(pl.DataFrame({"a": ["u"]}).write_parquet)
    refused("t.parquet has no column of numbers", file(text, "t.parquet"))
    refused("is empty: 0 sample", file(bytes_of(FRAME.head(0).write_parquet), "t.parquet"))


def test_npy(file):
    single = read_table(file(npy(np.float32([[1, 2]])), "t.npy"))
    assert single.rows.values.dtype == np.float32
    path = file(npy([[1, 2, 3], [4, 5, 6]]), "t.npy")
    assert read_table(path).rows.columns == ("x1", "x2", "x3")
    assert not read_table(path).info.has_header
    assert read_table(path, columns=["x3", "x1"]).rows.values.tolist() == [[3, 1], [6, 4]]
    rows, weight, _ = read_table(path, weights="x2")
    assert rows.values.tolist() == [[1, 3], [4, 6]]
    assert weight.tolist() == [2, 5]
    assert read_table(file(npy([1, 2]), "t.npy")).rows.values.tolist() == [[1], [2]]
    named = np.array([(1, 2.5)], dtype=[("n", int), ("x", float)])
    assert read_table(file(npy(named), "t.npy")).rows.columns == ("n", "x")
    refused("t.npy has no column 'x4'", path, columns=["x4"])
    objects = npy(np.array([{}], dtype=object), allow_pickle=True)
    refused("holds Python objects, which are not loaded because that can run code", file(objects, "t.npy"))
    refused("column 'x1' holds the text 'u'", file(npy([["u"]]), "t.npy"))
    refused("t.npy has 3 dimensions", file(npy([[[1]]]), "t.npy"))
    huge = npy([[1.0]]).replace(b"(1, 1), }          ", b"(9999999999, 99), }")
    refused("t.npy is damaged or cut off", file(huge, "t.npy"))
    refused("t.npz is an archive of arrays", file(bytes_of(np.savez, a=[1]), "t.npz"))


def test_excel_without_its_reader(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    message = r'reading Excel files needs fastexcel: pip install "jensen\[cli\]"'
    refused(message, file(b"PK\x03\x04....", "t.xlsx"))


def test_excel(file):
    pytest.importorskip("fastexcel")
    pytest.importorskip("xlsxwriter")
    path = file(bytes_of(FRAME.write_excel), "t.xlsx")
    assert_array_equal(read_table(path).rows.values, [[1, 0.5], [2, 1.5], [3, np.nan]])
    refused("t.xlsx is damaged or cut off", file(path.read_bytes()[:200], "t.xlsx"))


# ---- what is installed, standard input ---------------------------------------------------------------------


def test_what_works_without_polars(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    assert read_table(file(npy([[1]]), "t.npy")).rows.values.tolist() == [[1]]
    for name, content in {"t.csv": "a\n1\n", **BINARY}.items():
        if name != "t.npy":
            message = r'reading (text|Parquet|Arrow) files needs polars: pip install "jensen\[cli\]"'
            refused(message, file(content, name))


def test_polars_is_imported_for_files_only(file):
    path = str(file(npy([[1]]), "t.npy"))
    code = f"import sys; from jensen.data import as_rows, read_table; as_rows([[1]]); read_table({path!r});"
    code += "print({'polars', 'narwhals', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("piped", "values"),
    [
        (b"a,b\n1,2\n", [[1, 2]]),
        (b"a\tb\n1\t2\n", [[1, 2]]),
        (b"a;b\n1,5;2\n", [[1.5, 2]]),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), [[1, 2]]),
        (npy([[1, 2]]), [[1, 2]]),
    ],
)
def test_standard_input(monkeypatch, piped, values):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
    rows, _, info = read_table("-")
    assert rows.values.tolist() == values
    assert info.name == "standard input"


def test_bad_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    refused(r"standard input is empty \(0 bytes\)", "-")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1\n")))
    refused("standard input, line 2 has 1 cell", "-")
    terminal = io.TextIOWrapper(io.BytesIO(b""))
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    refused("nothing is piped into standard input", "-")
