"""A skeleton to copy: the smallest complete model, with what to write where.

As it stands: one of two coins is drawn, nobody sees which, and tossed ten times; x is the number of heads.
How often does each coin show heads? (Do and Batzoglou, 2008.)

    z_n ~ one of two coins, ½ each,    x_n | z_n = k ~ Binomial(10, p_k)
"""

import numpy as np
from scipy.special import binom

import jensen
from jensen.em import DiscretePosterior, Expected, Totals
from jensen.testing import check_model

TOSSES = 10


class TwoCoins:
    # The parameters and the spaces they live in. `params` are then a dict, here {"heads": two numbers}.
    # Optional; it brings acceleration, standard errors and intervals.
    chart = jensen.Chart({"heads": jensen.Interval(0, 1, shape=2)})

    # Optional. Rows are independent unless you say `cases = jensen.em.Sequences()` or `Groups(by)`.

    # E-step. Write log p(x_n, z_n = k | θ) as an array (n, K), all constants included; the rest is Bayes.
    # Where z is no label, return an object of your own with `log_evidence` and `entropy()` of every row.
    def posterior(self, params, data):
        p = params["heads"]
        x = data[:, None]
        constant = np.log(0.5 * binom(TOSSES, x))
        return DiscretePosterior.from_log_joint(constant + x * np.log(p) + (TOSSES - x) * np.log(1 - p))

    # S = Σ_n w_n E_q[T(x_n, z_n)], whatever q is: what Q needs to know of the data. Sums, never means: S of
    # two blocks of rows must add. With what does not depend on θ, too: it is part of the log-likelihood.
    def expected(self, params, data, posterior, weight):
        w = np.ones(len(data)) if weight is None else weight
        wr = w[:, None] * posterior.responsibilities
        constant = w @ np.log(0.5 * binom(TOSSES, data))
        stats = Totals(count=wr.sum(axis=0), heads=data @ wr, constant=constant)
        return Expected.of(stats, posterior, weight)

    # M-step. The parameters that maximize Q: what you would estimate if z had been seen.
    def m_step(self, stats, params):
        return {"heads": stats.heads / (TOSSES * stats.count)}

    # Q(θ, S) = E_q[log p(x, z | θ)]: the log-joint from above, with S in the place of x and z.
    def expected_log_joint(self, params, stats):
        p = params["heads"]
        tails = TOSSES * stats.count - stats.heads
        return float(stats.heads @ np.log(p) + tails @ np.log(1 - p) + stats.constant)

    # Optional. A random start, for `fit` without params: many starts.
    def start(self, data, weight, rng):
        return self.chart.random(rng)

    # Optional. One of all relabellings of the same thing: starts are counted by the maximum that they reach.
    def canonical(self, params):
        return {"heads": np.sort(params["heads"])}


model = TwoCoins()
data = np.array([5.0, 9.0, 8.0, 4.0, 7.0])
start = {"heads": np.array([0.6, 0.5])}

# Before anything else: is the model what it claims to be? The first law that does not hold is named.
laws = check_model(model, start, data)
print(f"{np.sum(laws['outcome'] == 'holds')} laws hold")

fit = jensen.fit(model, data)  # also: jensen.fit(model, data, start), weight=..., restarts=..., rng=...
heads = model.canonical(fit.params)
sure = jensen.uncertainty(model, heads, data)
print(f"log-likelihood {fit.log_evidence:.4f}, {fit.verdict}")
print(f"heads {heads['heads'].round(4)}, standard errors {sure.standard_errors['heads'].round(4)}")
