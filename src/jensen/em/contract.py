"""What a model with hidden variables implements, and the one table of symbols.

==================  =========================  ==========================================
mathematics         in code                    meaning
==================  =========================  ==========================================
x, x_n              ``data``                   what is observed, by independent case
z                   (summed out)               the hidden variable of a case
θ                   ``params``                 what is estimated
q(z)                ``posterior``              a distribution of z; exact: p(z | x, θ)
S                   ``stats``                  Σ_n w_n E_q[T(x_n, z_n)]
w_n                 ``weight``                 how often case n counts
log p(x | θ)        ``log_evidence``           what EM climbs
Q(θ, S)             ``expected_log_joint``     E_q[log p(x, z | θ)]
H[q]                ``entropy``                −E_q[log q(z)]
Q + H               ``elbo``                   a lower bound of log p(x | θ)
log p(x | θ) − ELBO ``kl_gap``                 KL(q ‖ p(z | x, θ))
log p(θ)            ``log_prior``              the log-density of the prior, if there is one
==================  =========================  ==========================================

A model is a subclass of `Model`, which declares everything that is ever asked of one; or any class with the
four methods, which `as_model` makes one of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Data, Params, Weight
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.notebook import InNotebook
from jensen.basics.plain import Contract, given, require, tell_misspelt
from jensen.em.cases import Cases, Rows

P = TypeVar("P")
S = TypeVar("S")


class Posterior(Protocol):
    """A distribution q(z) for every case, with the log-evidence of the params it was computed at."""

    @property
    def log_evidence(self) -> NDArray[np.floating]:
        """log p(x_n | θ) of every case."""
        ...

    def entropy(self) -> NDArray[np.floating]:
        """H[q_n] of every case."""
        ...


@dataclass(frozen=True, slots=True)
class Expected(Generic[S]):
    """What an E-step leaves of a block of data. Two of the same θ add; one can be scaled.

    Attributes
    ----------
    stats
        S = Σ_n w_n E_q[T(x_n, z_n)].
    log_evidence
        Σ_n w_n log p(x_n | θ).
    entropy
        Σ_n w_n H[q_n], summed on its own and not by subtraction, so that the ledger checks something.
    weight
        Σ_n w_n.
    own_entropy
        What of the entropy is that of hidden variables which the posterior does not know, such as a family's.
    """

    stats: S
    log_evidence: float
    entropy: float
    weight: float
    own_entropy: float = 0.0

    @classmethod
    def of(
        cls, stats: Any, posterior: Posterior, weight: Weight = None, own_entropy: float = 0.0
    ) -> Expected:
        """With Σ_n w_n of the log-evidence and of the entropy of the posterior; 1 for each case by default.

        A case of weight 0 adds nothing, be it impossible.
        """
        evidence = np.asarray(posterior.log_evidence, dtype=float)
        entropy = np.asarray(posterior.entropy(), dtype=float)
        if evidence.ndim != 1 or entropy.shape != evidence.shape:
            shapes = f"{evidence.shape} and {entropy.shape}"
            raise ModelError(
                f"log_evidence and entropy() are one number for each row; they have shapes {shapes}"
            )
        w = np.ones(len(evidence)) if weight is None else np.asarray(weight, dtype=float)
        evidence = np.where(w == 0, 0.0, evidence)
        return cls(stats, float(w @ evidence), float(w @ entropy) + own_entropy, float(w.sum()), own_entropy)

    def __add__(self, other: Expected) -> Expected:
        return Expected(
            self.stats + other.stats,
            self.log_evidence + other.log_evidence,
            self.entropy + other.entropy,
            self.weight + other.weight,
            self.own_entropy + other.own_entropy,
        )

    def scale(self, factor: float) -> Expected:
        stats: Any = self.stats
        return Expected(
            stats.scale(factor),
            factor * self.log_evidence,
            factor * self.entropy,
            factor * self.weight,
            factor * self.own_entropy,
        )


METHODS = {
    "posterior": "params, data",
    "expected": "params, data, posterior, weight",
    "m_step": "stats, params",
    "expected_log_joint": "params, stats",
}
"""What every model has, with the arguments."""


class Model(InNotebook, Contract, ABC, Generic[P, S]):
    """p(x, z | θ). Implement the four methods and receive ``fit``, MAP, the ledger and the laws.

    What follows them are capabilities: None where a model does not have one, and then nothing needs it.
    """

    __slots__ = ()

    @abstractmethod
    def posterior(self, params: P, data: Data) -> Any:
        """q(z) = p(z | x, θ), and log p(x_n | θ) of each case: a `Posterior`."""

    @abstractmethod
    def expected(self, params: P, data: Data, posterior: Any, weight: Weight) -> Expected[S]:
        """Σ_n w_n of the statistics, the log-evidence and the entropy, under any q."""

    @abstractmethod
    def m_step(self, stats: S, params: P) -> P:
        """argmax_θ' Q(θ', S). ``params`` is where we are, for M-steps that iterate."""

    @abstractmethod
    def expected_log_joint(self, params: P, stats: S) -> float:
        """Q(θ, S) = E_q[log p(x, z | θ)], all constants included."""

    # ---- the data ------------------------------------------------------------------------------------------

    cases: Cases = Rows()
    """What is independent: rows, sequences, groups."""
    accept: Any = None
    """``accept(data) -> data``: what users have (lists, data frames, data sets) as the data that the model
    takes.
    """
    prepare: Any = None
    """``prepare(data, weight) -> model``: with whatever the data fix once and for all (bounds, scales)."""
    e_step: Any = None
    """``e_step(params, data, weight) -> Expected``: one fused pass that never stores q; a law holds it equal
    to ``expected ∘ posterior``."""

    # ---- the parameters ------------------------------------------------------------------------------------

    prior: Any = None
    """A `Prior`: maximum a posteriori."""
    chart: Any = None
    """A `jensen.Chart`, the parameters as an unconstrained vector: acceleration, standard errors, gradient
    M-steps, fixing and tying."""
    score: Any = None
    """``score(params, stats) -> vector``: ∂Q(·, S)/∂u (plus that of the log-prior) in the chart, where
    differences of Q would be slow."""
    scores: Any = None
    """``scores(params, data) -> (n, p)``: the score of every case in the chart: sandwich errors without a
    loop.
    """
    information: Any = None
    """``information(params, data, weight) -> matrix``: −∂² (log p(x | θ) + log p(θ)) / ∂u² in the chart,
    exactly."""
    complete_information: Any = None
    """``complete_information(params, data, weight) -> matrix``: −∂²Q/∂u² at the params of the E-step; an
    approximation will do, since it only shapes steps."""
    cheap: Any = None
    """``cheap(stats) -> bool``: whether Q costs next to nothing beside a pass over the data; without it, it
    does.
    """
    derivative: Any = None
    """``derivative(function, u) -> (value, (m, p)) | None``: a function of params at u of the chart, and its
    exact derivative there; None where it cannot be told."""
    num_free: Any = None
    """``num_free(params) -> int``: AIC and BIC, where it is not the size of the chart."""
    pack: Any = None
    unpack: Any = None
    """``pack(params) -> vector`` and ``unpack(vector) -> params | None``: natural coordinates for
    acceleration, for models without a chart; ``None`` where the vector is infeasible."""

    # ---- the climb -----------------------------------------------------------------------------------------

    start: Any = None
    """``start(data, weight, rng) -> params``: a random start."""
    search: Any = None
    """``search(data, weight, rng, progress) -> Iterator[Start]``: the model's own way of finding good starts,
    as they are found: the default of ``fit`` without ``params``."""
    algorithm: Any = None
    """How ``fit`` climbs by default."""
    m_step_kind: str = "exact"
    """What the laws hold the M-step to: ``"exact"``, ``"generalized"`` (Q does not fall) or ``"conditional"``
    (the objective does not fall)."""
    diagnose: Any = None
    """``diagnose(params, data, weight) -> Verdict | None``: what is wrong with an end that EM itself cannot
    see (collapse, a saddle)."""

    # ---- labels --------------------------------------------------------------------------------------------

    num_components: Any = None
    """How many interchangeable values a label has; None where there is no label of that kind."""
    relabel: Any = None
    """``relabel(params, order) -> params``, where components have no order of their own."""
    canonical: Any = None
    """``canonical(params) -> params``: one representative of all relabellings; maxima are grouped by it."""

    components_of: Any = None
    """``components_of(params) -> Components``: the family, the weights and the parameters of its components,
    for tables and pictures (`jensen.families.Components`)."""

    # ---- draws ---------------------------------------------------------------------------------------------

    sample: Any = None
    """``sample(params, num_rows, rng)``: new data, or (data, hidden values), best as a
    `jensen.basics.sampling.Sample`; ``rng`` is a seed, a generator, or None for the seed 0."""
    sample_kind: str = "own"
    """``"derived"`` where it is read off the density itself, so that no law has to hold them together."""
    sample_posterior: Any = None
    """``sample_posterior(params, data, draws, rng) -> Posterior``: draws of z, for `jensen.em.MonteCarlo`,
    where
    the posterior can only be sampled."""
    random_posterior: Any = None
    """``random_posterior(params, data, rng) -> Posterior``: any q, for the laws."""

    def transform(self, data: Data, rng: Any) -> Any | None:
        """A random change of the data that the model should follow, for the laws; None where there is
        none.
        """
        return None

    # ---- files and reports ---------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What it is called in reports and files: the name of its class."""
        return type(self.as_given).__name__

    @property
    def as_given(self) -> Any:
        """The object that the user gave: the model itself, or what `as_model` was given."""
        return self


CAPABILITIES = tuple(Model.__annotations__)
OF_THE_DATA = (
    "cases",
    "accept",
    "sample",
    "sample_kind",
    "sample_posterior",
    "random_posterior",
    "components_of",
)
"""Capabilities that do not know where params may be: a model on a part of the space has them unchanged."""


class PlainModel(Model):
    """A class with the four methods, made a `Model` by `as_model`: what it does not have is None."""

    posterior: Any = None
    expected: Any = None
    m_step: Any = None
    expected_log_joint: Any = None

    def __init__(self, own: Any) -> None:
        vars(self).update(given(own, [*METHODS, *CAPABILITIES, "transform"]), own=own)
        if "prepare" in vars(self):
            self.prepare = lambda data, weight: as_model(own.prepare(data, weight))

    @property
    def as_given(self) -> Any:
        return vars(self)["own"]

    @property
    def title(self) -> str:
        return str(given(self.as_given, ["title"]).get("title", type(self.as_given).__name__))

    def __repr__(self) -> str:
        return repr(self.as_given)


def as_model(model: Any) -> Model:
    """Any class with the four methods as a `Model`; a `Model` is returned as it is.

    Raises
    ------
    TypeError
        If one of the four methods is missing. A capability that is misspelt is warned of.
    """
    if isinstance(model, Model):
        return model
    if isinstance(model, type):
        raise ModelTypeError(f"model is the class {model.__name__}: give one of it, {model.__name__}(...)")
    require(model, METHODS)
    tell_misspelt(model, [*METHODS, *CAPABILITIES, "transform", "title"])
    return PlainModel(model)


def name_of(model: Model) -> str:
    """The name of the model's class, for messages."""
    return type(model.as_given).__name__


class Prior(Protocol):
    """A conjugate prior: data seen before the data."""

    def pseudo_stats(self, model: Any, params: Params) -> Any:
        """Statistics that are added to S, once."""
        ...

    def log_density(self, model: Any, params: Params) -> float:
        """log p(θ) in the natural parameters."""
        ...
