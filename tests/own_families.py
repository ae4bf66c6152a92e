"""A family and a covariance structure as a user writes them: what the contract asks for and no more."""

from dataclasses import dataclass

import numpy as np

import jensen
from jensen.em.statistics import Totals
from jensen.families import Full


class Exponential:
    """Waiting times (n,): the four methods, and where the rates live."""

    def log_density(self, params, data):
        return np.log(params["rate"]) - data[:, None] * params["rate"]

    def statistics(self, params, data, weight):
        return Totals(count=weight.sum(axis=0), total=data @ weight)

    def m_step(self, stats, params):
        return {"rate": stats.count / stats.total}

    def expected_log_density(self, params, stats):
        return float(stats.count @ np.log(params["rate"]) - stats.total @ params["rate"])

    def spaces(self, k):
        return {"rate": jensen.Positive(k)}


@dataclass(frozen=True)
class Scaled(Exponential):
    """The same with a field."""

    unit: float = 1.0

    def log_density(self, params, data):
        return super().log_density(params, data / self.unit) - np.log(self.unit)

    def statistics(self, params, data, weight):
        return super().statistics(params, data / self.unit, weight)

    def expected_log_density(self, params, stats):
        return super().expected_log_density(params, stats) - stats.count.sum() * np.log(self.unit)


class Named(Full):
    """A covariance structure of one's own."""

    __slots__ = ()
    name = "named"


class Tied(Full):
    """A structure of one's own with the name of another of jensen's."""

    __slots__ = ()
    name = "mine"


def waiting_times(n=300, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.exponential(1.0, n), rng.exponential(12.0, n)])


class Counts:
    """Poisson counts (n, d) with everything that pictures ask for."""

    caption = "rate"

    def log_density(self, params, data):
        from scipy.special import gammaln

        rates = params["rate"]
        return data @ np.log(rates).T - rates.sum(axis=1) - gammaln(data + 1).sum(axis=1)[:, None]

    def statistics(self, params, data, weight):
        from scipy.special import gammaln

        base = float(weight.sum(axis=1) @ gammaln(data + 1).sum(axis=1))
        return Totals(count=weight.sum(axis=0), total=weight.T @ data, base=base)

    def m_step(self, stats, params):
        return {"rate": stats.total / stats.count[:, None]}

    def expected_log_density(self, params, stats):
        rates = params["rate"]
        return float((stats.total * np.log(rates)).sum() - stats.count @ rates.sum(axis=1)) - stats.base

    def sample(self, params, labels, rng):
        return rng.poisson(params["rate"][labels])

    def is_discrete(self, column):
        return True

    def marginal(self, params, column, points):
        from scipy.stats import poisson

        return poisson.pmf(points, params["rate"][:, column, None])

    def moments(self, params):
        rates = params["rate"]
        return rates, rates[:, :, None] * np.eye(rates.shape[1])


def counts(n=200, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.poisson([2.0, 9.0], (n, 2)), rng.poisson([10.0, 4.0], (n, 2))])


class Pair:
    """Two families side by side: no dataclass, and says what it is made of."""

    def __init__(self, first, second):
        self.parts = (first, second)

    def made_of(self):
        return {"first": self.parts[0], "second": self.parts[1]}

    def log_density(self, params, data):
        each = zip(self.parts, params, data.T, strict=True)
        return sum(part.log_density(p, x) for part, p, x in each)

    def statistics(self, params, data, weight):
        first, second = (part.statistics(None, x, weight) for part, x in zip(self.parts, data.T, strict=True))
        return Totals(count=first.count, first=first.total, second=second.total)

    def m_step(self, stats, params):
        return [{"rate": stats.count / total} for total in (stats.first, stats.second)]

    def expected_log_density(self, params, stats):
        totals = (Totals(count=stats.count, total=total) for total in (stats.first, stats.second))
        each = zip(self.parts, params, totals, strict=True)
        return sum(part.expected_log_density(p, total) for part, p, total in each)

    def order(self, params):
        return np.argsort(params[0]["rate"])

    def relabel(self, params, order):
        return [{"rate": part["rate"][order]} for part in params]

    def split(self, params):
        return {"first": params[0]["rate"], "second": params[1]["rate"]}
