"""`select`: the sweep over the number of components and the covariance structure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.progress import Progress
from jensen.em import Outcome, fit
from jensen.families import STRUCTURES, Covariance, Gaussian, Tied
from jensen.models.mixture.mixture import Mixture
from jensen.models.mixture.priors import MixturePrior
from jensen.selection.criteria import BIC, Criterion
from jensen.selection.selection import Cell, Selection

Array = NDArray[Any]

ALL = tuple(STRUCTURES.values())


def select(
    data: Array,
    num_components: int | Iterable[int] = range(1, 10),
    structures: Covariance | Iterable[Covariance] = ALL,
    *,
    weight: Array | None = None,
    criterion: Criterion = BIC,
    prior: MixturePrior | None = None,
    restarts: int | None = None,
    rng: np.random.Generator | int | None = 0,
    progress: Progress | None = None,
) -> Selection:
    """Fit a Gaussian mixture for every k and structure, and rank them by a criterion.

    Parameters
    ----------
    data
        (n, d).
    num_components
        The values of k; 1 to 9 by default.
    structures
        The covariance structures; all four by default. Two that are the same model (`Full` and `Tied` for
        k = 1; `Full`, `Diagonal` and `Spherical` for d = 1; without a prior) are fitted and ranked once.
    weight
        (n,) non-negative.
    criterion
        `BIC`, `ICL` or `AIC` of `jensen.models`.
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
        Ctrl-C ends the sweep and returns the cells so far.

    Raises
    ------
    ValueError
        If ``data`` is not (n, d), or there is no k or structure, or a k is below 1.

    Examples
    --------
    >>> import jensen
    >>> found = jensen.select(jensen.load_dataset("faithful").values, range(1, 5))
    >>> found.chosen.label
    'k = 3, tied'
    """
    began = time.perf_counter()
    data = _as_matrix(data)
    models = list(_grid(num_components, structures, prior))
    seed = rng.integers(2**63) if isinstance(rng, np.random.Generator) else rng
    enough = _Distinct(data, weight)
    cells: list[Cell] = []
    interrupted = False
    with Progress("sweep") if progress is None else nullcontext(progress) as shown:
        try:
            for model in models:
                shown.update(
                    f"{len(cells)} of {len(models)} models; k = {model.num_components}, {_name(model)}"
                )
                cells.append(_same(model, cells, data) or _cell(model, data, weight, enough, restarts, seed))
                if cells[-1].outcome is Outcome.INTERRUPTED:
                    interrupted = True
                    break
        except KeyboardInterrupt:
            if not any(cell.fit for cell in cells):
                raise
            interrupted = True
    return Selection(tuple(cells), criterion, interrupted, time.perf_counter() - began)


def _as_matrix(data: Any) -> Array:
    data = np.asarray(data)
    if data.ndim != 2:
        raise ValueError(f"data must be (n, d), not of shape {data.shape}")
    return data if data.dtype in (np.float32, np.float64) else data.astype(float)


def _grid(
    num_components: int | Iterable[int],
    structures: Covariance | Iterable[Covariance],
    prior: MixturePrior | None,
) -> Iterator[Mixture]:
    ks = list(num_components) if isinstance(num_components, Iterable) else [num_components]
    kinds = list(structures) if isinstance(structures, Iterable) else [structures]
    if not ks or not kinds:
        raise ValueError("give at least one number of components and one covariance structure")
    for k in dict.fromkeys(int(k) for k in ks):
        for kind in dict.fromkeys(kinds):
            yield Mixture(k, Gaussian(kind), prior)


def _name(model: Mixture) -> str:
    return model.family.covariance.name


def _num_free(model: Mixture, d: int) -> int:
    k = model.num_components
    return k - 1 + k * d + model.family.covariance.num_free(k, d)


def _cell(
    model: Mixture, data: Array, weight: Array | None, enough: _Distinct, restarts: int | None, seed: Any
) -> Cell:
    """The fit of one model, or the reason why there is none."""
    k, structure = model.num_components, model.family.covariance
    free = _num_free(model, data.shape[1])
    if not enough.at_least(k):
        return Cell(k, structure, free, None, f"more components than the {enough.count} distinct rows")
    try:
        return Cell(k, structure, free, fit(model, data, weight=weight, restarts=restarts, rng=seed))
    except (ArithmeticError, ValueError) as error:  # LinAlgError is a ValueError
        return Cell(k, structure, free, None, str(error))


def _same(model: Mixture, cells: list[Cell], data: Array) -> Cell | None:
    """The cell of a model that has been fitted under another name."""
    k, d, structure = model.num_components, data.shape[1], model.family.covariance
    if model.prior is not None:
        return None
    identity = _identity(structure, k, d)
    for cell in cells:
        if cell.num_components == k and not cell.same_as and _identity(cell.structure, k, d) == identity:
            return Cell(k, structure, cell.num_free, cell.fit, cell.message, same_as=cell.structure.name)
    return None


def _identity(structure: Covariance, k: int, d: int) -> str:
    """Equal for structures that are the same model: k = 1 shares nothing, with d = 1 all shapes agree."""
    shared = isinstance(structure, Tied) and k > 1
    if d == 1:
        return "shared" if shared else "own"
    return structure.name if shared or not isinstance(structure, Tied) else "full"


@dataclass(slots=True)
class _Distinct:
    """How many distinct rows carry weight: counted only as far as is asked for."""

    data: Array
    weight: Array | None
    count: int = 0
    sample: int = 4096

    def at_least(self, k: int) -> bool:
        for rows in (self.data[: self.sample], self.data):
            if self.count >= k:
                break
            used = rows if self.weight is None else rows[np.asarray(self.weight)[: len(rows)] > 0]
            self.count = len(np.unique(used, axis=0))
        return self.count >= k
