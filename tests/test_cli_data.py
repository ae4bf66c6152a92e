"""The data of commands: rows left out, columns chosen, labels beside what is written."""

import gzip

import numpy as np
import pytest

import jensen
from jensen.cli import main
from jensen.cli.hints import numbers_rows
from jensen.files import load


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(seed=0, n=40, gap=None, sep=",", mark=".", end="\n", quote=""):
    rng = np.random.default_rng(seed)
    rows = np.round(rng.normal(size=(n, 2)) + 9 * (np.arange(n) % 2)[:, None], 2)
    lines = [sep.join(f"{quote}{name}{quote}" for name in ("a", "b"))]
    for i, row in enumerate(rows):
        cells = [f"{x:.2f}".replace(".", mark) for x in row]
        lines.append(sep.join(["" if i == gap else cells[0], cells[1]]))
    return end.join(lines) + end, rows


def fit(*arguments):
    return main(["fit", *arguments, "-k", "2", "--covariance", "full", "-q"])


def test_rows_with_gaps_are_an_error_or_left_out(folder, capsys):
    text, rows = table(gap=7)
    (folder / "t.csv").write_text(text)
    assert main(["fit", "t.csv", "-k", "2"]) == 2
    said = "1 of 40 rows has missing cells (a 1)"
    assert f"{said}, the first on line 9; --missing drop" in capsys.readouterr().err
    arguments = ["t.csv", "-k", "2", "--covariance", "full", "--missing", "drop", "-o", "m.json"]
    assert main(["fit", *arguments]) == 0
    assert f"left out: {said}" in capsys.readouterr().err
    kept = np.delete(rows, 7, axis=0)
    alone = jensen.fit(jensen.Mixture(2), kept)
    assert load("m.json").summary["log_evidence"] == pytest.approx(alone.log_evidence, abs=1e-6)
    assert main(["score", "m.json", "t.csv", "--missing", "drop"]) == 0
    assert "over 39 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sep", "mark", "end", "quote", "encoding"),
    [
        (",", ".", "\n", "", "utf-8"),
        (";", ",", "\r\n", '"', "utf-8-sig"),
        ("\t", ",", "\n", "", "latin-1"),
        (",", ".", "\r", "", "utf-16"),
    ],
)
def test_appended_cells_leave_the_file_as_it_is(folder, capsysbinary, sep, mark, end, quote, encoding):
    text, rows = table(gap=3, sep=sep, mark=mark, end=end, quote=quote)
    text = f"# é{end}" + text.replace(end, f"{end}{end}# x{end}", 5)[: -len(end)]  # the last line has no end
    content = text.encode(encoding)
    (folder / "t.csv").write_bytes(content)
    assert fit("t.csv", "--missing", "drop", "-o", "m.json") == 0
    assert main(["predict", "m.json", "t.csv", "--append", "--missing", "drop", "-o", "out.csv"]) == 0
    out = (folder / "out.csv").read_bytes()
    saved = load("m.json")
    kept = np.arange(len(rows)) != 3
    labels = np.full(len(rows), "", dtype=object)
    labels[kept] = saved.model.posterior(saved.params, rows[kept]).responsibilities.argmax(axis=1).astype(str)
    lines, written = text.split(end), out.decode(encoding).split(end)
    assert len(written) == len(lines)
    cells = iter([f"{quote}component{quote}", *labels])
    for before, after in zip(lines, written, strict=True):
        is_row = before and not before.startswith("#")
        assert after == (f"{before}{sep}{next(cells)}" if is_row else before)
    assert out[:2] == content[:2]  # a mark of the encoding, too


def test_appended_probabilities_of_a_compressed_file_and_of_a_data_set(folder, capsysbinary):
    text, _ = table()
    (folder / "t.csv.gz").write_bytes(gzip.compress(text.replace("b\n", "component\n", 1).encode()))
    assert fit("t.csv.gz", "-o", "m.json") == 0
    assert main(["predict", "m.json", "t.csv.gz", "--append", "--proba"]) == 0
    header, first, *_ = capsysbinary.readouterr().out.decode().splitlines()
    assert header == "a,component,component_2,p0,p1,uncertainty"
    assert first.startswith(text.splitlines()[1])
    assert fit("iris", "-o", "iris.json") == 0
    assert main(["predict", "iris.json", "iris", "--append"]) == 0
    lines = capsysbinary.readouterr().out.decode().splitlines()
    assert lines[0] == "sepal_length,sepal_width,petal_length,petal_width,species,component"
    assert len(lines) == 151


def test_appending_needs_a_text_file(folder, capsys):
    np.save("t.npy", table()[1])
    assert fit("t.npy", "-o", "m.json") == 0
    assert main(["predict", "m.json", "t.npy", "--append"]) == 2
    assert "t.npy is not a text file" in capsys.readouterr().err


def test_labels_of_a_fit_are_those_of_predict(folder, capsys):
    (folder / "t.csv").write_text(table(gap=0)[0])
    assert fit("t.csv", "--missing", "drop", "--labels", "l.csv", "-o", "m.json") == 0
    assert main(["predict", "m.json", "t.csv", "--missing", "drop"]) == 0
    assert (folder / "l.csv").read_text() == capsys.readouterr().out
    lines = (folder / "l.csv").read_text().splitlines()
    assert lines[:2] == ["component", '""']  # not a blank line, which is no row
    assert len(lines) == 41


@pytest.mark.parametrize("command", [["predict"], ["score", "--rows"]])
def test_a_model_is_not_overwritten(folder, capsys, command):
    assert fit("faithful", "-o", "m.json") == 0
    before = (folder / "m.json").read_bytes()
    assert main([command[0], "m.json", "faithful", *command[1:], "--out", "./m.json"]) == 2
    assert "this is also the model" in capsys.readouterr().err
    assert (folder / "m.json").read_bytes() == before


def test_columns_repeated_excluded_and_by_pattern(folder):
    for arguments, columns in [
        (["--columns", "petal*"], ("petal_length", "petal_width")),
        (["--columns", "petal_width", "--columns", "sepal_width"], ("petal_width", "sepal_width")),
        (["--exclude", "petal*,sepal_width"], ("sepal_length",)),
    ]:
        assert fit("iris", *arguments, "-o", "m.json") == 0
        assert load("m.json").columns == columns


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("id", [7, 3, 9, 4, 8], True),
        ("customer_id", [10, 30, 20, 50, 40], True),
        ("n", [1, 2, 3, 4, 5], True),
        ("id", [1, 1, 2, 3, 4], False),
        ("width", [7, 3, 9, 4, 8], False),
        ("id", [0.5, 1.5, 2.5, 3.5], False),
        ("year", [1990, 1991, 1992, 1993], False),
    ],
)
def test_numbers_of_rows(name, values, found):
    assert numbers_rows(name, np.array(values, float)) == found


def test_a_hint_at_them(folder, capsys):
    text, _ = table()
    lines = [f"{i}," * (i > 0) + line if i else f"id,{line}" for i, line in enumerate(text.splitlines())]
    (folder / "t.csv").write_text("\n".join(lines))
    assert main(["fit", "t.csv", "-k", "2"]) == 0
    assert "column 'id' looks like a number of the row; --exclude id leaves it out" in capsys.readouterr().err


def test_an_open_range_goes_on_while_the_best_is_at_its_end(monkeypatch, folder):
    """Twelve groups: 9 would be the end of 8:9, and is not the best."""
    rng = np.random.default_rng(0)
    x = np.concatenate([30.0 * c + rng.normal(size=(20, 1)) for c in range(12)])
    np.savetxt("t.csv", x, header="x", comments="")
    monkeypatch.setattr("jensen.cli.arguments.OPEN_BY", 4)
    assert main(["fit", "t.csv", "-k", "8:", "--covariance", "tied", "-q", "-o", "m.json"]) == 0
    assert len(load("m.json").params.weights) == 12


def test_rows_and_their_weight(folder, capsys):
    text, _ = table(n=12)
    head, *lines = text.splitlines()
    (folder / "t.csv").write_text("\n".join([f"{head},w", *(f"{line},0.25" for line in lines)]))
    assert main(["fit", "t.csv", "-k", "1", "--weights", "w", "--covariance", "full"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("t.csv: 12 rows of weight 3, 2 columns")
    assert next(line for line in out.splitlines() if line.startswith("log-lik")).endswith(
        ", 12 rows of weight 3, 2 columns"
    )
