"""The classes that a file may name: those of jensen's models, families and spaces, by their short names."""

from __future__ import annotations

import sys
from importlib import import_module

from jensen.basics.plain import given
from jensen.files.codec import is_sayable

PACKAGES = ("jensen.em", "jensen.families", "jensen.models", "jensen.spaces")


def own_classes() -> dict[str, type]:
    """Short name → class: those that the packages show, and others whose name only one has.

    Examples
    --------
    >>> own_classes()["Tied"]
    <class 'jensen.families.gaussian.structures.tied.Tied'>
    """
    found: dict[str, list[type]] = {}
    packages = map(import_module, PACKAGES)
    shown = {name: thing for package in packages for name, thing in given(package, package.__all__).items()}
    for place, module in list(sys.modules.items()):
        if place.startswith(tuple(f"{package}." for package in PACKAGES)):
            for name, thing in vars(module).items():
                if isinstance(thing, type) and thing.__module__ == place and is_sayable(thing):
                    found.setdefault(name, []).append(thing)
    return {
        name: shown[name] if shown.get(name) in classes else classes[0]
        for name, classes in found.items()
        if len(classes) == 1 or shown.get(name) in classes
    }
