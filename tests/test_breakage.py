"""Odd surroundings and damaged files: one line that says what is wrong, and nothing else."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys

import pytest

import jensen
from jensen.basics.errors import DataError, ModelError
from jensen.basics.writing import write_file
from jensen.cli.app import run

FAITHFUL = jensen.load_dataset("faithful").values


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.json"
    jensen.save(jensen.fit(jensen.Mixture(2), FAITHFUL), path)
    found = json.loads(path.read_text())
    del found["crc32"]
    return found


def jensen_line(*args, **environment):
    return subprocess.run(
        [sys.executable, "-m", "jensen", *args],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


# ---- surroundings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["-5", "abc", "1", "9" * 30, "٣"])
def test_a_width_that_is_none_is_not_taken(columns):
    found = jensen_line("datasets", COLUMNS=columns)
    assert found.returncode == 0, found.stderr
    assert max(map(len, found.stdout.splitlines())) > 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("JENSEN_NUM_THREADS", text) for text in ("0", "-1", "two", "99999999999", "9" * 400, "1.5")),
        ("JENSEN_ISA", "avx1024"),
        ("JENSEN_ISA", "AVX2"),
    ],
)
def test_settings_that_are_none_are_refused(name, value):
    found = jensen_line("fit", "faithful", "-k", "2", "--quiet", **{name: value})
    assert found.returncode == 2
    assert name in found.stderr
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JENSEN_NUM_THREADS", "2"),
        ("JENSEN_ISA", ""),
        ("JENSEN_ISA", "baseline"),
        ("OMP_NUM_THREADS", "4,2"),
        ("OMP_NUM_THREADS", "many"),
    ],
)
def test_settings_that_are_some_are_taken(name, value):
    found = jensen_line("fit", "faithful", "-k", "2", "--quiet", **{name: value})
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("option", ["-k", "--starts"])
@pytest.mark.parametrize("digits", [5000, 10])
def test_numbers_of_many_digits(option, digits, capsys):
    assert run(["fit", "faithful", option, "9" * digits]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"jensen: error: {option}")
    assert len(said) < 300


def test_a_million_starts_begin_at_once():
    with pytest.raises(ModelError, match="at most 1000000"):
        jensen.fit(jensen.Mixture(2), FAITHFUL, restarts=10**9)
    few = jensen.fit(jensen.Mixture(2), FAITHFUL, restarts=3, rng=1)
    more = jensen.fit(jensen.Mixture(2), FAITHFUL, restarts=5, rng=1)
    assert set(few.starts["objective"]) < set(more.starts["objective"])


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are of POSIX")
def test_links_pipes_and_names_that_are_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for path in ("a", "x\0y", "x" * 5000):
        with pytest.raises(DataError, match=r"cannot read|it is not|no file|there is no"):
            jensen.load(path)
    for path in ("x\0y", "x" * 5000):
        with pytest.raises(DataError, match="cannot write"):
            write_file(path, "text")
    command = f"{sys.executable} -m jensen fit faithful -k 2 --quiet --out /dev/stdout"
    whole = subprocess.run(["bash", "-c", f"{command} | cat"], capture_output=True, text=True, check=True)
    assert json.loads(whole.stdout)["format"]
    cut = subprocess.run(["bash", "-c", f"{command} | head -c 1"], capture_output=True, text=True, check=True)
    assert "Traceback" not in cut.stderr


# ---- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["num_observations", "weight", "num_free", "num_steps", "seconds", "bic"])
@pytest.mark.parametrize("value", [0, -1, 1e308, 10**400, 1e-320, -0.0, None], ids=lambda v: str(v)[:8])
def test_any_number_of_a_summary(name, value, document, tmp_path, capsys):
    odd = copy.deepcopy(document)
    odd["summary"][name] = value
    (tmp_path / "m.json").write_text(json.dumps(odd))
    assert run(["show", str(tmp_path / "m.json")]) in (0, 2)
    assert "nan" not in capsys.readouterr().out.lower().split()
