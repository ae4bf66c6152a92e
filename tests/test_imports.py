"""Imports point down only, and importing the package is light."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import jensen

ROOT = Path(jensen.__file__).parent

# Who may import whom, by package; every package may import itself.
ARROWS = {
    "basics": set(),
    "_native": set(),
    "numerics": {"basics", "_native"},
    "data": {"basics"},
    "gradients": {"basics", "numerics"},
    "spaces": {"basics", "numerics"},
    "em": {"basics", "numerics", "spaces"},
    "families": {"basics", "numerics", "data", "spaces", "em", "_native"},
    "models": {"basics", "numerics", "spaces", "em", "families"},
    "selection": {"basics", "spaces", "em", "families", "models"},
    "files": {"basics", "data", "spaces", "em", "families", "models"},
    "testing": {"basics", "numerics", "spaces", "em", "families", "models", "gradients"},
    "report": {"basics", "spaces", "em", "families", "models", "selection", "files"},
    "sklearn": {"basics", "data", "em", "families", "models", "report"},
    "cli": {"basics", "data", "em", "families", "models", "selection", "files", "report", "gradients"},
    "__main__": {"cli"},
}
# Third parties that only some packages may import, at any depth.
ONLY_UNDER = {
    "sklearn": {"sklearn"},
    "jax": {"gradients", "models/log_joint", "testing/gradients"},
    "numpyro": {"gradients", "models/log_joint", "testing/gradients"},
    "optax": {"gradients", "models/log_joint"},
    "matplotlib": {"report", "gradients/compare/plots.py"},
    "typer": {"cli"},
}
CORE = ("basics", "numerics", "spaces", "em", "families", "models", "selection")
NEVER_AT_THE_TOP = {"scipy", "sklearn", "rich", "polars", "pandas", "narwhals", "matplotlib", "typer", "jax"}


def files():
    return sorted(ROOT.rglob("*.py"))


def imports(path, top_only=False):
    """Modules that a file imports; those under TYPE_CHECKING left out."""
    tree = ast.parse(path.read_text())
    for node in _nodes(tree, top_only):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            yield base
            if base == "jensen":
                yield from (f"jensen.{alias.name}" for alias in node.names)


def _nodes(tree, top_only):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if top_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        yield node
        yield from _nodes(node, top_only)


def _absolute(path, node):
    if not node.level:
        return node.module
    parts = path.relative_to(ROOT.parent).with_suffix("").parts[: -node.level]
    return ".".join([*parts, *([node.module] if node.module else [])])


def package(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_the_walk_finds_imports(tmp_path):
    """The test of the test: absolute and relative imports, nested ones, and those for the type checker."""
    path = ROOT / "em" / "imagined.py"
    text = "import numpy.linalg\nfrom jensen import em\nfrom ..models.mixture import Mixture\n"
    text += "if TYPE_CHECKING:\n    import sklearn\ndef f():\n    from . import fit\n"
    found = [*_imports_of(path, text)]
    assert found == ["numpy.linalg", "jensen", "jensen.em", "jensen.models.mixture", "jensen.em"]
    assert [*_imports_of(path, text, top_only=True)] == found[:-1]


def _imports_of(path, text, top_only=False):
    class Fake(type(path)):
        def read_text(self):
            return text

    return imports(Fake(path), top_only)


@pytest.mark.parametrize("name", sorted({package(path) for path in files()} - {"__init__"}))
def test_arrows_point_down(name):
    allowed = ARROWS[name] | {name}
    for path in files():
        if package(path) != name:
            continue
        for module in imports(path):
            parts = module.split(".")
            if parts[0] == "jensen" and len(parts) > 1 and (ROOT / parts[1]).exists():
                assert parts[1] in allowed, f"{path.relative_to(ROOT)} imports {module}"


@pytest.mark.parametrize("library", ONLY_UNDER)
def test_libraries_stay_where_they_belong(library):
    for path in files():
        inside = path.relative_to(ROOT).as_posix()
        if any(inside.startswith(place) for place in ONLY_UNDER[library]):
            continue
        assert all(module.split(".")[0] != library for module in imports(path)), f"{inside} imports {library}"


def test_the_core_needs_numpy_alone_to_be_imported():
    for path in files():
        if package(path) in CORE:
            found = {module.split(".")[0] for module in imports(path, top_only=True)}
            lazy = {"lazy_loader"} if path.name == "__init__.py" else set()
            others = found - set(sys.stdlib_module_names) - {"numpy", "jensen"} - lazy
            assert not others, f"{path.relative_to(ROOT)} imports {others} when it is imported"


def loaded_after(code):
    """Top-level modules that are loaded in a fresh interpreter after some code."""
    program = f"{code}\nimport sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_jensen_loads_nothing_heavy():
    heavy = {
        "numpy",
        "scipy",
        "sklearn",
        "matplotlib",
        "rich",
        "jax",
        "polars",
        "pandas",
        "narwhals",
        "typer",
    }
    assert not loaded_after("import jensen") & heavy


def test_a_fit_loads_only_numpy():
    code = "import jensen; jensen.fit(jensen.Mixture(2), jensen.load_dataset('faithful').values)"
    loaded = loaded_after(code)
    assert "numpy" in loaded
    assert not loaded & NEVER_AT_THE_TOP


def test_the_command_line_does_not_load_scikit_learn():
    assert not loaded_after("import jensen.cli") & {"sklearn", "scipy", "matplotlib", "jax"}


def test_the_face_is_the_only_door_to_scikit_learn():
    assert "sklearn" in loaded_after("import jensen; jensen.GaussianMixture")


# ---- the shape of the house --------------------------------------------------------------------------------


def modules():
    """Every module of the package by its dotted name."""
    found = {}
    for path in files():
        name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def own_imports(path, known):
    """(module, line, whether inside a function) of all that is jensen's in a file, annotations too."""
    tree = ast.parse(path.read_text())
    stack = [(node, False) for node in ast.iter_child_nodes(tree)]
    while stack:
        node, inside = stack.pop()
        inside = inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("jensen"):
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield (module if module in known else node.module), node.lineno, inside
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("jensen"):
                    yield alias.name, node.lineno, inside
        stack += [(child, inside) for child in ast.iter_child_nodes(node)]


def test_no_circle_of_files():
    """Annotations and imports inside functions included."""
    known = modules()
    below = {
        name: {m for m, _, _ in own_imports(path, known) if m in known} - {name}
        for name, path in known.items()
    }
    while free := [name for name, inner in below.items() if not inner & below.keys()]:
        for name in free:
            del below[name]
    assert not below, f"these files import each other: {sorted(below)}"


def test_no_chain_of_imports_is_long():
    known = modules()
    below = {n: {m for m, _, _ in own_imports(path, known) if m in known} - {n} for n, path in known.items()}

    @cache
    def longest(name):
        return (*max((longest(inner) for inner in below[name]), key=len, default=()), name)

    longest_of_all = max(map(longest, known), key=len)
    assert len(longest_of_all) <= LONGEST_CHAIN, " < ".join(longest_of_all)


def test_few_imports_of_our_own_are_inside_functions():
    known = modules()
    found = [
        f"{n}:{line}" for n, path in known.items() for _, line, inside in own_imports(path, known) if inside
    ]
    assert len(found) < MOST_INNER_IMPORTS, found


DOORS = {
    "jensen.basics.plain",
    "jensen.sklearn.validation",
}  # what is somebody else's is asked for by name here
MOST_INNER_IMPORTS = 10
LONGEST_CHAIN = 16  # from the errors, that all may raise
MOST_ASKED = 9


def test_attributes_are_declared_and_not_asked_for():
    found = [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        if name not in DOORS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "hasattr")
    ]
    assert len(found) < MOST_ASKED, found


ROOMS = {  # names that only their own room may compare with, or ask a class about
    "families/gaussian": {"Gaussian", "Full", "Tied", "Diagonal", "Spherical", "EEI", "EII"},
    "families/poisson.py": {"Poisson"},
    "families/categorical.py": {"Categorical"},
    "families/product.py": {"Product"},
}


def test_nobody_asks_a_thing_for_its_name():
    from jensen.families import STRUCTURES

    for path in files():
        inside = path.relative_to(ROOT).as_posix()
        known = {name for room, names in ROOMS.items() if not inside.startswith(room) for name in names}
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "isinstance"
            ):
                asked = {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
                asked |= {n.attr for n in ast.walk(node.args[1]) if isinstance(n, ast.Attribute)}
                assert not asked & known, f"{inside}:{node.lineno} asks whether something is {asked & known}"
            if isinstance(node, ast.Compare):
                said = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
                attributes = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
                if "name" in attributes:
                    assert not said & {*STRUCTURES, "poisson", "categorical", "product"}, (
                        f"{inside}:{node.lineno} compares a name"
                    )


def test_the_design_page_shows_these_arrows():
    page = (Path(__file__).parents[1] / "docs" / "design.md").read_text(encoding="utf-8")
    shown = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and (room := re.fullmatch(r"`(\w+)/`", cells[0])):
            shown[room[1]] = set(re.findall(r"`(\w+)`", cells[2]))
    for name in ARROWS.keys() - {"cli", "__main__", "_native"}:  # of these the page speaks in words
        assert shown[name] == ARROWS[name], name
