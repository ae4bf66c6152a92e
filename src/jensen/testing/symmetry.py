"""Laws of symmetry: a fit moves with its data, and components have no order."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Data, Params, Weight
from jensen.em.algorithms import EM
from jensen.em.identities import e_step, em_map
from jensen.em.posteriors import labels_of
from jensen.em.problem import Problem
from jensen.families.gaussian.structures.structure import Structure
from jensen.families.gaussian.symmetry import AffineMap, random_map
from jensen.models.mixture.params import MixtureParams
from jensen.testing.law import chart_of, ones, prepared, require_close, rounding


class Transform(Protocol):
    """A change of the data under which a model keeps its form."""

    def data(self, data: Data) -> Data:
        """The rows, moved."""
        ...

    def params(self, params: Params) -> Params:
        """The parameters, moved."""
        ...

    @property
    def log_scale(self) -> float:
        """What every row's log-evidence loses."""
        ...

    @property
    def condition(self) -> float:
        """How much more rounding there is after the move."""
        ...


class Affine(AffineMap):
    """x → A x + b, for mixtures of Gaussians.

    Parameters
    ----------
    covariance
        The structure; A must be in its group.
    matrix
        (d, d): A.
    shift
        (d,): b.
    """

    __slots__ = ()

    def params(self, params: MixtureParams) -> MixtureParams:
        """The mixture, moved."""
        return MixtureParams(params.weights, self.components(params.components))


def structure_transform(covariance: Structure, data: Array, rng: Any = 0) -> Affine:
    """A random transformation in the group of a covariance structure, with a shift of the size of the data.

    Examples
    --------
    >>> import numpy as np
    >>> from jensen import Spherical
    >>> a = structure_transform(Spherical(), np.eye(3)).matrix
    >>> bool(np.allclose(a @ a.T, (a @ a.T)[0, 0] * np.eye(3)))
    True
    """
    return Affine(covariance, *random_map(covariance, data, rng))


def moves_with_data(
    model: Any,
    params: Params,
    data: Data,
    transform: Transform,
    *,
    weight: Weight = None,
    rng: int = 0,
    steps: int = 15,
    starts: bool = True,
) -> None:
    """Transforming the data moves the log-evidence, every EM step and the random starts with it.

    Parameters are compared through the log-evidence of every row, which needs no units.

    Parameters
    ----------
    starts
        Whether the model's ``start``, if it has one, is held to this too.

    Raises
    ------
    LawError
        There is an absolute scale somewhere (a ridge, a start in the wrong metric), or precision was lost.
    """
    moved = transform.data(data)
    here, there = prepared(model, data, weight), prepared(model, moved, weight)
    usually = "an absolute scale (a ridge, a start in the wrong metric) or precision lost to a large mean"

    def compare(what: str, a: Params, b: Params, slack: float) -> None:
        rows = np.asarray(here.posterior(a, data).log_evidence, float)
        found = np.asarray(there.posterior(b, moved).log_evidence, float) + transform.log_scale
        worst = int(np.argmax(np.abs(found - rows)))
        tolerance = slack * transform.condition * _both(here, a, data, there, b, moved, weight)
        tolerance += _of_moving(there, b, moved, weight)
        what = f"log-evidence of row {worst} {what}"
        require_close("moves_with_data", usually, what, float(found[worst]), float(rows[worst]), tolerance)
        total = (
            e_step(there, b, moved, weight).log_evidence
            + transform.log_scale * ones(here, data, weight).sum()
        )
        expected = e_step(here, a, data, weight).log_evidence
        require_close("moves_with_data", usually, f"log-evidence {what}", total, expected, tolerance)

    if starts and here.start is not None:
        begun = here.start(data, weight, np.random.default_rng(rng))
        again = there.start(moved, weight, np.random.default_rng(rng))
        compare("at a random start", begun, again, 2.0)
    problems = Problem(here, data, weight), Problem(there, moved, weight)
    a, b = EM().init(problems[0], params), EM().init(problems[1], transform.params(params))
    for i in range(steps + 1):
        compare(f"after {i} steps", a.params, b.params, 1.0 + i)
        a, b = EM().step(problems[0], a), EM().step(problems[1], b)


def _both(here: Any, a: Params, data: Data, there: Any, b: Params, moved: Data, weight: Weight) -> float:
    return rounding(here, a, data, weight) + rounding(there, b, moved, weight)


def _of_moving(there: Any, b: Params, moved: Data, weight: Weight) -> float:
    """What rounding of the moved rows does: Σ_n w_n Σ_j |∂ log p(x_n | θ) / ∂x_nj| |δx_nj|.

    A x + b is a sum of d + 1 terms. A row that is z standard deviations σ from a mean at the distance m from
    the origin feels it as z · eps · m/σ, of which `rounding` knows nothing.
    """
    if not isinstance(moved, np.ndarray):
        return 0.0
    before = np.asarray(there.posterior(b, moved).log_evidence, float)
    felt = np.zeros(len(moved))
    for j in range(moved.shape[1]):
        nudged = moved.copy()
        nudged[:, j] = np.nextafter(moved[:, j], np.inf)
        felt += np.abs(np.asarray(there.posterior(b, nudged).log_evidence, float) - before)
    return float((moved.shape[1] + 1) * (ones(there, moved, weight) @ felt))


def relabelling(model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0) -> None:
    """Permuting the components permutes everything and changes nothing else.

    For models with ``num_components`` and ``relabel(params, order)``: log-evidence, an EM step,
    responsibilities, ``canonical``, ``num_free``.

    Raises
    ------
    LawError
        Something depends on the order of the components.
    """
    law, usually = "relabelling", "an order bug: a component is treated apart from the others"
    model = prepared(model, data, weight)
    k = model.num_components
    order = np.roll(np.random.default_rng(rng).permutation(k), 1)
    if (order == np.arange(k)).all():
        order = order[::-1]
    other = model.relabel(params, order)
    tolerance = rounding(model, params, data, weight)
    stepped = model.relabel(em_map(model, params, data, weight), order)
    again = em_map(model, other, data, weight)
    for what, a, b in (("", params, other), (" after an EM step", stepped, again)):
        found, expected = (e_step(model, there, data, weight).log_evidence for there in (b, a))
        require_close(law, usually, f"log-evidence{what}", found, expected, 2 * tolerance)
    _same_rows(model, params, other, order, data, law, usually)
    _same_rows(model, stepped, again, np.arange(k), data, law, usually)
    maps = chart_of(model, None)
    if model.canonical is not None and maps is not None:
        a, b = (maps[0](model.canonical(p)) for p in (params, other))
        require_close(law, usually, "canonical parameters", float(np.abs(a - b).max()), 0.0, 0.0)
    if model.num_free is not None and model.num_free(params) is not None:
        require_close(law, usually, "num_free", model.num_free(other), model.num_free(params), 0)


def _same_rows(
    model: Any, params: Params, other: Params, order: NDArray[np.intp], data: Data, law: str, usually: str
) -> None:
    a, b = model.posterior(params, data), model.posterior(other, data)
    one, two = labels_of(a), labels_of(b)
    if one is None or two is None:
        return
    worst = float(np.abs(one[:, order] - two).max())
    # A responsibility moves by no more than the error of a row's log-density.
    require_close(law, usually, "responsibilities", worst, 0.0, 2 * rounding(model, params, data))
