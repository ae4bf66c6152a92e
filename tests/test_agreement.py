"""`fit` and `uncertainty` never contradict each other, at any end: sound, at a bound, flat, a saddle."""

import numpy as np
import pandas as pd
import pytest

import jensen
from jensen.basics.verdict import Outcome
from jensen.em import EM, Expected
from jensen.families import GaussianParams, PoissonParams
from jensen.models import MixtureParams
from samples import faithful
from toys import Linkage, PoissonMixture, Rates

DEATHS, DAYS = np.arange(10), np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])
ANSWERS = np.array(list(np.ndindex(2, 2, 2, 2)))
PEOPLE = np.array([20, 2, 9, 2, 6, 1, 4, 1, 38, 7, 24, 6, 25, 6, 23, 42])  # Goodman (1974), values
ANIMALS = np.array([125.0, 18.0, 20.0, 34.0])  # Rao (1973), genetic linkage


def rows(make, *sizes, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([make(rng, j, size) for j, size in enumerate(sizes)])


def poisson(*rates, size=200):
    return rows(
        lambda rng, j, n: rng.poisson(rates[j], (n, len(np.atleast_1d(rates[j])))), *[size] * len(rates)
    )


def answers(*shares, size=150, seed=1):
    return rows(
        lambda rng, j, n: (rng.random((n, len(shares[j]))) < shares[j]).astype(int),
        *[size] * len(shares),
        seed=seed,
    )


def shares_of_two_questions():
    shares = {"probabilities0": [[0.7, 0.3], [0.5, 0.5]], "probabilities1": [[0.6, 0.4], [0.5, 0.5]]}
    return MixtureParams(np.array([0.5, 0.5]), {name: np.array(x) for name, x in shares.items()})


def identical():
    x = faithful()
    return MixtureParams(
        np.array([0.4, 0.6]),
        GaussianParams(np.tile(x.mean(axis=0), (2, 1)), np.tile(np.cov(x.T, bias=True), (2, 1, 1))),
    )


def three_equal_rows():
    x = np.random.default_rng(3).normal(size=(30, 2))
    return np.r_[x, np.full((3, 2), 9.0)]


def log_joint(function, latent, data, weight, start, **parameters):
    pytest.importorskip("jax")
    model = jensen.LogJoint(function, latent=jensen.Enumerated(latent), parameters=parameters)
    return model, data, {"params": start, "weight": weight}


def two_rates(params, z, x):
    import jax.numpy as jnp

    return jnp.log(params["share"][z]) + jensen.densities.poisson(x, params["rate"][z])


def linkage(params, z, cell):
    import jax.numpy as jnp

    theta = params["theta"]
    split = jnp.log(jnp.array([[0.5, theta / 4], [(1 - theta) / 4, 0], [(1 - theta) / 4, 0], [0, theta / 4]]))
    return split[cell, z]


def classes(params, z, x):
    import jax.numpy as jnp

    p = params["p"][z]
    return jnp.log(params["share"][z]) + jnp.where(x == 1, jnp.log(p), jnp.log1p(-p)).sum()


def tied_means():
    return jensen.constrain(jensen.Mixture(2, jensen.Gaussian(jensen.Tied())), tied={"means": [0, 0]})


def three_classes():
    start = {"share": [0.2, 0.4, 0.4], "p": [[0.1] * 4, [0.5] * 4, [0.9] * 4]}
    spaces = {"share": jensen.Simplex(3), "p": jensen.Interval(0, 1, (3, 4))}
    return log_joint(classes, 3, ANSWERS, PEOPLE, start, **spaces)


EII = jensen.Gaussian(jensen.EII())
SLOW = {"algorithm": EM(), "restarts": 1}
ENDS = {  # name: (model, data, options), and what both have to say
    "Gaussian": (lambda: (jensen.Mixture(2), faithful(), {}), "converged"),
    "one Gaussian": (lambda: (jensen.Mixture(1), faithful(), {}), "converged"),
    "Poisson": (lambda: (jensen.Mixture(2, jensen.Poisson()), poisson(2, 9), {}), "converged"),
    "noise": (lambda: (jensen.Mixture(2), np.random.default_rng(5).normal(size=(90, 2)), {}), "converged"),
    "plain EM": (
        lambda: (jensen.Mixture(2, EII), rows(lambda r, j, n: r.normal(1.5 * j, 1, (n, 1)), 99, 99), SLOW),
        "converged",
    ),
    "log-joint": (
        lambda: log_joint(
            two_rates,
            2,
            DEATHS,
            DAYS,
            {"share": [0.5, 0.5], "rate": [1.0, 3.0]},
            share=jensen.Simplex(2),
            rate=jensen.Positive(2),
        ),
        "converged",
    ),
    "a rate of 0": (
        lambda: (jensen.Mixture(2, jensen.Poisson()), poisson([0, 8], [4, 1], size=100), {}),
        "bound",
    ),
    "a share of 0": (
        lambda: (
            jensen.Mixture(2, jensen.Categorical()),
            answers([0, 0.2, 0.3, 0.2], [0.9, 0.8, 0.7, 0.9]),
            {},
        ),
        "bound",
    ),
    "theta is 0": (
        lambda: log_joint(
            linkage, 2, np.arange(4), np.array([10, 18, 20, 0]), {"theta": 0.5}, theta=jensen.Interval(0, 1)
        ),
        "bound",
    ),
    "two questions": (
        # from inside: which end of the ridge a search finds, rounding decides, and some are at a bound
        lambda: (
            jensen.Mixture(2, jensen.Categorical()),
            answers([0.4, 0.4], size=300, seed=2),
            {"params": shares_of_two_questions()},
        ),
        "flat",
    ),
    "equal means": (lambda: (tied_means(), faithful(), {"restarts": 2}), "flat"),
    "three classes": (three_classes, "flat"),
    "three classes by family": (
        lambda: (jensen.Mixture(3, jensen.Categorical()), ANSWERS, {"weight": PEOPLE}),
        "flat",
    ),
    "identical components": (
        lambda: (jensen.Mixture(2), faithful(), {"params": identical(), "algorithm": EM()}),
        "saddle",
    ),
    "too many components": (lambda: (jensen.Mixture(3, jensen.Poisson()), poisson(3), {}), "saddle"),
    "equal rows": (lambda: (jensen.Mixture(2), three_equal_rows(), {"restarts": 5}), "collapsed"),
    "three steps": (lambda: (jensen.Mixture(2), faithful(), SLOW | {"max_steps": 3}), "limit"),
}


def said(verdict):
    """The kind of what a verdict says, in one word."""
    if verdict.outcome is Outcome.CONVERGED:
        told = [
            word
            for word, sign in (("bound", "at the bound"), ("flat", "not identified"))
            if sign in verdict.message
        ]
        return told[0] if told else "converged"
    words = {Outcome.BOUNDARY: "bound", Outcome.NOT_IDENTIFIED: "flat", Outcome.STEP_LIMIT: "limit"}
    return words.get(verdict.outcome, str(verdict.outcome))


@pytest.mark.parametrize("name", ENDS)
def test_fit_and_uncertainty_agree(name):
    make, expected = ENDS[name]
    model, data, options = make()
    fit = jensen.fit(model, data, **options)
    sure = fit.uncertainty()
    assert (said(fit.verdict), said(sure.verdict)) == (expected, expected), f"{fit.verdict} / {sure.verdict}"
    if expected == "bound":  # the same parameters, in the same order of components
        named = fit.verdict.message.split(" is at")[0].split(" are at")[0]
        assert sure.verdict.message.startswith(named)


def test_a_climb_cut_short_at_a_maximum():
    """The curvature says that it is one, and how the fit ended is told beside it."""
    end = jensen.fit(jensen.Mixture(2), faithful()).params
    fit = jensen.fit(jensen.Mixture(2), faithful(), end, max_steps=0)
    assert fit.verdict.outcome is Outcome.STEP_LIMIT
    sure = fit.uncertainty()
    assert sure.verdict.converged
    assert sure.verdict.message == "a maximum, as the curvature has it, although the fit ended as step limit"
    assert "step limit" not in str(jensen.uncertainty(jensen.Mixture(2), fit.params, faithful()).verdict)


def test_a_flawed_component_is_named_as_it_is_returned():
    fit = jensen.fit(jensen.Mixture(2), three_equal_rows(), restarts=5)
    small = int(np.argmin(fit.params.weights))
    assert fit.verdict.message.startswith(f"component {small} ")


# ---- a model of one's own that is wrong --------------------------------------------------------------------


class TooFar(Linkage):
    """An M-step that goes too far."""

    def m_step(self, stats, params):
        return min(0.99, 1.2 * super().m_step(stats, params))


class Skewed(Linkage):
    """Statistics that are not those of the posterior."""

    def expected(self, params, data, posterior, weight):
        found = super().expected(params, data, posterior, weight)
        values = found.stats.values * np.linspace(0.4, 1.3, found.stats.values.size).reshape(
            found.stats.values.shape
        )
        return Expected(type(found.stats)(values), found.log_evidence, found.entropy, found.weight)


@pytest.mark.parametrize("algorithm", [None, EM()])
def test_an_m_step_that_lowers_q_is_told_of(algorithm):
    verdict = jensen.fit(TooFar(), np.arange(4), 0.5, weight=ANIMALS, algorithm=algorithm).verdict
    assert verdict.outcome is Outcome.FELL
    assert "TooFar.m_step lowers Q by " in verdict.message
    assert "jensen.testing.check_model(model, params, data)" in verdict.advice
    with pytest.raises(jensen.testing.LawError, match=r"^m_step_is_best: the θ it came from is better"):
        jensen.testing.check_model(TooFar(), 0.5, np.arange(4).repeat(ANIMALS.astype(int)))


def test_statistics_that_are_wrong_are_told_of():
    verdict = jensen.fit(Skewed(), np.arange(4), 0.6268, weight=ANIMALS, algorithm=EM()).verdict
    assert verdict.outcome is Outcome.FELL
    assert (
        "Q + H of Skewed is " in verdict.message
        and "the log-evidence at the same parameters" in verdict.message
    )


def test_right_models_do_not_fall():
    for model, start in ((Linkage(), 0.5), (PoissonMixture(2), None)):
        data, weight = (np.arange(4), ANIMALS) if start else (poisson(2, 9)[:, 0], None)
        assert jensen.fit(model, data, start, weight=weight, algorithm=EM()).verdict.converged


def test_columns_that_are_combinations_of_others_are_named():
    x = jensen.load_dataset("iris").values[:, :4]
    tied = np.column_stack([x, x[:, 1] + 2.0 * x[:, 3]])
    verdict = jensen.fit(jensen.Mixture(2), tied).verdict
    assert verdict.message == (
        "the 5 columns have rank 4: 1, 3, 4 (counted from 0) are combinations of each other"
    )
    assert "fewer rows than columns" in jensen.fit(jensen.Mixture(1), tied[48:52]).verdict.message
    frame = pd.DataFrame(tied, columns=list("abcde"))
    assert "'b', 'd', 'e' are combinations" in jensen.fit(jensen.Mixture(2), frame).verdict.message


def test_an_emptied_component_is_no_maximum_without_a_chart():
    """It stands still, and comes back higher from beside; where one component is right, it stays empty."""

    class Guarded(PoissonMixture):
        def m_step(self, stats, params):
            count, total, _ = stats.values
            count = np.maximum(count, 1e-300)
            return Rates(count / count.sum(), np.maximum(total / count, 1e-100))

    two, one = np.repeat([0.0, 1.0, 9.0, 10.0, 12.0], 20), np.repeat([2.0, 3.0], 20)
    for data, outcome in ((two, "saddle"), (one, "converged")):
        empty = Rates(np.array([1e-300, 1.0]), np.array([1e-100, data.mean()]))
        assert jensen.fit(Guarded(2), data, empty).verdict.outcome == outcome


class Shifted(PoissonMixture):
    """An M-step whose rates are a tenth too large; no chart, so that no score tells."""

    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        return Rates(best.weights, 1.1 * best.rates)


class Swapped(PoissonMixture):
    """An M-step that gives each component the other's rate."""

    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        return Rates(best.weights, best.rates[::-1])


@pytest.mark.parametrize("model", [Shifted(2), Swapped(2)])
def test_an_m_step_that_does_not_maximize_is_no_maximum(model):
    data = np.repeat([1.0, 2.0, 3.0, 11.0, 12.0, 13.0, 40.0], [9, 9, 9, 5, 5, 5, 1])
    verdict = jensen.fit(model, data, Rates(np.array([0.5, 0.5]), np.array([2.0, 12.0]))).verdict
    assert not verdict.converged
    assert "check_model" in str(verdict)


@pytest.mark.parametrize(("weights", "rates"), [([1.0, 1e-300], [6.0, 1e9]), ([1.0, 0.0], [6.0, 900.0])])
def test_a_component_that_went_away_is_tried_beside_the_others(weights, rates):
    """With a chart: at a bound the curvature says nothing. Two Poissons are 4 nats and more above one."""
    data = np.repeat([0.0, 1.0, 9.0, 10.0, 12.0], 20)[:, None]
    gone = MixtureParams(np.array(weights), PoissonParams(np.array(rates)[:, None]))
    fit = jensen.fit(jensen.Mixture(2, jensen.Poisson()), data, gone)
    one = jensen.fit(jensen.Mixture(1, jensen.Poisson()), data)
    assert fit.verdict.outcome is Outcome.SADDLE or fit.log_evidence > one.log_evidence + 4.0


@pytest.mark.parametrize("weights", [(1.0 - 1e-13, 1e-13), (0.995, 0.005)])
def test_a_component_that_went_away_is_tried_where_rows_are_explained_worst(weights):
    """Of a log-joint; one row far out is worth a component of its own."""
    jnp = pytest.importorskip("jax.numpy")
    model = jensen.LogJoint(
        lambda p, z, x: jnp.log(p["w"][z]) + jensen.densities.normal(x, p["mu"][z], p["sd"]),
        jensen.Enumerated(2),
        {"w": jensen.Simplex(2), "mu": jensen.Real(2), "sd": jensen.Positive()},
    )
    x = np.append(np.random.default_rng(1).normal(size=59), 100.0)
    start = {"w": np.array(weights), "mu": np.full(2, x.mean()), "sd": x.std()}
    fit = jensen.fit(model, x, start)
    assert fit.verdict.outcome is Outcome.SADDLE or fit.params["mu"].max() > 99.0


def test_identical_components_with_one_spread_are_no_maximum():
    """There the evidence rises to the fourth order only, and the curvature calls it flat."""
    jnp = pytest.importorskip("jax.numpy")
    model = jensen.LogJoint(
        lambda p, z, x: jnp.log(p["w"][z]) + jensen.densities.normal(x, p["mu"][z], p["sd"]),
        jensen.Enumerated(2),
        {"w": jensen.Simplex(2), "mu": jensen.Real(2), "sd": jensen.Positive()},
    )
    x = np.repeat([0.0, 1.0, 3.0, 4.0, 4.0], 12)
    start = {"w": np.array([0.5, 0.5]), "mu": np.full(2, x.mean()), "sd": x.std()}
    assert jensen.fit(model, x, start).verdict.outcome is Outcome.SADDLE


def test_separated_rows_leave_directions_flat_that_no_single_coordinate_shows():
    """Rows that a logit tells apart without error: to change one coordinate alone costs something."""
    jax = pytest.importorskip("jax")
    model = jensen.LogJoint(
        lambda p, z, x: jax.nn.log_sigmoid((2 * x["y"] - 1) * (p["a"] + p["b"] * x["t"])),
        jensen.Enumerated(1),
        {"a": jensen.Real(), "b": jensen.Real()},
    )
    times = [56, 1, 1, 1, 1]
    t, y = [0.34558419, 0.82161814, 0.33043708, -1.30315723, 0.90535587], [1, 0, 1, 1, 0]
    data = {"t": np.repeat(t, times), "y": np.repeat(y, times)}
    fit = jensen.fit(model, data, {"a": 3.1, "b": -0.85})
    assert "not identified" in str(fit.verdict)
    assert "not identified" in str(jensen.uncertainty(model, fit, data).verdict)


def test_columns_of_a_part_are_named_as_they_are_in_the_whole():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 2)) + np.repeat([[0.0], [5.0]], 100, axis=0)
    table = np.column_stack([rng.poisson(3, 200), rows, rows[:, 0] * 2.0])
    frame = pd.DataFrame(table, columns=list("nuvw"))
    for data, part, said in (
        (frame, ("v", "u", "w"), "'u', 'w'"),
        (table, (2, 1, 3), "1, 3 (counted from 0)"),
    ):
        counts = "n" if data is frame else 0
        model = jensen.Mixture(2, jensen.Product({counts: jensen.Poisson(), part: jensen.Gaussian()}))
        assert f"rank 2: {said} are combinations" in jensen.fit(model, data).verdict.message
