"""A room for each thing: what is new is one class, made here in the test, and receives everything."""

import json
import re
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import jensen
from jensen.cli import main
from jensen.em import EM, Expected, Sequences, Squarem, Totals, em_map
from jensen.em.contract import CAPABILITIES, METHODS
from jensen.families import STRUCTURES, Full, GaussianParams, NormalInverseWishart, PriorMoments, Structure
from jensen.families.gaussian.leave_one_out import AXES, NOTHING_OWN
from jensen.families.gaussian.metric import ColumnMetric, MatrixScaleMetric
from jensen.families.gaussian.second_moments import COLUMNS, MATRICES
from jensen.families.gaussian.structures.structure import inverse_gamma_normalizer
from jensen.models import Dirichlet, Mixture, MixtureParams, MixturePrior
from jensen.report import summary
from jensen.spaces import Chart, Positive, Simplex, Space
from jensen.testing import check_family, check_model
from pages import ROOT
from samples import faithful

# ---- two covariance structures -----------------------------------------------------------------------------


class SharedVariances(Structure):
    """One variance for each column, shared by all components (mclust's EEI), from the contract alone."""

    name = "shared variances"
    words = "one variance for each column"
    moments = COLUMNS
    own = NOTHING_OWN
    is_shared = True

    def space(self, k, d):
        return Positive(d)

    def metric(self, mean, covariance):
        return ColumnMetric.of(mean, covariance)

    def estimate(self, scatter, dof, d, current):
        return scatter.sum(axis=0) / dof.sum()

    def reduce(self, full, weight):
        return weight / weight.sum() @ np.diagonal(full, axis1=1, axis2=2)

    def spread(self, covariances, k, d):
        return np.tile(covariances, (k, 1))

    def prior_moments(self, scale, dof, k):
        diagonal = np.diag(scale)
        each = np.full(k, 1.0 + (dof + 2) / k)
        return PriorMoments(each, np.tile(diagonal / k, (k, 1)), inverse_gamma_normalizer(diagonal, dof))


class OneAngle(Space):
    """(k, 2, 2) covariances with the same axes: an angle, and the logarithms of the variances along them."""

    def __init__(self, k):
        self.shape, self.k = (k, 2, 2), k

    @property
    def size(self):
        return 1 + 2 * self.k

    def to_chart(self, value):
        total = np.asarray(value).sum(axis=0)
        angle = 0.5 * np.arctan2(-2 * total[0, 1], total[1, 1] - total[0, 0])
        axes = turn(angle)
        return np.concatenate([[angle], np.log(np.einsum("ia,kij,ja->ka", axes, value, axes)).ravel()])

    def from_chart(self, u, xp=np):
        axes = turn(u[0])
        return np.einsum("ia,ka,ja->kij", axes, np.exp(u[1:].reshape(self.k, 2)), axes)

    def violation(self, value):
        return None if np.linalg.eigvalsh(value).min() > 0 else "not positive definite"

    def random(self, rng):
        return self.from_chart(rng.normal(size=self.size))


def turn(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


class SharedAxes(Structure):
    """Variances of its own along axes that all components share (mclust's VVE), in two columns."""

    name = "shared axes"
    words = "the components share their axes"
    moments = MATRICES
    own = AXES

    def space(self, k, d):
        return OneAngle(k)

    def metric(self, mean, covariance):
        return MatrixScaleMetric.of(mean, covariance)

    def estimate(self, scatter, dof, d, current):
        used = dof > 0

        def along(angle):
            axes = turn(angle)
            return np.einsum("ia,kij,ja->ka", axes, scatter[used], axes) / dof[used, None]

        def loss(angle):
            return float(dof[used] @ np.log(along(angle)).sum(axis=1))

        grid = np.linspace(0, np.pi / 2, 65)
        best = grid[int(np.argmin([loss(angle) for angle in grid]))]
        near = (best - 0.05, best + 0.05)
        found = minimize_scalar(loss, bounds=near, options={"xatol": 1e-10}, method="bounded")
        angle = _newton(loss, found.x)
        axes = turn(angle)
        covariances = np.array(current, copy=True)
        covariances[used] = np.einsum("ia,ka,ja->kij", axes, along(angle), axes)
        if not used.all():  # on the axes of the others
            held = np.einsum("ia,kij,ja->ka", axes, current[~used], axes)
            covariances[~used] = np.einsum("ia,ka,ja->kij", axes, held, axes)
        return covariances

    def reduce(self, full, weight):
        _, axes = np.linalg.eigh(np.einsum("k,kij->ij", weight, full))
        return np.einsum("ia,ka,ja->kij", axes, np.einsum("ia,kij,ja->ka", axes, full, axes), axes)

    def prior_moments(self, scale, dof, k):
        size = np.trace(scale) / 2
        normalizer = k * inverse_gamma_normalizer(np.full(2, size), dof)
        return PriorMoments(np.full(k, dof + 3), np.tile(size * np.eye(2), (k, 1, 1)), normalizer)


def _newton(loss, angle, step=1e-4):
    for _ in range(5):
        ahead, here, behind = loss(angle + step), loss(angle), loss(angle - step)
        bend = (ahead - 2 * here + behind) / step**2
        if bend > 0:
            angle -= (ahead - behind) / (2 * step) / bend
    return angle


NEW = [SharedVariances(), SharedAxes()]
EACH = pytest.mark.parametrize("structure", NEW, ids=lambda structure: structure.name)


def begun(structure, data, prior=None, k=2):
    model = Mixture(k, jensen.Gaussian(structure), prior).prepare(data, None)
    return em_map(model, model.start(data, None, np.random.default_rng(1)), data)


def prior_of(data):
    return MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(data, 2))


@EACH
@pytest.mark.parametrize("with_prior", [False, True], ids=["", "prior"])
def test_a_structure_holds_every_law(structure, with_prior):
    data = faithful()
    prior = prior_of(data) if with_prior else None
    model = Mixture(2, jensen.Gaussian(structure), prior)
    model = model.prepare(data, None)
    table = check_model(model, begun(structure, data, prior), data, skip=("refit_recovers",))
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"score_is_slope", "scores_add", "fisher_identity", "relabelling", "m_step_is_best"} <= held
    assert ("prior_is_data" in held) is with_prior
    assert ("moves_with_data" in held) is not with_prior


@EACH
def test_a_structure_fits_by_default(structure):
    """As well as the best of many plain climbs; and between the structures that it lies between."""
    data = faithful()
    model = Mixture(2, jensen.Gaussian(structure))
    fit = jensen.fit(model, data)
    many = jensen.fit(model, data, restarts=20, algorithm=EM(), rng=3)
    assert fit.verdict.converged
    assert fit.log_evidence >= many.log_evidence - 1e-3
    full = jensen.fit(Mixture(2, jensen.Gaussian()), data).log_evidence
    smallest = jensen.fit(Mixture(2, jensen.Gaussian(jensen.EII())), data).log_evidence
    assert smallest < fit.log_evidence < full
    assert fit.num_free == 1 + 4 + structure.num_free(2, 2)


def test_the_same_structure_is_the_same_fit():
    """The class of this file against the one that the library has, which climbs natively."""
    data = faithful()
    ours, theirs = (
        jensen.fit(Mixture(3, jensen.Gaussian(s)), data) for s in (SharedVariances(), jensen.EEI())
    )
    assert ours.log_evidence == pytest.approx(theirs.log_evidence, abs=1e-5)
    assert ours.params.components.covariances == pytest.approx(theirs.params.components.covariances, rel=1e-4)


@EACH
def test_a_structure_has_map_fits(structure):
    data = faithful()
    fit = jensen.fit(Mixture(2, jensen.Gaussian(structure), prior_of(data)), data)
    assert fit.verdict.converged and np.isfinite(fit.log_prior)
    sure = jensen.uncertainty(fit.model, fit, data)
    assert np.isfinite(sure.standard_errors["means"]).all()


@EACH
def test_a_structure_has_standard_errors_and_constraints(structure):
    data = faithful()
    model = Mixture(2, jensen.Gaussian(structure))
    fit = jensen.fit(model, data)
    sure = jensen.uncertainty(model, fit, data)
    assert sure.verdict.converged
    assert np.isfinite(sure.standard_errors["covariances"]).all()
    robust = sure.sandwich().standard_errors["means"] / sure.standard_errors["means"]
    assert ((robust > 0.5) & (robust < 2.0)).all()
    held = jensen.fit(jensen.constrain(model, fixed={"weights": [0.5, 0.5]}), data)
    assert held.params.weights.tolist() == [0.5, 0.5]
    assert held.log_evidence < fit.log_evidence


@EACH
def test_a_structure_is_relabelled(structure):
    data = faithful()
    fit = jensen.fit(Mixture(2, jensen.Gaussian(structure)), data)
    other = fit.model.relabel(fit.params, [1, 0])
    assert other.components.means.tolist() == fit.params.components.means[::-1].tolist()
    shared = structure.is_shared
    expected = fit.params.components.covariances if shared else fit.params.components.covariances[::-1]
    assert other.components.covariances.tolist() == expected.tolist()
    assert fit.model.canonical(other).components.means.tolist() == fit.params.components.means.tolist()


def test_a_shared_variance_stays_where_it_is():
    """It was permuted once: [1, 9] became [9, 1]."""
    family = jensen.Gaussian(SharedVariances())
    params = GaussianParams(np.array([[3.0, 0.0], [0.0, 1.0]]), np.array([1.0, 9.0]))
    assert family.relabel(params, np.array([1, 0])).covariances.tolist() == [1.0, 9.0]
    mixture = Mixture(2, family)
    assert mixture.canonical(MixtureParams(np.full(2, 0.5), params)).components.covariances.tolist() == [1, 9]


def test_a_structure_without_a_prior_of_its_own_says_so():
    class NoPrior(SharedVariances):
        prior_moments = Structure.prior_moments

    with pytest.raises(ValueError, match="shared variances covariances have no conjugate prior"):
        jensen.fit(Mixture(2, jensen.Gaussian(NoPrior()), prior_of(faithful())), faithful())


@EACH
def test_a_structure_is_in_a_sweep_and_a_summary(structure):
    data = faithful()
    found = jensen.select(data, range(1, 4), [jensen.Tied(), structure])
    assert {cell.name for cell in found.cells} == {"tied", structure.name}
    text = summary(found.fits[2, structure.name], ["eruptions", "waiting"])
    assert text.splitlines()[0] == f"2 components, {structure.name}: {structure.words}"
    assert structure.name in repr(found) and structure.name in found.table["structure"].tolist()


@EACH
def test_a_structure_is_drawn(structure):
    pytest.importorskip("matplotlib")
    from jensen.report import plot_fit

    data = faithful()
    fit = jensen.fit(Mixture(2, jensen.Gaussian(structure)), data)
    figure = plot_fit(fit, data, columns=["eruptions", "waiting"])
    assert figure.axes[0].get_xlabel() == "eruptions"


@EACH
def test_a_structure_at_the_scikit_learn_face(structure):
    data = faithful()
    gm = jensen.GaussianMixture(2, covariance_type=structure).fit(data)
    assert gm.converged_
    assert gm.covariances_.shape == structure.shape(2, 2)
    assert gm.score(data) * len(data) == pytest.approx(gm.result_.log_evidence)
    assert gm.precisions_.shape == gm.covariances_.shape
    assert gm.predict(data).max() == 1


@EACH
def test_a_structure_on_the_command_line(structure, monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(STRUCTURES, structure.name, structure)
    out = tmp_path / "model.json"
    assert main(["fit", "faithful", "-k", "2", "--covariance", structure.name, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["fit"]["structure"] == structure.name
    assert main(["fit", "faithful", "-k", "2", "--covariance", structure.name, "--out", str(out)]) == 0


# ---- a family ----------------------------------------------------------------------------------------------


class Means(NamedTuple):
    mean: np.ndarray  # (k,)


class Exponential:
    """Waiting times: p(x | m) = exp(−x/m) / m. Four methods, and three more that bring the rest."""

    def log_density(self, params, data):
        return -data[:, None] / params.mean - np.log(params.mean)

    def statistics(self, params, data, weight):
        return Totals(count=weight.sum(axis=0), total=data @ weight)

    def m_step(self, stats, params):
        return Means(stats.total / stats.count)

    def expected_log_density(self, params, stats):
        return -float((stats.total / params.mean).sum() + stats.count @ np.log(params.mean))

    def spaces(self, k):
        return {"mean": Positive(k)}

    def make(self, values):
        return Means(**values)

    def score(self, params, stats):  # in log m
        return stats.total / params.mean - stats.count

    def row_scores(self, params, data, r):
        return r * (data[:, None] / params.mean - 1.0)

    def sample(self, params, labels, rng):
        return rng.exponential(params.mean[labels])


class Bare(Exponential):
    """The four methods alone."""

    spaces = make = score = row_scores = sample = None


WAITS = np.random.default_rng(5).exponential(np.repeat([0.5, 8.0], 200))
SOME = MixtureParams(np.array([0.4, 0.6]), Means(np.array([1.0, 5.0])))


@pytest.mark.parametrize("family", [Exponential(), Bare()], ids=["more", "bare"])
def test_a_family_holds_every_law(family):
    table = check_model(Mixture(2, family), SOME, WAITS)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {
        "bound_is_tight",
        "gap_is_kl",
        "blocks_add",
        "m_step_is_best",
        "never_falls",
        "relabelling",
    } <= held
    rich = {"chart_inverts", "score_is_slope", "scores_add", "fisher_identity", "refit_recovers"}
    assert (rich & held) == (set() if isinstance(family, Bare) else rich)
    memberships = np.random.default_rng(0).dirichlet([1, 1], size=len(WAITS))
    check_family(family, SOME.components, WAITS, memberships)


def test_a_family_has_every_service():
    model = Mixture(2, Exponential(), MixturePrior(Dirichlet(2.0)))
    fit = jensen.fit(model, WAITS)
    assert fit.verdict.converged
    assert fit.params.components.mean == pytest.approx([0.5, 8.0], rel=0.3)
    sure = jensen.uncertainty(model, fit, WAITS)
    assert sure.verdict.converged and np.isfinite(sure.standard_errors["mean"]).all()
    profile = sure.interval("mean[1]", method=jensen.Profile()).rows()[0]
    assert profile["low"] < fit.params.components.mean[1] < profile["high"]
    held = jensen.fit(jensen.constrain(model, fixed={"mean": [0.5, np.nan]}), WAITS)
    assert held.params.components.mean[0] == 0.5
    slow = jensen.fit(model, WAITS, algorithm=EM())
    quick = jensen.fit(model, WAITS, algorithm=Squarem())
    assert quick.log_evidence == pytest.approx(slow.log_evidence, abs=1e-3)
    found = jensen.select(WAITS[:, None][:, 0].reshape(-1, 1), 1, [Column()])
    assert found.best.log_evidence == pytest.approx(jensen.fit(Mixture(1, Exponential()), WAITS).log_evidence)


class Column(Exponential):
    """The same for (n, 1) data, as a sweep has them."""

    def log_density(self, params, data):
        return super().log_density(params, data[:, 0])

    def statistics(self, params, data, weight):
        return super().statistics(params, data[:, 0], weight)

    def row_scores(self, params, data, r):
        return super().row_scores(params, data[:, 0], r)


def test_a_family_is_plain_em_without_more():
    fit = jensen.fit(Mixture(2, Bare()), WAITS)
    assert fit.verdict.converged
    assert set(fit.ledger["algorithm"]) == {"start", "EM"}
    with pytest.raises(ValueError, match="Mixture has no chart"):
        jensen.uncertainty(Mixture(2, Bare()), fit, WAITS)


# ---- a latent structure ------------------------------------------------------------------------------------


class Chains:
    """A hidden Markov model over any family: z_t | z_(t−1) ~ A, x_t | z_t = k ~ component k."""

    cases = Sequences()

    def __init__(self, k, family):
        self.k, self.family = k, jensen.families.family.as_family(family)
        spaces = {"initial": Simplex(k), "transition": Simplex((k, k)), **self.family.spaces(k)}
        self.chart = Chart(spaces, self._join, self._part)

    def _join(self, initial, transition, **components):
        return {"initial": initial, "transition": transition, "components": self.family.make(components)}

    def _part(self, params):
        own = {name: params[name] for name in ("initial", "transition")}
        return {**own, **self.family.split(params["components"])}

    def posterior(self, params, data):
        return Smoothed([self._smooth(params, x) for x in data])

    def _smooth(self, params, x):
        logs, a = self.family.log_density(params["components"], x), params["transition"]
        likelihood = np.exp(logs - logs.max(axis=1, keepdims=True))
        forward, scale = np.zeros_like(logs), np.zeros(len(x))
        for t in range(len(x)):
            prior = params["initial"] if t == 0 else forward[t - 1] @ a
            forward[t] = prior * likelihood[t]
            scale[t] = forward[t].sum()
            forward[t] /= scale[t]
        back = np.ones_like(logs)
        for t in range(len(x) - 2, -1, -1):
            back[t] = a @ (likelihood[t + 1] * back[t + 1]) / scale[t + 1]
        r = forward * back
        moves = forward[:-1, :, None] * a * (likelihood[1:] * back[1:])[:, None] / scale[1:, None, None]
        return r, moves, np.log(scale).sum() + logs.max(axis=1).sum()

    def expected(self, params, data, posterior, weight):
        w = np.ones(len(data)) if weight is None else weight
        first = sum(a * r[0] for a, (r, _, _) in zip(w, posterior.parts, strict=True))
        moves = sum(a * m.sum(axis=0) for a, (_, m, _) in zip(w, posterior.parts, strict=True))
        r = np.concatenate([a * r for a, (r, _, _) in zip(w, posterior.parts, strict=True)])
        stats, own = self.family.expected(params["components"], np.concatenate(data), r)
        return Expected.of(ChainStats(Totals(first=first, moves=moves), stats), posterior, w, own)

    def m_step(self, stats, params):
        first, moves = stats.chain.first, stats.chain.moves
        components = self.family.m_step(stats.components, params["components"])
        transition = moves / moves.sum(axis=1, keepdims=True)
        return {"initial": first / first.sum(), "transition": transition, "components": components}

    def expected_log_joint(self, params, stats):
        chain = stats.chain.first @ np.log(params["initial"])
        chain += (stats.chain.moves * np.log(params["transition"])).sum()
        return float(chain) + self.family.expected_log_density(params["components"], stats.components)

    def score(self, params, stats):
        first, moves = stats.chain.first, stats.chain.moves
        initial = first[:-1] - first.sum() * params["initial"][:-1]
        rows = (moves - moves.sum(axis=1, keepdims=True) * params["transition"])[:, :-1].ravel()
        return np.concatenate([initial, rows, self.family.score(params["components"], stats.components)])

    def start(self, data, weight, rng):
        x = np.concatenate(data)
        r = rng.dirichlet(np.ones(self.k), len(x))
        components = self.family.m_step(self.family.expected(None, x, r)[0], None)
        initial, transition = rng.dirichlet(np.ones(self.k)), rng.dirichlet(np.ones(self.k), self.k)
        return {"initial": initial, "transition": transition, "components": components}


@dataclass(frozen=True)
class ChainStats:
    chain: Totals
    components: Totals

    def __add__(self, other):
        return ChainStats(self.chain + other.chain, self.components + other.components)

    def scale(self, factor):
        return ChainStats(self.chain.scale(factor), self.components.scale(factor))


class Smoothed:
    def __init__(self, parts):
        self.parts = parts
        self.log_evidence = np.array([evidence for _, _, evidence in parts])

    def entropy(self):
        found = []
        for r, moves, _ in self.parts:
            conditional = moves / np.maximum(r[:-1, :, None], 1e-300)
            logs = moves * np.log(np.where(moves > 0, conditional, 1.0))
            found.append(-(r[0] @ np.log(np.where(r[0] > 0, r[0], 1.0))) - logs.sum())
        return np.array(found)


def sequences():
    rng, found = np.random.default_rng(0), []
    for length in (60, 80, 50, 70):
        z = np.cumsum(rng.random(length) < 0.1) % 2
        found.append(rng.exponential(np.array([0.5, 8.0])[z]))
    return found


def test_a_latent_structure_has_every_service():
    """What `Mixture` gets for a family, a hidden Markov model gets for the same object."""
    data, model = sequences(), Chains(2, Exponential())
    start = {
        "initial": np.array([0.5, 0.5]),
        "transition": np.array([[0.8, 0.2], [0.3, 0.7]]),
        "components": Means(np.array([1.0, 5.0])),
    }
    table = check_model(model, start, data)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"bound_is_tight", "fisher_identity", "score_is_slope", "blocks_add", "weights_repeat"} <= held
    fit = jensen.fit(model, data)
    assert fit.num_observations == 260 and fit.weight == 4
    assert fit.bic == pytest.approx(-2 * fit.log_evidence + fit.num_free * np.log(260))
    slow = jensen.fit(model, data, start, algorithm=EM())
    fast = jensen.fit(model, data, start)
    assert fast.log_evidence == pytest.approx(slow.log_evidence, abs=1e-3)
    assert fast.num_e_steps < slow.num_e_steps
    sure = jensen.uncertainty(model, fast, data)
    assert np.isfinite(sure.standard_errors["mean"]).all()
    assert (sure.sandwich().standard_errors["mean"] > 0.0).all()
    held = jensen.fit(jensen.constrain(model, fixed={"initial": [0.5, 0.5]}), data, restarts=3)
    assert held.params["initial"].tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match=r"one number for each of the 4 rows; its shape is \(260,\)"):
        jensen.fit(model, data, start, weight=np.ones(260))


def test_a_capability_that_is_misspelt_is_told():
    class Misspelt(Chains):
        def starts(self, data, weight, rng):
            return None

        start = None

    with pytest.warns(UserWarning, match=r"Misspelt.starts is never asked for: was start meant\?"):
        jensen.em.Problem(Misspelt(2, Exponential()), sequences())


def test_a_subclass_is_told_what_is_misspelt_and_what_is_missing():
    with pytest.warns(UserWarning, match=r"Half.starts is never asked for: was start meant\?") as told:

        class Half(jensen.em.Model):
            def posterior(self, params, data):
                return None

            def starts(self, data, weight, rng):
                return None

    assert [warning.filename for warning in told] == [__file__]
    with pytest.raises(TypeError, match="abstract methods expected, expected_log_joint, m_step"):
        Half()


def test_every_capability_is_in_the_documentation():
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    section = re.search(r"^## What a model may add\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)[1]
    first = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    said = {name for cell in [section.split("|")[0], *first] for name in re.findall(r"`(\w+)[`(]", cell)}
    assert not {*METHODS, *CAPABILITIES} - said


@dataclass
class Noted(Full):
    """A structure that is compared by what it holds, and so cannot be the key of anything."""

    notes: list[str] = field(default_factory=list)


def test_a_structure_need_be_no_key():
    x = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0.0], [6.0]], 30, axis=0)
    fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian(Noted(["mine"]))), x)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(jensen.fit(jensen.Mixture(2), x).log_evidence, abs=1e-9)
