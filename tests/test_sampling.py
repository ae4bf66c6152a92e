"""`sample`: data drawn from a model, whose randomness is a seed or a generator at every door."""

from __future__ import annotations

import numpy as np
import pytest

import jensen
from jensen.basics.sampling import Sample, as_generator, checked_num_rows

MODELS = {
    "gaussian": lambda: (jensen.Mixture(2, jensen.Gaussian()), np.random.default_rng(0).normal(size=(60, 2))),
    "poisson": lambda: (jensen.Mixture(2, jensen.Poisson()), np.arange(60) % 9),
    "categorical": lambda: (
        jensen.Mixture(2, jensen.Categorical()),
        np.stack([np.arange(60) % 3] * 2, axis=1),
    ),
    "product": lambda: (
        jensen.Mixture(2, jensen.Product({"count": jensen.Poisson(), "size": jensen.Gaussian()})),
        {"count": np.arange(60) % 9, "size": np.random.default_rng(0).normal(size=60)},
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_seed_is_a_generator(name):
    model, data = MODELS[name]()
    fit = jensen.fit(model, data, restarts=1, max_steps=3)
    seeded = fit.model.sample(fit.params, 7, rng=3)
    again = fit.model.sample(fit.params, 7, np.random.default_rng(3))
    default, zero = fit.model.sample(fit.params, 7), fit.model.sample(fit.params, 7, rng=0)
    assert isinstance(seeded, Sample) and len(seeded.labels) == 7
    for one, other in ((seeded, again), (default, zero)):
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_equal(one.data, other.data)
    family = fit.model.family
    drawn = family.sample(fit.params.components, seeded.labels, 5)
    np.testing.assert_equal(
        drawn, family.sample(fit.params.components, seeded.labels, np.random.default_rng(5))
    )
    data, labels = seeded  # as a pair
    assert labels is seeded.labels


def test_named_columns_stay_named():
    model, data = MODELS["product"]()
    fit = jensen.fit(model, data, restarts=1, max_steps=3)
    assert list(fit.model.sample(fit.params, 4, rng=1).data) == ["count", "size"]


@pytest.mark.parametrize("rng", ["one", 1.5, True, -1])
def test_a_seed_that_is_none(rng):
    with pytest.raises(ValueError, match="rng must be"):
        as_generator(rng)
    with pytest.raises(ValueError, match="rng must be"):
        jensen.fit(jensen.Mixture(1, jensen.Poisson()), np.arange(9), rng=rng)


@pytest.mark.parametrize(
    ("count", "error"), [(2.0, TypeError), ("3", TypeError), (0, ValueError), (True, TypeError)]
)
def test_a_number_of_rows_that_is_none(count, error):
    with pytest.raises(error, match="num_rows must be"):
        checked_num_rows(count)


def test_the_scikit_learn_face():
    x = np.random.default_rng(0).normal(size=(60, 2))
    mixture = jensen.GaussianMixture(2, random_state=0).fit(x)
    rows, labels = mixture.sample(5, rng=3)
    again = mixture.sample(5, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(rows, again.data)
    np.testing.assert_array_equal(labels, again.labels)
    np.testing.assert_array_equal(mixture.sample(5)[0], mixture.sample(5)[0])
