"""Does a gradient of less variance converge faster? Stochastic descent by several estimators at equal cost.

Three objectives E[f(x)] over a normal x; every step has 16 evaluations of f, so that measure-valued
gradients, which take several for a draw, have fewer draws. Each estimator has the best of a grid of step
sizes. Counted are the steps after which the parameters stay near the optimum to the end of the run, for 48
seeds.

What is seen. On the quadratic the claim holds: the path needs less than half the steps of the score
function, and a baseline is between them. On the narrow bump it is the other way round: the score needs a
dozen steps and the path hundreds, since f is steep where it is not large. There the leave-one-out baseline
hurts as well: without it a draw where f is 0 adds no noise. On the bound of a variational fit the path and
the score with leave-one-out need the same number, and the plain score ten times as many. Coupled measure-
valued gradients win the first two by far, as hardly any noise is left near their optima, and lose the
third, where they have three draws. What decides is the variance for the cost, on the way and near the
optimum; not the name of the estimator.

``--plot FILE`` draws the distance from the optimum.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal

from jensen import gradients as gr

EVALUATIONS = 16
NUM_STEPS, NUM_SEEDS = 1000, 48
STEP_SIZES = np.geomspace(0.002, 5.0, 11)
NEAR = 0.1


def negative_bound(z, params):
    """log q(z) − log p(z, y = 2) for z ~ N(0, 1), y | z ~ N(z, 1); the posterior is N(1, ½)."""
    q = Normal(params["mu"], jnp.exp(params["log_scale"]))
    return q.log_prob(z) - Normal(0.0, 1.0).log_prob(z) - Normal(z, 1.0).log_prob(2.0)


OBJECTIVES = {  # f, start, optimum
    "(x - 3)**2": (lambda x, params: (x - 3.0) ** 2, {"mu": 0.0}, {"mu": 3.0}),
    "-exp(-10 x**2)": (lambda x, params: -jnp.exp(-10 * x**2), {"mu": 1.0}, {"mu": 0.0}),
    "negative bound": (
        negative_bound,
        {"mu": 0.0, "log_scale": 0.5},
        {"mu": 1.0, "log_scale": 0.5 * np.log(0.5)},
    ),
}
ESTIMATORS = {
    "score": gr.ScoreFunction(),
    "score, leave-one-out": gr.ScoreFunction(gr.LeaveOneOut()),
    "path": gr.Pathwise(),
    "measure-valued": gr.MeasureValued(),
}


def distribution(params):
    return Normal(params["mu"], jnp.exp(params["log_scale"]) if "log_scale" in params else 1.0)


def objective(f, estimator, start):
    """E[f] from as many draws as the evaluations allow."""
    cost = gr.expectation(f, distribution, estimator, gr.Independent(1)).evaluations(start)
    return gr.expectation(f, distribution, estimator, gr.Independent(EVALUATIONS // cost))


def descend(F, start, optimum):
    """(step sizes, seeds, steps): the distance from the optimum after every step."""

    @jax.jit
    def run(size, key):
        def step(params, key):
            params = jax.tree.map(lambda t, g: t - size * g, params, jax.grad(F)(params, key))
            away = jax.tree.map(lambda t, best: (t - best) ** 2, params, optimum)
            return params, jnp.sqrt(sum(jax.tree.leaves(away)))

        return jax.lax.scan(step, start, jax.random.split(key, NUM_STEPS))[1]

    keys = jax.random.split(jax.random.key(0), NUM_SEEDS)
    start = jax.tree.map(jnp.asarray, start)
    return np.asarray(
        jax.vmap(lambda size: jax.vmap(lambda key: run(size, key))(keys))(jnp.asarray(STEP_SIZES))
    )


def steps_until_near(distances):
    """After how many steps the distance stays below `NEAR`, infinite where it does not within the run."""
    far = ~(distances < NEAR)
    last = NUM_STEPS - np.argmax(far[..., ::-1], axis=-1)
    settled = np.where(far.any(axis=-1), last, 0)
    return np.where(settled < NUM_STEPS, settled + 1.0, np.inf)


def quantiles(counts):
    """The 10th, 50th and 90th percentile, of counts that may be infinite."""
    ordered = np.sort(counts)
    return [ordered[int(q * (len(ordered) - 1))] for q in (0.1, 0.5, 0.9)]


runs, counts, sizes = {}, {}, {}
for name, (f, start, optimum) in OBJECTIVES.items():
    for label, estimator in ESTIMATORS.items():
        distances = descend(objective(f, estimator, start), start, optimum)
        each = steps_until_near(distances)
        # the step size of the best median; of the best 90th percentile where medians are equal
        best = min(range(len(STEP_SIZES)), key=lambda i: quantiles(each[i])[1:])
        runs[name, label], counts[name, label], sizes[name, label] = (
            distances[best],
            each[best],
            STEP_SIZES[best],
        )

print(
    f"steps until within {NEAR} of the optimum for good: median (10 to 90 % of {NUM_SEEDS} seeds), step size"
)
for name in OBJECTIVES:
    print(name)
    for label in ESTIMATORS:
        low, middle, high = ("never" if np.isinf(q) else f"{q:.0f}" for q in quantiles(counts[name, label]))
        print(f"    {label:22s} {middle:>5s} ({low} to {high})   {sizes[name, label]:.2g}")


def draw():
    """The distance from the optimum, median and middle 80 % of seeds, by the steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 3.6), layout="constrained")
    colors = ("#c8553d", "#b08d3c", "#1f4e79", "#588157")
    for panel, name in zip(figure.subplots(1, len(OBJECTIVES)), OBJECTIVES, strict=True):
        for label, color in zip(ESTIMATORS, colors, strict=True):
            low, middle, high = np.quantile(runs[name, label], [0.1, 0.5, 0.9], axis=0)
            steps = np.arange(1, NUM_STEPS + 1)
            panel.fill_between(steps, low, high, color=color, alpha=0.15, lw=0)
            panel.plot(steps, middle, color=color, lw=1.3, label=label)
        panel.axhline(NEAR, color="black", lw=0.7, ls=":")
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_title(f"f = {name}", loc="left", fontsize=10)
        panel.set_xlabel("steps")
        panel.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("distance from the optimum")
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure


if __name__ == "__main__" and "--plot" in sys.argv:
    draw().savefig(sys.argv[sys.argv.index("--plot") + 1], dpi=150)
