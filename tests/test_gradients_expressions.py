"""The language of expressions: what it reads, and where it says that it cannot."""

import math

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jensen import gradients as gr
from jensen.gradients.expressions import ExpressionError, parse_expression, parse_program, problem
from jensen.gradients.expressions.families import FAMILIES
from jensen.gradients.expressions.language import FUNCTIONS


def value(text, **values):
    return float(parse_expression(text).evaluate(values))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-x**2", -9.0),
        ("2**-1 * x", 1.5),
        ("2**3**2", 512.0),
        ("x - 1 - 1", 1.0),
        ("12 / x / 2", 2.0),
        ("1.5e1 + .5", 15.5),
        ("--x", 3.0),
        ("(x + 1) * (x - 1)", 8.0),
        ("where(x > 2, 5, 7) + (x <= 2)", 5.0),
        ("max(x, 4) + min(x, 4)", 7.0),
        ("sin(pi / 2) + log(e)", 2.0),
        ("x**0.5", math.sqrt(3.0)),
        ("1 - x == 0 - 2", 1.0),
        (" \n x\t*\n2 ", 6.0),
        ("007 + 1e1", 17.0),
        ("+x - +1", 2.0),
        ("exp(log(x)) ** -1 * x", 1.0),
        ("+".join(["x"] * 200), 600.0),
        ("(" * 60 + "x" + ")" * 60, 3.0),
    ],
)
def test_values(text, expected):
    assert value(text, x=3.0) == pytest.approx(expected, rel=1e-6)


@given(st.floats(-3, 3), st.floats(0.1, 3))
def test_arithmetic_is_that_of_python(x, y):
    text = "x*y - x/y + (x - y)**3 - -x**2 * 2"
    assert value(text, x=x, y=y) == pytest.approx(
        x * y - x / y + (x - y) ** 3 - -(x**2) * 2, rel=1e-4, abs=1e-4
    )


def test_whole_powers_have_a_derivative_at_zero_and_below():
    slope = jax.grad(lambda x: parse_expression("x**2 + x**3").evaluate({"x": x}))
    assert float(slope(0.0)) == 0.0
    assert float(slope(-1.0)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("x**", 4, "expected a number"),
        ("", 1, "expected a number"),
        ("(x", 3, r"expected '\)'"),
        ("x 2", 3, "expected an operator"),
        ("x ^ 2", 3, r"a power is written \*\*"),
        ("x + 1/0", 7, "division by zero"),
        ("x/(2 - 2)", 3, "division by zero"),
        ("2*sine(x)", 3, r"no function 'sine' \(did you mean 'sin'\?\); there are exp, log, "),
        ("sin", 1, "sin is a function"),
        ("sin(x, 2)", 1, "takes 1 argument, not 2"),
        ("__import__('os')", 12, "no meaning"),
        ("x.real", 2, "no meaning"),
        ("1e400 * x", 1, "too large"),
        ("(" * 500 + "x" + ")" * 500, 61, "more than 60 levels of parentheses"),
        ("-" * 5000 + "x", 201, "more than 200 operators"),
        ("2**" * 3000 + "x", None, "more than 200 operators"),
        ("1+" * 3000 + "x", None, "more than 200 operators"),
        ("x)", 2, r"expected an operator or the end, found '\)'"),
        ("(x, 2)", 3, r"expected '\)', found ','"),
        ("min(x,)", 7, "expected a number"),
        ("x = 2", 3, "expected an operator, found '='"),
        ("a < b < c", 9, r"two sides: \(a < b\) \* \(b < c\)"),
        ("x; 2", 2, "expected an operator or the end, found ';'"),
        ("x[0]", 2, "no meaning"),
        ("[x for x in y]", 1, "no meaning"),
        ("max(x for x in y)", 7, "expected an operator"),
        ("lambda: 1", 7, "no meaning"),
        ("lambda x", 8, "expected an operator"),
        ("(y := 2)", 4, "no meaning"),
        ("f'{x}'", 2, "no meaning"),
        ("x if y else z", 3, "expected an operator"),
        ("not x", 5, "expected an operator"),
        ("x and y", 3, "expected an operator"),
        ("x @ y", 3, "no meaning"),
        ("x // y", 4, "expected a number"),
        ("*x", 1, "expected a number"),
        ("exp(x)(x)", 7, "expected an operator"),
        ("2(x)", 2, "expected an operator"),
        ("eval(x)", 1, "no function 'eval'"),
        ("__class__(x)", 1, "no function '__class__'"),
        ("where(x)", 1, "takes 3 arguments, not 1"),
        ("2x", 2, "expected an operator"),
        ("0x10", 2, "expected an operator"),
        ("1_000", 2, "expected an operator"),
        ("1j", 2, "expected an operator"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(text, column, words):
    with pytest.raises(ExpressionError, match=words) as caught:
        parse_expression(text)
    assert "\n" not in str(caught.value)
    if column is not None:
        assert f"column {column} of" in str(caught.value)


def test_names_may_be_words_of_python_or_greek():
    assert value("lambda**2 + None * µ + λ", **{"lambda": 3.0, "None": 2.0, "μ": 1.0, "λ": 0.5}) == 11.5
    (described,) = parse_program("exponential(lambda)")
    assert described.by_place[0].names == {"lambda": 13}


KINDS = [
    "1",
    "x",
    "sin",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "**",
    "/",
    "<",
    "==",
    "=",
    ";",
    "~",
    ".",
    "lambda",
    "1e9",
]


@given(st.lists(st.sampled_from(KINDS), max_size=12), st.sampled_from(["", " "]))
def test_whatever_is_typed_is_a_number_or_an_error_of_one_line(pieces, gap):
    for text, read in ((gap.join(pieces), value), (f"normal({gap.join(pieces)}, 1)", parse_program)):
        try:
            read(text, x=1.0) if read is value else read(text)
        except ExpressionError as error:
            assert "\n" not in str(error)
        except KeyError as error:  # a name without a value
            assert error.args == ("lambda",)


@pytest.mark.parametrize("text", ["x" + "**exp(0)" * 12, "x" + "/(exp(0)" * 12 + ")" * 12])
def test_every_constant_is_worked_out_once(text, monkeypatch):
    calls = []
    monkeypatch.setitem(FUNCTIONS, "exp", (1, lambda x: calls.append(x) or x + 1.0))
    parse_expression(text)
    assert len(calls) == 12


def test_long_powers_of_constants_end_at_once():
    assert value("9**9**9**9") == math.inf
    with pytest.raises(ExpressionError, match="too long"):
        parse_expression("1+" * 20_000 + "1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("norml(mu, 1)", r"no distribution 'norml' \(did you mean 'normal'\?\); there are "),
        ("normal(mu, 1", r"column 13 .* expected '\)'"),
        ("normal mu", r"expected '\(', found 'mu'"),
        ("normal(mu, 1) + 2", r"column 15 .* expected ';' or the end, found '\+'"),
        ("normal(mu, sin(loc=1))", "expected an operator, found '='"),
        ("normal()(mu)", "expected"),
        ("normal(mu, 1);", "expected the name of a distribution"),
        ("~ normal(mu, 1)", "expected the name of a distribution"),
        ("normal(mu, 1, 2)", r"3 arguments for normal\(loc, scale\)"),
        ("normal(scale=1, mu)", "by place after one by name"),
        ("normal(mu, loc=1)", "loc is given twice"),
        ("normal(loc=mu, loc=1)", "loc is given twice"),
        ("normal(mu, rate=1)", "rate is no parameter"),
        ("gamma(rate=mu)", "needs concentration"),
        ("normal(mu, nu)", r"nu is neither a variable \(x\) nor bound: --at nu=VALUE"),
        ("normal(0, 1)", "mu: the name appears nowhere"),
        ("x ~ normal(mu, 1); x ~ normal(mu, 1)", "two variables x"),
        ("mu ~ normal(1, 1); x ~ normal(mu, 1)", "mu: mu is a variable; give the parameter another name"),
        ("z ~ normal(mu, 1)", r"x is neither a variable \(z\)"),
    ],
)
def test_distributions_that_are_wrong(text, words):
    with pytest.raises(ExpressionError, match=words):
        problem("x", text, {"mu": 0.5})


def test_a_value_must_be_finite():
    with pytest.raises(ExpressionError, match="must be finite"):
        problem("x", "normal(mu, 1)", {"mu": math.nan})


def test_variables_that_depend_on_each_other():
    asked = problem("x**2 * mu", "z ~ bernoulli(p); x ~ normal(mu + z, 1)", {"mu": 0.5, "p": 0.3})
    F = gr.expectation(asked.f, asked.distribution, gr.Exact())
    found = jax.grad(F)(asked.params)
    assert float(found["mu"]) == pytest.approx(2.65, abs=1e-4)  # E = mu·(mu² + 1 + p(2 mu + 1))
    assert float(found["p"]) == pytest.approx(1.0, abs=1e-4)


def test_every_distribution_of_the_table_can_be_made():
    for name, family in FAMILIES.items():
        (described,) = parse_program(f"{name}({', '.join(['0.4', '0.7', '1.5'][: len(family.parameters)])})")
        assert described.kind == name
        made = problem("x", f"{name}({', '.join(['a', '0.7', '1.5'][: len(family.parameters)])})", {"a": 0.4})
        draws = made.distribution(made.params)["x"].sample(jax.random.key(0), (20,))
        assert np.isfinite(draws).all()


def test_letters_and_signs_that_look_alike_are_one():
    one, other = (
        parse_expression("\N{MICRO SIGN} * x \N{MINUS SIGN} 1"),
        parse_expression("\N{GREEK SMALL LETTER MU}*x - 1"),
    )
    assert one.names.keys() == other.names.keys() == {"\N{GREEK SMALL LETTER MU}", "x"}
    with pytest.raises(ExpressionError, match=r"a power is written \*\*"):
        parse_expression("x²")
