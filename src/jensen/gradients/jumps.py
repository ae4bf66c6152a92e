"""Whether f jumps in a variable that is differentiated through: a path does not see jumps.

f is traced, and comparisons and roundings of what depends on the variable are looked for. That is a hint:
where a comparison chooses between branches that meet, nothing is lost. Functions with derivative rules of
their own (softplus, xlogy) are not looked into, and nothing is followed beyond `jax.lax.stop_gradient`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import jax

from jensen.gradients.validity import GradientWarning

JUMPS = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), "compares"),
    **dict.fromkeys(("floor", "ceil", "round"), "rounds"),
    **dict.fromkeys(("sign", "argmax", "argmin"), "takes the sign or the place of"),
}
SMOOTH = ("stop_gradient", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr")


def warn_of_jumps(f: Callable[[Any], Any], values: Any, names: Iterable[str]) -> None:
    """Warn if ``f(values)`` compares or rounds what depends on one of the variables.

    ``values`` is a dict of shapes and types by name.
    """
    for name in names:
        others = {other: value for other, value in values.items() if other != name}

        def of_one(x: Any, others: Any, name: str = name) -> Any:
            return f({**others, name: x})

        try:
            traced = jax.make_jaxpr(of_one)(values[name], others).jaxpr
        except NameError:  # f asks which draw it is in: it cannot be traced by itself
            return
        num = len(jax.tree.leaves(values[name]))
        found = _jumps(traced, [i < num for i in range(len(traced.invars))])
        if found is not None:
            warnings.warn(
                f"f {JUMPS[found]} {name!r}: where its value jumps there, the path gives a wrong gradient "
                f"and ScoreFunction a right one. If the branches meet, say vouch=({name!r},)",
                GradientWarning,
                stacklevel=2,
            )


def _jumps(program: Any, depends: list[bool]) -> str | None:
    """The first jump of a traced function in the inputs that are marked; None if there is none."""
    marked = {id(var) for var, is_marked in zip(program.invars, depends, strict=True) if is_marked}
    for step in _used(program):
        inputs = [id(var) in marked for var in step.invars]
        if not any(inputs) or step.primitive.name in SMOOTH:
            continue
        if step.primitive.name in JUMPS:
            return step.primitive.name
        for inner in _inner(step.params):
            same = len(inner.invars) == len(inputs)
            if found := _jumps(inner, inputs if same else [True] * len(inner.invars)):
                return found
        marked |= {id(var) for var in step.outvars}
    return None


def _used(program: Any) -> list[Any]:
    """The steps whose results count."""
    wanted = {id(var) for var in program.outvars}
    used = []
    for step in reversed(program.eqns):
        if any(id(var) in wanted for var in step.outvars):
            used.append(step)
            wanted |= {id(var) for var in step.invars}
    return used[::-1]


def _inner(params: dict[str, Any]) -> list[Any]:
    """The functions inside a step: of jit, scan, cond and the like."""
    leaves = [leaf for value in params.values() for leaf in (value if isinstance(value, tuple) else (value,))]
    opened = [getattr(leaf, "jaxpr", leaf) for leaf in leaves]
    return [leaf for leaf in opened if hasattr(leaf, "eqns")]
