"""`jensen.LogJoint` of few rows: one program for everything, looks that are kept, Newton's steps; and what is
said while it compiles.
"""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402 -- after the check that there is JAX

import jensen  # noqa: E402
import log_joints  # noqa: E402
from jensen.basics import progress  # noqa: E402
from jensen.em import GradientEM, Problem  # noqa: E402
from jensen.models.log_joint import compiling  # noqa: E402

# The Law School Admission Test, section 6: five items, 32 patterns (Bock and Lieberman, 1970, table 1).
PATTERNS = np.array([[int(c) for c in f"{i:05b}"] for i in range(32)])
COUNTS = np.fromstring(
    "3 6 2 11 1 1 3 4 1 8 0 16 0 3 2 15 10 29 14 81 3 28 15 80 16 56 21 173 11 61 28 298", sep=" ", dtype=int
)
YES = np.array([[0.8, 0.4, 0.2, 0.5, 0.7], [0.9, 0.8, 0.7, 0.8, 0.95]])
AT = {"share": np.array([0.3, 0.7]), "yes": YES}


def two_classes(**options):
    return log_joints.classes.__wrapped__(2, 5, **options)


def m_step(s):
    return {"share": s["one"] / s["one"].sum(), "yes": s["x"] / s["one"][:, None]}


def closed():
    return two_classes(features=lambda x: {"one": 1.0, "x": x}, m_step=m_step)


# ---- the same in plain NumPy, of complex numbers as well ---------------------------------------------------


def logs(u):
    """log p(x, z | θ) of the patterns, (32, 2), at u = (log share₀/share₁, logits of yes)."""
    yes = 1 / (1 + np.exp(-u[1:].reshape(2, 5)))
    share = np.array([np.exp(u[0]), 1.0]) / (1 + np.exp(u[0]))
    return np.log(share) + PATTERNS @ np.log(yes).T + (1 - PATTERNS) @ np.log(1 - yes).T


def evidence(u):
    return COUNTS @ np.log(np.exp(logs(u)).sum(axis=1))


def gradient(f, u):
    """By complex steps: exact."""
    return np.array([f(u + 1e-30j * e).imag for e in np.eye(len(u))]) / 1e-30


def hessian(f, u, h=1e-5):
    return np.array([gradient(f, u + h * e) - gradient(f, u - h * e) for e in np.eye(len(u))]) / (2 * h)


def coordinates(params):
    logits = np.log(params["yes"] / (1 - params["yes"])).ravel()
    return np.concatenate([[np.log(params["share"][0] / params["share"][1])], logits])


def posterior(u):
    p = np.exp(logs(u))
    return p / p.sum(axis=1, keepdims=True)


def test_a_look_is_right_in_all_it_tells():
    model, u, w = two_classes(), coordinates(AT), COUNTS.astype(float)
    q = posterior(u)
    expected = model.e_step(AT, PATTERNS, w)
    assert expected.log_evidence == pytest.approx(evidence(u), rel=1e-13)
    assert expected.entropy == pytest.approx(-(w @ (q * np.log(q)).sum(axis=1)), rel=1e-12)
    np.testing.assert_allclose(model.score(AT, expected.stats), gradient(evidence, u), rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(
        model.information(AT, PATTERNS, w), -hessian(evidence, u), rtol=1e-6, atol=1e-6
    )
    complete = -hessian(lambda v: np.sum(w[:, None] * q * logs(v)), u)
    np.testing.assert_allclose(model.complete_information(AT, PATTERNS, w), complete, rtol=1e-6, atol=1e-6)
    of_rows = np.array(
        [gradient(lambda v, n=n: np.log(np.exp(logs(v)).sum(axis=1))[n], u) for n in range(32)]
    )
    np.testing.assert_allclose(model.scores(AT, PATTERNS), of_rows, rtol=1e-10, atol=1e-12)
    found = model.posterior(AT, PATTERNS)
    np.testing.assert_allclose(found.responsibilities, q, rtol=1e-12)
    np.testing.assert_allclose(found.log_evidence, np.log(np.exp(logs(u)).sum(axis=1)), rtol=1e-13)
    there = {"share": np.array([0.4, 0.6]), "yes": AT["yes"] ** 2}
    expected_q = np.sum(w[:, None] * q * logs(coordinates(there)))
    assert model.expected_log_joint(there, expected.stats) == pytest.approx(expected_q, rel=1e-13)


@pytest.mark.parametrize("weight", [None, COUNTS.astype(float)])
def test_looks_and_passes_in_blocks_agree(weight):
    one, many = two_classes(), two_classes(block=8)  # blocks of 8 rows: no looks
    assert one.sums.only_block(jensen_rows()) is not None and many.sums.only_block(jensen_rows()) is None
    a, b = (model.e_step(AT, PATTERNS, weight) for model in (one, many))
    assert a.log_evidence == pytest.approx(b.log_evidence, rel=1e-14)
    for name in ("information", "complete_information"):
        found, other = (getattr(model, name)(AT, PATTERNS, weight) for model in (one, many))
        np.testing.assert_allclose(found, other, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(one.scores(AT, PATTERNS), many.scores(AT, PATTERNS), rtol=1e-12, atol=1e-14)


def jensen_rows():
    from jensen.models.log_joint.rows import as_rows

    return as_rows(PATTERNS)


@pytest.mark.parametrize("make", [two_classes, closed])
def test_one_program_serves_a_fit_and_its_standard_errors(make):
    model = make()
    fit = jensen.fit(model, PATTERNS, weight=COUNTS)
    jensen.uncertainty(model, fit, PATTERNS, weight=COUNTS)
    model.posterior(fit.params, PATTERNS)
    jensen.fit(model, 1 - PATTERNS, weight=COUNTS + 1)
    assert model.sums.passes.num_traces == 1


def em(params, steps=6000):
    """Plain EM in NumPy."""
    for _ in range(steps):
        r = COUNTS[:, None] * posterior(coordinates(params))
        n = r.sum(axis=0)
        params = {"share": n / n.sum(), "yes": r.T @ PATTERNS / n[:, None]}
    return params


@pytest.mark.parametrize("make", [two_classes, closed])
def test_the_maximum_is_that_of_plain_em(make):
    truth = em(AT)
    fit = jensen.fit(make(), PATTERNS, weight=COUNTS)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(evidence(coordinates(truth)), abs=5e-9)
    for name in truth:
        np.testing.assert_allclose(fit.params[name], truth[name], atol=1e-5)  # what plain EM has left to go


def test_newton_finds_the_same_maximum_in_fewer_steps():
    model = two_classes()
    assert model.prepare(PATTERNS, COUNTS).algorithm == GradientEM(newton=True)
    with_, without = (
        jensen.fit(model, PATTERNS, AT, weight=COUNTS, algorithm=GradientEM(newton=newton))
        for newton in (True, False)
    )
    assert with_.num_e_steps < without.num_e_steps
    assert with_.verdict.converged and without.verdict.converged
    for name in AT:
        np.testing.assert_allclose(with_.params[name], without.params[name], rtol=1e-7)


def test_newton_needs_second_derivatives(monkeypatch):
    monkeypatch.setattr(jensen.LogJoint, "information", None)
    with pytest.raises(ValueError, match="needs a model with information"):
        GradientEM(newton=True).init(Problem(two_classes(), PATTERNS), AT)


def test_many_rows_climb_as_before():
    rows = np.repeat(PATTERNS, 200, axis=0)
    assert two_classes().prepare(rows, None).algorithm == GradientEM()


def test_data_changed_in_place_are_looked_at_again():
    model, rows = two_classes(), PATTERNS.copy()
    before = model.posterior(AT, rows).log_evidence
    rows[0] = 1
    after = model.posterior(AT, rows).log_evidence
    assert after[0] == pytest.approx(before[31], rel=1e-14)
    np.testing.assert_array_equal(after[1:], before[1:])
    counts = COUNTS.astype(float)
    first = model.e_step(AT, rows, counts).log_evidence
    counts[1:] = 0.0
    assert model.e_step(AT, rows, counts).log_evidence == pytest.approx(3 * after[0], rel=1e-14)
    assert first == pytest.approx(COUNTS @ after, rel=1e-13)


def test_a_pickled_model_carries_no_data():
    model = two_classes()
    model.posterior(AT, PATTERNS)
    pickled = pickle.dumps(model)
    assert PATTERNS.tobytes() not in pickled
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(
        again.posterior(AT, PATTERNS).log_evidence, model.posterior(AT, PATTERNS).log_evidence
    )


def test_impossible_values_spoil_no_second_derivative():
    def log_joint(params, z, x):
        spread = jnp.where(z == 0, params["rate"], x - 1.0)  # the root of −1 has a derivative that is NaN
        ways = jnp.where((z == 1) & (x == 0), -jnp.inf, jnp.sqrt(spread) * params["rate"])
        return ways - params["rate"] * x

    model = jensen.LogJoint(log_joint, jensen.Enumerated(2), {"rate": jensen.Positive()})
    rows, at = np.array([0.0, 2.0, 3.0]), {"rate": np.array(0.7)}

    def value(u):
        rate = np.exp(u)
        first = np.exp(np.sqrt(rate) * rate - rate * rows)
        second = np.where(rows == 0, 0.0, np.exp(np.sqrt(np.maximum(rows - 1, 0)) * rate - rate * rows))
        return np.log(first + second).sum()

    u, h = np.log(0.7), 1e-4
    curvature = -(value(u + h) - 2 * value(u) + value(u - h)) / h**2
    assert model.information(at, rows, None).item() == pytest.approx(curvature, rel=1e-5)


# ---- how it is compiled ------------------------------------------------------------------------------------


def test_less_is_optimized_the_less_there_is_to_do():
    plain, light, full = (compiling.options_for(work) for work in (2**8, 2**14, 2**14 + 1))
    assert plain["xla_backend_optimization_level"] == 0
    assert light["xla_backend_optimization_level"] == 1
    assert full == {}
    assert [compiling.options_for(work, second=True) for work in (2**12, 2**22, 2**23)] == [plain, light, {}]


def test_an_option_that_xla_does_not_know_is_left_out():
    options = {**compiling.PLAIN, "xla_of_another_version": 1}
    program = compiling.Program(lambda x: 2 * x, options, "twice")
    assert program(3.0) == 6.0
    assert program._options == compiling.PLAIN


def test_other_errors_of_a_program_are_its_own():
    def fails(x):
        raise jax.errors.JaxRuntimeError("out of memory")

    with pytest.raises(jax.errors.JaxRuntimeError, match="out of memory"):
        compiling.Program(fails, compiling.PLAIN, "nothing")(1.0)


def test_compiling_is_said_once_for_each_program(monkeypatch):
    said = []

    class Recorded:
        def __init__(self, what):
            said.append(what)

        def end(self):
            said.append("ended")

    monkeypatch.setattr(compiling, "Waiting", Recorded)
    program = compiling.Program(lambda x: 2 * x, {}, "twice")
    program(1.0), program(2.0)
    assert said == ["compiling twice", "ended"]


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("in_fit", [True, False])
def test_waiting_is_shown_on_a_terminal_where_it_takes_long(monkeypatch, terminal, in_fit):
    shown = []
    monkeypatch.setattr(progress, "OFTEN", 0.001)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(progress.Progress, "_write", lambda self, line: shown.append(line))
    with progress.Progress("EM", enabled=terminal if in_fit else False) as outer:
        if not in_fit:
            progress._outermost.set(None)
        waiting = progress.Waiting("compiling")
        deadline = time.monotonic() + 5
        while terminal and not shown and time.monotonic() < deadline:
            time.sleep(0.001)
        waiting.end()
        before = len(shown)
        time.sleep(0.02)
        assert len(shown) == before  # nothing after the end
        progress._outermost.set(outer)
    assert bool(shown) == terminal
    assert all(line.startswith(("EM" if in_fit else "jensen") + ": compiling") for line in shown)
