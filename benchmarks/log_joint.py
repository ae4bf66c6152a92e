"""Section: a Gaussian mixture written as a log-joint, beside the native one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np

import jensen
from benchmarks import units
from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.timing import in_turn, seconds
from jensen.em import EM, Never

N, D, K = 100_000, 2, 5
STEPS = 20
TARGETS = {"step": (20.0, 10.0), "fit": (60.0, 20.0)}
TEXT = """The same mixture of five Gaussians on 100 000 rows of two columns: `jensen.Mixture`, and a
`LogJoint` of four lines with `jensen.densities.multivariate_normal`, with its M-step in closed form
(`features` and `m_step`) and without. From the same start; compiled before. *One EM iteration*: of 20 plain
steps. *Whole fit*: the default climb to its end. *Compiling*: by how much the first fit takes longer."""

SMALL_TARGET = 1.5  # seconds
SMALL_TEXT = """A small model: latent classes of 32 weighted rows (two classes, five items), ten starts, in
fresh processes after the imports. The quickest of each, since most of it is compiling, which other programs
on the machine slow down."""


def section(options: Options) -> Section:
    """Measure and write."""
    options.say("log_joint")
    rows, start = _problem(5_000 if options.quick else N)
    native = jensen.Mixture(K).prepare(rows, None)
    at = native.chart.from_natural_vector(np.concatenate([np.ravel(value) for value in start.values()]))
    sides: dict[str, tuple[Any, Any]] = {
        "native": (native, at),
        "closed form": (_model(closed=True), start),
        "log-joint alone": (_model(closed=False), start),
    }
    first = {
        name: seconds(lambda side=side: jensen.fit(side[0], rows, side[1])) for name, side in sides.items()
    }
    fits = {name: jensen.fit(model, rows, params) for name, (model, params) in sides.items()}
    whole = in_turn(
        {
            name: lambda side=side: seconds(lambda: jensen.fit(side[0], rows, side[1]))
            for name, side in sides.items()
        },
        options.repetitions,
    )
    step = in_turn(
        {name: lambda side=sides[name]: _step(*side, rows) for name in ("native", "closed form")},
        options.repetitions,
    )
    head = ["", "one EM iteration", "ratio", "whole fit", "ratio", "E-steps", "compiling", "log-likelihood"]
    lines = [
        [
            name,
            units.seconds(step[name]) if name in step else "–",
            units.ratio(step[name] / step["native"]) if name in step else "–",
            units.seconds(whole[name]),
            units.ratio(whole[name] / whole["native"]),
            fits[name].num_e_steps,
            units.seconds(max(0.0, first[name] - whole[name])),
            f"{fits[name].log_evidence:.8f}",
        ]
        for name in sides
    ]
    ratios = {
        "step": step["closed form"] / step["native"],
        "fit": whole["log-joint alone"] / whole["native"],
    }
    return Section(
        "log_joint",
        "A log-joint beside the native mixture",
        f"{TEXT}\n\n{table(head, lines)}\n\n{_note(ratios)}\n\n{_small(options)}",
    )


def _small(options: Options) -> str:
    """Latent classes of 32 rows, each time in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.log_joint_probe"]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(1 if options.quick else 7)
    ]
    names = {
        "cold": "LCA of 32 rows, cold",
        "again": "the same again",
        "other data": "other data of its shape",
    }
    names["uncertainty"] = "standard errors"
    best = {name: min(run[name] for run in runs) for name in runs[0]}
    lines = [
        [words, units.seconds(best[name]), units.seconds(best[f"{name}, processor"])]
        for name, words in names.items()
    ]
    met = "met" if best["cold"] <= SMALL_TARGET else "not met"
    shown = table(["", "time", "of the processor"], lines)
    return f"{SMALL_TEXT}\n\n{shown}\n\nCold: target {SMALL_TARGET:g} s, {met}."


def _note(ratios: dict[str, float]) -> str:
    words = {"step": "An iteration with the closed form", "fit": "A whole fit without it"}
    return " ".join(
        f"{words[name]}: {units.ratio(ratio)} the native time (target {TARGETS[name][0]:.0f}×, "
        f"{'met' if ratio <= TARGETS[name][0] else 'not met'}; goal {TARGETS[name][1]:.0f}×, "
        f"{'met' if ratio <= TARGETS[name][1] else 'not met'})."
        for name, ratio in ratios.items()
    )


def _step(model: Any, params: Any, rows: Any) -> float:
    """Seconds of one plain step."""
    options = {"algorithm": EM(), "stop": Never()}
    return (
        seconds(lambda: jensen.fit(model, rows, params, max_steps=STEPS, **options))
        - seconds(lambda: jensen.fit(model, rows, params, max_steps=1, **options))
    ) / (STEPS - 1)


def _problem(n: int) -> tuple[Any, dict[str, Any]]:
    rng = np.random.default_rng(0)
    means = np.array([[0, 0], [3, 0], [0, 3], [3, 3], [6, 1.0]])
    rows = means[rng.integers(K, size=n)] + rng.standard_normal((n, D))
    near = means + 0.5 * rng.standard_normal(means.shape)
    return rows, {
        "weights": np.full(K, 1 / K),
        "means": near,
        "covariances": np.tile(np.eye(D), (K, 1, 1)),
    }


def _model(closed: bool) -> jensen.LogJoint:
    import jax.numpy as jnp

    def log_joint(params: Any, x: Any, z: Any) -> Any:
        covariance = params["covariances"][z]
        return jnp.log(params["weights"][z]) + jensen.densities.multivariate_normal(
            x, params["means"][z], covariance
        )

    def features(x: Any) -> Any:
        return {"one": 1.0, "x": x, "xx": jnp.outer(x, x)}

    def m_step(stats: Any) -> Any:
        count = stats["one"]
        means = stats["x"] / count[:, None]
        spread = stats["xx"] / count[:, None, None] - means[:, :, None] * means[:, None, :]
        return {"weights": count / count.sum(), "means": means, "covariances": spread}

    return jensen.LogJoint(
        log_joint,
        latent=jensen.Enumerated(K),
        parameters={
            "weights": jensen.Simplex(K),
            "means": jensen.Real((K, D)),
            "covariances": jensen.Covariance((K, D)),
        },
        features=features if closed else None,
        m_step=m_step if closed else None,
    )
