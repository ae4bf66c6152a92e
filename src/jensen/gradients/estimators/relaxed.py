"""Bits and labels as thresholds of continuous variables: REBAR and RELAX, and Concrete, which is biased."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from jensen.basics.errors import ModelError
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.latent import Latent, drawn_noise, is_label, latent, num_labels, refusal
from jensen.gradients.sampling import log_density
from jensen.gradients.site import Cost, Site
from jensen.gradients.surrogates import box


@dataclass(frozen=True, slots=True, repr=False)
class _Relaxed(Estimator):
    """Bits are given to f as they are, and labels as one-hot vectors, which can be relaxed."""

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        return refusal(distribution)

    def drawn(self, distribution: Any) -> Any:
        return drawn_noise(distribution)

    def example(self, distribution: Any, key: Any) -> Any:
        value = distribution.sample(key)
        return jax.nn.one_hot(value, num_labels(distribution)) if is_label(distribution) else value


def _require_positive(temperature: Any) -> None:
    if isinstance(temperature, (int, float)) and not 0.0 < temperature < math.inf:
        raise ModelError(f"the temperature of a relaxation must be positive, not {temperature}")


@dataclass(frozen=True, slots=True, repr=False)
class _ControlledScore(_Relaxed):
    """The score of b, less a function of z given b with the score, plus the path of that of z."""

    def _cost(self, site: Site, then: Cost, control: Callable[[Latent, Any], Any]) -> Any:
        z = latent(site)
        weight = box(log_density(site.distribution, z.value))
        # (f(b) − c(z̃)) ∇log p(b) + ∇c(z) − ∇c(z̃): z moves with θ, and so does z̃, which is drawn given b.
        return then(z.hard) * weight + control(z, z.free) - control(z, z.given) * weight


@dataclass(frozen=True, slots=True, repr=False)
class REBAR(_ControlledScore):
    """The score, with the cost of relaxed bits or labels as a control variate (Tucker et al. 2017).

    f must accept numbers in (0, 1) in the place of bits; of a categorical variable it is given one-hot
    vectors, and relaxed ones. On simple costs it may do worse than the score.

    Parameters
    ----------
    temperature
        Of the relaxation.
    scale
        What the control variate is multiplied with.
    """

    temperature: float = 0.5
    scale: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(self.temperature)

    def has_path(self, distribution: Any) -> bool:
        return True

    def evaluations(self, distribution: Any) -> int:
        return 3

    def cost(self, site: Site, then: Cost) -> Any:
        return self._cost(site, then, lambda z, at: self.scale * then(z.soft(at, self.temperature)))


@dataclass(frozen=True, slots=True, repr=False)
class RELAX(_ControlledScore):
    """REBAR with any function of z as the control variate (Grathwohl et al. 2018).

    Its parameters can be trained: the estimate is differentiable in them too, and the gradient of the square
    of the estimated gradient is, on average, that of its variance.

    Parameters
    ----------
    surrogate
        ``surrogate(z)``, a number. Of bits, z has their shape, and is their logits plus logistic noise; of a
        label it is a vector, of log-probabilities plus Gumbel noise.
    """

    surrogate: Callable[[Any], Any]

    def cost(self, site: Site, then: Cost) -> Any:
        return self._cost(site, then, lambda z, at: self.surrogate(at))


@dataclass(frozen=True, slots=True, repr=False)
class Concrete(_Relaxed):
    """BIASED: the path of a relaxation of bits or labels (Maddison et al.; Jang et al. 2017).

    It is the gradient of another expectation, that of f at relaxed values. f must accept numbers in (0, 1)
    in the place of bits, and vectors of K such numbers in the place of a label.

    Parameters
    ----------
    temperature
        Towards 0 the bias falls and the variance rises.
    is_hard
        Whether f is given bits (or one-hot labels), whose derivative is that of the relaxation
        (straight-through); the value is then right, and the gradient still biased.
    """

    temperature: float = 0.5
    is_hard: bool = False

    def __post_init__(self) -> None:
        _require_positive(self.temperature)

    def has_path(self, distribution: Any) -> bool:
        return True

    @property
    def is_biased(self) -> bool:
        return True

    def example(self, distribution: Any, key: Any) -> Any:
        return _Relaxed.example(self, distribution, key).astype(jnp.result_type(float))

    def cost(self, site: Site, then: Cost) -> Any:
        if site.is_of_bound and not self.is_hard:
            raise ModelError(
                f"Concrete for {site.name!r}: a relaxed value has no density under the guide, and the bound "
                "would be none: Concrete(is_hard=True), or REBAR(), which is not biased"
            )
        z = latent(site)
        soft = z.soft(z.free, self.temperature)
        return then(z.hard + (soft - jax.lax.stop_gradient(soft)) if self.is_hard else soft)
