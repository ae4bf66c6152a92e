"""The native kernels give the same bits for any number of threads."""

import numpy as np
import pytest

import jensen
from jensen import testing
from jensen.basics import threads
from jensen.families import STRUCTURES
from jensen.models import Mixture
from samples import clusters
from test_laws import start_of


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [7, 256, 2049, 30_000])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_an_e_step_has_the_same_bits(structure, rows, dtype):
    data = clusters(rows, 3).astype(dtype)
    weight = np.random.default_rng(0).uniform(0.1, 2.0, rows)
    model = Mixture(3, jensen.Gaussian(structure))
    params = start_of(model, clusters(300, 3))
    testing.threads_agree(model, params, data, threads=(1, 2, 3, 7))
    testing.threads_agree(model, params, data, weight=weight, threads=(1, 2))


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_posterior_and_densities_have_the_same_bits(structure):
    data = clusters(30_000, 3)
    model = Mixture(3, jensen.Gaussian(structure))
    params = start_of(model, clusters(300, 3))
    found = []
    for count in (1, 2):
        with testing.threads.num_threads(count):
            found.append(model.posterior(params, data))
    assert np.array_equal(found[0].responsibilities, found[1].responsibilities)
    assert np.array_equal(found[0].log_evidence, found[1].log_evidence)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_a_whole_fit_has_the_same_bits(structure):
    data = clusters(1500, 3)
    model = Mixture(3, jensen.Gaussian(structure))
    ends = []
    for count in (1, 2):
        with testing.threads.num_threads(count):
            ends.append(jensen.fit(model, data, rng=1))
    assert ends[0].log_evidence == ends[1].log_evidence
    assert np.array_equal(*(end.model.chart.natural_vector(end.params) for end in ends))


class CountsItsThreads(Mixture):
    def e_step(self, params, data, weight):
        expected = super().e_step(params, data, weight)
        return expected.scale(1.0 + 1e-15 * threads.get_num_threads())


def test_the_law_can_fail():
    data = clusters()
    with pytest.raises(testing.LawError, match="threads_agree"):
        testing.threads_agree(CountsItsThreads(3), start_of(Mixture(3), data), data)


def test_the_setting_is_checked_and_put_back():
    before = threads.get_num_threads()
    with testing.threads.num_threads(3):
        assert threads.get_num_threads() == 3
    assert threads.get_num_threads() == before
    with pytest.raises(ValueError, match="at least 1"):
        threads.set_num_threads(0)
