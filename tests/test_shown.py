"""What a notebook and a terminal show of every public class."""

import importlib
import inspect
from xml.etree import ElementTree

import pytest

import jensen
from jensen.files import Saved
from samples import faithful

HOSTILE = ('<b>bold</b> & "quoted"', "second</td>")
LONGEST = 8000  # characters of a repr: a page
NO_RESULTS = {  # never the value of a cell: an exception, an estimator with scikit-learn's own display
    "DataError",
    "GaussianMixture",
    "JensenError",
    "ModelError",
}


def hostile():
    """Old Faithful in columns whose names are HTML."""
    return jensen.data.as_rows(faithful(), columns=HOSTILE)


@pytest.fixture(scope="module")
def things():
    """One of every public class, by its name."""
    jnp = pytest.importorskip("jax.numpy")
    model = jensen.Mixture(2, jensen.Gaussian(jensen.Tied()))
    fit = jensen.fit(model, hostile())
    sure = fit.uncertainty()
    half = jensen.fit(jensen.constrain(model, fixed={"weights": [0.5, 0.5]}), hostile())

    def log_joint(params, z, x):
        return jnp.log(params["w"][z]) + jensen.densities.poisson(x, params["rate"][z])

    parameters = {"w": jensen.Simplex(2), "rate": jensen.Positive(2, names=HOSTILE)}
    poisson = jensen.LogJoint(log_joint, latent=jensen.Enumerated(2), parameters=parameters)
    covariance = jensen.Covariance(2, names=HOSTILE)
    return [
        fit,
        fit.verdict,
        jensen.em.Verdict(jensen.em.Outcome.BOUNDARY, *HOSTILE),
        fit.summary(),
        fit.summary(standard_errors=True),
        fit.ledger,
        fit.model,
        sure,
        sure.rates,
        sure.delta(lambda params: params.components.means),
        jensen.likelihood_ratio(half, fit),
        half.model,
        jensen.select(hostile(), [1, 2]),
        poisson,
        poisson.chart,
        jensen.Enumerated(2),
        jensen.load_dataset("iris"),
        jensen.Product({HOSTILE[0]: jensen.Poisson(), HOSTILE[1]: jensen.Categorical()}),
        *(jensen.Full(), jensen.Tied(), jensen.Diagonal(), jensen.Spherical(), jensen.EEI(), jensen.EII()),
        *(jensen.Gaussian(), jensen.Poisson(), jensen.Categorical(), jensen.Wald(), jensen.Profile()),
        *(jensen.Real(2, names=HOSTILE), jensen.Positive(), jensen.Interval(), jensen.Simplex(3), covariance),
        *(jensen.Correlation(3), jensen.Search(), Saved.from_fit(fit)),
    ]


def test_every_public_class_is_here(things):
    """A new one is a new line above."""
    kinds = {type(thing).__name__ for thing in things}
    public = {name for name in jensen.__all__ if inspect.isclass(getattr(jensen, name))}
    assert public - kinds == NO_RESULTS


def test_reprs_are_short_and_say_something(things):
    for thing in things:
        text = repr(thing)
        assert " object at 0x" not in text and len(text) < LONGEST, type(thing)


def test_html_is_well_formed_and_escapes_names(things):
    for thing in things:
        html = thing._repr_html_()
        parsed = ElementTree.fromstring(f"<html>{html.replace('<br>', '<br/>')}</html>")
        assert not list(parsed.iter("b")), type(thing)
        assert len(html) < 20 * LONGEST


def test_a_name_is_shown_as_it_is(things):
    for thing in (thing for thing in things if type(thing).__name__ in ("Fit", "Summary", "Uncertainty")):
        parsed = ElementTree.fromstring(f"<html>{thing._repr_html_()}</html>")
        shown = " ".join(parsed.itertext())
        assert HOSTILE[0] in shown and HOSTILE[1] in shown, type(thing)


def test_results_of_gradients_are_shown():
    pytest.importorskip("numpyro")
    gradients = importlib.import_module("jensen.gradients")
    dist = importlib.import_module("numpyro.distributions")
    f = gradients.expectation(lambda x, params: x**2, lambda params: dist.Normal(params["<b>"], 1.0), draws=1)
    found = gradients.compare(f, {"<b>": 0.5}, [gradients.Pathwise()], key=0, num_replicates=8)
    parsed = ElementTree.fromstring(f"<html>{found._repr_html_()}</html>")
    assert not list(parsed.iter("b"))
    assert " object at 0x" not in repr(f)


def test_fits_are_equal_only_to_themselves():
    fits = [jensen.fit(jensen.Mixture(1), faithful()) for _ in range(2)]
    assert fits[0] == fits[0] and fits[0] != fits[1]
    assert len({*fits, fits[0]}) == 2
    assert fits.index(fits[1]) == 1
