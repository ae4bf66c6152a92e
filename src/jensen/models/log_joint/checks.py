"""What can be wrong with a log-joint, found before the fit, and named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from jensen.basics.errors import ModelError, ModelTypeError, did_you_mean, listed
from jensen.models.log_joint.densities.density import complaints
from jensen.models.log_joint.indices import refuse_codes
from jensen.models.log_joint.latent import Enumerated
from jensen.models.log_joint.passes import Passes
from jensen.models.log_joint.precision import double, require_jax
from jensen.models.log_joint.rows import Rows
from jensen.models.log_joint.sums import Sums
from jensen.spaces.chart import Chart

MOST_SHOWN = 8  # numbers of a row in a message


def check_function(passes: Passes, chart: Chart, rows: Rows, latent: Enumerated) -> None:
    """Trace the log-joint for one row and one value: its shape, its precision, what it depends on.

    Integers are passed as integers, so that they can be indices; where JAX cannot differentiate beside them
    (xlogy), as real numbers.

    Raises
    ------
    ValueError
        It does not return one real number, has constants in single precision, or ignores a parameter.
    TypeError
        It computes in NumPy, or decides by a Python ``if``.
    """
    jax = require_jax()
    params = chart.from_vector(chart.to_vector(chart.random(np.random.default_rng(0))))
    x, z = rows.take(0), jax.tree.map(lambda leaf: leaf[0], latent.values)
    _settle_integers(passes, params, x, z)
    jaxpr = _traced(passes, params, x, z)
    out = jaxpr.out_avals
    if len(out) != 1 or out[0].shape != () or not np.issubdtype(out[0].dtype, np.number):
        found = ", ".join(f"{aval.dtype}{list(aval.shape)}" for aval in out)
        raise ModelError(
            f"log_joint must return one number for one row and one value of z; it returned {found}"
        )
    _refuse_single(jaxpr, out[0].dtype)
    names = sorted(chart.spaces)  # the order in which JAX flattens a dict
    used = _used(jaxpr.jaxpr)
    refuse_codes(jaxpr, len(jaxpr.jaxpr.invars) - len(rows.leaves), rows)
    _refuse_ignored([name for name, v in zip(names, jaxpr.jaxpr.invars, strict=False) if v not in used])


def check_codes(passes: Passes, chart: Chart, rows: Rows, latent: Enumerated) -> None:
    """Refuse codes in the data that log_joint uses as an index beyond what they index.

    Raises
    ------
    ValueError
        Which row, which code, and how many there are.
    TypeError
        An index is no whole number.
    """
    if not rows.num_rows:
        return
    jax = require_jax()
    params = chart.from_vector(np.zeros(chart.size))
    x, z = rows.take(0), jax.tree.map(lambda leaf: leaf[0], latent.values)
    jaxpr = _traced(passes, params, x, z)
    refuse_codes(jaxpr, len(jaxpr.jaxpr.invars) - len(rows.leaves), rows)


def _traced(passes: Passes, params: Any, x: Any, z: Any) -> Any:
    jax = require_jax()
    try:
        return jax.make_jaxpr(passes.log_joint)(params, z, x)
    except KeyError as error:
        raise _misspelt(error, params, z, x) from error
    except jax.errors.TracerArrayConversionError as error:
        message = "log_joint computes with NumPy what depends on params, x or z: write it in jax.numpy"
        raise ModelTypeError(message) from error
    except jax.errors.TracerBoolConversionError as error:
        message = "log_joint decides by if, and, or or not what depends on params, x or z: use jnp.where"
        raise ModelTypeError(message) from error
    except TypeError as error:
        if "string indexing" in str(error):
            name = str(error).rpartition("idx=")[2]
            message = (
                f"log_joint asks an array for the part {name}: a row of an array or a data frame is an "
                "array; for parts with names give a dict of columns, such as dict(frame)"
            )
            raise ModelTypeError(message) from error
        if "Indexer must have integer" not in str(error):
            raise
        message = "log_joint uses as an index what is no whole number: make the codes integers, .astype(int)"
        raise ModelTypeError(message) from error


def _misspelt(error: KeyError, params: Any, z: Any, x: Any) -> Exception:
    """Of a name that the log-joint asks for; the error itself where nothing is known of it."""
    (name, *_) = (*error.args, None)
    parts = {"params": params, "z": z, "x": x}
    known = {part: list(values) for part, values in parts.items() if isinstance(values, dict)}
    if not isinstance(name, str) or any(name in names for names in known.values()):
        return error
    perhaps = did_you_mean(name, [str(each) for names in known.values() for each in names])
    there = "; ".join(f"{part} has {listed([str(each) for each in names])}" for part, names in known.items())
    return ModelError(f"log_joint asks for {name!r}, which is not there: {there}{perhaps}")


def _settle_integers(passes: Passes, params: Any, x: Any, z: Any) -> None:
    jax = require_jax()
    for passes.real_states, passes.real_rows in ((False, False), (True, False), (False, True), (True, True)):
        try:
            jax.eval_shape(lambda p: jax.vjp(lambda q: passes.log_joint(q, z, x), p)[0], params)
            return
        except KeyError:
            return  # as below
        except TypeError as error:
            if "float0" not in str(error):
                if passes.real_states or passes.real_rows:
                    break
                return  # the user's own error, which the trace that follows shows as it is
    raise ModelError(
        "log_joint uses integers both as indices and where JAX needs real numbers (xlogy and the like): "
        "write xlogy(1.0 * x, …) there"
    )


def _refuse_ignored(names: list[str]) -> None:
    if names:
        which = ", ".join(map(repr, names))
        raise ModelError(f"log_joint does not depend on {which}: remove it from parameters, or use it")


def refuse_ignored_by_data(sums: Sums, chart: Chart, rows: Rows, weight: Any) -> None:
    """The same at the data: a parameter whose derivative is 0 in every row, at two random points.

    The first block mostly tells; all rows are looked at where it does not.
    """
    end = sums.blocks(rows)[0].end
    first = rows.subset(slice(end)), None if weight is None else weight[:end]
    for some, w in (first, (rows, weight)):
        ignored = _ignored(sums, chart, some, w)
        if not ignored:
            return
    which = ", ".join(map(repr, ignored))
    raise ModelError(f"log_joint does not depend on {which} at any row of these data: hold it fixed")


def _ignored(sums: Sums, chart: Chart, rows: Rows, weight: Any) -> list[str]:
    rng = np.random.default_rng(0)
    moved = np.zeros(chart.size, dtype=bool)
    for _ in range(2):
        evidence, score = sums.evidence_and_score(rows, chart.to_vector(chart.random(rng)), weight)
        if not np.isfinite(evidence):
            return []  # another check has the word
        moved |= score != 0
    ends = np.cumsum([space.size for space in chart.spaces.values()])
    pieces = np.split(moved, ends[:-1])
    return [name for name, piece in zip(chart.spaces, pieces, strict=True) if piece.size and not piece.any()]


def _used(jaxpr: Any) -> set[Any]:
    """The variables that the results depend on."""
    from jax.extend.core import Literal

    used = {v for v in jaxpr.outvars if not isinstance(v, Literal)}
    for equation in reversed(jaxpr.eqns):
        if any(v in used for v in equation.outvars):
            used |= {v for v in equation.invars if not isinstance(v, Literal)}
    return used


def _refuse_single(jaxpr: Any, dtype: Any) -> None:
    advice = "make it with NumPy (float64 by default), or convert it with np.asarray(…, float)"
    for constant in _constants(jaxpr):
        values = np.asarray(constant)
        if values.dtype in (np.float32, np.float16) and not _is_exact(values):
            raise ModelError(
                f"log_joint uses a constant in single precision, {values.dtype}{list(values.shape)} that "
                f"begins with {values.ravel()[0]!s}: eight digits would be lost in silence; {advice}"
            )
    if dtype != np.float64:
        raise ModelError(f"log_joint returned {dtype}, not double precision: look for a conversion in it")


def _is_exact(constant: Any) -> bool:
    """Numbers like 3 or 0.25, which single precision holds exactly."""
    values = np.asarray(constant, dtype=float) * 1024
    return bool((values == np.round(values)).all())


def _constants(closed: Any) -> Iterator[Any]:
    """Everything that a traced function closed over, inner functions included."""
    from jax.extend import core

    whole = isinstance(closed, core.ClosedJaxpr)
    yield from closed.consts if whole else ()
    jaxpr = closed.jaxpr if whole else closed
    for equation in jaxpr.eqns:
        yield from (v.val for v in equation.invars if isinstance(v, core.Literal))
        for parameter in equation.params.values():
            for inner in parameter if isinstance(parameter, (tuple, list)) else (parameter,):
                if isinstance(inner, (core.ClosedJaxpr, core.Jaxpr)):
                    yield from _constants(inner)


def complaint(
    logs: np.ndarray, first_row: int, latent: Enumerated, params: Any, rows: Rows, passes: Passes
) -> str | None:
    """What is wrong with the log-joint (K, n) of some rows, from ``first_row`` on; None where nothing is."""
    shown = {name: short(value).tolist() for name, value in params.items()}
    for bad, what in ((np.isnan(logs), "NaN"), (logs == np.inf, "+inf")):
        if bad.any():
            n = int(np.flatnonzero(bad.any(axis=0))[0])
            state = int(np.flatnonzero(bad[:, n])[0])
            x, why = _shown(rows, first_row + n), _why(passes, params, latent, state, rows, first_row + n)
            where = f"row {first_row + n}{x} and z = {latent.value(state)}"
            return f"log_joint is {what} for {where}, at params {shown}{why}"
    impossible = (logs == -np.inf).all(axis=0)
    if impossible.any():
        n = int(np.flatnonzero(impossible)[0])
        return (
            f"log_joint is −inf for every z of row {first_row + n}{_shown(rows, first_row + n)}, "
            f"at params {shown}: the row is impossible"
        )
    return None


short = np.vectorize(lambda number: float(f"{number:.6g}"), otypes=[float])


def _why(passes: Passes, params: Any, latent: Enumerated, state: int, rows: Rows, n: int) -> str:
    """What the densities in the log-joint have to say of one row and value; nothing where they are
    content.
    """
    jax = require_jax()
    with double(), complaints() as found:
        values = {name: jax.numpy.asarray(value, float) for name, value in params.items()}
        z = jax.tree.map(lambda leaf: jax.numpy.asarray(leaf[state]), latent.values)
        passes.log_joint(values, z, jax.tree.map(jax.numpy.asarray, rows.take(n)))
    return f": {found[0]}" if found else ""


def _shown(rows: Rows, n: int) -> str:
    """What a row is, where that is short."""
    values = [leaf[n] for leaf in rows.leaves]
    if sum(np.size(value) for value in values) > MOST_SHOWN:
        return ""
    row = require_jax().tree.map(lambda value: np.asarray(value).tolist(), rows.take(n))
    return f" (x = {row})"
