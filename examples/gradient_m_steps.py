"""A Gaussian mixture whose M-steps follow the gradient, beside the closed form.

EM needs an M-step that raises Q, not one that maximizes it: one can as well "compute the derivatives with
respect to the parameters and update them". The derivatives are taken in the model's chart, where every step
is allowed: weights stay weights, covariances stay positive definite.

What is seen: with enough gradient steps to an E-step there are hardly more E-steps than with the closed form;
with one there are many times more; and how many depends on the units, as a gradient does and the closed form
does not. Where there is no closed form, `jensen.em.QuasiNewton` makes more of the same derivatives.
"""

from dataclasses import dataclass

import numpy as np

import jensen
from jensen.em import EM, score
from jensen.families import GaussianParams
from jensen.models import MixtureParams


@dataclass(frozen=True)
class GradientEM:
    """Generalized EM: the E-step, then some steps up the gradient of Q, none of which lowers it.

    The statistics S hold all that Q needs: gradient steps make no pass over the data, only E-steps do.
    """

    num_gradient_steps: int = 1

    def init(self, problem, params):
        return problem.e_step(params)

    def step(self, problem, state):
        params = state.params
        for _ in range(self.num_gradient_steps):
            params = self.uphill(problem, params, state)
        return problem.e_step(params)

    def uphill(self, problem, params, state):
        """u + length · ∂Q/∂u, as long as Q gains a third of what its slope promises, or more."""
        chart = problem.model.chart
        u, gradient = chart.to_vector(params), score(problem.model, params, state.expected.stats)
        here, length = problem.expected_log_joint(params, state), 4.0 / state.expected.weight
        for _ in range(30):
            there = chart.from_vector(u + length * gradient)
            promised = length * gradient @ gradient
            gain = problem.expected_log_joint(there, state) - here
            if gain >= promised / 3:
                return there
            # To the top of the parabola through what is known, or a tenth of the way.
            length *= max(0.1, 0.5 / (1.0 - gain / promised))
        return params  # Q cannot be raised any more, as far as rounding lets one see

    def is_plain(self):
        return False

    def is_monotone(self):
        return True


@dataclass(frozen=True)
class Within:
    """Stop once the maximum, known beforehand, is this near."""

    maximum: float
    nats: float = 1e-4

    def done(self, seen):
        return seen.objectives[-1] > self.maximum - self.nats


def halves(x):
    """The rows below and above the median of the first column, as a start that has no units."""
    below = x[:, 0] < np.median(x[:, 0])
    means = np.array([x[rows].mean(axis=0) for rows in (below, ~below)])
    covariances = np.array([np.cov(x[rows].T) for rows in (below, ~below)])
    return MixtureParams(np.array([0.5, 0.5]), GaussianParams(means, covariances))


def told(count):
    """A count as it can be told: of a long zigzag the last bits decide some per cent."""
    return str(count) if count < 100 else f"about {round(count, -2)}"


model = jensen.Mixture(2, jensen.Gaussian())
minutes = jensen.load_dataset("faithful").values
data = {"standardized": (minutes - minutes.mean(axis=0)) / minutes.std(axis=0), "minutes": minutes}
best = {units: jensen.fit(model, x, halves(x)) for units, x in data.items()}
climbers = {
    "closed form": EM(),
    "100 gradient steps": GradientEM(100),
    "10 gradient steps": GradientEM(10),
    "1 gradient step": GradientEM(1),
}

fits, counts = {}, {}
for name, algorithm in climbers.items():
    for units, x in data.items():
        stop = Within(best[units].log_evidence)
        fit = jensen.fit(model, x, halves(x), algorithm=algorithm, stop=stop, max_steps=20_000)
        fits[name, units] = fit
        # After a climb that is not plain EM, `fit` confirms the end by a step of EM, which is not counted.
        counts[name, units] = int(np.sum(fit.ledger["algorithm"] == type(algorithm).__name__))

print("E-steps until the log-likelihood is within 1e-4 of its maximum")
print("M-step               columns standardized    in minutes")
for name in climbers:
    print(f"{name:20s} {told(counts[name, 'standardized']):>20s} {told(counts[name, 'minutes']):>13s}")

means = np.array([model.canonical(fits[name, "minutes"].params).components.means for name in climbers])
ledgers = [fit.ledger for fit in fits.values()]
identity = max(np.abs(t["expected_log_joint"] + t["entropy"] - t["log_evidence"]).max() for t in ledgers)
fall = min(np.diff(t["log_evidence"]).min() for t in ledgers)
print(f"the same maximum for all, means to 0.01 minutes: {np.abs(means - means[0]).max() < 0.01}")
print(f"no step lowers the log-likelihood: {fall > -1e-9}; Q + H is the log-likelihood: {identity < 1e-8}")
