"""`select`: the sweep over the number of components and the component distributions."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arguments import require_kind
from jensen.basics.arrays import Data
from jensen.basics.errors import DataError, ModelError, ModelTypeError
from jensen.basics.naming import columns_called
from jensen.basics.numbers import is_whole
from jensen.basics.plain import collected
from jensen.basics.progress import Progress
from jensen.basics.sampling import as_generator
from jensen.basics.verdict import Outcome
from jensen.em.cases import Rows, columns_of, names_of_columns
from jensen.em.fit import fit
from jensen.em.result import Fit
from jensen.em.validation import checked_weight, require_restarts
from jensen.families.family import Family, as_family
from jensen.families.gaussian.gaussian import Gaussian
from jensen.families.gaussian.structures.registry import USUAL
from jensen.families.gaussian.structures.structure import Structure
from jensen.models.mixture.mixture import Mixture
from jensen.models.mixture.prior import MixturePrior
from jensen.selection.criteria import BIC, Criterion, as_criterion
from jensen.selection.nesting import Nesting
from jensen.selection.selection import Cell, Selection

Array = NDArray[Any]


@np.errstate(all="ignore")  # whatever the caller's
def select(
    data: Any,
    num_components: int | Iterable[int] = range(1, 10),
    structures: Any = USUAL,
    *,
    weight: Any = None,
    criterion: Criterion | str = BIC,
    prior: MixturePrior | None = None,
    restarts: int | None = None,
    rng: np.random.Generator | int | None = 0,
    progress: Progress | None = None,
) -> Selection:
    """Fit a mixture for every k and kind of components, and rank them by a criterion.

    Parameters
    ----------
    data
        (n, d); for families that take other data, a tuple or dict of arrays with a row for each case.
    num_components
        The values of k; 1 to 9 by default.
    structures
        The kinds of components: covariance structures (of Gaussians), or families. `Full`, `Tied`, `Diagonal`
        and `Spherical` by default. Two that are the same model (`Full` and `Tied` for k = 1; `Full`,
        `Diagonal`
        and `Spherical` for d = 1; without a prior) are fitted and ranked once.
    weight
        (n,) non-negative.
    criterion
        `BIC`, `ICL` or `AIC` of `jensen.selection`, or one of these names.
    prior
        A conjugate prior, the same for every cell.
    restarts
        Starts of each cell; None is the model's own search.
    rng
        A generator or a seed. Every cell starts from the same seed and gives what `jensen.fit` gives alone.
    progress
        Where to show how far it is; by default on a terminal, once it has turned out long.

    Returns
    -------
    Selection
        Components of every fit are in canonical order. Ctrl-C ends the sweep and returns the cells so far.

    Raises
    ------
    ValueError
        If there is no k or structure, or a k is below 1; for Gaussians, if ``data`` is not (n, d).

    Examples
    --------
    >>> import jensen
    >>> found = jensen.select(jensen.load_dataset("faithful").values, range(1, 5))
    >>> found.chosen.label
    'k = 3, tied'
    """
    began = time.perf_counter()
    criterion = as_criterion(criterion)
    require_restarts(restarts)
    as_generator(rng)  # refuses here what is none
    if progress is not None:
        require_kind(progress, Progress, "progress", "a jensen.basics.progress.Progress, or None")
    models = list(_grid(num_components, structures, prior))
    columns = names_of_columns(data)
    accepted, refused = _accepted(data, dict.fromkeys(model.family for model in models))
    weight = checked_weight(weight, models[0].cases, next(iter(accepted.values())))
    seed = rng.integers(2**63) if isinstance(rng, np.random.Generator) else rng
    names = distinct_names(dict.fromkeys(model.family for model in models))
    sweep = Sweep(accepted, refused, weight, restarts, seed, names, columns)
    interrupted = False
    with Progress("sweep") if progress is None else nullcontext(progress) as shown:
        try:
            for model in models:
                done = f"{len(sweep.cells)} of {len(models)} models"
                shown.update(f"{done}; k = {model.num_components}, {names[model.family]}")
                if sweep.add(model).outcome is Outcome.INTERRUPTED:
                    interrupted = True
                    break
            else:
                shown.update("models that are nested")
                sweep.nesting().mend()
        except KeyboardInterrupt:
            if not any(cell.fit for cell in sweep.cells):
                raise
            interrupted = True
        if interrupted:
            sweep.nesting().mark()
    return Selection(tuple(sweep.cells), criterion, interrupted, time.perf_counter() - began)


def _grid(
    num_components: int | Iterable[int], structures: Any, prior: MixturePrior | None
) -> Iterator[Mixture]:
    asked: Any = num_components
    ks = list(asked) if isinstance(asked, Iterable) and not isinstance(asked, str) else [asked]
    kinds = list(structures) if isinstance(structures, (list, tuple, set)) else [structures]
    if not ks or not kinds:
        raise ModelError("give at least one number of components and one covariance structure")
    if wrong := [k for k in ks if not is_whole(k)]:
        raise ModelError(f"num_components must be whole numbers from 1, not {wrong[0]!r}")
    families = list(dict.fromkeys(_family(kind) for kind in kinds))
    for k in dict.fromkeys(int(k) for k in ks):
        for family in families:
            yield Mixture(k, family, prior)


def _family(kind: Any) -> Family:
    if isinstance(kind, str):
        raise ModelTypeError(f"a kind of components is an object, such as jensen.Full(), not {kind!r}")
    return Gaussian(kind) if isinstance(kind, Structure) else as_family(kind)


def distinct_names(families: Iterable[Family]) -> dict[Family, str]:
    """The names of the families, with a number where one is taken."""
    found: dict[Family, str] = {}
    for family in families:
        same = sum(other.name == family.name for other in found)
        found[family] = f"{family.name} ({same + 1})" if same else family.name
    return found


def _accepted(data: Any, families: Iterable[Family]) -> tuple[dict[Family, Data], dict[Family, str]]:
    """The data as every family takes them, converted once where they agree; and why others refuse them.

    If all do, the first says so.
    """
    found: dict[Family, Data] = {}
    errors: dict[Family, Exception] = {}
    table = data = collected(data)
    for family in families:
        try:
            own = _of_family(family, table, data)
        except (ValueError, TypeError) as error:
            errors[family] = error
            continue
        table = own if isinstance(own, np.ndarray) else table
        columns = columns_of(own)
        found[family] = {name: np.asarray(own[name]) for name in columns} if columns else own
    if not found:
        raise next(iter(errors.values()))
    if not any(Rows().count(own) for own in found.values()):
        raise DataError("the data are empty: there is no row")
    return found, {family: str(error) for family, error in errors.items()}


def _of_family(family: Family, table: Any, data: Any) -> Data:
    """From the table that another family has made, else from the data."""
    try:
        return family.accept(table)
    except (ValueError, TypeError):
        if table is data:
            raise
        return family.accept(data)


class Sweep:
    """The cells that have been fitted to some data."""

    def __init__(
        self,
        data: dict[Family, Data],
        refused: dict[Family, str],
        weight: Any,
        restarts: int | None,
        seed: Any,
        names: dict[Family, str],
        columns: tuple[str, ...] = (),
    ) -> None:
        self.columns = columns
        self.data, self.refused = data, refused
        self.weight, self.restarts, self.seed, self.names = weight, restarts, seed, names
        self.cells: list[Cell] = []
        self.models: list[Mixture] = []
        distinct = {id(own): _Distinct(own, weight) for own in data.values()}
        self.enough = {family: distinct[id(own)] for family, own in data.items()}

    def add(self, model: Mixture) -> Cell:
        """The cell of one more model."""
        self.models.append(model)
        self.cells.append(self._refused(model) or self._same(model) or self._fitted(model))
        return self.cells[-1]

    def _refused(self, model: Mixture) -> Cell | None:
        """The cell of a family that does not take the data."""
        family = model.family
        if family not in self.refused:
            return None
        return Cell(model.num_components, family, self.names[family], None, None, self.refused[family])

    def nesting(self) -> Nesting:
        """The cells as far as they contain each other."""
        return Nesting(
            self.cells, self.models, self.data, self.weight, self.seed, partial(fit, weight=self.weight)
        )

    def _fitted(self, model: Mixture) -> Cell:
        """The fit of one model, or the reason why there is none."""
        k, family = model.num_components, model.family
        name, data, enough = self.names[family], self.data[family], self.enough[family]
        free = family.count_free(k, data)
        total = None if free is None else k - 1 + free
        if not enough.at_least(k):
            message = f"more components than the {enough.count} distinct rows"
            return Cell(k, family, name, total, None, message)
        try:
            with columns_called(self.columns):
                found = fit(model, data, weight=self.weight, restarts=self.restarts, rng=self.seed)
            found = self._called(found)
        except (ArithmeticError, ValueError) as error:  # LinAlgError is a ValueError
            return Cell(k, family, name, total, None, str(error) or type(error).__name__)
        return Cell(k, family, name, found.num_free if total is None else total, found)

    def _called(self, found: Fit) -> Fit:
        """A fit with the names of the columns, which the data in arrays have no more."""
        return replace(found, columns=found.columns or self.columns)

    def _same(self, model: Mixture) -> Cell | None:
        """The cell of a model that has been fitted under another name."""
        k, family = model.num_components, model.family
        if model.prior is not None:
            return None
        identity = family.same_as(k, self.data[family])
        for cell in self.cells:
            known = cell.num_components == k and not cell.same_as and cell.family in self.data
            if known and cell.family.same_as(k, self.data[cell.family]) == identity:
                return replace(cell, family=family, name=self.names[family], same_as=cell.name)
        return None


@dataclass(slots=True)
class _Distinct:
    """How many distinct rows carry weight: counted only as far as is asked for."""

    data: Data
    weight: Any
    count: int = 0
    sample: int = 4096

    def at_least(self, k: int) -> bool:
        total = Rows().count(self.data)
        for most in (min(self.sample, total), total):
            if self.count >= k:
                break
            self.count = self._distinct(most)
        return self.count >= k

    def _distinct(self, most: int) -> int:
        rows = np.arange(most)
        if self.weight is not None:
            rows = rows[np.asarray(self.weight)[:most] > 0]
        if isinstance(self.data, (dict, tuple)):
            parts = self.data.values() if isinstance(self.data, dict) else self.data
            keys = [np.asarray(part)[rows].reshape(len(rows), -1).tolist() for part in parts]
            return len({str(row) for row in zip(*keys, strict=True)})
        return len(np.unique(self.data[rows], axis=0))
