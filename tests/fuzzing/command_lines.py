"""The command line: an exit code, and one line on standard error where something is wrong."""

from __future__ import annotations

import contextlib
import io
import random
from pathlib import Path
from unittest.mock import patch

from fuzzing.outcomes import LONGEST, WrongError
from jensen.cli.app import run

FILES = {
    "good.csv": "a,b\n" + "".join(f"{i % 7}.5,{i * 37 % 101}\n" for i in range(60)),
    "words.csv": "a,b\nx,y\nz,w\n",
    "one.csv": "a\n1\n",
    "none.csv": "a,b\n",
    "empty.csv": "",
    "gaps.csv": "a,b\n1,\n,2\n3,4\n5,6\n",
    "names.csv": "a,a,\n1,2,3\n4,5,6\n",
    "odd.csv": "a,b\n1e300,1\n2,1e-300\n3,nan\n4,inf\n",
}
COMMANDS = ("fit", "fit", "fit", "predict", "score", "sample", "show", "datasets", "gradients", "help", "")
WORDS = (
    *FILES,
    *(
        "faithful",
        "iris",
        "nowhere.csv",
        "-",
        ".",
        "/",
        "m.json",
        "out.json",
        "out.csv",
        "out.png",
        "x" * 300,
    ),
    *("1", "2", "0", "-1", "1:3", "2:", "3:1", "1,2", "1e3", "9" * 40, "auto", "full", "all", "usual", "vvv"),
    *(
        "bic",
        "icl",
        "a",
        "a,b",
        "*",
        "x*",
        "drop",
        "error",
        ".",
        ",",
        "",
        " ",
        "\n",
        "é",
        "--",
        "=",
        "x=1",
    ),
)
OPTIONS = (
    *("-k", "--components", "--covariance", "--columns", "--exclude", "--weights", "--missing", "--decimal"),
    *("--criterion", "--starts", "--seed", "--out", "-o", "--labels", "--json", "--quiet", "-q", "--proba"),
    *("--append", "--rows", "-n", "--help", "--version", "-x", "--at", "-d", "--estimators"),
)


def case(rng: random.Random) -> None:
    """One line."""
    for name, content in FILES.items():
        Path(name).write_text(content)
    args = [rng.choice(COMMANDS)]
    count = rng.randrange(7)
    args += [rng.choice(OPTIONS) if rng.random() < 0.45 else rng.choice(WORDS) for _ in range(count)]
    if args[0] == "fit":
        args += ["--starts", "1", "-k", rng.choice(("1", "2", "1:2"))]
    typed = io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n2,5\n4,4\n"))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), patch("sys.stdin", typed):
        code = run(args)
    if not isinstance(code, int) or code not in (0, 1, 2, 130, 141):
        raise WrongError(f"exit code {code!r} of {args}")
    errors = [line for line in err.getvalue().splitlines() if line.startswith("jensen: error")]
    if code == 2 and len(errors) != 1 and "Usage" not in out.getvalue() + err.getvalue():
        raise WrongError(f"{len(errors)} errors of {args}: {err.getvalue()[:200]}")
    if any(len(line) > LONGEST + 60 for line in errors):
        raise WrongError(f"a line of {max(map(len, errors))} letters of {args}")
    if "nan" in out.getvalue().split() and code == 0 and "odd.csv" not in args and "gaps.csv" not in args:
        raise WrongError(f"nan on the output of {args}")
