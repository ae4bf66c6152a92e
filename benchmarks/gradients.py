"""Section: compiled gradients of expectations beside JAX written by hand, and beside NumPyro's bounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import units
from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.timing import seconds

MANY, FEW, STEPS = 1_000_000, 64, 10
ALLOWED = {MANY: 1.1, FEW: 1.2}
PAIRS = 15  # of timings, for each repetition that was asked for
CALLS = {MANY: 1, FEW: 200}  # a timing is of so many calls
ROWS, COLUMNS = 200, 5
TEXT = """Value and gradient of E[x²] over x ~ N(μ, σ), compiled, by `gradients.expectation` and by the
lines of JAX that one would write by hand: one call with 1 000 000 draws, and a loop of 10 steps of descent
(`lax.scan`) with 64 draws each. Timings in pairs, one after the other; the ratio is the median of the
ratios of the pairs."""
BOUND_TEXT = """The same bound for a logistic regression ({rows} rows, {columns} coefficients, a normal
guide with independent entries, {draws} draws; the gradient at the start): `gradients.bound` by path, by
score with leave-one-out and by sticking the landing, NumPyro's `Trace_ELBO` and its `TraceGraph_ELBO` (the
path too, as a normal guide has one). Variance: the sum over all parameters, of {replicates} gradients."""


def section(options: Options) -> Section:
    """Measure and write."""
    options.say("gradients")
    many = 20_000 if options.quick else MANY
    pairs = 3 if options.quick else PAIRS * options.repetitions
    lines, verdicts = [], []
    for name in ("path", "score"):
        for draws, wrap, allowed in ((many, _once, ALLOWED[MANY]), (FEW, _loop, ALLOWED[FEW])):
            ours, by_hand = (wrap(F) for F in (_ours(name, draws), _by_hand(name, draws)))
            calls = 1 if draws == many else CALLS[FEW]
            mine, theirs, ratio = _paired(ours, by_hand, pairs, calls)
            what = f"{name}, {draws} draws" + (f", {STEPS} steps" if draws == FEW else "")
            lines.append([what, units.seconds(mine), units.seconds(theirs), f"{ratio:.3f}"])
            verdicts.append(
                f"{what}: {ratio:.2f} ({'met' if ratio <= allowed else 'not met'}, at most {allowed})"
            )
    head = ["", "jensen", "by hand", "ratio"]
    body = f"{TEXT}\n\n{table(head, lines)}\n\n{'; '.join(verdicts)}.\n\n{_bounds(options)}"
    return Section("gradients", "Gradients of expectations beside JAX by hand and NumPyro", body)


def _paired(
    ours: Callable[[], Any], by_hand: Callable[[], Any], pairs: int, calls: int
) -> tuple[float, float, float]:
    """Seconds of each, and the median ratio; which one goes first alternates."""
    ours(), by_hand()  # compiled, and warm
    mine, theirs = [], []
    for i in range(pairs):
        for side, seen in ((ours, mine), (by_hand, theirs))[:: 1 if i % 2 else -1]:
            seen.append(seconds(lambda side=side: [side() for _ in range(calls)]) / calls)
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    return statistics.median(mine), statistics.median(theirs), statistics.median(ratios)


def _ours(name: str, draws: int) -> Any:
    from numpyro.distributions import Normal

    from jensen import gradients as gr

    estimator = {"path": gr.Pathwise(), "score": gr.ScoreFunction()}[name]
    return gr.expectation(
        lambda x, params: x**2,
        lambda params: Normal(params["mu"], params["sigma"]),
        estimator,
        gr.Independent(draws),
    )


def _by_hand(name: str, draws: int) -> Any:
    import jax
    import jax.numpy as jnp

    def path(params: Any, key: Any) -> Any:
        return jnp.mean((params["mu"] + params["sigma"] * jax.random.normal(key, (draws,))) ** 2)

    def score(params: Any, key: Any) -> Any:
        fixed = jax.lax.stop_gradient(params)
        x = fixed["mu"] + fixed["sigma"] * jax.random.normal(key, (draws,))
        log_p = -0.5 * ((x - params["mu"]) / params["sigma"]) ** 2 - jnp.log(params["sigma"])
        return jnp.mean(x**2 * jnp.exp(log_p - jax.lax.stop_gradient(log_p)))

    return {"path": path, "score": score}[name]


def _start() -> dict[str, Any]:
    import jax.numpy as jnp

    return {"mu": jnp.asarray(0.5), "sigma": jnp.asarray(1.0)}


def _once(F: Any) -> Callable[[], Any]:
    import jax

    compiled, params, key = jax.jit(jax.value_and_grad(F)), _start(), jax.random.key(0)
    return lambda: jax.block_until_ready(compiled(params, key))


def _loop(F: Any) -> Callable[[], Any]:
    import jax

    def step(params: Any, key: Any) -> Any:
        value, slope = jax.value_and_grad(F)(params, key)
        return jax.tree.map(lambda t, g: t - 0.01 * g, params, slope), value

    compiled = jax.jit(lambda params, key: jax.lax.scan(step, params, jax.random.split(key, STEPS)))
    params, key = _start(), jax.random.key(0)
    return lambda: jax.block_until_ready(compiled(params, key))


# ---- the bound of a variational fit ------------------------------------------------------------------------


def _bounds(options: Options) -> str:
    """Time and variance of the gradient of one bound, by several libraries and estimators."""
    import jax

    replicates = 200 if options.quick else 4000
    repetitions = 3 if options.quick else PAIRS * options.repetitions
    start, sides = _sides()
    rows = []
    for name, gradient in sides.items():
        keys = jax.random.split(jax.random.key(1), replicates)
        found = _replicates(gradient, start, keys)
        each = np.concatenate(
            [np.asarray(leaf).reshape(replicates, -1) for leaf in jax.tree.leaves(found)], axis=1
        )
        compiled, key = jax.jit(gradient), jax.random.key(0)
        jax.block_until_ready(compiled(start, key))

        def call(compiled: Any = compiled, key: Any = key) -> Any:
            return jax.block_until_ready(compiled(start, key))

        times = [seconds(lambda call=call: [call() for _ in range(20)]) / 20 for _ in range(repetitions)]
        variance = each.var(axis=0).sum()
        rows.append(
            [name, units.seconds(statistics.median(times)), f"{variance:.4g}", f"{each.mean(axis=0)[0]:.3g}"]
        )
    text = BOUND_TEXT.format(rows=ROWS, columns=COLUMNS, draws=FEW, replicates=replicates)
    return f"{text}\n\n{table(['', 'time', 'variance', 'first entry of the mean gradient'], rows)}"


def _replicates(gradient: Any, start: Any, keys: Any) -> Any:
    import jax

    return jax.jit(lambda keys: jax.lax.map(lambda key: gradient(start, key), keys))(keys)


def _sides() -> tuple[Any, dict[str, Callable[[Any, Any], Any]]]:
    """θ at the start, and what gives the gradient of the negative bound there."""
    import jax
    import jax.numpy as jnp
    import numpyro
    from numpyro.distributions import Bernoulli, Normal
    from numpyro.infer import Trace_ELBO, TraceGraph_ELBO

    from jensen import gradients as gr

    rng = np.random.default_rng(0)
    features = jnp.asarray(rng.standard_normal((ROWS, COLUMNS)), jnp.float32)
    labels = jnp.asarray(rng.random(ROWS) < 1 / (1 + np.exp(-features @ np.ones(COLUMNS))), jnp.float32)
    start = {"loc": jnp.zeros(COLUMNS), "log_scale": jnp.full(COLUMNS, -1.0)}

    def log_joint(params: Any, w: Any) -> Any:
        prior = jnp.sum(Normal(0.0, 1.0).log_prob(w))
        return prior + jnp.sum(Bernoulli(logits=features @ w).log_prob(labels))

    def guide(params: Any) -> Any:
        return Normal(params["loc"], jnp.exp(params["log_scale"])).to_event(1)

    def model() -> None:
        w = numpyro.sample("w", Normal(jnp.zeros(COLUMNS), 1.0).to_event(1))
        numpyro.sample("y", Bernoulli(logits=features @ w).to_event(1), obs=labels)

    def their_guide() -> None:
        loc = numpyro.param("loc", start["loc"])
        log_scale = numpyro.param("log_scale", start["log_scale"])
        numpyro.sample("w", Normal(loc, jnp.exp(log_scale)).to_event(1))

    def ours(estimator: Any) -> Callable[[Any, Any], Any]:
        F = gr.bound(log_joint, guide, estimator, gr.Independent(FEW))
        return lambda params, key: jax.grad(lambda params: -F(params, key))(params)

    def theirs(elbo: Any) -> Callable[[Any, Any], Any]:
        return lambda params, key: jax.grad(lambda params: elbo.loss(key, params, model, their_guide))(params)

    return start, {
        "jensen, path": ours(gr.Pathwise()),
        "jensen, score with leave-one-out": ours(gr.ScoreFunction(gr.LeaveOneOut())),
        "jensen, sticking the landing": ours(gr.StickTheLanding()),
        "NumPyro Trace_ELBO": theirs(Trace_ELBO(num_particles=FEW)),
        "NumPyro TraceGraph_ELBO": theirs(TraceGraph_ELBO(num_particles=FEW)),
    }
