"""The reparameterization trick, simulated: where it helps, and where it loses.

For x ~ N(μ, 1) the gradient of E[x²] in μ is E[x² (x − μ)] by the score function and E[2(μ + ε)] by
reparameterization. A simulation shows that the second has a small part of the first's variance: at μ = ½ they
are 4 and 18.56. (Where the score is written −x + μ its sign is wrong: ∇μ log N(x; μ, 1) is x − μ. The
variance does not show the slip, the mean does: −1 for 1.)

It is not a law. The path's variance follows the slope of f, the score's follows its size; where f is bounded
and steep, the path loses by a factor of ten and more. And both lose to others: to a baseline, to the
difference of two coupled draws (which takes more evaluations of f), to draws in mirrored pairs. None of these
is safe everywhere: mirrored pairs nearly double the variance of the path of cos(5x).

``--plot FILE`` draws the gradients of single draws.
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal

from jensen import gradients as gr

# ---- the simulation as in the notes, by hand ---------------------------------------------------------------

mu = 0.5
epsilon = np.random.default_rng(0).standard_normal(10_000)
x = mu + epsilon
by_score = x**2 * (x - mu)
by_path = 2 * (mu + epsilon)
print(f"Variance of the gradient: {by_score.var():.2f}")
print(f"Variance of the reparameterized gradient: {by_path.var():.2f}")
print(
    f"Means: {by_score.mean():.2f} and {by_path.mean():.2f}; with the score -x + mu {(-by_score).mean():.2f}"
)

# ---- the same, and more, by the library --------------------------------------------------------------------

COSTS = {
    "x**2": (lambda x, params: x**2, 0.5),
    "exp(-10 x**2)": (lambda x, params: jnp.exp(-10 * x**2), 1.0),
    "cos(5 x)": (lambda x, params: jnp.cos(5 * x), 1.0),
}
ESTIMATORS = {
    "score": gr.ScoreFunction(),
    "score, leave-one-out": (gr.ScoreFunction(gr.LeaveOneOut()), gr.Independent(64)),
    "path": gr.Pathwise(),
    "path, mirrored pairs": (gr.Pathwise(), gr.Antithetic(2)),
    "measure-valued": gr.MeasureValued(),
}


def study(f, at, num_replicates=100_000):
    """All estimators of the gradient of E[f] at one place."""
    return gr.compare(
        gr.expectation(f, lambda params: Normal(params["mu"], 1.0)),
        {"mu": at},
        ESTIMATORS,
        draws=gr.Independent(1),
        key=1,
        num_replicates=num_replicates,
    )


with jax.enable_x64(True):
    found = {name: study(*cost) for name, cost in COSTS.items()}

print("\nvariance for one draw")
print(" ".join([" " * 22, *(f"{name:>15s}" for name in found)]))
for name in ESTIMATORS:
    variances = [each.row(name)["variance_per_draw"] for each in found.values()]
    print(" ".join([f"{name:22s}", *(f"{0.0 if v < 1e-20 else v:15.3g}" for v in variances)]))
biases = [row["bias"] for each in found.values() for row in each.rows()]
print(f"all means within {np.ceil(np.abs(biases).max()):.0f} standard errors of the exact gradients")


def draw():
    """Histograms of the two gradients, for the f of the notes and for one where the path loses."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.4), layout="constrained")
    for panel, name in zip(figure.subplots(1, 2), ("x**2", "cos(5 x)"), strict=True):
        spread = np.concatenate([found[name].samples[each][:, 0] for each in ("score", "path")])
        bins = np.linspace(*np.quantile(spread, [0.001, 0.999]), 80)
        for each, color in (("score", "#c8553d"), ("path", "#1f4e79")):
            variance = found[name].row(each)["variance"]
            panel.hist(
                found[name].samples[each][:, 0],
                bins,
                density=True,
                histtype="stepfilled",
                alpha=0.45,
                color=color,
                label=f"{each}: variance {variance:.3g}",
            )
        panel.axvline(found[name].row("path")["truth"], color="black", lw=0.8, ls=":")
        panel.set_yscale("log")
        panel.set_ylim(1e-4, 20.0)
        panel.set_title(f"f = {name}", loc="left", fontsize=10)
        panel.set_xlabel("gradient from one draw (dotted: exact)")
        panel.legend(frameon=False, fontsize=8, loc="upper right")
        panel.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__" and "--plot" in sys.argv:
    draw().savefig(sys.argv[sys.argv.index("--plot") + 1], dpi=150)
