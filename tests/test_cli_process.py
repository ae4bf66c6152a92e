"""The command as a process: pipes, terminals, signals, and what it imports."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

JENSEN = [sys.executable, "-m", "jensen"]
TIMEOUT = 120
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def environment(**changes):
    """This environment, with the same packages from whatever folder."""
    paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    return {**plain, "PYTHONPATH": os.pathsep.join(paths), **changes}


def run(*args, cwd=None, stdin=None, command=JENSEN):
    return subprocess.run(
        [*command, *args],
        input=stdin,
        cwd=cwd,
        env=environment(COLUMNS="120"),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def on_a_terminal(args, cwd, interrupt_when=None):
    """What a run on a terminal shows, and its exit code; interrupted once the text is seen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*JENSEN, *args],
        cwd=cwd,
        env=environment(TERM="xterm-256color", COLUMNS="80"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        if interrupt_when is not None and interrupt_when in shown:
            process.send_signal(signal.SIGINT)
            interrupt_when = None
    os.close(ours)
    return shown.decode(), process.wait(timeout=TIMEOUT)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(0)
    centres = 2.0 * rng.normal(size=(7, 6))
    np.save(folder / "large.npy", centres[rng.integers(7, size=600_000)] + rng.normal(size=(600_000, 6)))
    return folder


def test_a_fit_imports_neither_scikit_learn_nor_polars_nor_a_plotting_library():
    code = (
        "import sys\n"
        "from jensen.cli import main\n"
        "assert main(['fit', 'faithful', '-k', '3']) == 0\n"
        "heavy = {'sklearn', 'scipy', 'pandas', 'polars', 'matplotlib', 'jax'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    found = run("-c", code, command=[sys.executable])
    assert found.returncode == 0, found.stderr


def test_version_and_help():
    found = run("--version")
    assert found.returncode == 0
    assert found.stdout.startswith("jensen ")
    found = run("fit", "--help")
    assert found.returncode == 0
    for option in (
        "--covariance",
        "--criterion",
        "--weights",
        "--starts",
        "--plot",
        "--out",
        "--json",
        "--seed",
    ):
        assert option in found.stdout


def test_standard_input_is_data():
    data = "a,b\n" + "\n".join(f"{x},{y}" for x, y in np.random.default_rng(0).normal(size=(50, 2)))
    found = run("fit", "-", "-k", "1:2", stdin=data)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("standard input: 50 rows, 2 columns; ")


@pytest.mark.parametrize(
    "args", ["fit faithful -k 1:4", "sample MODEL -n 200000", "fit faithful -k 2 --json"]
)
def test_a_reader_that_goes_away_is_no_traceback(args, tmp_path):
    model = tmp_path / "m.json"
    if "MODEL" in args:
        run("fit", "faithful", "-k", "1", "-q", "-o", str(model))
    command = [*JENSEN, *args.replace("MODEL", str(model)).split()]
    with subprocess.Popen(command, env=environment(), **PIPES) as process:
        assert process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=TIMEOUT) in (0, 141)  # 0 where all had been written by then


@pytest.mark.parametrize("args", ["datasets", "datasets --json"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_what_is_closed_from_the_start_is_no_traceback(args, closed):
    shell = f"{sys.executable} -m jensen {args} {closed}"
    done = subprocess.run(
        ["sh", "-c", shell], env=environment(), capture_output=True, timeout=TIMEOUT, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (b"faithful" in done.stdout) is (closed == "2>&-")


def test_a_reader_that_has_gone_ends_a_long_output(tmp_path):
    run("fit", "faithful", "-k", "1", "-q", "-o", "m.json", cwd=tmp_path)
    command = [*JENSEN, "sample", "m.json", "-n", "200000"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), **PIPES) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(timeout=TIMEOUT) == 141


def test_errors_are_one_line_without_a_traceback(tmp_path):
    found = run("fit", "nothing.csv", cwd=tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == "jensen: error: there is no file nothing.csv\n"


def test_colour_on_a_terminal(tmp_path):
    shown, code = on_a_terminal(["fit", "faithful", "-k", "1:3"], tmp_path)
    assert code == 0
    assert "\x1b[1;32m2314.30" in shown


def test_an_interrupt_saves_the_best_so_far(large):
    args = ["fit", "large.npy", "-k", "1:9", "--covariance", "full", "--out", "m.json"]
    shown, code = on_a_terminal(args, large, interrupt_when=b"Ctrl-C keeps the best so far")
    assert code == 130
    assert "Interrupted: this is the best of the models that were reached." in shown
    assert "models; k = " in shown  # the progress
    assert run("show", "m.json", cwd=large).returncode == 0


def test_an_interrupt_of_a_process_without_a_terminal(large):
    command = [*JENSEN, "fit", "large.npy", "-k", "1:40", "--covariance", "full"]
    with subprocess.Popen(command, cwd=large, env=environment(), text=True, **PIPES) as process:
        time.sleep(4.0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Interrupted" in out or "interrupted before" in err
