"""Every operation of the installed JAX is known or may jump, and what is known of it is what it does."""

import sys
from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import Primitive

from jensen.gradients.program.look.primitives import RULES
from jensen.gradients.program.look.seen import Level, Seen
from jensen.gradients.program.look.shown import is_continuous
from jensen.gradients.program.look.walk import _opened, constant_of, walk

DOMAINS = {
    "all": (-np.inf, np.inf),
    "positive": (0.0, np.inf),
    "unit": (0.0, 1.0),
    "negative": (-np.inf, 0.0),
}
UNARY = [
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "exp"),
    *(
        "exp2",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "rsqrt",
        "cbrt",
        "square",
        "abs",
        "neg",
        "sign",
        "floor",
        "ceil",
    ),
    *("round", "logistic", "erf", "erfc", "erf_inv", "lgamma", "digamma", "bessel_i0e", "bessel_i1e"),
    *("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp", "sort", "is_finite", "reciprocal"),
]
OF_THREE = {  # operations of JAX on (a vector of) three numbers
    **{name: getattr(lax, name) for name in UNARY},
    "integer_pow": lambda x: lax.integer_pow(x, 3),
    "integer_pow, even": lambda x: lax.integer_pow(x, 2),
    "integer_pow, negative": lambda x: lax.integer_pow(x, -1),
    "pow": lambda x: lax.pow(x[0], x[1]),
    "pow, of a number": lambda x: lax.pow(x, jnp.full(3, 2.5)),
    "add": lambda x: x[0] + x[1],
    "sub": lambda x: x[0] - x[1],
    "mul": lambda x: x[0] * x[1],
    "div": lambda x: x[0] / x[1],
    "rem": lambda x: lax.rem(x[0], x[1]),
    "max": lambda x: lax.max(x[0], x[1]),
    "min": lambda x: lax.min(x[0], x[1]),
    "atan2": lambda x: lax.atan2(x[0], x[1]),
    "nextafter": lambda x: lax.nextafter(x[0], x[1]),
    "clamp": lambda x: lax.clamp(-0.5, x, 0.5),
    "igamma": partial(lax.igamma, 2.0),
    "igammac": partial(lax.igammac, 2.0),
    "polygamma": partial(lax.polygamma, 1.0),
    "betainc": partial(jsp.special.betainc, 2.0, 3.0),
    "eq": lambda x: 1.0 * (x[0] == x[1]),
    "ne": lambda x: 1.0 * (x[0] != x[1]),
    "lt": lambda x: 1.0 * (x[0] < x[1]),
    "ge": lambda x: 1.0 * (x[0] >= x[1]),
    "select": lambda x: jnp.where(x[0] > x[1], x[0], x[2]),
    "argmax": lambda x: 1.0 * jnp.argmax(x),
    "top_k": lambda x: lax.top_k(x, 2)[0],
    "top_k, places": lambda x: 1.0 * lax.top_k(x, 2)[1],
    "sort, two": lambda x: lax.sort((x, jnp.arange(3.0)), num_keys=1)[1],
    "gather": lambda x: x[jnp.array([2, 0])],
    "scatter": lambda x: jnp.zeros(4, x.dtype).at[jnp.array([0, 2, 2])].add(x),
    "scatter-max": lambda x: jnp.zeros(4, x.dtype).at[jnp.array([0, 2, 2])].max(x),
    "scatter-mul": lambda x: jnp.ones(4, x.dtype).at[jnp.array([0, 2, 3])].multiply(x, unique_indices=True),
    "dynamic_slice": lambda x: lax.dynamic_slice(x, (1,), (2,)),
    "dynamic_slice, by x": lambda x: lax.dynamic_slice(x, (x[0].astype(int),), (2,)),
    "convert to int": lambda x: 1.0 * x.astype(int),
    "convert to bool": lambda x: 1.0 * x.astype(bool),
    "reduce_sum": jnp.sum,
    "reduce_prod": jnp.prod,
    "reduce_max": jnp.max,
    "reduce_min": jnp.min,
    "dot_general": lambda x: x @ jnp.array([1.0, 2.0, -1.0]),
    "fft": lambda x: jnp.abs(jnp.fft.fft(x)[1]) ** 2,
    "cholesky": lambda x: jnp.linalg.cholesky(jnp.eye(3) * 20.0 + jnp.outer(x, x)),
    "triangular_solve": lambda x: jsp.linalg.solve_triangular(jnp.eye(3) + 0.5, x, lower=True),
    "eigh": lambda x: jnp.linalg.eigvalsh(jnp.diag(x) + 0.3),
    "eigh, vectors": lambda x: jnp.linalg.eigh(jnp.diag(x) + 0.3)[1],
    "qr": lambda x: jnp.linalg.qr(jnp.eye(3) * 9.0 + jnp.outer(x, jnp.arange(3.0)))[1],
    "reduce_window": lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (2,), (1,), "VALID"),
    "pad": lambda x: lax.pad(x, 0.0, [(1, 1, 0)]),
    "rev": lambda x: lax.rev(x, (0,)),
    "concatenate": lambda x: lax.concatenate([x, x], 0),
    "reshape": lambda x: x.reshape(3, 1),
    "transpose": lambda x: x.reshape(3, 1).T,
    "reduce_precision": lambda x: lax.reduce_precision(x, 11, 52),
    "conv_general_dilated": lambda x: jnp.convolve(x, jnp.array([1.0, 2.0])),
    "switch": lambda x: lax.switch(x[0].astype(int), [jnp.sin, jnp.cos], x),
    "cond": lambda x: lax.cond(x[0] > 0.3, lambda: x[1], lambda: x[2]),
    "scan": lambda x: lax.scan(lambda s, t: (jnp.sin(s + t), s * t), 0.0, x)[1],
    "while": lambda x: lax.while_loop(lambda s: s < x[0], lambda s: s + 0.5, 0.0),
    "fori": lambda x: lax.fori_loop(0, 3, lambda i, s: s * jnp.cos(x[0]), x[1]),
    "clamp, by x": lambda x: lax.clamp(x[0], jnp.float64(0.5), x[1]),
    "clamp, of numbers": lambda x: lax.clamp(-0.5, lax.clamp(x, 0.2 + 0.0 * x, x + 3.0), 2.5),
    "dot_general, with itself": lambda x: x @ x,
    "dot_general, of a matrix": lambda x: jnp.outer(x, x[::-1]) @ jnp.outer(x, x[::-1]),
    "dot_general, all pairs": lambda x: jnp.einsum("i,j->ij", x, x),
    "dot_general, row by row": lambda x: (lambda m: jnp.einsum("ij,ij->i", m, m))(jnp.outer(x, x[::-1])),
    "solve": lambda x: jnp.linalg.solve(jnp.diag(x) + 1.0, jnp.ones(3)),
    "triangular_solve, by x": lambda x: jsp.linalg.solve_triangular(jnp.diag(x) + 1.0, jnp.ones(3)),
    "1 over infinity": lambda x: 1.0 / jnp.where(x > 0.3, 1.0 + x**2, jnp.inf),
    "select, infinite": lambda x: jnp.select([x < 0.0, x < 1.0], [jnp.inf, 1.0 + 0.0 * x], 0.0 * x),
    "eq, of what stays": lambda x: 1.0 * (x * jnp.array([1.0, 0.0, 0.0]) == 0.0),
    "eq, beside what stays": lambda x: 1.0 * (jnp.concatenate([x, jnp.zeros(2)]) == 0.0),
    "eq, beside infinity": lambda x: 1.0 * (x + jnp.array([0.0, -jnp.inf, 0.0]) == -jnp.inf),
    "eq, of a share": lambda x: 1.0 * (x / jnp.array([1.0, jnp.inf, 2.0]) == 0.0),
    "eq, of nothing": lambda x: 1.0 * (x - x == 0.0),
    "ne, of padding": lambda x: 1.0 * (jnp.pad(x, 1) != 0.0),
    "eq, infinite": lambda x: 1.0 * (jnp.exp(400.0 * x) == jnp.inf),
    "is_finite, beside": lambda x: 1.0 * jnp.isfinite(jnp.concatenate([x, jnp.full(1, jnp.inf)])),
    "is_finite, of much": lambda x: 1.0 * jnp.isfinite(jnp.exp(400.0 * x)),
    "is_finite, of nothing": lambda x: 1.0 * jnp.isfinite(jnp.log(jnp.maximum(x, 0.0))),
    "to bool, of a triangle": lambda x: 1.0 * jnp.tril(jnp.outer(x, jnp.ones(3))).astype(bool),
    "log of a square": lambda x: jnp.log(x**2),
    "gather, outside": lambda x: x.at[jnp.array([2, 7])].get(mode="fill", fill_value=9.0),
    "lt, decided": lambda x: 1.0 * (jnp.tanh(x) < 1.5) + 1.0 * (x**2 >= 0.0),
    "igamma, compared": lambda x: 1.0 * (lax.igamma(2.0, x) >= 0.0),
    "max-pool": lambda x: lax.reduce_window(x**2, -jnp.inf, lax.max, (2,), (1,), "VALID"),
}  # fmt: skip


def primitives():
    """All that the modules of JAX hold."""
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "jax" and module]
    return {
        each.name: each for module in modules for each in vars(module).values() if isinstance(each, Primitive)
    }


def test_every_primitive_is_known_or_may_jump():
    every = primitives()
    assert len(every) > 150
    assert RULES.keys() <= every.keys()
    moving = Seen(Level.ANALYTIC)
    for name in every.keys() - RULES.keys():
        step = SimpleNamespace(
            primitive=SimpleNamespace(name=name), params={}, invars=[None], outvars=[None, None]
        )
        assert all(each.jumps for each in _opened([moving], step)), name


@pytest.mark.parametrize("name", OF_THREE)
def test_what_is_known_is_so(name):
    """What is said to be continuous, with its derivative, is seen to be so on lines."""
    operation = OF_THREE[name]
    with jax.enable_x64(True):
        for domain in (each for each in DOMAINS if known(operation, *DOMAINS[each]) and name not in STEEP):
            rng = np.random.default_rng(0)
            starts, ends = (_values(rng, domain) for _ in range(2))
            assert (
                is_continuous(lambda x: jnp.ravel(operation(x)) * 1.0, starts, ends, np.ones(16, bool))
                is not False
            )


@pytest.mark.parametrize("name", OF_THREE)
def test_what_is_said_of_its_values_holds(name):
    """Between which ends they are, whether 0 or nothing is among them, and whether each entry moves."""
    operation = OF_THREE[name]
    with jax.enable_x64(True):
        for domain, ends in DOMAINS.items():
            (said,) = seen_of(operation, *ends)
            points = _values(np.random.default_rng(1), domain)
            values = np.asarray(jax.jit(jax.vmap(operation))(points)).reshape(len(points), -1)
            known_ones = values[~np.isnan(values)]
            assert (known_ones >= said.low - 1e-12).all()
            assert (known_ones <= said.high + 1e-12).all()
            assert not (said.away and (known_ones == 0.0).any())
            assert said.partial or said.jumps or not np.isnan(values).any()
            assert not (said.every and (np.ptp(values, axis=0) == 0.0).any())


def test_no_program_is_opened_but_that_of_a_call():
    """An operation that holds a program may do something else with it than call it."""
    inner = jax.make_jaxpr(jnp.sin)(0.5)
    for name, is_opened in (("jit", True), ("reduce", False), ("of another", False)):
        step = SimpleNamespace(
            primitive=SimpleNamespace(name=name), params={"jaxpr": inner}, invars=[None], outvars=[None]
        )
        assert _opened([Seen(Level.ANALYTIC)], step)[0].jumps is not is_opened


STEEP = {"cbrt"}  # of infinite slope at 0, where differences are far off


def known(operation, low, high):
    """Whether it is said to be continuous between two ends."""
    return all(each.level <= Level.CONTINUOUS for each in seen_of(operation, low, high))


def seen_of(operation, low, high):
    """What is known of what it makes of three numbers between two ends."""
    program = jax.make_jaxpr(operation)(jnp.full(3, 0.5))
    inside = Seen(Level.ANALYTIC, every=True).between(low, high, away=low == 0.0 or high == 0.0)
    consts = [constant_of(each) for each in program.consts]
    return walk(program.jaxpr, consts, [inside])


def _values(rng, domain):
    normal = 1.5 * rng.standard_normal((16, 3))
    of = {
        "all": normal,
        "positive": np.abs(normal),
        "unit": rng.uniform(size=(16, 3)),
        "negative": -np.abs(normal),
    }
    return jnp.asarray(of[domain])


def test_the_walk_knows_what_is_common():
    """The test of the test: most are not passed over because they may jump."""
    with jax.enable_x64(True):
        assert sum(known(operation, -np.inf, np.inf) for operation in OF_THREE.values()) > 50
