"""Model files, damaged: they are loaded and shown, or refused."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import jensen
from fuzzing import damage
from fuzzing.outcomes import WrongError
from jensen.cli.app import run

SIGNS = b'{}[]",:0123456789eE+-.ntfu\\/ \n'


@cache
def documents() -> list[Any]:
    """Of one fit of each kind, without a checksum, so that damage is not told by that alone."""
    x = jensen.load_dataset("faithful").values[:80]
    structures = jensen.Full(), jensen.Tied(), jensen.Diagonal(), jensen.Spherical()
    models = [jensen.Mixture(2, jensen.Gaussian(each)) for each in structures]
    models.append(jensen.constrain(models[0], fixed={"weights": [0.5, 0.5]}))
    fits = [jensen.fit(model, x, restarts=1) for model in models]
    counts = np.random.default_rng(0).poisson(3.0, (60, 2))
    fits.append(jensen.fit(jensen.Mixture(2, jensen.Poisson()), counts, restarts=1))
    path = Path("whole.json")
    found = []
    for fit in fits:
        jensen.save(fit, path)
        found.append(json.loads(path.read_text()))
        del found[-1]["crc32"]
    return found


def case(rng: random.Random) -> None:
    """One file."""
    document = copy.deepcopy(rng.choice(documents()))
    if rng.random() < 0.7:
        damage.document(document, rng)
        content = json.dumps(document).encode()
    else:
        content = damage.bytes_of(json.dumps(document, indent=1).encode(), rng, SIGNS)
    Path("m.json").write_bytes(content)
    saved = jensen.load("m.json")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run(["show", "m.json"])
    if "nan" in f"{saved} {out.getvalue()}".lower().split():
        raise WrongError("shows nan")
    x = np.array([[2.0, 60.0], [4.0, 80.0]])
    if len(saved.columns) == 2 and not np.isfinite(saved.model.posterior(saved.params, x).log_evidence).all():
        raise WrongError("a density that is no number")
