"""What is independent: rows, sequences, groups."""

from collections import namedtuple
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import poisson

import jensen
from jensen.em import DiscretePosterior, Expected, Groups, Model, Rows, Sequences, Totals
from jensen.testing import check_model


class Both(NamedTuple):
    group: np.ndarray
    y: np.ndarray


class Child(Both):
    """A named tuple at one remove."""


GROUP, Y = np.array([7, 3, 7, 9, 3, 7]), np.arange(6.0)
DATA = {
    "dict": {"group": GROUP, "y": Y},
    "named tuple": Both(GROUP, Y),
    "its child": Child(GROUP, Y),
    "of collections": namedtuple("D", "group y")(GROUP, Y),
    "tuple": (GROUP, Y),
    "array": np.column_stack([GROUP, Y]),
}
EACH = pytest.mark.parametrize("data", DATA.values(), ids=DATA)


def column(data, name):
    at = ("group", "y").index(name)
    return data[name] if isinstance(data, dict) else data[at] if isinstance(data, tuple) else data[:, at]


@EACH
def test_rows(data):
    found = Rows().take(data, np.array([4, 0, 4]))
    assert type(found) is type(data) and Rows().count(data) == 6
    assert column(found, "group").tolist() == [3, 7, 3] and column(found, "y").tolist() == [4, 0, 4]


@EACH
def test_groups(data):
    by = "group" if isinstance(data, dict) or hasattr(data, "_fields") else 0
    groups = Groups(by)
    assert groups.count(data) == 3 and groups.sizes(data).tolist() == [1, 1, 1]
    found = groups.take(data, np.array([2, 0]))  # those of 9, then those of 3
    assert type(found) is type(data)
    assert column(found, "group").tolist() == [9, 3, 3] and column(found, "y").tolist() == [3, 1, 4]
    twice = groups.take(data, np.array([1, 1, 1]))
    assert column(twice, "group").tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert column(twice, "y").tolist() == [0, 2, 5] * 3 and groups.count(twice) == 3


def test_groups_of_words():
    data = {"who": np.array(["b", "a", "b"]), "y": np.arange(3)}
    twice = Groups("who").take(data, np.array([1, 1]))
    assert twice["y"].tolist() == [0, 2, 0, 2] and Groups("who").count(twice) == 2


def test_sequences():
    data = [np.zeros((3, 2)), np.ones((5, 2))]
    assert Sequences().count(data) == 2 and Sequences().sizes(data).tolist() == [3, 5]
    assert [len(x) for x in Sequences().take(data, np.array([1, 1, 0]))] == [5, 5, 3]


@dataclass(frozen=True)
class Visits(Model):
    """Several counts a person, whose kind is one of two and has one rate: the person is the case."""

    cases: Groups = field(default_factory=lambda: Groups("who"))

    def _sums(self, data):
        values, which = self.cases.labels(data)
        n = np.bincount(which, minlength=len(values))
        total = np.bincount(which, data["y"], len(values))
        base = np.bincount(which, poisson.logpmf(data["y"], 1.0) + 1.0, len(values))
        return n, total, base

    def posterior(self, params, data):
        n, total, base = self._sums(data)
        logs = np.log(params["w"]) + total[:, None] * np.log(params["rate"]) - n[:, None] * params["rate"]
        return DiscretePosterior.from_log_joint(logs + base[:, None])

    def expected(self, params, data, posterior, weight):
        n, total, base = self._sums(data)
        w = np.ones(len(n)) if weight is None else np.asarray(weight, float)
        r = w[:, None] * posterior.responsibilities
        stats = Totals(count=r.sum(axis=0), rows=n @ r, total=total @ r, base=float(w @ base))
        return Expected(
            stats, float(w @ posterior.log_evidence), float(w @ posterior.entropy()), float(w.sum())
        )

    def m_step(self, stats, params):
        return {"w": stats.count / stats.count.sum(), "rate": stats.total / stats.rows}

    def expected_log_joint(self, params, stats):
        logs = stats.count @ np.log(params["w"]) + stats.total @ np.log(params["rate"])
        return float(logs - stats.rows @ params["rate"]) + stats.base

    @property
    def chart(self):
        return jensen.Chart({"w": jensen.Simplex(2), "rate": jensen.Positive(2)})


def test_a_model_of_groups():
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(120), rng.integers(1, 6, 120))
    kind = rng.random(120) < 0.4
    data = {"who": who, "y": rng.poisson(np.where(kind, 6.0, 2.0)[who]).astype(float)}
    model, start = Visits(), {"w": np.array([0.5, 0.5]), "rate": np.array([1.0, 5.0])}
    table = check_model(model, start, data)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"bound_is_tight", "blocks_add", "weights_repeat", "fisher_identity"} <= held
    fit = jensen.fit(model, data, start)
    assert fit.num_observations == fit.weight == 120
    by_person = [data["y"][who == i] for i in range(120)]
    w, rate = fit.params["w"], fit.params["rate"]
    direct = sum(np.log(w @ poisson.pmf(y[:, None], rate).prod(axis=0)) for y in by_person)
    assert fit.log_evidence == pytest.approx(direct, abs=1e-9)
    sure = jensen.uncertainty(model, fit, data)
    robust = sure.sandwich().standard_errors["rate"] / sure.standard_errors["rate"]
    assert ((robust > 0.7) & (robust < 1.4)).all()


@pytest.mark.parametrize(
    "group",
    [np.arange(256).astype(np.uint8), np.array([2.0**60, 2.0**61]), np.array([2**24, 2**24 + 2], np.float32)],
    ids=["uint8", "float64", "float32"],
)
def test_groups_that_are_named_twice_stay_apart(group):
    data = np.column_stack([group, group])
    which = np.append(np.arange(len(group)), [0, 0])
    taken = Groups(0).take(data, which)
    assert Groups(0).count(taken) == len(which)
    assert taken[:, 1].tolist() == [*group.tolist(), group[0], group[0]]
