"""Small models written from the contract alone, as a user would: to try the engine and the laws on."""

from dataclasses import dataclass, replace
from math import lgamma
from typing import NamedTuple

import numpy as np

from jensen.em import Expected


@dataclass(frozen=True, eq=False)
class Discrete:
    """q of a variable with few values."""

    responsibilities: np.ndarray
    log_evidence: np.ndarray

    def entropy(self):
        r = self.responsibilities
        return -(r * np.log(np.where(r > 0, r, 1.0))).sum(axis=1)


@dataclass(frozen=True, eq=False)
class Counts:
    """Statistics that are one array."""

    values: np.ndarray

    def __add__(self, other):
        return Counts(self.values + other.values)

    def scale(self, factor):
        return Counts(factor * self.values)


def expect(stats, posterior, weight):
    return Expected(
        Counts(stats),
        float(weight @ posterior.log_evidence),
        float(weight @ posterior.entropy()),
        float(weight.sum()),
    )


class Linkage:
    """Genetic linkage (Dempster, Laird and Rubin 1977, section 1).

    Four cells with probabilities ½ + θ/4, (1 − θ)/4, (1 − θ)/4, θ/4; the first hides two, of ½ and θ/4. Data
    are the numbers of the cells, the weight how many animals were in each. θ is a plain float.
    """

    def joint(self, theta):
        rest = (1 - theta) / 4
        return np.array([[0.5, theta / 4], [rest, 0.0], [rest, 0.0], [0.0, theta / 4]])

    def posterior(self, params, data):
        joint = self.joint(params)[data]
        total = joint.sum(axis=1)
        return Discrete(joint / total[:, None], np.log(total))

    def expected(self, params, data, posterior, weight):
        weight = np.ones(len(data)) if weight is None else weight
        counts = np.zeros((4, 2))
        np.add.at(counts, data, weight[:, None] * posterior.responsibilities)
        return expect(counts, posterior, weight)

    def m_step(self, stats, params):
        s = stats.values
        linked, other = s[0, 1] + s[3, 1], s[1, 0] + s[2, 0]
        return float(linked / (linked + other))

    def expected_log_joint(self, params, stats):
        with np.errstate(divide="ignore"):
            logs = np.log(self.joint(params))
        used = stats.values > 0
        return float((stats.values[used] * logs[used]).sum())

    def random_posterior(self, params, data, rng):
        exact = self.posterior(params, data)
        split = rng.dirichlet([1, 1], size=len(data))
        return replace(exact, responsibilities=np.where((data == 0)[:, None], split, exact.responsibilities))

    def num_free(self, params):
        return 1

    def pack(self, params):
        return np.array([params])

    def unpack(self, vector):
        return float(vector[0]) if 0 < vector[0] < 1 else None


class Rates(NamedTuple):
    weights: np.ndarray
    rates: np.ndarray


@dataclass(frozen=True)
class PoissonMixture:
    """A mixture of Poisson distributions of whole numbers (n,)."""

    num_components: int = 2

    def posterior(self, params, data):
        log_factorial = np.array([lgamma(x + 1) for x in data])[:, None]
        joint = np.log(params.weights) + data[:, None] * np.log(params.rates) - params.rates - log_factorial
        top = joint.max(axis=1, keepdims=True)
        total = np.exp(joint - top).sum(axis=1, keepdims=True)
        return Discrete(np.exp(joint - top) / total, (top + np.log(total))[:, 0])

    def expected(self, params, data, posterior, weight):
        w = np.ones(len(data)) if weight is None else weight
        wr = w[:, None] * posterior.responsibilities
        log_factorial = np.array([lgamma(x + 1) for x in data])
        return expect(np.array([wr.sum(axis=0), data @ wr, log_factorial @ wr]), posterior, w)

    def m_step(self, stats, params):
        count, total, _ = stats.values
        return Rates(count / count.sum(), total / count)

    def expected_log_joint(self, params, stats):
        count, total, constant = stats.values
        logs = np.log(params.weights) - params.rates
        return float(count @ logs + total @ np.log(params.rates) - constant.sum())

    def start(self, data, weight, rng):
        return Rates(
            np.full(self.num_components, 1 / self.num_components), rng.gamma(2.0, 2.0, self.num_components)
        )

    def relabel(self, params, order):
        return Rates(params.weights[order], params.rates[order])

    def canonical(self, params):
        return self.relabel(params, np.argsort(params.rates))

    def num_free(self, params):
        return 2 * self.num_components - 1

    def sample(self, params, num_rows, rng):
        labels = rng.choice(self.num_components, size=num_rows, p=params.weights)
        return rng.poisson(params.rates[labels])

    def pack(self, params):
        return np.concatenate(params)

    def unpack(self, vector):
        weights, rates = np.split(vector, 2)
        return Rates(weights / weights.sum(), rates) if (vector > 0).all() else None
