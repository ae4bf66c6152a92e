"""Moves of a search: what a part promises the whole holds, and what is lost comes back."""

import numpy as np
import pytest

import jensen
from jensen.em import Search
from jensen.families import STRUCTURES
from jensen.models import Dirichlet, Mixture, MixturePrior, NormalInverseWishart
from jensen.models.mixture.search.climbing import by_steps
from jensen.models.mixture.search.ground import Ground
from jensen.models.mixture.search.improve import Improver, collapsed
from jensen.models.mixture.search.moves import joined, merge, put
from jensen.models.mixture.search.search import REACH, ROUGH, Hunt
from jensen.models.mixture.search.starts import begin
from jensen.numerics import partitions

SLACK = 1e-6  # nats that a promise may be off by rounding


def overlapping(seed, n=300, d=2, k=5):
    rng = np.random.default_rng(seed)
    return np.concatenate([2 * rng.normal(size=d) + rng.normal(size=(n // k, d)) for _ in range(k)])


def ground_of(model, data, weight=None):
    return Ground.of(model.prepare(data, weight), data, weight, by_steps)


def ended(ground, seed):
    """Where a climb from k-means ends."""
    rows = np.asarray(ground.data, float)
    labels = partitions.kmeans(
        rows - rows.mean(axis=0), ground.weight, ground.k, 1, np.random.default_rng(seed)
    )
    end = ground.begin("k-means", np.eye(ground.k)[labels[0]])
    ground.climb([end], 1e-3, 300)
    return end


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_what_a_part_gains_the_whole_gains_at_least(structure, weighted):
    data = overlapping(1)
    weight = np.random.default_rng(2).integers(1, 4, len(data)).astype(float) if weighted else None
    ground = ground_of(Mixture(5, jensen.Gaussian(structure)), data, weight)
    end = ended(ground, 0)
    improver = Improver(ground, end, np.random.default_rng(0))
    splits, merges = improver.splits(), improver.merges()
    assert splits and merges
    tried = 0
    for split in [*splits, *improver.settled(splits)]:
        for merged in merges:
            if set(split.members) & set(merged.members):
                continue
            move = joined(end, [merged, split], ground.family)
            there = put(ground, end, [move])
            assert ground.value(there) >= ground.value(end) + move.gain - SLACK
            tried += 1
    assert tried >= 10


def test_under_a_prior_no_move_is_taken_that_does_not_help():
    data = overlapping(1)
    prior = MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(data, 5))
    ground = ground_of(Mixture(5, jensen.Gaussian(), prior), data)
    end = ended(ground, 0)
    improver = Improver(ground, end, np.random.default_rng(0))
    there = improver.run()
    assert there.objective >= end.objective
    assert ground.value(there) == pytest.approx(there.objective, abs=1e-6)


def test_a_merge_is_the_m_step_of_both():
    data = overlapping(3)
    ground = ground_of(Mixture(5), data)
    end = ended(ground, 0)
    view = Improver(ground, end, np.random.default_rng(0)).view
    merged = merge(view, (1, 3))
    r = view.r[:, 1] + view.r[:, 3]
    kept = r > 1e-3
    mean = r[kept] @ ground.data[kept] / r[kept].sum()
    np.testing.assert_allclose(merged.end.params.means[0], mean, rtol=1e-9)
    assert merged.gain < 0


def test_moves_are_made_again_only_where_something_has_changed():
    ground = ground_of(Mixture(5), overlapping(4))
    improver = Improver(ground, ended(ground, 0), np.random.default_rng(0))
    first = improver.splits()
    state = improver.rng.bit_generator.state
    assert [move.gain for move in improver.splits()] == [move.gain for move in first]
    assert improver.rng.bit_generator.state == state
    improver.again = {("split", c) for c in range(5)}
    again = {move.members: move.gain for move in improver.splits()}
    assert improver.rng.bit_generator.state != state
    assert all(again[move.members] >= move.gain for move in first)


def test_a_row_that_a_small_component_has_lost_comes_back():
    """Twenty-four rows beside a thousand, in six columns: without its two outermost rows the small component
    shrinks, and plain EM ends lower than from the truth.
    """
    rng = np.random.default_rng(3)
    many, few = rng.normal(size=(1000, 6)) * 2, rng.normal(size=(24, 6))
    few[:, 0] += 9
    ground = ground_of(Mixture(2), np.concatenate([many, few]))
    labels = np.repeat([0, 1], [1000, 24])
    truth, lost = (ground.begin("given", np.eye(2)[each]) for each in (labels, without_far(labels, few)))
    ground.climb([truth, lost], 1e-4, 500)
    assert lost.objective < truth.objective - 0.1
    improver = Improver(ground, lost, np.random.default_rng(0))
    assert improver.loosen()
    assert improver.end.objective == pytest.approx(truth.objective, abs=0.01)
    assert not improver.loosen()  # nothing is left to be found


def without_far(labels, few):
    labels = labels.copy()
    far = np.argsort(-np.square(few - few.mean(axis=0)).sum(axis=1))[:2]
    labels[len(labels) - len(few) + far] = 0
    return labels


def test_a_collapse_that_gains_is_not_what_an_improvement_ends_with():
    """Four rows nearly on a line earn more than a proper component would: the end is proper all the same."""
    rng = np.random.default_rng(0)
    line = np.array([[10.0, 3.0], [10.3, 3.0001], [10.7, 3.0], [13.0, 3.0]])
    groups = [rng.normal((0.0, 0.0), 1.0, (400, 2)), rng.normal((4.0, 0.0), 1.0, (400, 2))]
    ground = ground_of(Mixture(3), np.concatenate([*groups, line]))
    end = ground.begin("given", np.eye(3)[np.repeat([0, 1, 2], [400, 400, 4])])
    ground.climb([end], 1e-4, 500)
    assert collapsed(ground, end).tolist() == [2]
    there = Improver(ground, end, np.random.default_rng(0), relocations=4).run()
    assert not len(collapsed(ground, there))
    assert ground.value(there) == pytest.approx(there.objective, abs=1e-6)


def test_shared_covariances_cannot_be_loosened():
    assert jensen.Gaussian(jensen.Tied()).loosened is None
    wider = jensen.Gaussian().prepare(overlapping(0), None)
    params = wider.begin(overlapping(0), None, np.eye(2)[np.arange(300) % 2])[1]
    there = wider.loosened(params, np.array([1]))
    np.testing.assert_allclose(there.covariances[0], params.covariances[0])
    np.testing.assert_allclose(there.covariances[1], 5 * params.covariances[1])


# ---- rounds ------------------------------------------------------------------------------------------------


def raced(data, k, count=12):
    """A hunt whose starts have raced."""
    ground = ground_of(Mixture(k, jensen.Gaussian()), data)
    hunt = Hunt(ground, np.random.default_rng(0), None, Search())
    hunt.ends = begin(ground, count, hunt.rng)
    hunt.race(hunt.ends)
    return hunt


def test_starts_near_the_best_are_climbed_to_their_ends():
    """And those far below it are left where they are, once they climb slowly."""
    rng = np.random.default_rng(3)
    hunt = raced(np.concatenate([8 * rng.normal(size=2) + rng.normal(size=(250, 2)) for _ in range(8)]), 8)
    best = hunt.distinct(1)[0]
    left = [end for end in hunt.ends if end.objective < best.objective - REACH]
    near = [end for end in hunt.ends if end.objective > best.objective - 5.0]
    assert len(left) > 1 and len(near) > 1

    def most_gained(ends):
        before = [end.objective for end in ends]
        hunt.whole.climb(ends, ROUGH, 300)
        return np.subtract([end.objective for end in ends], before).max()

    assert most_gained(near) < 4 * ROUGH < most_gained(left)


def test_an_end_that_is_not_proper_leaves_no_start_behind():
    """Where the best of them rests on too few rows, how far the others are below says nothing."""
    rng = np.random.default_rng(0)
    group = np.full((3, 2), 60.0) + 1e-3 * rng.normal(size=(3, 2))
    hunt = raced(np.concatenate([rng.normal(size=(2000, 2)), group]), 2)
    assert not hunt.whole.is_proper(max(hunt.ends, key=lambda end: end.objective))
    before = [end.objective for end in hunt.ends]
    hunt.whole.climb(hunt.ends, ROUGH, 300)
    gained = [e.objective - b for e, b in zip(hunt.ends, before, strict=True) if np.isfinite(b)]
    assert max(gained) < 4 * ROUGH


def test_no_end_that_is_not_proper_settles_a_search():
    rng = np.random.default_rng(0)
    group = np.full((3, 2), 30.0) + 1e-3 * rng.normal(size=(3, 2))
    hunt = raced(np.concatenate([rng.normal(size=(60, 2)), group]), 2)
    assert hunt.times_found < sum(not hunt.whole.is_proper(end) for end in hunt.ends)
    hunt.ends = [end for end in hunt.ends if not hunt.whole.is_proper(end)]
    assert len(hunt.ends) > 3 and hunt.times_found == 0 and not hunt.is_settled
