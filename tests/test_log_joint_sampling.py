"""`LogJoint.sample`: by the densities in the log-joint, or by the user's draw; and what it refuses to
guess.
"""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402 -- after the check that there is JAX

import jensen  # noqa: E402
from jensen import densities  # noqa: E402
from jensen.basics.sampling import Sample  # noqa: E402
from jensen.testing import check_model, refit_recovers  # noqa: E402
from jensen.testing.law import LawError  # noqa: E402

SPACES = {"w": jensen.Simplex(2), "rate": jensen.Positive(2, start=(0.5, 12))}
PARAMS = {"w": np.array([0.3, 0.7]), "rate": np.array([1.0, 8.0])}


def poissons(params, z, x):
    return jnp.log(params["w"][z]) + densities.poisson(x, params["rate"][z])


def model_of(log_joint, **options):
    return jensen.LogJoint(log_joint, jensen.Enumerated(2), SPACES, **options)


def test_rows_and_labels_have_the_distribution():
    rows, labels = model_of(poissons).sample(PARAMS, 20_000, rng=1)
    assert rows.shape == labels.shape == (20_000,)
    assert abs(labels.mean() - 0.7) < 5 * np.sqrt(0.21 / 20_000)
    for z, rate in enumerate(PARAMS["rate"]):
        of = rows[labels == z]
        assert abs(of.mean() - rate) < 5 * np.sqrt(rate / len(of))


def test_data_lead_back_to_the_params():
    refit_recovers(model_of(poissons), PARAMS, num_rows=1000, start={"w": [0.5, 0.5], "rate": [3.0, 4.0]})


def wrong(params, num_rows, rng):
    z = rng.choice(2, num_rows, p=params["w"])
    return rng.poisson(1.2 * params["rate"][z]), z


def test_a_draw_of_another_density_is_found():
    model = model_of(poissons, draw=wrong)
    with pytest.raises(LawError, match="refit_recovers"):
        refit_recovers(model, PARAMS, num_rows=1000, start={"w": [0.5, 0.5], "rate": [3.0, 4.0]})


def test_the_laws_hold_a_draw_to_the_density_and_leave_the_other_alone():
    assert model_of(poissons).sample_kind == "derived" and model_of(poissons, draw=wrong).sample_kind == "own"
    table = check_model(model_of(poissons), PARAMS, np.arange(12), skip=("never_falls",))
    assert dict(zip(table["law"], table["outcome"], strict=True))["refit_recovers"] == "does not apply"


def test_a_seed_is_a_generator():
    model = model_of(poissons)
    seeded, again = model.sample(PARAMS, 9, rng=4), model.sample(PARAMS, 9, np.random.default_rng(4))
    np.testing.assert_array_equal(seeded.data, again.data)
    np.testing.assert_array_equal(model.sample(PARAMS, 9).data, model.sample(PARAMS, 9, rng=0).data)
    with pytest.raises(ValueError, match="rng must be"):
        model.sample(PARAMS, 9, rng="four")
    with pytest.raises(ValueError, match="num_rows"):
        model.sample(PARAMS, 0)


def test_columns_by_name_items_and_vectors():
    yes = np.array([[0.1, 0.9, 0.5], [0.5, 0.2, 0.5]])

    def log_joint(params, z, x):
        parts = densities.bernoulli(x["items"], jnp.array(yes)[z]).sum()
        parts += densities.multivariate_normal(x["place"], 5.0 * z * jnp.ones(2), jnp.eye(2))
        parts += densities.categorical(x["kind"], jnp.array([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])[z])
        return jnp.log(params["w"][z]) + parts + densities.gamma(x["size"], params["rate"][z], 1.0)

    model = model_of(log_joint)
    rows, labels = model.sample(PARAMS, 3000, rng=0)
    assert list(rows) == ["items", "place", "kind", "size"]
    assert (
        rows["items"].shape == (3000, 3)
        and rows["place"].shape == (3000, 2)
        and rows["kind"].shape == (3000,)
    )
    assert (rows["kind"][labels == 0] == 1).all() and set(rows["kind"][labels == 1]) == {0, 2}
    np.testing.assert_allclose(rows["items"][labels == 0].mean(axis=0), yes[0], atol=5 * 0.5 / np.sqrt(800))
    assert np.isfinite(model.posterior(PARAMS, rows).log_evidence).all()


def test_columns_of_an_array():
    def log_joint(params, z, x):
        return (
            jnp.log(params["w"][z])
            + densities.poisson(x[0], params["rate"][z])
            + densities.normal(x[1], z, 1.0)
        )

    rows = model_of(log_joint).sample(PARAMS, 5, rng=0).data
    assert rows.shape == (5, 2)


def test_given_columns():
    dose = np.repeat([0.0, 100.0], 50)

    def log_joint(params, z, x):
        return jnp.log(params["w"][z]) + densities.normal(x["y"], x["dose"] * (1.0 + z), params["rate"][z])

    model = model_of(log_joint)
    rows, labels = model.sample(PARAMS, 100, rng=0, given={"dose": dose})
    assert list(rows) == ["dose", "y"] and rows["dose"] is not None
    assert (np.abs(rows["y"] - dose * (1 + labels)) < 6 * 8).all()
    with pytest.raises(ValueError, match=r"given\['dose'\] needs 100 rows"):
        model.sample(PARAMS, 100, given={"dose": dose[:3]})
    with pytest.raises(ValueError, match=r"uses x\['dose'\] outside of a density"):
        model.sample(PARAMS, 100)


def test_weights_of_z_that_depend_on_what_is_given():
    def log_joint(params, z, x):
        gate = jnp.where(z == 1, x["gate"], 1.0 - x["gate"])
        return jnp.log(gate) + densities.poisson(x["y"], params["rate"][z]) + 0.0 * params["w"][0]

    gate = np.repeat([0.0, 1.0], 50)
    assert (model_of(log_joint).sample(PARAMS, 100, given={"gate": gate}).labels == gate).all()


def test_nothing_drawn_is_censored():
    def log_joint(params, z, x):
        return jnp.log(params["w"][z]) + densities.weibull.censored(
            x["lower"], x["upper"], params["rate"][z], 1.0
        )

    rows = model_of(log_joint).sample(PARAMS, 50, rng=0).data
    np.testing.assert_array_equal(rows["lower"], rows["upper"])


def test_values_of_z_of_several_parts():
    sides = {"first": np.array([0, 0, 1, 1]), "second": np.array([0, 1, 0, 1])}

    def log_joint(params, z, x):
        p = params["p"]
        prior = densities.bernoulli(z["first"], p[0]) + densities.bernoulli(z["second"], p[1])
        return prior + densities.normal(x, z["first"] + 10.0 * z["second"], 0.1)

    model = jensen.LogJoint(log_joint, jensen.Enumerated(sides), {"p": jensen.Interval(0, 1, 2)})
    rows, labels = model.sample({"p": [0.2, 0.6]}, 2000, rng=0)
    assert abs(labels["second"].mean() - 0.6) < 5 * np.sqrt(0.24 / 2000)
    assert (np.abs(rows - labels["first"] - 10 * labels["second"]) < 1).all()


REFUSED = {
    "no density": (lambda p, z, x: jnp.log(p["w"][z]) - p["rate"][z] * x, "outside of a density"),
    "arithmetic": (lambda p, z, x: densities.poisson(x + 1, p["rate"][z]), "outside of a density"),
    "a NumPy function": (lambda p, z, x: densities.normal(jnp.log(x), 0.0, 1.0), "outside of a density"),
    "an index": (lambda p, z, x: jnp.log(p["rate"])[x], "outside of a density"),
    "no probability of z": (lambda p, z, x: densities.poisson(x, p["rate"][z]), "adds up to 2 over z"),
    "two densities": (
        lambda p, z, x: jnp.where(z == 0, densities.poisson(x, 1.0), densities.poisson(x, 2.0)),
        "more than one density",
    ),
    "a power": (
        lambda p, z, x: jnp.log(p["w"][z]) + 0.5 * densities.poisson(x, 1.0),
        "more with the densities",
    ),
    "for some z": (
        lambda p, z, x: jnp.log(p["w"][z]) + jnp.where(z == 0, densities.poisson(x, 1.0), 0.0),
        "more with the densities",
    ),
    "one on another": (
        lambda p, z, x: (
            jnp.log(p["w"][z]) + densities.poisson(x["a"], x["b"]) + densities.gamma(x["b"], 1.0, 1.0)
        ),
        "depend on other columns",
    ),
    "an inflated one": (
        lambda p, z, x: jnp.log(p["w"][z]) + densities.zero_inflated(x, 0.1, densities.poisson, 1.0),
        "sum of two densities",
    ),
    "an own bound": (
        lambda p, z, x: jnp.log(p["w"][z]) + densities.gamma.censored(x["t"], jnp.inf, 1.0, 1.0),
        "upper bound",
    ),
    "a column of a column": (
        lambda p, z, x: jnp.log(p["w"][z]) + densities.gamma(x["t"][0], 1.0, 1.0),
        "is no column",
    ),
    "no x": (lambda p, z, x: jnp.log(p["w"][z]), "no jensen.densities of x"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_said_is_not_guessed(name):
    log_joint, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as raised:
        model_of(log_joint).sample(PARAMS, 5)
    assert "draw=" in str(raised.value)


def test_a_draw_of_ones_own():
    def draw(params, num_rows, rng):
        z = rng.choice(2, num_rows, p=params["w"])
        return rng.poisson(np.asarray(params["rate"])[z]), z

    found = model_of(poissons, draw=draw).sample(PARAMS, 6, rng=2)
    assert isinstance(found, Sample) and found.data.shape == found.labels.shape == (6,)
    alone = model_of(poissons, draw=lambda params, n, rng: rng.poisson(3.0, n)).sample(PARAMS, 6)
    assert alone.labels is None
    with pytest.raises(ValueError, match="draw returned 2 rows, not 6"):
        model_of(poissons, draw=lambda params, n, rng: np.zeros(2)).sample(PARAMS, 6)
    with pytest.raises(ValueError, match="given is for a model without draw"):
        model_of(poissons, draw=draw).sample(PARAMS, 6, given={"a": np.zeros(6)})


def test_params_outside_of_their_spaces():
    with pytest.raises(ValueError, match="rate"):
        model_of(poissons).sample({"w": [0.3, 0.7], "rate": [-1.0, 2.0]}, 5)


def test_a_constrained_model_draws_too():
    held = jensen.constrain(model_of(poissons), fixed={"w": [0.5, 0.5]})
    assert len(held.sample(PARAMS, 5, rng=0).data) == 5
