"""The derivation of EM, played: the bound touches the evidence, and rises.

    log p(x | θ)  =  Q(θ) + H[q]  +  KL(q ‖ p(z | x, θ))  ≥  Q(θ) + H[q]  =  ELBO(q, θ)

E-step: q ← p(z | x, θ), which makes KL zero: the bound touches. M-step: θ ← argmax Q: the bound rises, the
evidence at least as much, and a gap opens. On a model so small that θ is one number: every row is from one of
two normal distributions, at −θ and at θ, and which one is hidden.

    python examples/em_and_the_bound.py --plot bound.png
"""

import sys
from dataclasses import dataclass

import numpy as np

import jensen
from jensen.em import Expected

SIGNS = np.array([-1.0, 1.0])  # the two values of z


@dataclass(frozen=True)
class Moments:
    """S = (n, Σ E[z] x, Σ x²): all that Q needs."""

    values: np.ndarray

    def __add__(self, other):
        return Moments(self.values + other.values)

    def scale(self, factor):
        return Moments(factor * self.values)


@dataclass(frozen=True)
class Signs:
    """q(z_n), a column for each sign, with the log-evidence of the θ it was computed at."""

    responsibilities: np.ndarray  # (n, 2)
    log_evidence: np.ndarray  # (n,)

    def entropy(self):
        r = self.responsibilities
        return -np.sum(r * np.log(np.where(r > 0, r, 1.0)), axis=1)


class TwoNormals:
    """z_n is −1 or 1, each with probability ½; x_n | z_n ~ N(z_n θ, 1)."""

    def posterior(self, params, data):
        """p(z | x, θ): the joint density, divided by its sum over z."""
        log_joint = -0.5 * np.log(8 * np.pi) - 0.5 * (data[:, None] - SIGNS * params) ** 2
        log_evidence = np.logaddexp.reduce(log_joint, axis=1)
        return Signs(np.exp(log_joint - log_evidence[:, None]), log_evidence)

    def expected(self, params, data, posterior, weight):
        """S under any q."""
        w = np.ones(len(data)) if weight is None else weight
        mean = posterior.responsibilities @ SIGNS
        stats = Moments(np.array([w.sum(), w @ (mean * data), w @ data**2]))
        return Expected(stats, w @ posterior.log_evidence, w @ posterior.entropy(), w.sum())

    def m_step(self, stats, params):
        """argmax of Q, a parabola in θ."""
        count, cross, _ = stats.values
        return cross / count

    def expected_log_joint(self, params, stats):
        """Q(θ) = E_q[log p(x, z | θ)]."""
        count, cross, square = stats.values
        return -0.5 * count * np.log(8 * np.pi) - 0.5 * (square - 2 * params * cross + count * params**2)


model = TwoNormals()
x = np.array([-2.4, -1.8, -1.1, -0.6, 0.3, 0.9, 1.5, 2.2])
num_steps = 4


def half_steps(theta, q, num_steps):
    """What was done, θ and q: at the start and after every E-step and every M-step."""
    yield "start", theta, q
    for _ in range(num_steps):
        q = model.posterior(theta, x)
        yield "E-step", theta, q
        theta = model.m_step(model.expected(theta, x, q, None).stats, theta)
        yield "M-step", theta, q


# Jensen's inequality holds for any q, so begin with one that knows nothing.
theta = 0.35
nothing = Signs(np.full((len(x), 2), 0.5), model.posterior(theta, x).log_evidence)
played = list(half_steps(theta, nothing, num_steps))
table = jensen.em.Table.from_rows(
    [
        {
            "after": name,
            "theta": theta,
            "evidence": model.posterior(theta, x).log_evidence.sum(),
            "elbo": jensen.elbo(model, theta, x, q),
            "q": jensen.expected_log_joint(model, theta, x, q),
            "entropy": jensen.entropy(q),
            "kl": jensen.kl_gap(model, theta, x, q),
        }
        for name, theta, q in played
    ]
)

print("after        θ  log p(x|θ)      ELBO  =       Q  +     H       KL")
for row in table.rows():
    print(
        "{after:7s} {theta:7.4f}  {evidence:9.4f} {elbo:9.4f}  {q:9.4f} {entropy:7.4f}  {kl:7.4f}".format(
            **row
        )
    )


def kl(q, p):
    """KL(q ‖ p) from its definition."""
    return np.sum(q.responsibilities * np.log(q.responsibilities / p.responsibilities))


apart = max(
    abs(kl(q, model.posterior(t, x)) - gap) for (_, t, q), gap in zip(played, table["kl"], strict=True)
)
print(f"what the bound misses is KL(q ‖ posterior), to 1e-12: {apart < 1e-12}")
after_e, after_m = table["after"] == "E-step", table["after"] == "M-step"
print(f"after every E-step the bound touches: {np.abs(table['kl'][after_e]).max() < 1e-12}")
print(f"no half-step lowers the bound: {np.diff(table['elbo']).min() > -1e-12}")
risen = table["evidence"][after_m] - table["evidence"][after_e]
accounted = (table["elbo"][after_m] - table["elbo"][after_e]) + table["kl"][after_m]
same = np.allclose(risen, accounted, rtol=0, atol=1e-12)
print(f"an M-step gains what the bound rises and the gap that opens: {same}")


# ---- the picture -------------------------------------------------------------------------------------------

BLACK, GREY, SHADE = "#000000", "#7F7F7F", "#EEF3F7"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # of q at each step (Okabe and Ito, 2008)


def draw():
    """Left, evidence and bounds over θ; right, the same heights over the half-steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.3, 1.0))
    draw_bounds(left)
    draw_staircase(right)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8.5)
    left.set_ylim(-17.6, -13.75)
    left.set_ylabel("nats")
    return figure


def draw_bounds(axes):
    """The evidence, the bound of each q, where it touches (●) and where its maximum is (▲)."""
    grid = np.linspace(-0.25, 2.05, 400)
    axes.plot(grid, [model.posterior(t, x).log_evidence.sum() for t in grid], color=BLACK, lw=2.2)
    axes.plot(grid, [jensen.elbo(model, t, x, nothing) for t in grid], color=GREY, lw=1.3, ls="--")
    axes.plot(table["theta"][0], table["elbo"][0], "s", color=GREY, ms=5)
    gap(axes, table["theta"][0], table["elbo"][0], table["evidence"][0], GREY)
    for step, colour in enumerate(COLOURS[:3]):
        e, m = 1 + 2 * step, 2 + 2 * step  # rows of the table
        axes.plot(grid, [jensen.elbo(model, t, x, played[e][2]) for t in grid], color=colour, lw=1.5)
        axes.plot(table["theta"][e], table["elbo"][e], "o", color=colour, ms=6.5, zorder=3)
        axes.plot(table["theta"][m], table["elbo"][m], "^", color=colour, ms=7, zorder=3)
        gap(axes, table["theta"][m], table["elbo"][m], table["evidence"][m], colour)
        note = rf"$\theta_{step}$"
        axes.text(table["theta"][e], table["evidence"][e] + 0.1, note, color=colour, ha="right", fontsize=11)
    axes.text(1.73, -14.75, r"$\log\,p(x\,|\,\theta)$", fontsize=11)
    say = {
        "fontsize": 8.5,
        "va": "center",
        "arrowprops": {"arrowstyle": "-", "lw": 0.6, "color": GREY, "shrinkB": 5},
    }
    axes.annotate("E-step: the new\nbound touches", (0.70, -14.99), (-0.1, -14.99), **say)
    axes.annotate("M-step: θ to\nits maximum", (0.71, -15.57), (1.02, -15.72), **say)
    axes.annotate("a gap opens: KL", (0.69, -15.28), (0.9, -15.28), **say)
    axes.annotate("the bound of a q\nthat knows nothing", (0.41, -17.32), (0.55, -17.2), **say, color=GREY)
    axes.set_xlabel(r"$\theta$")
    axes.set_title("Evidence and its lower bounds, over θ", loc="left", fontsize=10)


def gap(axes, theta, bound, evidence, colour):
    axes.plot([theta, theta], [bound, evidence], color=colour, lw=1.3, ls=":", zorder=2)


def draw_staircase(axes):
    """Evidence and bound after every half-step; what is between them is KL(q ‖ posterior)."""
    steps, bound, evidence = np.arange(table.num_rows), table["elbo"], table["evidence"]
    for e in steps[:-1:2]:
        axes.axvspan(e, e + 1, color=SHADE, lw=0)
    axes.fill_between(steps, bound, evidence, color="#56B4E9", alpha=0.35, lw=0)
    axes.plot(steps, evidence, color=BLACK, lw=2.2)
    axes.plot(0, bound[0], "s", color=GREY, ms=5)
    for e, colour in zip(steps[1::2], COLOURS, strict=True):
        axes.plot(steps[e - 1 : e + 1], bound[e - 1 : e + 1], color=GREY, lw=1.3, ls="--")
        axes.plot(steps[e : e + 2], bound[e : e + 2], color=colour, lw=1.8)
        axes.plot(e, bound[e], "o", color=colour, ms=6.5, zorder=3)
        axes.plot(e + 1, bound[e + 1], "^", color=colour, ms=7, zorder=3)
    for row in (0, 2, 4, 6):
        axes.text(row + 0.5, evidence[row] + 0.06, f"{table['kl'][row]:.2f}", fontsize=8.5, ha="center")
    axes.text(0.9, -14.75, r"$\log\,p(x\,|\,\theta)$", fontsize=11)
    axes.text(2.75, -15.45, r"ELBO$(q, \theta)$", fontsize=10, color=COLOURS[0])
    axes.set_xlim(-0.2, steps[-1] + 0.2)
    axes.set_xticks(steps[:-1] + 0.5, ["E", "M"] * num_steps)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("half-steps")
    axes.set_title("The same, half-step by half-step; shaded: KL", loc="left", fontsize=10)


if "--plot" in sys.argv:
    draw().savefig(sys.argv[sys.argv.index("--plot") + 1], dpi=200)
