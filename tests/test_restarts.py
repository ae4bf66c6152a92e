"""Many starts as one result: kept, counted, gone on with."""

import numpy as np
import pytest

import jensen
from jensen.basics.verdict import Verdict
from jensen.em import EM, Outcome
from jensen.em.restarts import Start, until_confirmed
from toys import PoissonMixture, Rates

DAYS = np.arange(10)
NOTICES = np.array([162.0, 267, 271, 185, 111, 61, 27, 8, 3, 1])


def fit(**options):
    return jensen.fit(PoissonMixture(), DAYS, weight=NOTICES, **options)


def test_every_end_is_kept_with_its_parameters():
    found = fit(restarts=6, rng=1)
    assert len(found.ends) == found.starts.num_rows == 6
    assert [end.objective for end in found.ends] == found.starts["objective"].tolist()
    assert sorted(end.number for end in found.ends) == list(range(6))
    best = found.ends[0]
    assert jensen.em.log_evidence(PoissonMixture(), best.params, DAYS, NOTICES) == best.objective
    assert all(end.run is None for end in found.ends)


def test_the_starts_of_a_seed_are_the_same_however_many():
    few, many = fit(restarts=3, rng=7), fit(restarts=8, rng=7)
    objectives = {end.number: end.objective for end in many.ends}
    assert all(objectives[end.number] == end.objective for end in few.ends)


def test_going_on():
    few = fit(restarts=3, rng=7)
    more = fit(restarts=8, rng=7, resume=few)
    whole = fit(restarts=8, rng=7)
    assert [end.objective for end in more.ends] == [end.objective for end in whole.ends]
    assert more.log_evidence == pytest.approx(whole.log_evidence, abs=1e-9)
    spent = sum(end.num_e_steps for end in whole.ends if end.number >= 3)
    assert more.num_e_steps - sum(end.num_e_steps for end in few.ends) <= spent + max(
        end.num_e_steps for end in whole.ends
    )


def test_going_on_after_an_interrupt_climbs_the_rest():
    class Impatient(PoissonMixture):
        def start(self, data, weight, rng):
            if next(calls) == 4:
                raise KeyboardInterrupt
            return super().start(data, weight, rng)

    calls = iter(range(100))
    cut = jensen.fit(Impatient(), DAYS, weight=NOTICES, restarts=8, rng=7)
    assert cut.verdict.outcome is Outcome.INTERRUPTED
    assert len(cut.ends) == 4
    assert [end.objective for end in fit(restarts=8, rng=7, resume=cut).ends] == [
        end.objective for end in fit(restarts=8, rng=7).ends
    ]


def test_what_cannot_be_gone_on_with():
    found = fit(restarts=3, rng=7)
    with pytest.raises(ValueError, match="it was 7, rng is now 8"):
        fit(restarts=4, rng=8, resume=found)
    with pytest.raises(ValueError, match="rng is now None"):
        fit(restarts=4, rng=np.random.default_rng(7), resume=found)
    with pytest.raises(ValueError, match="no starts to resume"):
        fit(params=Rates(np.array([0.5, 0.5]), np.array([1.0, 3.0])), rng=7, resume=found)


def test_only_random_starts_of_the_same_are_gone_on_with():
    x = np.random.default_rng(0).normal(size=(60, 2))
    searched = jensen.fit(jensen.Mixture(2), x)
    started = jensen.fit(jensen.Mixture(2), x, restarts=3)
    with pytest.raises(ValueError, match="began from others than random starts"):
        jensen.fit(jensen.Mixture(2), x, restarts=5, resume=searched)
    given = jensen.fit(jensen.Mixture(2), x, started.params)
    with pytest.raises(ValueError, match=r"others than random starts \(given\)"):
        jensen.fit(jensen.Mixture(2), x, restarts=5, resume=given)
    with pytest.raises(ValueError, match="say how many"):
        jensen.fit(jensen.Mixture(2), x, resume=started)
    with pytest.raises(ValueError, match="the same data: it was of 60 observations, these are 59"):
        jensen.fit(jensen.Mixture(2), x[1:], restarts=5, resume=started)
    with pytest.raises(ValueError, match="the same model"):
        jensen.fit(jensen.Mixture(3), x, restarts=5, resume=started)


def test_going_on_counts_what_was_seen():
    """Earlier ends come in any order of their numbers; ten are still the least."""
    some = fit(restarts=10, rng=7)
    assert len(fit(rng=7, resume=some).ends) >= 10


def test_a_failed_start_is_a_row():
    class Moody(PoissonMixture):
        def start(self, data, weight, rng):
            if rng.uniform() < 0.5:
                raise ValueError("no start today")
            return super().start(data, weight, rng)

    found = jensen.fit(Moody(), DAYS, weight=NOTICES, restarts=20, rng=0)
    failed = found.starts["outcome"] == "failed"
    assert 0 < failed.sum() < 20
    assert set(found.starts["note"][failed]) == {"no start today"}
    assert (found.starts["maximum"][failed] == -1).all()
    assert found.verdict.converged


def test_by_default_starts_go_on_until_the_best_end_is_confirmed():
    found = fit()
    assert found.starts.num_rows == 10  # one maximum, found every time

    def ends(objectives):
        verdict = Verdict(Outcome.CONVERGED, "", climbed=True)
        return (Start("random", 0, x, 1, verdict, number=i) for i, x in enumerate(objectives))

    assert len(list(until_confirmed(ends([-1.0] * 60)))) == 10
    assert len(list(until_confirmed(ends([-2.0] * 20 + [-1.0] * 40)))) == 10
    assert len(list(until_confirmed(ends([-2.0] * 9 + [-1.0] * 40)))) == 12
    assert len(list(until_confirmed(ends(-1.0 * np.arange(50))))) == 50


def test_relabelled_maxima_are_one():
    found = fit(restarts=12, rng=3, algorithm=EM(), max_steps=20_000)
    assert set(found.starts["maximum"]) == {0}
    assert (found.starts["times_found"] == 12).all()


def test_a_model_that_does_not_say_what_relabelling_is_groups_by_objective():
    class Unlabelled(PoissonMixture):
        canonical = None

    found = jensen.fit(Unlabelled(), DAYS, weight=NOTICES, restarts=12, rng=3)
    assert set(found.starts["maximum"]) == {0}
