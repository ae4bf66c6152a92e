"""What is said where JAX cannot trace f, or a distribution: the user's line, and what to write there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from linecache import getline
from traceback import FrameSummary, extract_tb, walk_tb
from types import TracebackType

import jax

from jensen.basics.errors import ModelError, ModelTypeError
from jensen.gradients.surrogates import InvalidGradientError

INSIDE = ("jensen", "jax", "jaxlib", "numpyro", "numpy", "scipy", "contextlib")
NOT_OF_JAX = re.compile(r"\b(?:np|numpy|math|scipy(?:\.\w+)*)\.(\w+)")
CALLBACK = "Code that is not JAX's can be called by jax.pure_callback, which has a score and no path"

BY_KIND: tuple[tuple[type[Exception], str], ...] = (
    (
        jax.errors.TracerBoolConversionError,
        "Python decides by a value that has no number yet (if, and, or, max, bool): write "
        "jnp.where(condition, a, b), & and |, jnp.maximum",
    ),
    (
        jax.errors.TracerIntegerConversionError,
        "Python counts or indexes by a value that has no number yet: write jnp.asarray(values)[i], "
        "jax.lax.fori_loop",
    ),
    (jax.errors.TracerArrayConversionError, "NumPy is given a value that has no number yet: write {jnp}"),
    (
        jax.errors.ConcretizationTypeError,
        "a value that has no number yet is made one of Python's (float, int, item, math): write {jnp}",
    ),
)
NO_DERIVATIVE = (
    "{what} has no derivative, and one is taken here: ScoreFunction and MeasureValued need none in x; "
    "else give it one by jax.custom_jvp"
)
WITHOUT_RULE = re.compile(r"Differentiation rule for '([\w-]+)' not implemented")
NOT_MAPPED = "a callback is called for many draws: say how, vmap_method='sequential' or 'broadcast_all'"


class UntraceableError(ModelTypeError):
    """f, or a distribution, does with a value what JAX cannot trace."""


@contextmanager
def explained() -> Iterator[None]:
    """What JAX says of a line of the user's is said in one line that names it; all else is left alone."""
    try:
        yield
        return
    except (jax.errors.JAXTypeError, ValueError, NotImplementedError) as error:
        place = _place(error.__traceback__)
        told = None if place is None else _told(error, place)
        if told is None:
            raise
    raise told


def _told(error: Exception, place: FrameSummary) -> Exception | None:
    where, code = f"{place.filename}:{place.lineno}", _code(place)
    shown = f"{where}, `{code}`" if code else where
    if "callbacks do not support JVP" in str(error):
        return InvalidGradientError(f"{shown}: {NO_DERIVATIVE.format(what='a callback')}")
    if found := WITHOUT_RULE.search(str(error)):
        return InvalidGradientError(f"{shown}: {NO_DERIVATIVE.format(what=found[1])}")
    if "vmap_method" in str(error):
        return ModelError(f"{shown}: {NOT_MAPPED}")
    for kind, words in BY_KIND:
        if isinstance(error, kind):
            used = NOT_OF_JAX.search(code)
            instead = f"jnp.{used[1]}" if used else "what jax.numpy has for it"
            return UntraceableError(f"{shown}: {words.format(jnp=instead)}. {CALLBACK}")
    return None


def _place(traceback: TracebackType | None) -> FrameSummary | None:
    """The last line that is outside of this package, of JAX and of NumPy."""
    frames = zip(walk_tb(traceback), extract_tb(traceback), strict=True)
    outside = [
        summary
        for (frame, _), summary in frames
        if frame.f_globals.get("__name__", "").partition(".")[0] not in INSIDE
    ]
    return outside[-1] if outside else None


def _code(place: FrameSummary) -> str:
    """The part of the line that failed."""
    line = getline(place.filename, place.lineno or 0)
    if place.colno is None or place.end_colno is None or place.end_lineno != place.lineno:
        return line.strip()
    return line.encode()[place.colno : place.end_colno].decode(errors="replace")
