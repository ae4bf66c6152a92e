"""A fitted model with what was said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Literal, TypedDict, get_type_hints

import numpy as np

import jensen
from jensen.basics.notebook import InNotebook
from jensen.basics.tables import Table, default_columns
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.contract import as_model
from jensen.em.result import Fit


class Unsaid(TypedDict, total=False):
    """What older files do not have."""

    search: str


class VerdictSaid(Unsaid):
    """`jensen.em.Verdict`, in a file."""

    outcome: Outcome
    message: str
    advice: str
    climbed: bool


class Summary(TypedDict):
    """What a file says of a fit, besides its params."""

    log_evidence: float
    log_prior: float
    entropy: float
    gap: float
    aic: float | None
    bic: float | None
    icl: float | None
    num_free: int | None
    weight: float
    num_observations: float
    remaining: float
    rate: float
    num_steps: int
    num_e_steps: int
    seconds: float
    verdict: VerdictSaid
    seed: int | None
    dtype: Literal["float32", "float64"]
    data: str | None
    jensen_version: str


CRITERIA = ("aic", "bic", "icl")
OF_THE_FIT = tuple(
    name
    for name in Summary.__annotations__
    if name in {part.name for part in fields(Fit)} - {"seed", "verdict"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Saved(InNotebook):
    """A fitted model with what was said about it: what a file holds.

    Attributes
    ----------
    model, params
        As `jensen.fit` takes and returns them.
    columns
        The names of the columns; none where the model does not know how many there are.
    summary
        log_evidence, log_prior, entropy, gap, aic, bic, icl, num_free, weight, num_observations, remaining,
        rate, num_steps, num_e_steps, seconds, verdict, seed, dtype, data (what was fitted) and
        jensen_version. The criteria and num_free are None where the model does not say how many free
        parameters it has.
    """

    model: Any
    params: Any
    columns: tuple[str, ...]
    summary: Mapping[str, Any]

    @classmethod
    def from_fit(
        cls,
        fit: Fit,
        columns: Sequence[str] | None = None,
        *,
        seed: int | None = None,
        dtype: Any = np.float64,
        data: str | None = None,
    ) -> Saved:
        """What is worth keeping of a fit.

        Parameters
        ----------
        fit
            Of any model.
        columns
            Names of the columns; by default those of the fit, else x1 … xd.
        seed, dtype, data
            What it was fitted with: the seed (by default that of the fit), the precision of the rows, the
            name of the data.
        """
        verdict = {
            part.name: attrgetter(part.name)(fit.verdict)
            for part in fields(Verdict)
            if part.name in get_type_hints(VerdictSaid)
        }
        criteria = CRITERIA if fit.num_free is not None else ()
        said = {
            **dict.fromkeys(CRITERIA),
            **{name: np.asarray(attrgetter(name)(fit)).item() for name in (*OF_THE_FIT, *criteria)},
            "verdict": {**verdict, "outcome": str(fit.verdict.outcome)},
            "seed": fit.seed if seed is None else seed,
            "dtype": np.dtype(dtype).name,
            "data": data,
            "jensen_version": jensen.__version__,
        }
        names = _default_columns(fit) if columns is None else tuple(columns)
        return cls(fit.model, fit.params, names, {name: said[name] for name in Summary.__annotations__})

    @property
    def verdict(self) -> Verdict:
        """How the fit ended."""
        said = self.summary["verdict"]
        search = said.get("search", "")
        return Verdict(Outcome(said["outcome"]), said["message"], said["advice"], said["climbed"], search)

    @property
    def fit(self) -> Fit:
        """The fit it was, without its ledger and its starts.

        Examples
        --------
        >>> import jensen
        >>> fit = jensen.fit(jensen.Mixture(2), jensen.load_dataset("faithful").values)
        >>> round(Saved.from_fit(fit).fit.bic, 2), round(fit.bic, 2)
        (2322.19, 2322.19)
        """
        kept = {name: self.summary[name] for name in OF_THE_FIT}
        return Fit(
            **kept,
            params=self.params,
            model=self.model,
            verdict=self.verdict,
            seed=self.summary["seed"],
            ledger=Table(),
            columns=self.columns,
            starts=Table(),
        )

    def _repr_html_(self) -> str:
        return self.fit._repr_html_()

    def __repr__(self) -> str:
        said = f"log_evidence={self.summary['log_evidence']:.6f}, verdict={str(self.verdict.outcome)!r}"
        columns = f" in {len(self.columns)} columns" if self.columns else ""
        return f"Saved({self._title()}{columns}, {said})"

    def _title(self) -> str:
        model = as_model(self.model)
        if model.components_of is None:
            return model.title
        family, weights, _ = model.components_of(self.params)
        return f"{len(weights)} × {family.name}"


def _default_columns(fit: Fit) -> tuple[str, ...]:
    """Those of the fit, else x1 … xd of a model whose components know how many columns they have."""
    if fit.columns:
        return fit.columns
    components_of = as_model(fit.model).components_of
    d = None if components_of is None else components_of(fit.params).family.num_columns
    return () if d is None else default_columns(d)
