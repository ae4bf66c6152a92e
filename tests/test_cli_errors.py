"""Whatever is wrong: one line on standard error, exit code 2, no traceback, nothing overwritten."""

import numpy as np
import pytest

from jensen.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with files that are wrong in every way."""
    monkeypatch.chdir(tmp_path)
    files = {
        "good.csv": "a,b\n1,2\n3,1\n4,5\n2.5,2\n8,9\n7,9\n8,7\n",
        "nan.csv": "a,b\n1,2\n3,nan\n4,5\n",
        "inf.csv": "a,b\n1,2\n3,4\n4,-inf\n",
        "huge.csv": "a\n1e300\n2\n3\n",
        "constant.csv": "a,b\n1,2\n1,3\n1,5\n",
        "one.csv": "a,b\n1,2\n",
        "empty.csv": "",
        "header.csv": "a,b\n",
        "text.csv": "a,b\nx,y\nz,w\n",
        "ragged.csv": "a,b\n1,2\n3\n4,5,6\n",
        "negative.csv": "a,w\n1,1\n2,-1\n4,1\n",
        "zero.csv": "a,w\n1,0\n2,0\n4,0\n",
        "nan_weight.csv": "a,w\n1,1\n2,nan\n4,1\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "binary.csv").write_bytes(np.random.default_rng(0).bytes(3000))
    (tmp_path / "cut.parquet").write_bytes(b"PAR1" + bytes(50))
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00")
    np.save(tmp_path / "objects.npy", np.array([[1, "a"]], dtype=object), allow_pickle=True)
    (tmp_path / "folder").mkdir()
    assert main(["fit", "good.csv", "-k", "1", "--covariance", "full", "-q", "-o", "model.json"]) == 0
    text = (tmp_path / "model.json").read_text()
    (tmp_path / "newer.json").write_text(text.replace('"version": 2', '"version": 9'))
    (tmp_path / "schema.json").write_text(text.replace("jensen.model", "jensen.modem"))
    (tmp_path / "digit.json").write_text(text.replace('"array": [1.0]', '"array": [1.5]'))
    (tmp_path / "cut.json").write_text(text[: len(text) // 2])
    return tmp_path


BAD = [
    (
        ["fit", "nan.csv"],
        "1 of 3 rows has missing cells (b 1), the first on line 3; --missing drop leaves such rows out",
    ),
    (["fit", "inf.csv"], "not finite (1 infinite): the first is -inf at line 4, column 'b'"),
    (["fit", "huge.csv"], "too large to square"),
    (["fit", "constant.csv"], "column 'a' is constant"),
    (["fit", "one.csv"], "there is only one row"),
    (["fit", "good.csv", "-k", "20:22"], "more components than the 7 distinct rows"),
    (["fit", "good.csv", "--columns", "a,c"], "has no column 'c'; it has a, b"),
    (["fit", "good.csv", "--weights", "w"], "has no column 'w'"),
    (["fit", "good.csv", "--columns", "a", "--weights", "a"], "both as data and as weights"),
    (["fit", "negative.csv", "--weights", "w"], "must not be negative"),
    (["fit", "zero.csv", "--weights", "w"], "zero for every row"),
    (["fit", "nan_weight.csv", "--weights", "w"], "1 of 3 rows has missing cells (w 1), the first on line 3"),
    (["fit", "empty.csv"], "empty"),
    (["fit", "header.csv"], "header.csv"),
    (["fit", "text.csv"], "text.csv"),
    (["fit", "ragged.csv"], "ragged.csv"),
    (["fit", "binary.csv"], "binary"),
    (["fit", "cut.parquet"], "cut.parquet"),
    (["fit", "cut.npy"], "cut.npy"),
    (["fit", "objects.npy"], "objects.npy"),
    (["fit", "folder"], "folder"),
    (["fit", "missing.csv"], "there is no file missing.csv"),
    (["fit", "fathful"], "no file and no built-in data set is named 'fathful' (did you mean 'faithful'?)"),
    (["fit", "iris", "--columns", "species"], "iris has no column 'species'"),
    (["fit", "good.csv", "-k", "0"], "at least 1 component"),
    (["fit", "good.csv", "-k", "x"], "give numbers of components"),
    (
        ["fit", "good.csv", "--covariance", "foo"],
        "choose from full, tied, diag, eei, spherical, eii, ",
    ),
    (["fit", "good.csv", "--criterion", "foo"], "choose from bic, icl, aic"),
    (["fit", "good.csv", "--starts", "0"], "give a number from 1 to 1000000, or auto"),
    (["fit", "good.csv", "--seed", "x"], "--seed"),
    (["fit", "good.csv", "--seed", "-1"], "give 0 or a positive number"),
    (["fit", "good.csv", "--columns", "a,,b"], "separated by commas"),
    (["fit", "good.csv", "--out", "missing/m.json"], "the folder missing does not exist"),
    (["fit", "good.csv", "--out", "folder"], "it is a directory"),
    (["fit", "good.csv", "--out", "good.csv"], "this is also the data"),
    (["fit", "good.csv", "--plot", "p.jpg"], "must end in .png, .pdf or .svg"),
    (["fit", "good.csv", "--plot", "missing/p.png"], "the folder missing does not exist"),
    (["fit"], "DATA"),
    (["fit", "good.csv", "--bogus"], "--bogus"),
    (["fits", "good.csv"], "fits"),
    (["predict", "model.json", "iris"], "iris has 4 columns"),
    (["predict", "model.json", "one.npy"], "there is no file one.npy"),
    (["predict", "model.json", "constant.csv", "--out", "constant.csv"], "this is also the data"),
    (["predict", "model.json", "nan.csv"], "missing cells"),
    (["predict", "good.csv", "good.csv"], "not a jensen model file"),
    (["predict", "missing.json", "good.csv"], "missing.json"),
    (["show", "newer.json"], "newer"),
    (["show", "schema.json"], "not a jensen model file"),
    (["show", "digit.json"], "damaged"),
    (["show", "cut.json"], "damaged or cut off"),
    (["show", "folder"], "directory"),
    (["show", "model.json", "cut.json"], "cut.json"),
    (["show"], "MODEL"),
    (["score", "model.json", "good.csv", "--out", "x.csv"], "add --rows"),
    (["score", "model.json", "zero.csv", "--weights", "w"], "zero.csv"),
    (["sample", "model.json", "-n", "0"], "give a number of rows from 1"),
    (["sample", "model.json", "-n", "2", "--out", "model.json"], "this is also the model"),
    (["sample", "model.json", "-n", "2", "--seed", "-4"], "give 0 or a positive number"),
]


@pytest.mark.parametrize(("args", "message"), BAD, ids=[" ".join(args) for args, _ in BAD])
def test_one_line_and_exit_code_2(folder, capsys, args, message):
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert main(args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    error = err.splitlines()[-1]
    assert error.startswith("jensen: error: ")
    assert message in error
    assert "Traceback" not in err
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_an_existing_model_survives_a_fit_that_fails(folder):
    before = (folder / "model.json").read_bytes()
    assert main(["fit", "nan.csv", "--out", "model.json"]) == 2
    assert (folder / "model.json").read_bytes() == before


def test_a_read_only_file_is_found_out_before_the_fit(folder, capsys):
    (folder / "model.json").chmod(0o444)
    assert main(["fit", "good.csv", "--out", "model.json"]) == 2
    assert "read-only" in capsys.readouterr().err


def test_wrong_columns_name_what_was_expected_and_found(folder, capsys):
    np.save(folder / "three.npy", np.zeros((4, 3)))
    assert main(["predict", "model.json", "three.npy"]) == 2
    assert "three.npy has 3 columns where the model has 2 (a, b)" in capsys.readouterr().err
    (folder / "other.csv").write_text("a,c\n1,2\n3,4\n")
    assert main(["predict", "model.json", "other.csv"]) == 2
    err = capsys.readouterr().err
    assert "(a, c) where the model has 2 (a, b); missing: b" in err


def test_a_bug_is_not_hidden(monkeypatch):
    def broken(*args):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("jensen.cli.using.datasets", broken)
    with pytest.raises(ZeroDivisionError):
        main(["datasets"])


def test_memory_that_runs_out_is_one_line(monkeypatch, capsys):
    def hungry(*args):
        raise MemoryError

    monkeypatch.setattr("jensen.cli.using.datasets", hungry)
    assert main(["datasets"]) == 2
    assert capsys.readouterr().err == "jensen: error: not enough memory for this\n"


def test_a_missing_extra_is_named(monkeypatch, capsys, folder):
    import builtins
    import sys

    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] in ("typer", "polars"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "jensen.cli.app", raising=False)
    monkeypatch.delattr("jensen.cli.app", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["fit", "faithful"]) == 2
    assert capsys.readouterr().err == (
        'jensen: error: the command line needs typer; install it with: pip install "jensen[cli]"\n'
    )
