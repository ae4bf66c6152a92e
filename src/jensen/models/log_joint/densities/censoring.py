"""Densities of which a value may be known between two bounds only.

log p(x)                              lower = upper = x: observed
log P(X > lower)                      upper = ∞: right-censored
log P(X ≤ upper)                      lower at or below the start of the support: left-censored
log P(lower < X ≤ upper)              interval-censored; of counts, both bounds belong to it
"""

from __future__ import annotations

from abc import abstractmethod
from math import inf
from typing import Any

import numpy as np

from jensen.models.log_joint.densities.density import Density, Observed, listening
from jensen.models.log_joint.densities.lazy import jnp, real
from jensen.models.log_joint.densities.quadrature import log_mass
from jensen.models.log_joint.densities.special import log1mexp

LOG_HALF = -0.6931471805599453


class Ordered(Density):
    """A density of numbers, with the probabilities of what lies below, above and between."""

    def censored(self, lower: Any, upper: Any, *params: Any, **named: Any) -> Any:
        """log p of a value that is known to lie from ``lower`` to ``upper``; the density where they are
        equal.

        Parameters
        ----------
        lower, upper
            The bounds. ``upper`` = ∞ is right-censored, ``lower`` = −∞, or the start of the support,
            left-censored, both together not observed at all (log p = 0). NaN where lower > upper, or where
            both are one value outside of the support.
        *params, **named
            As in the call itself.

        Examples
        --------
        >>> import math, jensen
        >>> died = jensen.densities.exponential.censored(2.0, 2.0, rate=0.1)
        >>> alive = jensen.densities.exponential.censored(2.0, math.inf, rate=0.1)
        >>> round(float(died), 4), round(float(alive), 4)
        (-2.5026, -0.2)
        """
        ordered = self._ordered(params, named)
        if isinstance(lower, Observed):
            lower.is_also(upper)
            return lower.is_drawn_from(self, ordered)
        low, high, *values = (real(value) for value in (lower, upper, *ordered))
        low, high, *values = jnp.broadcast_arrays(low, high, *values)
        exact = low == high
        some = self._some(low, high)
        x = jnp.where(exact, low, some)
        inside, valid = self._contains(x, *values), self._valid(*values)
        good = jnp.where(exact, inside, self._is_interval(low, high))
        self._tell_bounds(low, high)
        self._tell(jnp.where(exact, low, jnp.where(low < self.support.low, high, low)), good, values)
        density = self._log(self._within(x, inside & exact, *values), *values)
        low, high = jnp.where(exact, -jnp.inf, low), jnp.where(exact, jnp.inf, high)
        return jnp.where(
            good & valid, jnp.where(exact, density, self._mass(low, high, some, *values)), jnp.nan
        )

    def _tell_bounds(self, low: Any, high: Any) -> None:
        complaints = listening(low, high)
        if complaints is not None and np.any(low > high):
            which = np.argmax(np.ravel(low > high))
            lower, upper = np.ravel(low)[which], np.ravel(high)[which]
            complaints.append(
                f"the lower bound of densities.{self.name} is {lower:g}, above the upper one {upper:g}"
            )

    def log_survival(self, x: Any, *params: Any, **named: Any) -> Any:
        """log P(X > x), in the tails too."""
        values = self._alone(x, params, named)
        return self._guarded(self._survival(*values), values)

    def log_cdf(self, x: Any, *params: Any, **named: Any) -> Any:
        """log P(X ≤ x), in the tails too."""
        values = self._alone(x, params, named)
        return self._guarded(self._cdf(*values), values)

    def _alone(self, x: Any, params: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return jnp.broadcast_arrays(*(real(value) for value in (x, *self._ordered(params, named))))

    def _guarded(self, found: Any, values: Any) -> Any:
        x, *params = values
        return jnp.where(self._valid(*params) & ~jnp.isnan(x), jnp.minimum(found, 0.0), jnp.nan)

    def _some(self, low: Any, high: Any) -> Any:
        """A number of the support near the bounds."""
        bound = jnp.where((low > self.support.low) & (low < inf), low, high)
        return jnp.where(
            (bound > self.support.low) & (bound < self.support.high), bound, self.support.example
        )

    def _is_interval(self, low: Any, high: Any) -> Any:
        return (low < high) & (high >= self.support.low) & (low <= self.support.high)

    def _ends(self, low: Any, high: Any) -> tuple[Any, Any, Any]:
        """Where an interval begins before the support, ends after it, and has nothing of it."""
        first, last = self._first, self.support.high
        return low <= first, high >= last, (high <= first) | (low >= last)

    @property
    def _first(self) -> float:
        """At and below it there is no probability."""
        return self.support.low

    def _mass(self, low: Any, high: Any, some: Any, *params: Any) -> Any:
        """log P(low < X ≤ high) for low < high; ``some`` is a number of the support, for what is not used."""
        left, right, nothing = self._ends(low, high)
        from_left, to_right = left | nothing, right | nothing
        a = jnp.where(from_left, some, low)
        b = jnp.where(to_right, self._unused(a), high)
        found = self._inside(a, b, from_left, to_right, *params)
        return jnp.where(nothing, -jnp.inf, jnp.where(left & right, 0.0, jnp.minimum(found, 0.0)))

    def _survival(self, x: Any, *params: Any) -> Any:
        """log P(X > x), for any x."""
        return self._mass(x, jnp.full_like(x, jnp.inf), self._some(x, x), *params)

    def _cdf(self, x: Any, *params: Any) -> Any:
        """log P(X ≤ x), for any x."""
        return self._mass(jnp.full_like(x, -jnp.inf), x, self._some(x, x), *params)

    def _unused(self, low: Any) -> Any:
        """An upper bound where there is none."""
        return low

    @abstractmethod
    def _inside(self, *args: Any, **kwargs: Any) -> Any:
        """``_inside(low, high, from_left, to_right, …)``: log P(low < X ≤ high) for numbers of the support.

        ``low`` is not used where the interval begins before the support, nor ``high`` where it ends after it.
        """


class ByTails(Ordered):
    """One of which both tails are known in closed form: an interval is the difference of the smaller ones."""

    @abstractmethod
    def _upper(self, *args: Any, **kwargs: Any) -> Any:
        """``_upper(x, …)``: log P(X > x) for x inside the support."""

    @abstractmethod
    def _lower(self, *args: Any, **kwargs: Any) -> Any:
        """``_lower(x, …)``: log P(X ≤ x) for x inside the support."""

    def _tails(self, x: Any, *params: Any) -> tuple[Any, Any]:
        """Both."""
        return self._upper(x, *params), self._lower(x, *params)

    def _inside(self, low: Any, high: Any, from_left: Any, to_right: Any, *params: Any) -> Any:
        (from_low, from_high), (to_low, to_high) = self._tails(jnp.stack([low, high]), *params)
        between = self._between(low, high, (to_low, from_low), (to_high, from_high), *params)
        return jnp.where(from_left, to_high, jnp.where(to_right, from_low, between))

    def _unused(self, low: Any) -> Any:
        """A larger number: the derivative of an empty interval would not be finite."""
        return low + 1.0 + jnp.abs(low)

    def _between(self, *args: Any, **kwargs: Any) -> Any:
        """``_between(low, high, at_low, at_high, …)``: log P(low < X ≤ high), by the tail in which they are.

        The last two are log P(X ≤ ·) and log P(X > ·) at the bounds.
        """
        _, _, (to_low, from_low), (to_high, from_high), *_ = args
        is_high = to_low > LOG_HALF
        larger, smaller = jnp.where(is_high, from_low, to_high), jnp.where(is_high, from_high, to_low)
        gone = larger == -jnp.inf
        difference = jnp.where(gone, -1.0, smaller) - jnp.where(gone, 0.0, larger)
        return jnp.where(gone, -jnp.inf, larger + log1mexp(difference))

    def _survival(self, x: Any, *params: Any) -> Any:
        below, above, _ = self._ends(x, x)
        inside = ~(below | above)
        found = self._upper(jnp.where(inside, x, self.support.example), *params)
        return jnp.where(below, 0.0, jnp.where(above, -jnp.inf, found))

    def _cdf(self, x: Any, *params: Any) -> Any:
        below, above, _ = self._ends(x, x)
        inside = ~(below | above)
        found = self._lower(jnp.where(inside, x, self.support.example), *params)
        return jnp.where(below, -jnp.inf, jnp.where(above, 0.0, found))


class LogConcave(Ordered):
    """One that is log-concave in some coordinate, in which it is integrated."""

    @abstractmethod
    def _coordinate(self, *args: Any, **kwargs: Any) -> Any:
        """``_coordinate(x, …)``: v of an x inside the support: increasing, 0 where its density is highest."""

    @abstractmethod
    def _log_in(self, *args: Any, **kwargs: Any) -> Any:
        """``_log_in(v, …)``: the log-density of v, less its highest."""

    @abstractmethod
    def _log_peak(self, *args: Any, **kwargs: Any) -> Any:
        """``_log_peak(…)``: the log-density of v at 0, where it is highest."""

    def _inside(self, low: Any, high: Any, from_left: Any, to_right: Any, *params: Any) -> Any:
        a, b = self._coordinate(low, *params), self._coordinate(high, *params)
        return self._log_peak(*params) + log_mass(self._log_in, a, b, from_left, to_right, *params)
