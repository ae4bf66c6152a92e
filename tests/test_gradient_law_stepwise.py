"""Programs run step by step give what compiled ones do; and what is drawn for them is random."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from jax import lax
from scipy import stats

from jensen.gradients.program.running import run_by, runs
from jensen.testing.gradients import by_numpy
from jensen.testing.gradients.pieces import ANALYTIC, JUMPING, KINKED, RULES
from jensen.testing.gradients.stepwise import Stepwise

FILLED = {"a": "a", "b": "b", "c": "-0.3", "d": "0.4", "p": "p", "h": "0.7"}
X = np.linspace(-2.3, 2.9, 12).reshape(4, 3)


def of_piece(text):
    head = "import jax, jax.numpy as jnp, numpyro.distributions as dist\nfrom jax import lax\n"
    rules = "\n".join(line for name, lines in RULES.items() if f"{name}(" in text for line in lines)
    names = {}
    exec(f"{head}{rules}\ndef f(a, b, p):\n    return 1.0 * ({text.format(**FILLED)})", names)
    return names["f"]


def with_derivatives(f):
    return jax.value_and_grad(f, (0, 1, 2))


@pytest.mark.parametrize(
    ("table", "what"),
    [(ANALYTIC, with_derivatives), (KINKED, with_derivatives), (JUMPING, lambda f: f)],
    ids=["analytic", "kinked", "jumping"],
)
def test_each_piece_is_what_it_is_compiled(table, what):
    with jax.enable_x64(True):
        for text in table:
            many = jax.vmap(jax.vmap(what(of_piece(text)), (0, 0, None)), (0, 0, None))
            args = X, X[::-1] * 0.7 + 0.05, 0.8
            found, compiled = Stepwise(many)(*args), jax.jit(many)(*args)
            for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(compiled), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12, err_msg=text)


@pytest.mark.parametrize("x64", [False, True])
def test_types_are_those_of_the_program(x64):
    def f(x, n):
        many = lax.fori_loop(0, 3, lambda i, s: s + x * i, jnp.zeros_like(x))
        return x + 1, many.astype(jnp.int32), n // 2, x > 0, jnp.sum(x, dtype=jnp.float32), x.astype(bool)

    with jax.enable_x64(x64):
        args = jnp.array([1.5, -2.0]), jnp.array([3, 4])
        found, compiled = Stepwise(f)(*args), jax.jit(f)(*args)
    assert [np.asarray(each).dtype for each in found] == [each.dtype for each in compiled]
    assert all(np.array_equal(one, other) for one, other in zip(found, compiled, strict=True))


DRAWS = [
    (dist.Normal(), stats.norm()),
    (dist.Laplace(), stats.laplace()),
    (dist.Gamma(0.3, 2.0), stats.gamma(0.3, scale=0.5)),
    (dist.Beta(0.7, 2.0), stats.beta(0.7, 2.0)),
    (dist.StudentT(7.0), stats.t(7)),
]


@pytest.mark.parametrize("row", DRAWS, ids=lambda row: type(row[0]).__name__)
def test_what_is_drawn_has_its_distribution(row):
    ours, theirs = row
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(3), 4000)
        drawn_by_keys = Stepwise(jax.vmap(ours.sample))(keys)
        again = Stepwise(jax.vmap(ours.sample))(keys)
    assert stats.kstest(drawn_by_keys, theirs.cdf).pvalue > 1e-3
    assert np.array_equal(drawn_by_keys, again)
    assert abs(np.corrcoef(drawn_by_keys[1:], drawn_by_keys[:-1])[0, 1]) < 0.06


def test_keys_are_handed_to_jax_and_back():
    def f(key):
        one, other = jax.random.split(jax.random.fold_in(key, 3))
        return one, jax.random.permutation(other, 5)  # sorts, by keys

    key, found = Stepwise(f)(jax.random.key(0))
    assert jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    assert sorted(found.tolist()) == [0, 1, 2, 3, 4]


def test_a_loop_goes_on_as_long_as_its_condition_says():
    def f(x):
        return lax.while_loop(lambda s: s < x, lambda s: s * 2.0, 1.0)

    assert Stepwise(f)(jnp.float32(100.0)) == 128.0
    assert Stepwise(jax.vmap(f))(jnp.array([3.0, 100.0])).tolist() == [4.0, 128.0]


def test_numbers_beyond_all_integers_become_what_jax_makes_of_them():
    x = np.array([np.nan, 1e30, -1e30, 2.7], np.float32)
    assert Stepwise(lambda x: x.astype(jnp.int32))(x).tolist() == jnp.asarray(x).astype(jnp.int32).tolist()


def test_within_run_by_nothing_is_compiled():
    with run_by(Stepwise):
        assert isinstance(runs(jnp.sin), Stepwise)
    assert not isinstance(runs(jnp.sin), Stepwise)


def test_most_steps_are_of_numpy():
    program = jax.make_jaxpr(jax.vmap(lambda x: jnp.sin(x) * jnp.where(x > 0.0, x, 2.0).sum()))(X)
    assert all(by_numpy.of_step(step) is not None for step in program.eqns if step.primitive.name != "jit")
