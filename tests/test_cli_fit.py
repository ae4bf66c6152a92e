"""``jensen fit``: what it prints and writes."""

import json

import numpy as np
import pytest

import jensen
from jensen.cli import fitting, main
from jensen.em import Outcome
from jensen.files import load


@pytest.fixture
def faithful_csv(tmp_path):
    data = jensen.load_dataset("faithful")
    path = tmp_path / "geyser.csv"
    np.savetxt(path, data.values, delimiter=",", header=",".join(data.columns), comments="")
    return path


def test_the_report(capsys):
    assert main(["fit", "faithful", "-k", "1:3"]) == 0
    out, err = capsys.readouterr()
    assert err == "jensen: k = 3 is the largest that was tried; '-k 1:' goes on while that is best\n"
    assert out.isascii()
    assert out.startswith("faithful: 272 rows, 2 columns; 11 models fitted in ")
    assert "BIC (smaller is better; mclust prints minus this)" in out
    assert "Chosen: k = 3, tied, BIC 2314.30. Next: k = 2, full, 7.90 above: strong evidence" in out
    assert "log-likelihood  -1126.3159" in out
    assert "#1 #2 #3 the best three" in out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_one_model_has_no_sweep_table(capsys):
    assert main(["fit", "faithful", "-k", "2", "--covariance", "full"]) == 0
    out = capsys.readouterr().out
    assert "smaller is better; mclust" not in out
    assert "-1130.2640" in out


def test_json_is_one_document_and_nothing_else(capsys):
    assert main(["fit", "faithful", "-k", "2:3", "--covariance", "full,tied", "--json", "--seed", "3"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["data"] == {
        "name": "faithful",
        "rows": 272,
        "weight": 272.0,
        "columns": ["eruptions", "waiting"],
    }
    assert document["criterion"] == {"name": "bic", "better": "smaller"}
    assert [(row["k"], row["structure"]) for row in document["table"]] == [
        (2, "full"),
        (2, "tied"),
        (3, "full"),
        (3, "tied"),
    ]
    assert sorted(row["rank"] for row in document["table"]) == [1, 2, 3, 4]
    assert document["chosen"]["structure"] == "tied"
    assert document["interrupted"] is False
    fit = document["fit"]
    assert np.shape(fit["means"]) == (3, 2)
    assert np.shape(fit["covariances"]) == (3, 2, 2)
    assert sum(fit["weights"]) == pytest.approx(1.0)
    assert fit["log_evidence"] == pytest.approx(-1126.3159, abs=1e-3)
    assert fit["verdict"]["converged"] is True
    first = [mean[0] for mean in fit["means"]]
    assert first == sorted(first)


def test_a_file_and_the_built_in_set_agree(faithful_csv, capsys):
    values = []
    for data in ("faithful", str(faithful_csv)):
        assert main(["fit", data, "-k", "2", "--covariance", "full", "--json"]) == 0
        values.append(json.loads(capsys.readouterr().out)["fit"]["log_evidence"])
    assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_the_seed_gives_the_same_again(capsys):
    texts = []
    for _ in range(2):
        main(["fit", "iris", "-k", "3", "--seed", "5", "--json"])
        document = json.loads(capsys.readouterr().out)
        texts.append(document["fit"]["means"])
    assert texts[0] == texts[1]


def test_columns_and_weights(tmp_path, capsys):
    path = tmp_path / "w.csv"
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=(60, 2)), rng.integers(1, 4, 60)])
    np.savetxt(path, rows, delimiter=",", header="a,b,w", comments="")
    assert main(["fit", str(path), "-k", "1", "--columns", "b", "--weights", "w", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["data"]["columns"] == ["b"]
    assert document["data"]["weight"] == rows[:, 2].sum()
    assert document["fit"]["means"][0][0] == pytest.approx(np.average(rows[:, 1], weights=rows[:, 2]))


def test_the_criterion_is_what_is_asked_for(capsys):
    assert main(["fit", "faithful", "-k", "1:3", "--criterion", "icl"]) == 0
    out = capsys.readouterr().out
    assert "ICL (smaller is better; mclust has the other sign, and hard assignments)" in out
    assert "Chosen: k = 2, full, ICL" in out


def test_starts_is_the_number_of_starts(capsys):
    assert main(["fit", "faithful", "-k", "2", "--covariance", "full", "--starts", "4", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["fit"]["starts"]) == 4


def test_out_saves_the_chosen_model_and_says_so(tmp_path, capsys):
    path = tmp_path / "model.json"
    assert main(["fit", "faithful", "-k", "2:3", "--covariance", "tied", "--out", str(path)]) == 0
    hint = "jensen: k = 3 is the largest that was tried; '-k 2:' goes on while that is best\n"
    assert capsys.readouterr().err == f"jensen: saved {path}\n{hint}"
    saved = load(path)
    assert saved.columns == ("eruptions", "waiting")
    assert len(saved.params.weights) == 3
    assert saved.summary["data"] == "faithful"
    assert saved.summary["seed"] == 0
    assert list(saved.params.components.means[:, 0]) == sorted(saved.params.components.means[:, 0])


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_plot_draws_in_the_format_of_the_name(tmp_path, capsys, suffix, magic):
    path = tmp_path / f"fit{suffix}"
    assert main(["fit", "faithful", "-k", "2", "--plot", str(path), "--json"]) == 0
    assert path.read_bytes().startswith(magic)
    json.loads(capsys.readouterr().out)


def test_quiet_prints_nothing(tmp_path, capsys):
    path = tmp_path / "model.json"
    assert main(["fit", "faithful", "-k", "2", "-q", "-o", str(path)]) == 0
    assert capsys.readouterr() == ("", "")
    assert path.exists()


def test_what_is_odd_about_the_data_is_said(tmp_path, capsys):
    path = tmp_path / "odd.csv"
    rng = np.random.default_rng(0)
    a = rng.normal(size=30)
    lines = [f"{x},{x},{kind}" for x, kind in zip(a, "xyz" * 10, strict=True)]
    path.write_text("a,b,kind\n" + "\n".join(lines) + "\n")
    assert main(["fit", str(path), "-k", "1:2"]) == 0
    out, err = capsys.readouterr()
    assert "jensen: odd.csv: left out, because not numbers: kind" in err
    assert "jensen: odd.csv: columns 'a' and 'b' are equal; leave one out" in err
    assert "boundary" in out
    assert "Chosen: k = 1, full" not in out


def test_fewer_rows_than_columns_is_said_and_no_crash(tmp_path, capsys):
    path = tmp_path / "wide.csv"
    rows = np.random.default_rng(0).normal(size=(6, 9))
    np.savetxt(path, rows, delimiter=",")
    assert main(["fit", str(path), "-k", "1:2"]) == 0
    out, err = capsys.readouterr()
    assert "6 rows of 9 columns are too few for a full or tied covariance" in err
    assert "x not to be chosen" in out


def test_k_beyond_the_rows_is_a_row_with_its_reason(tmp_path, capsys):
    path = tmp_path / "few.csv"
    path.write_text("a\n1\n2\n4\n9\n1\n2.5\n")
    assert main(["fit", str(path), "-k", "1:6", "--covariance", "full"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "not fitted (more components than the 5 distinct rows): k = 6" in out


def test_an_interrupt_reports_and_saves_the_best_so_far(tmp_path, capsys, monkeypatch):
    path = tmp_path / "model.json"
    calls = []

    def interrupted_fit(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return jensen.fit(*args, **kwargs)

    monkeypatch.setattr("jensen.selection.sweep.fit", interrupted_fit)
    assert main(["fit", "faithful", "-k", "1:9", "--covariance", "full", "--out", str(path)]) == 130
    out = capsys.readouterr().out
    assert "Interrupted: this is the best of the models that were reached." in out
    assert "Chosen: k = 2, full" in out
    saved = load(path)
    assert saved.verdict.outcome is Outcome.CONVERGED
    assert saved.verdict.message == "of a sweep that was interrupted"


def test_an_interrupt_before_anything_writes_nothing(tmp_path, capsys, monkeypatch):
    path = tmp_path / "model.json"

    def interrupted_fit(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("jensen.selection.sweep.fit", interrupted_fit)
    assert main(["fit", "faithful", "-k", "2", "--out", str(path)]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "jensen: interrupted before there was anything to keep\n"
    assert not path.exists()


def test_outputs_are_checked_before_the_fit(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(fitting, "read_source", lambda *args: pytest.fail("the data were read"))
    for option, name in (("--out", "m.json"), ("--plot", "p.png")):
        assert main(["fit", "faithful", option, str(tmp_path / "missing" / name)]) == 2
        assert "does not exist" in capsys.readouterr().err


def test_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    assert main(["fit", "iris", "-k", "2:3"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 50
    assert "spherical" in out


def test_a_stream_that_knows_only_ascii(capsys, monkeypatch):
    import io
    import sys

    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["fit", "faithful", "-k", "2"]) == 0
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")
    assert "log-likelihood  -1130.2640" in text
    assert "?" not in text
