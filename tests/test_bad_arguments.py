"""Every public verb is given what it cannot use, argument by argument: one family of errors, short words."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import jensen
from jensen.basics.errors import JensenError

LONGEST = 300  # letters of a message
X = jensen.load_dataset("faithful").values[:60]
MODEL = jensen.Mixture(2)
FIT = jensen.fit(MODEL, X)
POSTERIOR = FIT.model.posterior(FIT.params, X)


BAD: dict[str, Any] = {
    "none": None,
    "nan": float("nan"),
    "infinity": float("inf"),
    "minus one": -1,
    "zero": 0,
    "a half": 0.5,
    "huge": 10**400,
    "large": 10**12,
    "true": True,
    "text": "text",
    "nothing": "",
    "nul": "a\0b",
    "surrogate": "\ud800",
    "long": "x" * 5000,
    "bytes": b"bytes",
    "list": [],
    "nested": [[1, 2], [3]],
    "dict": {"a": 1},
    "set": {1},
    "class": jensen.Mixture,
    "function": lambda *args, **kwargs: None,
    "object": object(),
    "complex": 1j,
    "array": np.zeros(3),
    "empty": np.empty((0, 2)),
    "no columns": np.empty((5, 0)),
    "cube": np.zeros((2, 2, 2)),
    "nan array": np.full((60, 2), np.nan),
    "objects": np.array([[object(), 1], [2, 3]], dtype=object),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "structured": np.zeros(3, dtype=[("a", float)]),
    "module": np,
    "generator": (i for i in ()),
}
DOORS: dict[str, tuple[Any, dict[str, Any]]] = {
    "fit": (jensen.fit, {"model": MODEL, "data": X, "max_steps": 3, "restarts": 1}),
    "fit from params": (jensen.fit, {"model": MODEL, "data": X, "params": FIT.params, "max_steps": 3}),
    "elbo": (jensen.elbo, {"model": FIT.model, "params": FIT.params, "data": X, "posterior": POSTERIOR}),
    "entropy": (jensen.entropy, {"posterior": POSTERIOR}),
    "select": (jensen.select, {"data": X, "num_components": 2, "structures": [jensen.Full()], "restarts": 1}),
    "likelihood_ratio": (jensen.likelihood_ratio, {"small": FIT, "large": FIT}),
    "uncertainty": (jensen.uncertainty, {"model": MODEL, "fit": FIT, "data": X}),
    "constrain": (jensen.constrain, {"model": MODEL}),
    "Mixture": (jensen.Mixture, {"num_components": 2}),
    "Gaussian": (jensen.Gaussian, {}),
    "Poisson": (jensen.Poisson, {}),
    "Categorical": (jensen.Categorical, {}),
    "Product": (jensen.Product, {"parts": {0: jensen.Gaussian(), 1: jensen.Poisson()}}),
    "Enumerated": (jensen.Enumerated, {"support": 2}),
    "Simplex": (jensen.Simplex, {"shape": 2}),
    "Positive": (jensen.Positive, {}),
    "Real": (jensen.Real, {}),
    "Search": (jensen.Search, {}),
    "load": (jensen.load, {"path": "nowhere.json"}),
    "save": (jensen.save, {"fit": FIT, "path": "nowhere/model.json"}),
    "load_dataset": (jensen.load_dataset, {"name": "faithful"}),
    "set_num_threads": (jensen.set_num_threads, {"num_threads": None}),
    "read_table": (jensen.data.read_table, {"path": "nowhere.csv"}),
    "Fit.posterior": (FIT.model.posterior, {"params": FIT.params, "data": X}),
}


def cases() -> Iterator[Any]:
    for door, (call, good) in DOORS.items():
        for name, parameter in inspect.signature(call).parameters.items():
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                yield pytest.param(call, good, name, id=f"{door}-{name}")


@pytest.mark.parametrize(("call", "good", "name"), list(cases()))
def test_a_bad_argument_is_one_clear_error_or_none(call, good, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    foreign = {}
    for kind, bad in BAD.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("error", RuntimeWarning)
            try:
                call(**{**good, name: bad})
            except JensenError as error:
                if len(str(error)) > LONGEST or "\n" in str(error):
                    foreign[kind] = f"{len(str(error))} letters: {error}"
            except Exception as error:
                foreign[kind] = f"{type(error).__name__}: {error}"
    jensen.set_num_threads(None)
    assert not foreign, "\n".join(f"{kind}: {said[:200]}" for kind, said in foreign.items())
