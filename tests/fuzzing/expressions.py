"""Expressions and distributions, as they are typed: read, or refused with a place."""

from __future__ import annotations

import random

import jax
import numpy as np

from jensen.gradients.expressions.problem import problem

PIECES = (
    *(
        "x",
        "y",
        "mu",
        "s",
        "1",
        "0",
        "2.5",
        "1e5",
        "1e999",
        ".5",
        "pi",
        "e",
        "x1",
        "é",
        "λ",
        "_",
        "__class__",
    ),
    *("+", "-", "*", "/", "**", "^", "(", ")", ",", "<", ">", "<=", "==", "!=", "=", "~", ";", ".", "@", "%"),
    *(
        "exp",
        "log",
        "sqrt",
        "where",
        "max",
        "min",
        "floor",
        "abs",
        "lambda",
        "import",
        "None",
        "if",
        "\n",
        "\0",
    ),
    *(
        "normal",
        "Normal",
        "bernoulli",
        "poisson",
        "gamma",
        "(mu, 1)",
        "(x)",
        "**-",
        "((",
        "))",
        "'",
        '"',
        "#",
    ),
)
EXPRESSIONS = ("x**2", "x", "exp(-x) * mu", "where(x > 0, x, mu)", "x * mu + s")
DISTRIBUTIONS = ("normal(mu, 1)", "x ~ normal(mu, exp(s))", "z ~ bernoulli(0.3); x ~ normal(mu + z, 1)")


def case(rng: random.Random) -> None:
    """One expression under one distribution."""
    with jax.enable_x64(True), np.errstate(all="ignore"):  # as the command has it
        problem(_some(EXPRESSIONS, rng), _some(DISTRIBUTIONS, rng), {"mu": 0.5, "s": 0.2})


def _some(good: tuple[str, ...], rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(good)
    if kind < 0.6:
        return rng.choice(("", " ")).join(rng.choices(PIECES, k=rng.randrange(12)))
    if kind < 0.62:
        return rng.choice(("(", "-", "x+", "exp(")) * rng.choice((10, 1000, 9000))
    text = list(rng.choice(good))
    for _ in range(rng.choice((1, 2, 4))):
        text.insert(rng.randrange(len(text) + 1), rng.choice(PIECES))
        if rng.random() < 0.5:
            del text[rng.randrange(len(text))]
    return "".join(text)
