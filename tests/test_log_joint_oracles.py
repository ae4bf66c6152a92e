"""`jensen.LogJoint` against published numbers, and against the native Gaussian mixture."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("jax")

import jensen
import log_joints
from jensen.em import EM, Gain, Never, Problem


def test_genetic_linkage_iterates():
    """The table of Dempster, Laird and Rubin (1977), by Newton on Q; and the ledger is an identity."""
    fit = jensen.fit(
        log_joints.linkage(), log_joints.CELLS, {"theta": 0.5}, algorithm=EM(), max_steps=8, stop=Never()
    )
    ledger = fit.ledger
    assert np.abs(ledger["expected_log_joint"] + ledger["entropy"] - ledger["log_evidence"]).max() < 1e-12
    assert (ledger["kl"][1:] >= -1e-14).all()
    problem = Problem(log_joints.linkage().prepare(log_joints.CELLS, None), log_joints.CELLS)
    state = problem.e_step({"theta": 0.5})
    for published in log_joints.LINKAGE_ITERATES:
        state = problem.e_step(problem.m_step(state))
        assert float(state.params["theta"]) == pytest.approx(published, abs=1e-12)


def test_genetic_linkage_maximum():
    model, cells = log_joints.linkage(), log_joints.CELLS
    plain = jensen.fit(model, cells, {"theta": 0.5}, algorithm=EM(), stop=Gain(tol=1e-16), max_steps=40)
    assert plain.params["theta"] == pytest.approx(log_joints.LINKAGE_MLE, abs=1e-10)
    default = jensen.fit(model, cells, restarts=5)
    assert default.verdict.converged
    assert default.params["theta"] == pytest.approx(log_joints.LINKAGE_MLE, abs=1e-8)
    uncertainty = jensen.uncertainty(model, {"theta": log_joints.LINKAGE_MLE}, cells)
    assert uncertainty.standard_errors["theta"] == pytest.approx(0.051467349200889, abs=1e-9)
    assert uncertainty.rates.slowest == pytest.approx(0.1327787337857, abs=1e-7)


@pytest.mark.parametrize("make", [log_joints.poisson, log_joints.poisson_closed])
def test_death_notices(make):
    model, data, weight = make(), log_joints.NOTICES, log_joints.DAYS
    for start in (
        log_joints.NOTICES_START,
        {"w": np.array([0.5, 0.5]), "rate": np.array([1.0, 3.0])},
        {"w": np.array([0.9, 0.1]), "rate": np.array([1.0, 6.0])},
    ):
        fit = jensen.fit(model, data, start, weight=weight)
        assert fit.verdict.converged
        assert fit.log_evidence == pytest.approx(log_joints.NOTICES_LOG_EVIDENCE, abs=1e-9)
        found = model.canonical(fit.params)
        for name, values in log_joints.NOTICES_MLE.items():
            assert np.allclose(found[name], values, rtol=0, atol=1e-8)
    errors = jensen.uncertainty(model, fit, data, weight=weight).standard_errors
    assert errors["w"][0] == pytest.approx(0.19468429868778, abs=1e-8)
    assert np.allclose(sorted(errors["rate"]), [0.2504782703087, 0.35002971139692], rtol=0, atol=1e-8)


def test_one_em_step_of_the_death_notices():
    model, data, weight = log_joints.poisson_closed(), log_joints.NOTICES, log_joints.DAYS.astype(float)
    expected = model.e_step(log_joints.NOTICES_START, data, weight)
    assert expected.log_evidence == pytest.approx(-1992.7232662566, abs=1e-9)
    for make in (log_joints.poisson, log_joints.poisson_closed):
        problem = Problem(make(), data, weight)
        after = problem.m_step(problem.e_step(log_joints.NOTICES_START))
        assert after["w"][0] == pytest.approx(0.28569043836887, abs=1e-12)
        assert np.allclose(after["rate"], [1.0613898076625, 2.5951009012186], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("k", "published"), [(2, -317.2568373), (3, -293.70497878)])
def test_latent_classes_of_carcinoma(k, published):
    patterns, counts = log_joints.CARCINOMA
    fit = jensen.fit(log_joints.classes(k, 7), patterns, weight=counts)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(published, abs=1e-6)
    assert fit.bic == pytest.approx({2: 706.0739, 3: 697.1357}[k], abs=1e-3)


def test_local_maxima_of_carcinoma():
    """Four classes have many maxima (poLCA's manual); the default finds the best and lists the others."""
    patterns, counts = log_joints.CARCINOMA
    fit = jensen.fit(log_joints.classes(4, 7), patterns, weight=counts)
    assert fit.log_evidence == pytest.approx(-289.28584879, abs=1e-6)
    found = fit.starts["objective"][fit.starts["outcome"] == "converged"]
    for local in (-289.7889, -291.2649):
        assert np.abs(found - local).min() < 1e-4
    assert len(set(fit.starts["maximum"])) >= 3


def test_latent_classes_of_values():
    patterns, counts = log_joints.VALUES
    fit = jensen.fit(log_joints.classes(2, 4), patterns, weight=counts, restarts=4)
    assert fit.log_evidence == pytest.approx(-504.46767012, abs=1e-6)
    assert np.abs(fit.params["share"] - 0.27924624869).min() < 1e-6


def test_three_classes_of_values_are_not_identified():
    """Fifteen free cells, fourteen parameters and a flat direction."""
    patterns, counts = log_joints.VALUES
    fit = jensen.fit(log_joints.classes(3, 4), patterns, weight=counts, restarts=6)
    assert fit.log_evidence == pytest.approx(-503.30113728, abs=1e-6)
    assert "not identified" in fit.verdict.message
    found = jensen.uncertainty(log_joints.classes(3, 4), fit, patterns, weight=counts)
    assert found.verdict.outcome is jensen.em.Outcome.NOT_IDENTIFIED


def test_a_mixture_of_regressions():
    data = log_joints.GNP, log_joints.CO2
    start = {"share": [0.7, 0.3], "beta": [[8, 0.0], [1, 0.6]], "sd": [2.0, 1.0]}
    fit = jensen.fit(log_joints.regressions(), data, start)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(log_joints.CO2_LOG_EVIDENCE, abs=1e-8)
    assert fit.params["share"][0] == pytest.approx(0.754921, abs=2e-6)
    assert np.allclose(fit.params["sd"], [2.049315, 0.809389], atol=4e-6)
    assert np.allclose(
        fit.params["beta"], [[8.6789711807, -0.023343476751], [1.4151432476, 0.67659641]], atol=1e-5
    )


def test_a_mixture_of_regressions_from_random_starts():
    """Its likelihood has no bound: the ends where a line goes through two countries are not chosen."""
    fit = jensen.fit(log_joints.regressions(), (log_joints.GNP, log_joints.CO2), restarts=12, rng=2)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(log_joints.CO2_LOG_EVIDENCE, abs=1e-6)


# ---- the native Gaussian mixture --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 5.0]])
    return centres[rng.integers(0, 3, 600)] + rng.normal(size=(600, 2))


def as_mixture(params):
    from jensen.families import GaussianParams
    from jensen.models import MixtureParams

    return MixtureParams(params["w"], GaussianParams(params["mu"], params["cov"]))


START = {
    "w": np.array([0.3, 0.3, 0.4]),
    "mu": np.array([[1.0, 0.0], [3.0, 1.0], [0.0, 3.0]]),
    "cov": np.stack([np.eye(2), 2 * np.eye(2), np.array([[1.0, 0.3], [0.3, 2.0]])]),
}


def test_gaussians_are_the_native_ones_step_by_step(rows):
    native, model = jensen.Mixture(3, jensen.Gaussian()), log_joints.gaussians_closed(3, 2)
    a = jensen.fit(native, rows, as_mixture(START), algorithm=EM(), stop=Never(), max_steps=15)
    b = jensen.fit(model, rows, START, algorithm=EM(), stop=Never(), max_steps=15)
    for column in ("log_evidence", "expected_log_joint", "entropy", "kl"):
        assert np.allclose(a.ledger[column], b.ledger[column], rtol=0, atol=1e-9, equal_nan=True)
    assert np.allclose(a.params.components.covariances, b.params["cov"], rtol=1e-10)


@pytest.mark.parametrize("make", [log_joints.gaussians, log_joints.gaussians_closed])
def test_gaussians_end_where_the_native_ones_do(rows, make):
    native = jensen.fit(jensen.Mixture(3, jensen.Gaussian()), rows, as_mixture(START))
    fit = jensen.fit(make(3, 2), rows, START)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(native.log_evidence, abs=1e-8)
    assert np.allclose(fit.params["mu"], native.params.components.means, atol=1e-5)
