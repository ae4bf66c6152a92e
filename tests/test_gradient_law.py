"""What is neither refused nor warned of is right, on programs that are drawn; and the law can fail.

Many more are tried by ``scripts/gradient-law``.
"""

import jax
import pytest

from gradient_checks import ACCUSED, held_by_check
from jensen import gradients as gr
from jensen.testing import GradientCounts, LawError, check_gradient_law
from jensen.testing.gradients.programs import drawn
from jensen.testing.gradients.trials import RIGHT
from jensen.testing.gradients.truths import truth

PROGRAMS, CHUNK = 300, 5  # what JAX keeps of a chunk is let go of after it
CHECKS, CHECK_CHUNK = 24, 4


@pytest.mark.parametrize("begin", range(0, PROGRAMS, CHUNK))
def test_no_gradient_is_silently_wrong(begin):
    counts = check_gradient_law(num_programs=CHUNK, seed=begin, num_estimators=1)
    assert counts.programs == CHUNK
    assert counts.trials == counts.programs - counts.unknown
    assert counts.trials == counts.right + counts.alarms + counts.false_alarms + counts.undecided
    assert counts.right + counts.alarms > 0


def test_check_accuses_no_right_estimator():
    found = []
    for begin in range(700, 700 + CHECKS, CHECK_CHUNK):
        found += [(what, said) for _, _, what, said in held_by_check(range(begin, begin + CHECK_CHUNK))]
        jax.clear_caches()
    assert [said for what, said in found if what == ACCUSED] == []
    assert sum(what == RIGHT for what, _ in found) > CHECKS // 3


def test_check_accuses_a_wrong_one():
    with jax.enable_x64(True), pytest.raises(AssertionError, match="biased"):
        program = drawn(4)
        f, distribution = program.functions()
        gr.check(gr.expectation(f, distribution, Half()), program.params, key=0, num_replicates=2000)


class Half(gr.ScoreFunction):
    """Wrong by a factor."""

    def cost(self, site, then):
        right = super().cost(site, then)
        return 0.5 * right + 0.5 * jax.lax.stop_gradient(right)


def test_the_law_can_fail():
    with pytest.raises(LawError, match="silently wrong") as raised:
        check_gradient_law(Half(), num_programs=4, most_faults=1)
    assert "def f(" in str(raised.value) and "params = {" in str(raised.value)


def test_a_truth_that_bends_between_its_differences_accuses_nobody():
    assert check_gradient_law(num_programs=1, seed=1961, num_estimators=1).unknown == 1


def test_a_program_is_that_of_its_number():
    assert drawn(7) == drawn(7)
    assert drawn(7).text != drawn(8).text


def test_counts_add_and_are_said():
    one = GradientCounts(programs=2, smooth=2, trials=3, right=2, false_alarms=1, programs_with_false_alarm=1)
    assert (one + one).trials == 6
    assert "1 of 2 smooth programs (50.0 %)" in str(one)


@pytest.mark.parametrize("number", [0, 4, 8])
def test_the_two_sums_agree(number):
    with jax.enable_x64(True):
        program = drawn(number)
        found = truth(program, program.functions()[0])
    assert max(found.error.values()) < 1e-3
