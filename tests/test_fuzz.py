"""Random input at every door, a few cases of each target; `scripts/fuzz` tries as many as time allows."""

from __future__ import annotations

import pytest

from fuzzing import outcomes
from fuzzing.runner import TARGETS, fuzz

CASES = {"log_joints": 25, "model_files": 300, "data_files": 400}


@pytest.mark.parametrize("target", TARGETS)
def test_random_input_is_used_or_refused(target):
    most = CASES.get(target, 100)
    found = fuzz(target, first=0, seconds=150.0, most=most)
    assert not [fault for fault in found.faults if fault[1] != outcomes.SLOW]  # a busy machine is slow
    assert found.counts[outcomes.FINE]
    assert found.counts[outcomes.REFUSED] or target == "command_lines"


def test_every_fault_is_found():
    found = fuzz("faulty", first=0, seconds=60.0, most=40)
    assert sum(found.counts.values()) == 40
    wanted = {outcomes.DIED, outcomes.FOREIGN, outcomes.WRONG, outcomes.WARNED}
    assert wanted == {word for _, word, _ in found.faults}
    assert {outcomes.FINE, outcomes.REFUSED} < set(found.counts)
    again = fuzz("faulty", first=found.faults[1][0], seconds=60.0, most=1)
    assert again.faults[0][1] == found.faults[1][1]
