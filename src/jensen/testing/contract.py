"""Before the laws: the four methods are there, and what they return has the right form."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Data, Params, Weight
from jensen.basics.plain import given
from jensen.em.contract import METHODS, Expected, as_model
from jensen.testing.law import LawError


def keeps_contract(model: Any, params: Params, data: Data, *, weight: Weight = None) -> None:
    """The four methods are there, the posterior has one log-evidence and one entropy a row, statistics add.

    Raises
    ------
    LawError
        Something is missing or has another shape.
    """
    law, name = "keeps_contract", type(model).__name__
    for method, arguments in METHODS.items():
        if not callable(given(model, [method]).get(method)):
            raise LawError(
                law, f"{name} has no {method}({arguments})", "a method that is still to be written"
            )
    n, posterior = as_model(model).cases.count(data), model.posterior(params, data)
    for what, found in (("log_evidence", posterior.log_evidence), ("entropy()", posterior.entropy())):
        if np.shape(found) != (n,):
            shape = f"the posterior's {what} has shape {np.shape(found)}, and there are {n} rows"
            raise LawError(law, shape, f"a column, or a sum, where one number for each row is asked: ({n},)")
    expected = model.expected(params, data, posterior, weight)
    if not isinstance(expected, Expected):
        raise LawError(
            law, f"expected() returned a {type(expected).__name__}", "a return that is not an Expected"
        )
    for operation, applied in (("+", "__add__"), (".scale(factor)", "scale")):
        if not given(expected.stats, [applied]) or isinstance(expected.stats, (tuple, list)):
            kind = type(expected.stats).__name__
            raise LawError(
                law,
                f"the statistics, a {kind}, have no {operation}",
                "statistics that are not jensen.em.Totals or alike",
            )
