"""What jensen makes of a guide: its draws, the log density at each, and its derivatives."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist

from jensen.gradients.bound import bound
from jensen.gradients.distributions.noise import route
from jensen.gradients.distributions.trails import trail_of, trails_kept
from jensen.gradients.distributions.validity.parts import rows
from jensen.gradients.distributions.validity.warning import GradientWarning
from jensen.gradients.estimators.landing import StickTheLanding
from jensen.gradients.estimators.pathwise import Pathwise
from jensen.gradients.estimators.score import ScoreFunction
from jensen.gradients.randomness.assign import randomness_of
from jensen.gradients.randomness.draws import Independent
from jensen.gradients.sampling import own_draw
from jensen.gradients.site import Site
from jensen.gradients.surrogates import InvalidGradientError
from jensen.testing.gradients.guides.guide import Guide, below
from jensen.testing.gradients.stepwise import Stepwise

DRAWS = 6
ESTIMATORS = {"path": Pathwise(), "landing": StickTheLanding(), "score": ScoreFunction()}
PATHS = ("path", "landing")  # estimators that a warning of a path is about


def cost(z: Any) -> Any:
    """log p(x, z): a sum of arcs, which is finite wherever z is."""
    weights = np.cos(np.arange(1.0, np.size(z) + 1.0))
    return jnp.sum(jnp.asarray(weights, z.dtype) * jnp.arctan(jnp.ravel(z)))


def first(distribution: Any, z: Any) -> Any:
    """Of a draw the value before all transforms."""
    if type(distribution) in (dist.Independent, dist.ExpandedDistribution, dist.MaskedDistribution):
        return first(distribution.base_dist, z)
    trail = trail_of(z)
    if trail is None or type(distribution) is not dist.TransformedDistribution:
        return z
    return first(distribution.base_dist, trail.points[0])


@dataclass(frozen=True)
class Found:
    """What jensen makes of a guide at some parameters.

    Attributes
    ----------
    made
        The noise, the values of the distribution with their moves, and the draws.
    values
        Of the bound, for each draw.
    slopes
        By estimator and parameter, for each draw; a word where it is refused.
    """

    made: dict[str, Any]
    values: np.ndarray
    slopes: dict[str, Any]


class Floats:
    """A guide in floating point, traced once; ``run`` is how: step by step, or `jax.jit`."""

    def __init__(self, guide: Guide, params: Any, key: Any, run: Any = Stepwise) -> None:
        self.guide, self.key = guide, key
        is_known = rows(guide.distribution(params)) is not None
        vouch = () if is_known else ("x",)
        self.bounds, self.plans, self.refused = {}, {}, {}
        self.family = guide.family.make(below(params, "base."))
        for name, estimator in ESTIMATORS.items():
            F = bound(lambda params, z: cost(z), guide.distribution, estimator, DRAWS, vouch=vouch)
            try:
                self.plans[name] = F.plan(params)
                self.bounds[name] = F
            except ValueError as error:
                self.refused[name] = str(error)
        self.slots = {of: list(params) for of in self.bounds}
        self.is_heard = False  # what is said of costs that are NaN: once for each guide, as it takes long
        self.program = run(self._all)
        try:
            if self.bounds:
                self.program.lower(params)
        except InvalidGradientError:
            self.slots = {of: self._allowed(of, params) for of in self.bounds}
            self.program = run(self._all)

    def _allowed(self, of: str, params: Any) -> list[str]:
        """The parameters that an estimator has a derivative in."""
        names = list(params)
        if self._refusal(of, names, params) is None:
            return names
        found = {name: self._refusal(of, [name], params) for name in names}
        self.refused |= {(of, name): why for name, why in found.items() if why is not None}
        return [name for name, why in found.items() if why is None]

    def _refusal(self, of: str, names: list[str], params: Any) -> str | None:
        try:
            jax.eval_shape(lambda params: self._values_and_slopes(of, names, params), params)
        except InvalidGradientError as error:
            return str(error)
        return None

    def _values_and_slopes(self, of: str, names: list[str], params: Any) -> Any:
        def estimates(at: Any) -> Any:
            found = self.bounds[of].estimates({**params, **at}, self.key, plan=self.plans[of])[:, 0]
            return found, found

        if not names:
            return estimates({})[0], {}
        slopes, values = jax.jacfwd(estimates, has_aux=True)({name: params[name] for name in names})
        return values, slopes

    def _made(self, params: Any) -> Any:
        plan = next(iter(self.plans.values()))
        layout = Independent(DRAWS).layout

        def run(randomness: Any) -> Any:
            one = randomness["x"]
            site = Site("x", self.guide.distribution(params), one, layout)
            with trails_kept():
                z = own_draw(site, site.distribution)
                y = first(site.distribution, z)
            noise = self._noise(one)
            return {"z": jnp.ravel(z), "y": jnp.ravel(y), "noise": jnp.ravel(noise)}

        noise = next(iter(self.bounds.values())).noise(plan, self.key)
        return jax.vmap(run)(randomness_of(plan.treatments, layout, self.key, noise))

    def _noise(self, one: Any) -> Any:
        """What a draw is made of, also where that is drawn from a key; nothing where it is not noise."""
        if one.noise is not None:
            return one.noise
        made = route(self.family)
        return jnp.zeros(0) if made is None else made.noise.sample(one.key, (self.guide.n,))

    def _all(self, params: Any) -> Any:
        made = self._made(params)
        if not made["noise"].shape[1]:
            base = {name: at for name, at in params.items() if name.startswith("base.")}
            made["moves"] = jax.jacfwd(lambda at: self._made({**params, **at})["y"])(base)
        found = {of: self._values_and_slopes(of, names, params) for of, names in self.slots.items()}
        values, _ = next(iter(found.values()))
        return made, values, {of: slopes for of, (_, slopes) in found.items()}

    def heard(self, params: Any) -> tuple[bool, list[str]]:
        """Whether costs are NaN outside of ``jit``, of JAX's own draws, and what is warned of."""
        of = next(iter(self.bounds))
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            mean = self.bounds[of](params, self.key, plan=self.plans[of])
        said = [str(one.message) for one in found if issubclass(one.category, GradientWarning)]
        return bool(np.isnan(mean)), said

    def __call__(self, params: Any, is_traced: bool = True) -> Found:
        made, values, slopes = (self.program if is_traced else self._all)(params)
        return Found(jax.tree.map(np.asarray, made), np.asarray(values), jax.tree.map(np.asarray, slopes))
