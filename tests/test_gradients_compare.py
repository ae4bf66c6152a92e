"""Seeing: replicates, comparisons with an exact reference, the check; and what they say of bad input."""

import sys
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpyro.distributions import (
    Bernoulli,
    Beta,
    Cauchy,
    Gamma,
    Laplace,
    MultivariateNormal,
    Normal,
    Pareto,
    Poisson,
    StudentT,
    Uniform,
    VonMises,
)

from jensen import gradients as gr
from jensen.basics.tables import Table
from jensen.gradients.compare import samples
from jensen.gradients.compare.moments import moments
from jensen.gradients.compare.names import parameter_names
from jensen.gradients.compare.reference import reference
from jensen.gradients.compare.truth import NoReference
from jensen.gradients.labels import label
from jensen.gradients.program.jumps import depends, traced


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def square(x, params):
    return x**2


def unit(params):
    return Normal(params["mu"], 1.0)


ONE = gr.Independent(1)


# ---- replicates --------------------------------------------------------------------------------------------


def test_replicates_have_a_leading_axis_and_are_independent():
    params = {"mu": jnp.array([0.5, 1.0]), "s": 1}
    found = gr.gradient_samples(
        gr.expectation(
            lambda x, params: jnp.sum(x**2),
            lambda params: Normal(params["mu"], params["s"]).to_event(1),
            gr.Pathwise(),
            ONE,
        ),
        params,
        key=0,
        num_replicates=4000,
    )
    assert found["mu"].shape == (4000, 2)
    assert found["s"].shape == (4000,)
    means = found["mu"].mean(axis=0)
    assert np.abs((means - np.array([1.0, 2.0])) / np.sqrt(4.0 / 4000)).max() < 4
    neighbours = np.corrcoef(found["mu"][:-1, 0], found["mu"][1:, 0])[0, 1]
    assert abs(neighbours) < 4 / np.sqrt(4000)


def test_many_draws_are_held_in_pieces():
    draws = gr.Independent(2**17)
    found = gr.gradient_samples(
        gr.expectation(square, unit, draws=draws), {"mu": 0.5}, key=1, num_replicates=3
    )
    assert found["mu"].shape == (3,)
    assert np.abs(found["mu"] - 1.0).max() < 5 * np.sqrt(4.0 / 2**17)


def test_coupled_draws_are_one_replicate():
    found = gr.compare(
        gr.expectation(square, unit),
        {"mu": 0.5},
        [gr.ScoreFunction()],
        draws=gr.Antithetic(2),
        key=0,
        num_replicates=40_000,
    )
    row = found.row("ScoreFunction()")
    assert abs(row["variance"] - 2.0) < 4 * row["variance_error"]  # counted singly it would be another


# ---- moments -----------------------------------------------------------------------------------------------


def test_the_error_of_a_variance():
    rng = np.random.default_rng(0)
    each = [moments(rng.exponential(size=(500, 1))) for _ in range(2000)]
    variances = np.array([m.variance[0] for m in each])
    errors = np.array([m.variance_error[0] for m in each])
    assert abs(variances.mean() - 1.0) < 4 * variances.std() / np.sqrt(2000)
    assert np.sqrt((errors**2).mean()) == pytest.approx(variances.std(), rel=0.15)


def test_what_is_not_finite_stays():
    m = moments(np.array([[1.0, 1.0], [2.0, np.nan], [3.0, 1.0]]))
    assert m.mean[0] == 2.0
    assert np.isnan(m.mean[1])


# ---- the exact reference -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "distribution", "params", "exact"),
    [
        (square, lambda t: Normal(t[0], t[1]), [0.5, 1.3], [1.0, 2.6]),
        (square, lambda t: Gamma(t[0], t[1]), [2.0, 1.5], [5.0 / 1.5**2, -12.0 / 1.5**3]),
        (square, lambda t: Poisson(t[0]), [2.3], [5.6]),
        (square, lambda t: Laplace(0.3, t[0]), [1.7], [4 * 1.7]),
        (square, lambda t: Bernoulli(t[0]), [0.3], [1.0]),
        (square, lambda t: Bernoulli(logits=t[0]), [0.0], [0.25]),
        (square, lambda t: Uniform(0.0, t[0]), [1.5], [1.0]),  # the support moves
        (lambda x, t: 1 / x, lambda t: Pareto(t[0], 3.0), [1.3], [-0.75 / 1.3**2]),
        (square, lambda t: Beta(t[0], 1.0), [2.0], [0.125]),  # a / (a + 2)
        (lambda x, t: jnp.cos(x), lambda t: Cauchy(0.0, t[0]), [1.3], [-np.exp(-1.3)]),
        (lambda x, t: x**2 * t[0] + jnp.log(t[0]), lambda t: Normal(0.7, t[0]), [1.3], [6.3292307692]),
        (
            lambda x, t: jnp.exp(-10 * x**2),
            lambda t: Normal(t[0], 1.0),
            [1.0],
            [-20 / 21**1.5 * np.exp(-10 / 21)],
        ),
    ],
)
def test_references(f, distribution, params, exact):
    F = gr.expectation(f, distribution, gr.ScoreFunction())
    found = reference(F, jnp.asarray(params))
    assert found is not None
    assert (np.abs(found.gradient - exact) <= found.error + 1e-9).all()
    is_hard = isinstance(distribution(jnp.asarray(params)), (Cauchy, Laplace))  # tails, and a kink
    assert (found.error < (1e-3 if is_hard else 1e-7)).all()


def test_a_reference_over_two_variables():
    F = gr.expectation(
        lambda x, t: x["x"] ** 2 * t["mu"],
        lambda t: {"z": Bernoulli(t["p"]), "x": lambda z: Normal(t["mu"] + z, 1.0)},
        gr.ScoreFunction(),
    )
    found = reference(F, {"mu": jnp.asarray(0.5), "p": jnp.asarray(0.3)})
    assert found.gradient == pytest.approx([2.65, 1.0], abs=1e-9)
    assert found.value == pytest.approx(0.5 * (0.7 * 1.25 + 0.3 * 3.25), abs=1e-9)


@pytest.mark.parametrize(
    ("f", "distribution"),
    [
        (square, lambda t: Cauchy(0.0, t)),  # no such expectation
        (lambda x, t: jnp.sum(x), lambda t: MultivariateNormal(jnp.zeros(3) + t, jnp.eye(3))),  # no rule
        (lambda x, t: jnp.sin(1e6 * x), lambda t: Normal(t, 1.0)),  # too fast for any rule
        (square, lambda t: Cauchy(t, 1.0)),  # the derivative of an infinite number cancels
        (lambda x, t: jnp.where(x > t, 1.0, 0.0), lambda t: Normal(1.0, 1.0)),  # a jump in θ
        (
            lambda x, t: jnp.where(x > 1.0, 1.0, 0.0),
            lambda t: Uniform(0.0, t),
        ),  # a jump, and points that move
    ],
)
def test_where_there_is_no_reference_none_is_claimed(f, distribution):
    found = reference(gr.expectation(f, distribution, gr.ScoreFunction()), jnp.asarray(1.3))
    assert isinstance(found, NoReference)
    assert found.why


def test_a_jump_at_a_fixed_place_has_a_reference_where_the_support_stays():
    F = gr.expectation(
        lambda x, t: jnp.where(x > 1.0, 1.0, 0.0), lambda t: Normal(t, 1.0), gr.ScoreFunction()
    )
    found = reference(F, jnp.asarray(0.5))
    exact = np.exp(-0.125) / np.sqrt(2 * np.pi)
    assert abs(found.gradient[0] - exact) <= found.error[0] < 1e-3


# ---- comparisons -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def notes():
    with jax.enable_x64(True):
        return gr.compare(
            gr.expectation(square, lambda params: Normal(params["mu"], params["s"])),
            {"mu": 0.5, "s": 1},
            [gr.ScoreFunction(), gr.Pathwise(), (gr.Pathwise(), gr.Antithetic(2)), gr.Exact()],
            draws=ONE,
            key=jax.random.key(2),
            num_replicates=20_000,
        )


def test_variances_and_bias_of_the_notes(notes):
    exact = {
        ("ScoreFunction()", "mu"): 18.5625,
        ("ScoreFunction()", "s"): 89.125,
        ("Pathwise()", "mu"): 4.0,
        ("Pathwise()", "s"): 9.0,
    }
    for (name, parameter), variance in exact.items():
        row = notes.row(name, parameter)
        assert abs(row["variance"] - variance) < 4 * row["variance_error"], (name, parameter)
        assert abs(row["bias"]) < 4
        assert row["variance_x_evaluations"] == row["variance"] * row["evaluations"]
    assert notes.row("Pathwise(), Antithetic(2)", "mu")["variance"] < 1e-20
    assert notes.row("Exact()", "s")["variance"] == 0.0
    assert abs(notes.row("Exact()", "s")["bias"]) < 1


def test_a_comparison_is_a_table(notes):
    assert pd.DataFrame(notes.table).shape == pl.DataFrame(dict(notes.table)).shape
    assert list(notes.table["parameter"]) == ["mu"] * 4 + ["s"] * 4
    assert set(notes.samples) == {"ScoreFunction()", "Pathwise()", "Pathwise(), Antithetic(2)", "Exact()"}
    assert (notes.table["seconds"] > 0).all()
    assert repr(notes).count("\n") == 9
    assert repr(notes).endswith("exact gradient: mu 1, s 2")
    assert "<th>bias/SE</th>" in notes._repr_html_()
    assert len(notes.text(most=4).splitlines()) == 6


def test_rows_are_found_by_name(notes):
    with pytest.raises(ValueError, match="which parameter"):
        notes.row("Pathwise()")
    with pytest.raises(KeyError, match="Antithetic"):
        notes.row("path", "mu")


def test_a_comparison_is_drawn(notes):
    figure = notes.plot()
    assert len(figure.axes) == 4
    called = [text.get_text().partition("\n")[0] for text in figure.axes[0].get_yticklabels()]
    assert called == list(notes.samples)
    told = [text.get_text() for text in figure.axes[1].texts]
    assert told == [f"{notes.row('ScoreFunction()', 'mu')['variance']:.3g}", *told[1:2], "0", "0"]


def test_a_figure_has_one_kind_of_axis_however_far_variances_are_apart():
    made = gr.expectation(lambda x, t: x + 100.0 * t, lambda t: Normal(t, 1.0), draws=1)
    names = {"score": "score", "a" * 200: "leave-one-out", "path": (gr.Pathwise(), gr.Stratified(64))}
    figure = gr.compare(made, 1.0, names, key=0, num_replicates=50).plot()
    assert {axes.get_xscale() for axes in figure.axes} == {"linear"}
    called = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert max(len(line) for each in called for line in each.splitlines()) <= 34


def test_biased_rows_are_marked(notes):
    assert " * " not in repr(notes)
    off = gr.compare(
        gr.expectation(square, unit), {"mu": 0.5}, [Shrunken(), "path"], key=0, num_replicates=20_000
    )
    lines = repr(off).splitlines()
    assert [line.startswith(("Shrunken() * ", "path  ")) for line in lines[1:3]] == [True, True]
    assert lines[3] == "* biased: by construction, or its mean is more than 5 standard errors off"
    assert off.row("Shrunken()")["estimator"] == "Shrunken()"
    assert "<td>Shrunken() *</td>" in off._repr_html_()


def test_reasons_and_warnings_are_said_once():
    jumping = gr.expectation(lambda x, t: jnp.where(x > t["q"], 1.0, 0.0), lambda t: Normal(t["mu"], 1.0))
    with pytest.warns(gr.GradientWarning) as caught:
        gr.compare(jumping, {"mu": 0.5, "q": 0.3}, ["score", "path", "antithetic-path"], key=0)
    assert len({str(each.message) for each in caught}) == len(caught)
    assert {each.filename for each in caught} == {__file__}
    bits = gr.expectation(square, Bernoulli)
    found = gr.compare(bits, 0.3, ["path", "antithetic-path", "score"], key=0, num_replicates=10)
    (left,) = [remark for remark in found.remarks if remark.startswith("left out")]
    assert left.startswith("left out: path, antithetic-path (Pathwise for 'x': Bernoulli")


def test_names_may_be_given_and_a_truth():
    found = gr.compare(
        gr.expectation(square, unit),
        {"mu": 0.5},
        {"a": gr.Pathwise(), "b": (gr.Pathwise(), gr.Independent(8))},
        key=0,
        truth={"mu": 2.0},
        draws=ONE,
    )
    assert list(found.samples) == ["a", "b"]
    assert found.row("a")["bias"] < -10
    assert found.row("b")["draws"] == found.row("b")["evaluations"] == 8


def test_estimators_have_the_names_of_the_command_line():
    F = gr.expectation(square, unit, draws=4)
    names = ["mean-baseline", "path", gr.Pathwise(), "leave-one-out", ("path", gr.Antithetic(2))]
    found = gr.compare(F, {"mu": 0.5}, names, key=0, num_replicates=4000)
    assert list(found.samples) == [
        *("mean-baseline", "path", "Pathwise()", "leave-one-out", "path, Antithetic(2)")
    ]
    assert list(found.table["draws"]) == [1, 1, 4, 64, 2]
    assert (
        abs(found.row("mean-baseline")["variance"] - 12.0) < 4 * found.row("mean-baseline")["variance_error"]
    )
    renamed = gr.compare(F, {"mu": 0.5}, {"a": "path"}, key=0, num_replicates=4000)
    assert (renamed.samples["a"] == found.samples["path"]).all()


def test_a_given_truth_is_not_what_a_baseline_is_made_of():
    F = gr.expectation(square, unit)
    found = gr.compare(F, {"mu": 0.5}, ["mean-baseline"], key=0, truth={"mu": 2.0}, num_replicates=4000)
    assert abs(found.row("mean-baseline")["mean"] - 1.0) < 5 * found.row("mean-baseline")["standard_error"]


def test_an_unknown_name_is_told_with_those_near_it():
    with pytest.raises(ValueError, match=r"no estimator 'pth' \(did you mean 'path'\?\); there are score, "):
        gr.compare(gr.expectation(square, unit), {"mu": 0.5}, ["pth"], key=0)


def test_a_name_that_a_problem_has_not_is_left_out():
    F = gr.expectation(lambda x, t: jnp.sum(x**2), lambda t: MultivariateNormal(t * jnp.ones(3), jnp.eye(3)))
    found = gr.compare(F, 0.5, ["best-baseline", "path"], key=0, num_replicates=10)
    assert list(found.samples) == ["path"]
    assert "left out: best-baseline (E[f] is not known exactly: quadrature is over" in repr(found)


def test_without_an_exact_gradient_there_is_no_bias():
    found = gr.compare(
        gr.expectation(
            lambda x, params: jnp.sum(x**2),
            lambda params: MultivariateNormal(params * jnp.ones(3), jnp.eye(3)),
        ),
        0.5,
        [gr.Pathwise()],
        key=0,
    )
    assert np.isnan(found.row("Pathwise()")["bias"])
    assert "no exact gradient" in repr(found)


class Shrunken(gr.Pathwise):
    """A path that is a tenth too short, and does not say so."""

    __slots__ = ()

    def cost(self, site, then):
        cost = gr.Pathwise.cost(self, site, then)
        return 0.9 * cost + 0.1 * jax.lax.stop_gradient(cost)


class Confessing(Shrunken):
    __slots__ = ()
    is_biased = True


def test_a_biased_estimator_is_labelled_and_seen():
    found = gr.compare(
        gr.expectation(square, unit), {"mu": 0.5}, [Confessing()], draws=ONE, key=0, num_replicates=20_000
    )
    row = found.row("Confessing()")
    assert row["is_biased"] is True
    assert row["bias"] < -4
    assert "Confessing(): biased by construction" in repr(found)


# ---- values that are not finite ----------------------------------------------------------------------------


def test_the_draw_and_the_x_where_f_is_not_finite():
    found = gr.compare(
        gr.expectation(lambda x, t: jnp.sqrt(x), lambda t: Normal(t, 1.0)), 2.0, [gr.ScoreFunction()], key=0
    )
    row = found.row("ScoreFunction()")
    assert 0 < row["non_finite"] < 1000
    (remark,) = [each for each in found.remarks if "replicates" in each]
    assert f"{row['non_finite']} of 1000 replicates are not finite" in remark
    assert "f is nan, at x = -" in remark


def test_the_draw_where_only_the_gradient_is_not_finite():
    found = gr.compare(
        gr.expectation(lambda x, t: jnp.sqrt(jnp.abs(jnp.maximum(x, 0.0))), lambda t: Normal(t, 1.0)),
        1.0,
        [gr.Pathwise()],
        key=0,
    )
    assert "its gradient is not finite, at x = -" in repr(found)


def test_the_place_in_a_program_of_several_variables():
    found = gr.compare(
        gr.expectation(
            lambda x, t: jnp.log(x["x"] + x["z"]),
            lambda t: {"z": Bernoulli(t["p"]), "x": lambda z: Normal(t["mu"] + z, 1.0)},
        ),
        {"mu": 1.0, "p": 0.3},
        [gr.ScoreFunction()],
        draws=gr.Antithetic(8),
        key=0,
        num_replicates=200,
    )
    assert "at x = {" in repr(found)
    assert "z: " in repr(found)


# ---- check -------------------------------------------------------------------------------------------------


def test_check_passes_what_is_unbiased():
    gr.check(gr.expectation(square, unit, gr.ScoreFunction()), {"mu": 0.5}, key=0)
    gr.check(gr.expectation(square, unit, gr.Pathwise(), gr.Antithetic(2)), {"mu": 0.5}, key=0)


def test_check_names_estimator_and_parameter():
    with pytest.raises(
        AssertionError, match=r"Shrunken\(\) is biased: the gradient in mu is 1, .* standard errors off"
    ):
        gr.check(gr.expectation(square, unit, Shrunken()), {"mu": 0.5}, key=0)


def test_check_can_ask_for_a_small_error():
    with pytest.raises(AssertionError, match=r"the standard error in mu is .* more than 1e-06"):
        gr.check(gr.expectation(square, unit, gr.Pathwise()), {"mu": 0.5}, key=0, max_standard_error=1e-6)


def test_check_says_where_a_value_is_not_finite():
    with pytest.raises(
        AssertionError, match=r"ScoreFunction\(\): .* in draw \d+ of replicate \d+ f is nan, at x = -"
    ):
        gr.check(
            gr.expectation(lambda x, t: jnp.sqrt(x), lambda t: Normal(t, 1.0), gr.ScoreFunction()),
            2.0,
            key=0,
            truth=0.0,
        )


def test_check_without_a_truth_asks_for_it():
    with pytest.raises(ValueError, match="pass truth="):
        gr.check(gr.expectation(square, lambda t: Cauchy(0.0, t), gr.ScoreFunction()), 1.3, key=0)


# ---- bad input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "verb", [gr.check, lambda F, at, key: gr.compare(F, at, [gr.ScoreFunction()], key=key)]
)
@pytest.mark.parametrize(
    ("f", "distribution", "params", "error", "words"),
    [
        (lambda x, t: jnp.stack([x, x]), unit, {"mu": 0.5}, ValueError, r"one number .* shape \(2,\)"),
        (lambda x, t: t["mu"], unit, {"mu": 0.5}, ValueError, "does not depend on x"),
        (lambda x, t: 1.0, unit, {"mu": 0.5}, ValueError, "does not depend on x"),
        (
            square,
            lambda t: Normal(0.0, t),
            -2.0,
            ValueError,
            "'x': scale of Normal must be positive, and is -2",
        ),
        (
            square,
            Bernoulli,
            1.5,
            ValueError,
            "probs of BernoulliProbs must be in the unit interval",
        ),
        (
            lambda x, t: x["b"],
            lambda t: {"a": Normal(t, 1.0), "b": lambda a: Gamma(-1.0, 1.0)},
            0.5,
            ValueError,
            "'b': concentration of Gamma must be positive",
        ),
    ],
)
def test_bad_input_is_named(verb, f, distribution, params, error, words):
    with pytest.raises(error, match=words):
        verb(gr.expectation(f, distribution, gr.ScoreFunction()), params, key=0)


def test_a_missing_key_is_named():
    with pytest.raises(TypeError, match="key"):
        gr.compare(gr.expectation(square, unit), {"mu": 0.5}, [gr.Pathwise()])
    with pytest.raises(TypeError, match="a key is"):
        gr.compare(gr.expectation(square, unit), {"mu": 0.5}, [gr.Pathwise()], key=None)


def test_nothing_to_compare():
    with pytest.raises(ValueError, match="no estimator"):
        gr.compare(gr.expectation(square, unit), {"mu": 0.5}, [], key=0)
    with pytest.raises(ValueError, match="num_replicates must be an integer from 2"):
        gr.compare(gr.expectation(square, unit), {"mu": 0.5}, [gr.Pathwise()], key=0, num_replicates=1)
    with pytest.raises(ValueError, match="estimators for y; the variables are"):
        gr.compare(
            gr.expectation(lambda x, t: x["x"], lambda t: {"x": Normal(t, 1.0)}),
            0.5,
            [{"x": gr.Pathwise(), "y": gr.Pathwise()}],
            key=0,
        )


@pytest.mark.parametrize(
    ("f", "does"),
    [
        (lambda v, t: jnp.where(v["a"] > 0, t, 2 * t), True),
        (lambda v, t: jax.lax.cond(v["a"] > 0, lambda: t, lambda: 2.0), True),
        (lambda v, t: v["b"], True),
        (lambda v, t: jnp.sin(t), False),
        (lambda v, t: (jnp.sin(t), v["a"]), False),  # what else is returned does not count
    ],
)
def test_dependence_is_looked_for_in_the_program(f, does):
    number = jax.ShapeDtypeStruct((), float)
    assert depends(traced(f, {"a": number, "b": number}, 1.0)) is does


# ---- names -------------------------------------------------------------------------------------------------


def test_names_of_parameters():
    params = {"b": jnp.zeros((1, 2)), "a": [1.0, {"c": 2.0}]}
    assert parameter_names(params) == ["a[0]", "a[1].c", "b[0,0]", "b[0,1]"]
    assert parameter_names(jnp.zeros(2)) == ["params[0]", "params[1]"]
    assert parameter_names((1.0,)) == ["params[0]"]
    assert parameter_names(1.0) == ["params"]


def test_labels_are_what_one_types():
    assert label(gr.ScoreFunction(gr.Constant(3.25))) == "ScoreFunction(Constant(3.25))"
    assert label({"z": gr.Exact(), "x": gr.Pathwise()}) == "{z: Exact(), x: Pathwise()}"
    assert label(gr.Exact(max_values=9)) == "Exact(max_values=9)"
    assert label(gr.Independent(64)) == "Independent(64)"


def test_von_mises_has_a_reference():
    F = gr.expectation(lambda x, t: jnp.sin(x), lambda t: VonMises(0.3, t), gr.ScoreFunction())
    assert reference(F, jnp.asarray(2.0)).gradient == pytest.approx([0.0485313], abs=1e-6)


# ---- an expectation as the question; what is left out; the most precise -----------------------------------


def toy(params, z):
    return Normal(0.0, 1.0).log_prob(z).sum() + Normal(z, 1.0).log_prob(2.0).sum()


def guide(params):
    return Normal(params["m"], params["s"]).to_event(1)


SEVERAL = {"m": jnp.array([0.5, 1.0, 1.5]), "s": jnp.array([1.2, 0.7, 0.3])}


def test_an_expectation_has_all_but_theta():
    F = gr.bound(toy, guide, gr.StickTheLanding(), 4)
    whole = [gr.StickTheLanding(), gr.ScoreFunction(gr.LeaveOneOut())]
    found = gr.compare(F, SEVERAL, whole, key=0, num_replicates=400)
    assert set(found.table["draws"]) == {4}
    by_name = gr.compare(F, params=SEVERAL, estimators=whole, key=0, num_replicates=400)
    assert by_name.samples["StickTheLanding()"] == pytest.approx(found.samples["StickTheLanding()"])
    with pytest.raises(ValueError, match="no estimator to compare"):
        gr.compare(F, SEVERAL, key=0)
    own = gr.gradient_samples(F, SEVERAL, key=0, num_replicates=400)
    assert own["m"].mean(axis=0) == pytest.approx(
        [found.row("StickTheLanding()", f"m[{i}]")["mean"] for i in range(3)], rel=1e-6
    )
    gr.check(
        F,
        SEVERAL,
        key=0,
        num_replicates=400,
        truth={"m": 2 - 2 * SEVERAL["m"], "s": 1 / SEVERAL["s"] - 2 * SEVERAL["s"]},
    )


def test_without_an_exact_gradient_biases_are_from_the_most_precise():
    F = gr.bound(toy, guide, draws=4)
    found = gr.compare(F, SEVERAL, [gr.StickTheLanding(), gr.ScoreFunction()], key=0, num_replicates=400)
    assert not found.has_exact
    assert any("biases are from StickTheLanding(), the most precise" in remark for remark in found.remarks)
    assert found.row("StickTheLanding()", "m[0]")["bias"] == 0.0
    assert abs(found.row("ScoreFunction()", "m[0]")["bias"]) < 5.0


def test_what_cannot_be_used_is_left_out_and_said():
    found = gr.compare(
        gr.expectation(square, lambda t: Gamma(t, 1.0)), 2.0, [gr.MeasureValued(), gr.Pathwise()], key=0
    )
    assert list(found.samples) == ["Pathwise()"]
    assert any(remark.startswith("left out: MeasureValued() (") for remark in found.remarks)
    with pytest.raises(ValueError, match="is not a Bernoulli"):
        gr.compare(gr.expectation(square, lambda t: Gamma(t, 1.0)), 2.0, [gr.ARM()], key=0)


def test_two_of_one_name_are_both_there():
    found = gr.compare(
        gr.expectation(square, lambda t: Normal(t, 1.0)), 2.0, [gr.Pathwise(), gr.Pathwise()], key=0
    )
    assert list(found.samples) == ["Pathwise()", "Pathwise() #2"]


def test_many_rows_are_summed_for_each_estimator():
    def distribution(params):
        return Normal(params, 1.0).to_event(1)

    found = gr.compare(
        gr.expectation(lambda x, t: jnp.sum(x**2), distribution),
        jnp.arange(30.0),
        [gr.Pathwise(), gr.ScoreFunction()],
        key=0,
        draws=8,
    )
    lines = found.text().splitlines()
    assert len(lines) < 8
    assert any("sums over 30 parameters" in line for line in lines)
    assert lines[0].split()[:2] == ["estimator", "parameters"]
    table = found.totals()
    assert isinstance(table, Table)
    assert pd.DataFrame(table).shape == (2, 15)
    assert not {"parameter", "mean", "standard_error", "truth"} & set(table)
    total = table.rows()[0]
    assert total["parameters"] == 30
    assert total["variance_per_draw"] == pytest.approx(8 * total["variance"])
    assert total["variance"] == pytest.approx(found.samples["Pathwise()"].var(axis=0, ddof=1).sum())
    assert abs(total["variance"] - 30 * 4 / 8) < 4 * total["variance_error"]
    assert len(found.text(most=100).splitlines()) > 60


def test_totals_of_values_that_are_not_finite():
    def make(t):
        return Normal(t * jnp.ones(2), 1.0).to_event(1)

    F = gr.expectation(lambda x, t: jnp.sum(jnp.sqrt(x)), make)
    found = gr.compare(F, jnp.array([1.0, 2.0]), ["path"], key=0, num_replicates=50)
    (total,) = found.totals().rows()
    assert np.isnan(total["variance"])
    assert np.isnan(total["bias"])
    assert total["non_finite"] == (~np.isfinite(found.samples["path"]).all(axis=1)).sum() > 0


def test_the_work_for_many_parameters_does_not_grow_with_their_square(monkeypatch):
    calls = Counter()

    def counted(owner, name):
        own = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given: calls.update([name]) or own(*given))

    counted(sys.modules["jensen.gradients.compare.compare"], "bias_in_errors")
    counted(Table, "rows")
    F = gr.expectation(
        lambda x, params: jnp.sum(x**2),
        lambda params: Normal(params["mu"], 1.0).to_event(1),
        draws=ONE,
    )
    both = [gr.ScoreFunction(), gr.Pathwise()]
    found = gr.compare(
        F, {"mu": jnp.ones(50)}, both, key=0, num_replicates=20, truth={"mu": 2 * jnp.ones(50)}
    )
    assert found.totals().num_rows == 2
    assert calls == {"bias_in_errors": 2}


def test_a_truth_has_the_form_of_theta():
    params = {"mu": 0.5, "s": 1.0}
    make = lambda t: Normal(t["mu"], t["s"])  # noqa: E731
    for truth, words in [
        ({"mu": 1.0}, "must have the form of params"),
        (1.0, "must have the form of params"),
        ({"mu": np.ones(2), "s": 2.0}, r"shape \(2,\) where params has \(\)"),
    ]:
        with pytest.raises(ValueError, match=words):
            gr.check(gr.expectation(square, make), params, key=0, truth=truth)


def test_arrays_of_integers_in_theta_are_part_of_the_question():
    def distribution(params):
        return Normal(params["mu"][params["which"]], 1.0)

    params = {"mu": jnp.array([0.5, 1.5]), "which": jnp.array(1)}
    found = gr.compare(gr.expectation(square, distribution), params, [gr.Pathwise()], key=0)
    assert list(found.parameters) == ["mu[0]", "mu[1]"]
    assert found.row("Pathwise()", "mu[0]")["mean"] == 0.0


def test_a_memory_is_filled_before_it_is_compared():
    both = [gr.ScoreFunction(), gr.ScoreFunction(gr.MovingAverage())]
    found = gr.compare(
        gr.expectation(lambda x, t: x + 5.0, lambda t: Normal(t, 1.0)), 1.0, both, key=0, draws=4
    )
    plain, remembering = (row["variance"] for row in found.rows())
    assert remembering < 0.2 * plain
    assert any("after 200 calls that fill its memory" in remark for remark in found.remarks)


def test_wild_variances_and_heavy_paths_are_told():
    with pytest.warns(gr.GradientWarning, match="StudentT"):
        found = gr.compare(
            gr.expectation(lambda x, t: jnp.tanh(x), lambda t: StudentT(1.5, 0.0, t)),
            1.0,
            [gr.Pathwise()],
            key=0,
        )
    assert found.samples
    wild = gr.compare(
        gr.expectation(lambda x, t: jnp.tan(x), lambda t: Normal(t, 1.0)), 0.3, [gr.ScoreFunction()], key=0
    )
    assert any("a few replicates decide" in remark for remark in wild.remarks)


def test_as_many_replicates_at_a_time_as_memory_allows(monkeypatch):
    from jensen.gradients.compare import samples

    make = lambda t: Normal(t * jnp.ones(1000), 1.0).to_event(1)  # noqa: E731
    whole = gr.gradient_samples(
        gr.expectation(lambda x, t: jnp.sum(x**2), make), 0.5, key=0, num_replicates=50
    )
    monkeypatch.setattr(samples, "MEMORY", 2**20)
    pieces = gr.gradient_samples(
        gr.expectation(lambda x, t: jnp.sum(x**2), make), 0.5, key=0, num_replicates=50
    )
    np.testing.assert_allclose(pieces, whole, rtol=1e-5)


def test_where_f_jumps_in_theta_no_estimate_is_the_measure_of_others():
    with pytest.warns(gr.GradientWarning):
        found = gr.compare(
            gr.expectation(lambda x, t: jnp.where(x > t["q"], 1.0, 0.0), lambda t: Normal(t["mu"], 1.0)),
            {"mu": 0.5, "q": 0.3},
            [gr.ScoreFunction(), gr.Pathwise()],
            key=0,
        )
    assert np.isnan(found.table["bias"]).all()
    assert any("f jumps where params is compared" in remark for remark in found.remarks)


def test_vectors_of_bits_have_a_reference():
    def make(a):
        return Bernoulli(logits=a).to_event(1)

    weights = np.array([1.0, -2.0, 0.5])
    F = gr.expectation(lambda b, a: (weights @ b) ** 2, make, gr.ScoreFunction())
    at = jnp.array([0.3, -0.2, 1.0])
    found = reference(F, at)
    p = 1 / (1 + np.exp(-np.asarray(at)))
    slope = p * (1 - p) * (weights**2 * (1 - 2 * p) + 2 * weights * (weights @ p))  # of Var + mean²
    assert found.gradient == pytest.approx(slope, abs=1e-12)


def test_what_is_wrapped_can_be_taken_apart():
    for make in (
        lambda t: Normal(t * jnp.ones(2), 1.0).to_event(1),
        lambda t: MultivariateNormal(t * jnp.ones(2), covariance_matrix=jnp.eye(2)),
    ):
        estimator = gr.ScoreFunction(gr.OptimalCoefficient())
        gr.check(gr.expectation(lambda x, t: jnp.sum(x**2), make, estimator, 16), 0.5, key=0, truth=2.0)
    wrapped = gr.expectation(
        lambda x, t: jnp.sum(jnp.sin(x)),
        lambda t: Gamma(t * jnp.ones(2), 1.0).to_event(1),
        gr.ScoreFunction(),
    )
    assert np.isfinite(jax.hessian(wrapped)(2.0, jax.random.key(0)))


def test_a_small_gradient_has_a_reference_whose_digits_are_known():
    """Of sin(1) φ(2), with φ the characteristic function of a Student t, by Bessel's function K."""
    F = gr.expectation(lambda x, t: jnp.sin(x), lambda t: StudentT(t, 1.0, 2.0), gr.ScoreFunction())
    found = reference(F, jnp.asarray(1.5))
    assert abs(found.gradient[0] - 0.00293155990) < found.error[0] < 1e-6


@pytest.mark.parametrize("what", ["draws", "memory"])
@pytest.mark.parametrize("num", [2, 30, 31, 61])
def test_replicates_in_pieces_are_those_at_once(monkeypatch, num, what):
    F = gr.expectation(lambda x, p: jnp.sin(x) * p["s"], lambda p: Normal(p["mu"], 1.0), gr.Pathwise(), 8)
    params = {"mu": 0.4, "s": 2.0}
    whole = gr.gradient_samples(F, params, key=3, num_replicates=num)
    if what == "draws":
        monkeypatch.setattr(samples, "MOST_DRAWS", 8 * 30)
    else:
        monkeypatch.setattr(samples, "MEMORY", 1)
    pieces = gr.gradient_samples(F, params, key=3, num_replicates=num)
    for name in params:
        assert np.asarray(pieces[name]) == pytest.approx(np.asarray(whole[name]), abs=1e-6)


def test_estimators_that_draw_alike_have_one_program_of_noise(monkeypatch):
    made = []
    monkeypatch.setattr(gr.Expectation, "noise", counted(gr.Expectation.noise, made))
    F = gr.expectation(lambda x, p: x**2, lambda p: Normal(p, 1.0))
    first, second = gr.ScoreFunction(), gr.Pathwise()
    rows = {"a": (first, 2), "b": (second, 2), "c": (second, 4)}
    gr.compare(F, 0.5, rows, key=0, num_replicates=10)
    assert len(made) == 3 + 2  # each is told its shapes, and two programs are traced


def counted(function, made):
    def counting(*args):
        made.append(args)
        return function(*args)

    return counting


@pytest.mark.parametrize(
    ("key", "error", "words"),
    [
        (2**70, ValueError, "up to 2"),
        (True, TypeError, "not True"),
        ("a", TypeError, "not 'a'"),
        (0.5, TypeError, "not 0.5"),
        (np.arange(3.0), TypeError, "not an array float"),
        (jax.random.split(jax.random.key(0), 3), ValueError, "one key is needed"),
    ],
)
def test_what_is_no_key(key, error, words):
    F = gr.expectation(lambda x, p: x**2, lambda p: Normal(p, 1.0), gr.Pathwise(), 4)
    with pytest.raises(error, match=words):
        F(0.5, key)
    with pytest.raises(error, match=words):
        gr.gradient_samples(F, 0.5, key=key, num_replicates=3)


def test_keys_of_all_kinds_are_one():
    F = gr.expectation(lambda x, p: x**2, lambda p: Normal(p, 1.0), gr.Pathwise(), 4)
    keys = [3, np.int64(3), jnp.int32(3), jax.random.key(3), jax.random.PRNGKey(3)]
    assert len({float(F(0.5, key)) for key in keys}) == 1
    assert float(jax.jit(F)(0.5, 3)) == pytest.approx(float(F(0.5, 3)), rel=1e-6)
    assert len({float(F(0.5, key)) for key in (0, 2**32, 2**40, -1, 2**63 - 1)}) == 5  # no bits are dropped


def test_integers_among_params():
    F = gr.expectation(lambda x, p: jnp.sum(x**2), lambda p: Normal(p["m"], 1.0), draws=4)
    for one in (1, np.int64(1), 1.0):
        found = gr.compare(F, {"m": one}, ["path"], key=0, num_replicates=20)
        assert found.row("path")["truth"] == pytest.approx(2.0)
    with pytest.raises(ValueError, match="arrays of integers"):
        gr.compare(F, {"m": np.array([1, 2])}, ["path"], key=0)


def test_compare_within_jit_is_told():
    F = gr.expectation(lambda x, p: x**2, lambda p: Normal(p, 1.0))
    with pytest.raises(TypeError, match="outside of jit"):
        jax.jit(lambda p: gr.compare(F, p, ["path"], key=0))(0.5)


def test_a_gradient_where_f_is_no_number_is_none():
    F = gr.expectation(lambda x, p: jnp.log(x), lambda p: Normal(p, 1.0), draws=1)
    found = gr.compare(F, 1.0, {"path": gr.Pathwise(), "score": gr.ScoreFunction()}, key=0, num_replicates=60)
    assert np.isnan(found.row("path")["mean"])
    assert np.isnan(found.row("path")["bias"])
    assert "none to see a bias with" in "; ".join(found.remarks)


def test_a_name_that_is_not_in_the_table():
    F = gr.expectation(lambda x, p: x * p["s"], lambda p: Normal(p["m"], 1.0))
    found = gr.compare(F, {"m": 0.0, "s": 1.0}, ["path"], key=0, num_replicates=10)
    with pytest.raises(KeyError, match="no estimator 'pth'"):
        found.row("pth")
    with pytest.raises(KeyError, match="no parameter 't'"):
        found.row("path", "t")


def test_an_f_that_does_not_depend_on_x_is_told():
    F = gr.expectation(lambda p, x: x**2, lambda p: Normal(p, 1.0))
    with pytest.warns(gr.GradientWarning, match="in this order"):
        F(1.0, 0)
