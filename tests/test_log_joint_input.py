"""Bad input to `jensen.LogJoint`: each is named, with the row and the parameters where there are some."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402 -- after the check that there is JAX

import jensen  # noqa: E402
import log_joints  # noqa: E402
from jensen import Enumerated, LogJoint, densities  # noqa: E402
from jensen.em import EM  # noqa: E402

DATA = np.array([0.5, 2.0, 1.0, 4.0])
START = {"w": np.array([0.5, 0.5]), "mu": np.array([0.0, 3.0])}
PARAMETERS = {"w": jensen.Simplex(2), "mu": jensen.Real(2)}


def two_normals(params, z, x):
    return jnp.log(params["w"][z]) + densities.normal(x, params["mu"][z], 1.0)


def model(log_joint=two_normals, **options):
    return LogJoint(log_joint, Enumerated(2), PARAMETERS, **options)


def complaint_about(log_joint, start=START, data=DATA, **options):
    with pytest.raises(ValueError) as caught:
        jensen.fit(model(log_joint, **options), data, start)
    return str(caught.value)


# ---- what the log-joint returns ---------------------------------------------------------------------------


def test_nan_is_named_with_its_row_value_and_params():
    found = complaint_about(
        lambda p, z, x: two_normals(p, z, x) + jnp.where((x == 1.0) & (z == 1), jnp.nan, 0.0)
    )
    assert "log_joint is NaN for row 2 (x = 1.0) and z = 1" in found
    assert "'mu': [0.0, 3.0]" in found


def test_plus_infinity_is_named():
    found = complaint_about(lambda p, z, x: two_normals(p, z, x) + jnp.where(x == 4.0, jnp.inf, 0.0))
    assert "log_joint is +inf for row 3 (x = 4.0) and z = 0" in found
    assert "'w': [0.5, 0.5]" in found


def test_a_row_that_is_impossible_is_named():
    found = complaint_about(lambda p, z, x: jnp.where(x == 2.0, -jnp.inf, two_normals(p, z, x)))
    assert "log_joint is −inf for every z of row 1" in found
    assert "'mu': [0.0, 3.0]" in found


def test_a_row_beyond_the_first_block():
    data = np.zeros(20_000)
    data[15_000] = 7.0
    found = complaint_about(lambda p, z, x: jnp.where(x == 7.0, jnp.nan, two_normals(p, z, x)), data=data)
    assert "row 15000" in found


def test_nan_in_the_data_is_a_nan_of_the_log_joint():
    assert "log_joint is NaN for row 1 (x = nan) and z = 0" in complaint_about(
        two_normals, data=np.array([0.0, np.nan])
    )


def test_posterior_names_them_too():
    broken = model(lambda p, z, x: jnp.where(x == 2.0, jnp.nan, two_normals(p, z, x)))
    with pytest.raises(ValueError, match="NaN for row 1"):
        broken.posterior(START, DATA)


def test_nan_for_some_params_is_a_failed_start_and_not_the_end():
    """Half of the random starts have no evidence; the fit goes on with the others."""

    def log_joint(params, z, x):
        return jnp.where(params["mu"][0] > 0.3, jnp.nan, two_normals(params, z, x))

    def start(data, rng):
        return {"w": [0.5, 0.5], "mu": rng.normal(size=2)}

    fit = jensen.fit(model(log_joint, start=start), DATA, restarts=10, algorithm=EM(), max_steps=3)
    assert "failed" in fit.starts["outcome"]
    assert np.isfinite(fit.log_evidence)
    assert fit.params["mu"][0] <= 0.3


@pytest.mark.parametrize(
    ("log_joint", "found"),
    [
        (lambda p, z, x: p["w"] + p["mu"] * x, r"must return one number .*float64\[2\]"),
        (lambda p, z, x: (p["w"][z], p["mu"][z]), "must return one number"),
        (lambda p, z, x: two_normals(p, z, x).astype(jnp.float32), "returned float32"),
        (lambda p, z, x: two_normals(p, z, x) + 0j, "returned complex128"),
    ],
)
def test_what_is_no_real_number(log_joint, found):
    with pytest.raises(ValueError, match=found):
        model(log_joint).prepare(DATA, None)


def test_the_users_own_errors_are_shown_as_they_are():
    with pytest.raises(ZeroDivisionError):
        model(lambda p, z, x: p["mu"][z] * x / 0 + 1 / 0).prepare(DATA, None)


def test_constants_in_single_precision_are_refused():
    offset = jnp.array([0.1, 0.7])
    assert offset.dtype == jnp.float32
    with pytest.raises(ValueError, match=r"constant in single precision, float32\[2\] that begins with 0.1"):
        model(lambda p, z, x: two_normals(p, z, x) + offset[z]).prepare(DATA, None)
    exact = jnp.array([1.0, 0.25])
    model(lambda p, z, x: two_normals(p, z, x) + exact[z]).prepare(DATA, None)
    double = np.array([0.1, 0.7])
    model(lambda p, z, x: two_normals(p, z, x) + jnp.asarray(double)[z]).prepare(DATA, None)


def test_a_parameter_that_is_not_used_is_said_before_fitting():
    extra = {**PARAMETERS, "sd": jensen.Positive(), "b": jensen.Real()}
    with pytest.raises(ValueError, match="does not depend on 'b', 'sd'"):
        LogJoint(two_normals, Enumerated(2), extra).prepare(DATA, None)


def test_a_parameter_that_no_row_uses_is_said_too():
    def log_joint(params, z, x):
        return two_normals(params, z, x) + jnp.where(x > 10.0, params["b"], 0.0)

    lonely = LogJoint(log_joint, Enumerated(2), {**PARAMETERS, "b": jensen.Real()})
    with pytest.raises(ValueError, match="does not depend on 'b' at any row of these data"):
        lonely.prepare(DATA, None)
    lonely.prepare(np.append(np.zeros(9000), 11.0), None)  # the last of many rows does use it


def test_a_closed_form_may_set_what_has_no_derivative():
    """A change point: the rows after it have another mean; z says which of two spreads a row has."""
    x = (np.arange(40.0), np.where(np.arange(40) < 25, 0.0, 5.0) + np.random.default_rng(0).normal(size=40))

    def log_joint(params, z, row):
        time, value = row
        mean = jnp.where(time < params["change"], 0.0, 5.0)
        return jnp.log(params["w"][z]) + densities.normal(value, mean, jnp.array([0.5, 1.5])[z])

    def m_step(s, params):
        return {"w": s["count"] / s["count"].sum(), "change": params["change"]}

    spaces = {"w": jensen.Simplex(2), "change": jensen.Interval(0, 40)}
    with pytest.raises(ValueError, match="does not depend on 'change' at any row"):
        LogJoint(log_joint, Enumerated(2), spaces).prepare(x, None)
    model = LogJoint(log_joint, Enumerated(2), spaces, m_step=m_step)
    fit = jensen.fit(model, x, {"w": [0.5, 0.5], "change": 25.0}, algorithm=EM(), max_steps=5)
    assert fit.params["change"] == 25.0
    assert fit.log_evidence > -80


# ---- params, parameters, support --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "found"),
    [
        ({"w": [0.5, 0.6], "mu": [0, 1]}, "params\\['w'\\] is outside .* they add up to 1.1"),
        ({"w": [0.5, 0.5], "mu": [0, 1, 2]}, r"params\['mu'\] has shape \(3,\)"),
        ({"w": [0.5, 0.5]}, "params lack mu"),
        ({"w": [0.5, 0.5], "mu": [0, 1], "sd": 1}, "params have sd, which the model does not"),
        ({"w": [0.5, 0.5], "mu": [0, np.inf]}, "not finite"),
    ],
)
def test_a_start_that_does_not_fit(start, found):
    with pytest.raises(ValueError, match=found):
        jensen.fit(model(), DATA, start)
    with pytest.raises(ValueError, match=found):
        model().posterior(start, DATA)


def test_a_space_that_does_not_fit_the_shape():
    with pytest.raises(ValueError, match="a simplex needs a shape"):
        jensen.Simplex(())
    with pytest.raises(ValueError, match="symmetric names rate, which are not parameters"):
        model(symmetric=("rate",))
    with pytest.raises(ValueError, match="first axes of equal length"):
        LogJoint(two_normals, Enumerated(2), {**PARAMETERS, "a": jensen.Real(3)}, symmetric=("w", "a"))


@pytest.mark.parametrize(
    ("support", "found"),
    [
        (0, "at least one value"),
        (np.zeros((0, 2)), "at least one"),
        (np.array([1, 2, 1]), "duplicates: values 0 and 2 are both"),
        (np.array([[0, 1], [1, 0], [0, 1]]), "duplicates"),
        ({"a": np.arange(3), "b": np.arange(2)}, "first axes of equal length"),
        (np.array([0.0, np.nan]), "not finite"),
        (np.array(["a", "b"]), "numbers"),
    ],
)
def test_a_support_that_will_not_do(support, found):
    with pytest.raises(ValueError, match=found):
        Enumerated(support)


def test_what_is_no_latent_variable():
    with pytest.raises(TypeError, match="latent must be"):
        LogJoint(two_normals, 2, PARAMETERS)


def test_features_without_an_m_step():
    with pytest.raises(ValueError, match="give m_step too"):
        model(features=lambda x: x)


# ---- data and weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (np.zeros(0), "no rows"),
        (np.zeros((0, 2)), "no rows"),
        ((np.zeros(3), np.zeros(4)), r"one first axis, the rows; their shapes are \(3,\), \(4,\)"),
        ((125, 18, 20, 34), "array of shape"),
        (np.array(["a", "b"]), "code categories as integers"),
        ((), "empty"),
    ],
)
def test_data_that_will_not_do(data, found):
    with pytest.raises(ValueError, match=found):
        jensen.fit(model(), data, START)


@pytest.mark.parametrize(
    ("weight", "found"),
    [
        ([1, 1, 1], r"one number for each of the 4 rows; its shape is \(3,\)"),
        ([1, 1, -1, 1], r"row 2 \(counted from 0\) has -1\.0"),
        ([1, np.nan, 1, 1], r"row 1 \(counted from 0\) has nan"),
        ([0, 0, 0, 0], "zero for every row"),
    ],
)
def test_weights_that_will_not_do(weight, found):
    with pytest.raises(ValueError, match=found):
        model().prepare(DATA, np.array(weight))


def test_an_impossible_row_of_weight_zero_does_not_count():
    broken = model(lambda p, z, x: jnp.where(x == 2.0, -jnp.inf, two_normals(p, z, x)))
    weight = np.array([1.0, 0.0, 1.0, 1.0])
    found = broken.e_step(START, DATA, weight)
    rest = model().e_step(START, DATA[weight > 0], None)
    assert found.log_evidence == pytest.approx(rest.log_evidence, rel=1e-14)
    assert np.allclose(broken.score(START, found.stats), model().score(START, rest.stats), rtol=1e-12)


# ---- the M-step that is given -----------------------------------------------------------------------------


def closed(m_step):
    return model(features=lambda x: (1.0, x), m_step=m_step)


def right(s):
    return {"w": s[0] / s[0].sum(), "mu": s[1] / s[0]}


def test_an_m_step_that_lowers_q_is_named():
    with pytest.raises(ValueError, match=r"the m_step given lowers Q by .* not the maximum of Q"):
        jensen.fit(closed(lambda s: {**right(s), "mu": s[1] / s[0] + 5.0}), DATA, START)


@pytest.mark.parametrize(
    ("m_step", "found"),
    [
        (lambda s: right(s)["mu"], "must return a dict of params, not ndarray"),
        (lambda s: {"w": s[0] / s[0].sum()}, "params lack mu"),
        (lambda s: {**right(s), "w": s[0]}, "add up to"),
        (lambda s: {**right(s), "mu": (s[1] / s[0])[:1]}, "has shape"),
        (lambda s: {**right(s), "mu": np.array([0.0, np.nan])}, "not finite"),
    ],
)
def test_an_m_step_that_returns_what_it_should_not(m_step, found):
    with pytest.raises(ValueError, match=found):
        jensen.fit(closed(m_step), DATA, START, algorithm=EM())


def test_an_m_step_may_take_the_params_and_compute_in_jax():
    def m_step(s, params):
        assert set(params) == {"w", "mu"}
        return {"w": jnp.asarray(s[0]) / s[0].sum(), "mu": jnp.asarray(s[1] / s[0])}

    fit = jensen.fit(closed(m_step), DATA, START, algorithm=EM(), max_steps=20)
    plain = jensen.fit(closed(right), DATA, START, algorithm=EM(), max_steps=20)
    assert np.allclose(fit.params["mu"], plain.params["mu"], rtol=1e-12)
    assert fit.params["mu"].dtype == np.float64


def test_rounding_in_a_closed_form_is_set_right():
    """A proportion of 1 + 1e-16 is 1; a covariance that is symmetric but for rounding is symmetric."""
    from jensen.models.log_joint.m_step import validated

    chart = jensen.Chart({"p": jensen.Interval(0, 1, 2), "cov": jensen.Covariance(2)})
    values = {"p": np.array([1.0 + 2e-16, -1e-17]), "cov": np.array([[1.0, 1e-17], [0.0, 1.0]])}
    found = validated(chart, values)
    assert found["p"].tolist() == [1.0, 0.0]
    assert np.array_equal(found["cov"], found["cov"].T)
    with pytest.raises(ValueError, match="not between 0 and 1"):
        validated(chart, {**values, "p": np.array([1.001, 0.5])})


# ---- ends that are no maximum -----------------------------------------------------------------------------


def test_a_collapse_is_named_and_not_chosen():
    """A mixture of regressions has no maximum where a line goes through two rows; with more starts than
    usual some end there, and the fit is the best of the others.
    """
    model = log_joints.regressions()
    data = (log_joints.GNP, log_joints.CO2)
    near = {"share": [0.07, 0.93], "beta": [[-1.35, 1.43], [9.0, 0.025]], "sd": [1e-3, 3.8]}
    alone = jensen.fit(model, data, near)
    assert str(alone.verdict.outcome) == "collapsed"
    assert "grows without bound" in alone.verdict.message
    assert alone.log_evidence > log_joints.CO2_LOG_EVIDENCE
    assert not alone.verdict.converged


def test_a_cluster_that_is_tight_is_no_collapse():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=50), 1.0 + 1e-9 * rng.normal(size=50)])
    model = LogJoint(
        lambda p, z, x: jnp.log(p["w"][z]) + densities.normal(x, p["mu"][z], p["sd"][z]),
        Enumerated(2),
        {**PARAMETERS, "sd": jensen.Positive(2)},
    )
    fit = jensen.fit(model, x, {"w": [0.5, 0.5], "mu": [0.0, 1.0], "sd": [1.0, 1e-8]})
    assert fit.verdict.converged
    assert fit.params["sd"][1] == pytest.approx(1e-9, rel=0.3)


# ---- names that are not there -----------------------------------------------------------------------------


def asking_for(name, where):
    def log_joint(params, z, x):
        value = {"params": params, "x": x}[where][name]
        return params["shares"][z] + params["means"][z] * x["a"] + 0.0 * jnp.sum(value)

    return log_joint


@pytest.mark.parametrize("where", ["params", "x"])
def test_a_misspelt_name_is_told_with_those_that_there_are(where):
    spaces = {"shares": jensen.Simplex(2), "means": jensen.Real(2)}
    model = jensen.LogJoint(asking_for("mean", where), jensen.Enumerated(2), spaces)
    said = r"asks for 'mean', which is not there: params has shares, means; x has a, b \(did you mean 'means'"
    with pytest.raises(ValueError, match=said):
        jensen.fit(model, {"a": np.arange(5.0), "b": np.ones(5)})


def test_a_key_of_the_users_own_is_his():
    own = {"known": 1.0}
    spaces = {"shares": jensen.Simplex(2), "means": jensen.Real(2)}
    model = jensen.LogJoint(lambda params, z, x: own["means"], jensen.Enumerated(2), spaces)
    with pytest.raises(KeyError, match="means"):
        jensen.fit(model, np.arange(5.0))


# ---- what is no jax.numpy ---------------------------------------------------------------------------------


def in_numpy(params, z, x):
    return jnp.log(params["w"][z]) + float(np.log(2.0)) - 0.5 * np.square(np.asarray(x - params["mu"][z]))


def with_an_if(params, z, x):
    return jnp.log(params["w"][z]) - (abs(x - params["mu"][z]) if z == 0 else 2.0)


@pytest.mark.parametrize(("log_joint", "advice"), [(in_numpy, "in jax.numpy"), (with_an_if, "use jnp.where")])
def test_python_that_cannot_be_differentiated_is_said(log_joint, advice):
    with pytest.raises(TypeError, match=advice):
        jensen.fit(model(log_joint), DATA, START)


def by_name(params, z, x):
    return jnp.log(params["w"][z]) - jnp.abs(x["height"] - params["mu"][z])


def test_a_part_by_name_of_a_row_that_is_an_array_is_said():
    heights = np.column_stack([DATA, DATA])
    with pytest.raises(TypeError, match=r"the part 'height'.* give a dict of columns"):
        jensen.fit(model(by_name), heights, START)
    assert np.isfinite(jensen.fit(model(by_name), {"height": DATA}, START, max_steps=2).log_evidence)


def test_a_row_of_several_parts_is_shown_by_name():
    model = jensen.LogJoint(
        lambda params, z, x: jensen.densities.normal(x["y"], params["mean"][z] + x["age"], 1.0),
        latent=jensen.Enumerated(2),
        parameters={"mean": jensen.Real(2)},
    )
    with pytest.raises(ValueError, match=r"row 1 \(x = \{'age': 2.0, 'y': nan\}\)"):
        jensen.fit(model, {"y": np.array([1.0, np.nan]), "age": np.array([1.0, 2.0])}, {"mean": [0.0, 1.0]})
