"""Random programs: a function f, a distribution and θ, as text that runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax import lax
from jax.scipy.special import expit

from jensen.testing.gradients.families import FAMILIES, POSITIVE, REAL, UNIT, Family
from jensen.testing.gradients.pieces import ANALYTIC, JUMPING, KINKED, RULES, WRAPPERS

HEAD = (
    "import jax, jax.numpy as jnp, numpyro.distributions as dist",
    "from jax import lax",
    "from jax.scipy.special import expit",
)
MOST_POINTS = 2  # numbers that are integrated
MOST_VALUES = {0: 200, 1: 30, 2: 6}  # joint values that are summed, beside so many of these


@dataclass(frozen=True)
class Variable:
    """Of a program: its name, family, arguments as text, and the variables that these have in them."""

    name: str
    family: Family
    arguments: tuple[str, ...]
    parents: tuple[str, ...]

    @property
    def text(self) -> str:
        inside = (f"({text})" if " " in text else text for text in self.arguments)
        return self.family.text.format(*inside)


@dataclass(frozen=True)
class Program:
    """A program.

    Attributes
    ----------
    number
        That it was drawn with.
    text
        All of it, in Python.
    variables
        Parents first.
    params
        θ.
    jumps
        Whether a piece of it jumps, or has another derivative than its own; else it is continuous and has the
        right one.
    is_bound
        Whether f is a log-joint, and the expectation that of f − log q.
    """

    number: int
    text: str
    variables: tuple[Variable, ...]
    params: dict[str, float]
    jumps: bool
    is_bound: bool

    def functions(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """f and the distribution, as the text has them."""
        names: dict[str, Any] = {"jax": jax, "jnp": jnp, "lax": lax, "dist": dist, "expit": expit}
        exec(compile(self.text, f"<program {self.number}>", "exec"), names)
        return names["f"], names["distribution"]


def drawn(number: int, may_be_bound: bool = True) -> Program:
    """The program of a number."""
    return _Drawing(np.random.default_rng([20, number]), number).program(may_be_bound)


@dataclass
class _Known:
    """A number that is there: its name, whether it moves with a continuous variable, and jumps in it."""

    name: str
    moves: bool
    jumps: bool = False


class _Drawing:
    """A program while it is drawn."""

    def __init__(self, rng: np.random.Generator, number: int) -> None:
        self.rng, self.number = rng, number
        names = ["m", "s", "t"][: rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3])]
        self.params = {name: float(np.round(rng.uniform(-1.5, 1.5), 2)) or 0.1 for name in names}
        self.lines: list[str] = []
        self.rules: dict[str, tuple[str, ...]] = {}
        self.has_jump = False
        self.shifts: dict[str, str] = {}

    def program(self, may_be_bound: bool) -> Program:
        variables = self._variables()
        is_bound = (
            may_be_bound
            and self._chance(0.12)
            and all(v.family.made is None and not v.parents for v in variables)
        )
        known = self._operands(variables)
        self._pieces(known)
        text = "\n".join([*HEAD, *self._described(variables), *self._body(variables, known, is_bound)])
        jumps = self.has_jump or any(each.jumps for each in known)
        return Program(self.number, text, variables, self.params, jumps, is_bound)

    # ---- chance

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _one(self, of: Any) -> Any:
        return of[int(self.rng.integers(len(of)))]

    def _param(self) -> str:
        return f'params["{self._one([name for name in self.params if len(name) == 1])}"]'

    def _constants(self) -> tuple[str, str]:
        low = np.round(self.rng.uniform(-1.2, 0.8), 2)
        return tuple(f"({at:.2f})" if at < 0 else f"{at:.2f}" for at in (low, low + 0.7))  # pyright: ignore[reportReturnType]

    # ---- the distribution

    def _variables(self) -> tuple[Variable, ...]:
        found: list[Variable] = []
        wanted = self.rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])
        points, values = 0, 1
        for _ in range(20):
            if len(found) == wanted:
                break
            family = self._one(FAMILIES)
            size = 0 if family.is_discrete else family.size
            count = values * max(family.values, 1)
            if family.is_slow and any(each.family.is_slow for each in found):
                continue
            if points + size > MOST_POINTS or count > MOST_VALUES[points + size]:
                continue
            points, values = points + size, count
            found.append(self._variable("xyz"[len(found)], family, found))
        return tuple(found)

    def _variable(self, name: str, family: Family, before: list[Variable]) -> Variable:
        possible = [each for each in before if not each.family.is_vector]
        parent = self._one(possible) if possible and self._chance(0.6) else None
        arguments, parents = [], set()
        if family.is_on_line and self._chance(0.1):  # far from 0: f takes it back
            self.params[f"far_{name}"] = far = float(np.round(self.rng.uniform(-60.0, 60.0), 2))
            self.shifts[name] = f" - ({np.round(far):.0f})"
            arguments = [f'params["far_{name}"]']
        for kind in family.kinds[len(arguments) :]:
            with_parent = parent is not None and self._chance(0.6)
            text = self._argument(kind, parent if with_parent else None)
            if parent is not None and re.search(rf"\b{parent.name}\b", text):
                parents.add(parent.name)
            arguments.append(text)
        return Variable(name, family, tuple(arguments), tuple(sorted(parents)))

    def _argument(self, kind: str, parent: Variable | None) -> str:
        if kind not in (REAL, POSITIVE, UNIT):
            return kind
        p, (c, _) = self._param(), self._constants()
        if parent is None:
            return str(self._one(ARGUMENTS[kind])).format(p=p, c=c)
        if kind == REAL and not parent.family.is_discrete and self._chance(0.1):
            self.has_jump = True
            return f"jnp.where({parent.name} > {c}, 1.0, -0.5) + {p}"
        return str(self._one(OF_PARENT[kind])).format(p=p, c=c, z=parent.name)

    def _described(self, variables: tuple[Variable, ...]) -> list[str]:
        if len(variables) == 1:
            return ["", "def distribution(params):", f"    return {variables[0].text}"]
        entries = [
            f'        "{v.name}": ' + (f"lambda {', '.join(v.parents)}: " if v.parents else "") + f"{v.text},"
            for v in variables
        ]
        return ["", "def distribution(params):", "    return {", *entries, "    }"]

    # ---- f

    def _operands(self, variables: tuple[Variable, ...]) -> list[_Known]:
        known = []
        for each in variables:
            value = each.name if len(variables) == 1 else f'x["{each.name}"]'
            names = [f"{each.name}{i}" for i in (1, 2)] if each.family.is_vector else [f"{each.name}1"]
            for i, name in enumerate(names):
                place = f"[{i}]" if each.family.is_vector else ""
                times = "1.0 * " if each.family.is_discrete else ""
                self.lines.append(f"{name} = {times}{value}{place}{self.shifts.get(each.name, '')}")
                known.append(_Known(name, not each.family.is_discrete))
        return known

    def _pieces(self, known: list[_Known]) -> None:
        count = int(self.rng.integers(1, 5))
        jumping = int(self.rng.integers(count)) if self._chance(0.45) else -1
        for i in range(count):
            table = JUMPING if i == jumping else KINKED if self._chance(0.5) else ANALYTIC
            a, b = (self._one(known[-4:]) for _ in range(2))
            text = self._piece(str(self._one(table)), a, b, table is JUMPING)
            self.lines.append(f"v{i + 1} = {text}")
            moves, jumps = a.moves or b.moves, a.jumps or b.jumps
            is_lost = "stop_gradient" in text and "params" in text  # also where nothing moves
            known.append(_Known(f"v{i + 1}", moves, jumps or (table is JUMPING and (moves or is_lost))))

    def _piece(self, template: str, a: _Known, b: _Known, is_jumping: bool) -> str:
        c, d = self._constants()
        fields = {"c": c, "d": d, "p": self._param(), "h": f"{self.rng.uniform(0.3, 1.2):.2f}"}
        for name, lines in RULES.items():
            if f"{name}(" in template:
                self.rules[name] = lines
        if not self._chance(0.3) or (is_jumping and "while" in template):
            return template.format(a=a.name, b=b.name, **fields)
        inner = template.format(a="s", b="t", **fields)
        return str(self._one(WRAPPERS)).format(inner=inner, a=a.name, b=b.name, **fields)

    def _body(self, variables: tuple[Variable, ...], known: list[_Known], is_bound: bool) -> list[str]:
        texts = "\n".join(self.lines)
        unused = [
            each.name
            for each in known
            if each.name[0] == "v" and len(re.findall(rf"\b{each.name}\b", texts)) < 2
        ]
        weights = [f"{self.rng.choice([-1, 1]) * self.rng.uniform(0.5, 1.5):.1f}" for _ in unused]
        terms = [f"{weight} * {name}" for weight, name in zip(weights, unused, strict=True)]
        inside = variables[0].name if len(variables) == 1 else "x"
        prior = [f"0.1 * {known[0].name} ** 2"] if is_bound else []
        rules = [line for lines in self.rules.values() for line in ("", *lines)]
        head = f"def f({inside}, params):"
        return [
            *rules,
            "",
            head,
            *(f"    {line}" for line in self.lines),
            "    return " + " - ".join([" + ".join(terms).replace("+ -", "- "), *prior]),
        ]


ARGUMENTS = {
    REAL: ("{p}", "{p}", "{p} + {c}", "0.5 * {p} - {c}", "jnp.sin({p})", "{c}"),
    POSITIVE: ("jnp.exp(0.5 * {p})", "0.5 + {p} ** 2", "1.0 + 0.5 * jnp.tanh({p})", "0.8"),
    UNIT: ("expit({p})", "expit({p} - {c})", "0.2 + 0.6 * expit({p})", "0.4"),
}
OF_PARENT = {
    REAL: (
        "{p} + 0.5 * {z}",
        "{p} * jnp.tanh({z})",
        "jnp.sin({z}) - {c}",
        "jnp.maximum({z}, {c})",
        "{z} * 1.0",
    ),
    POSITIVE: (
        "jnp.exp(0.3 * jnp.tanh({z}))",
        "0.5 + expit({z} + {p})",
        "jnp.exp(0.5 * {p} - 0.2 * jnp.tanh({z}))",
    ),
    UNIT: ("expit({z} - {p})", "expit({p} * jnp.tanh({z}))", "0.3 + 0.4 * expit({z})"),
}
