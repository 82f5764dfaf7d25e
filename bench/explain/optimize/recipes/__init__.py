"""Kinds of changes, a file each: a module here has a `RECIPE`, and needs no entry elsewhere.

A target's own stand beside its TOML file, in `<target>_recipes/`: rewritings that we write for one
project, found and proved like the others.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import cast

from bench.core.errors import UsageError
from bench.core.target import Target
from bench.core.workspace import Workspace
from bench.explain.optimize.change import Recipe


def load(target: Target, workspace: Workspace) -> tuple[Recipe, ...]:
    """All recipes for a target: those for any project by file name, then its own.

    Raises `UsageError` when a file of the target's own cannot be loaded, has no `RECIPE`, or one
    of a name that is taken.
    """
    found: dict[str, Recipe] = {}
    for where, recipe in (*_built_in(), *_own(target, workspace)):
        if recipe.name in found:
            raise UsageError(f"{where}: there is a recipe of the name {recipe.name!r} already.")
        found[recipe.name] = recipe
    return tuple(found.values())


def folder_of(target: Target, workspace: Workspace) -> Path:
    """Where a target's own recipes stand, if it has any."""
    return workspace.targets / f"{target.name}_recipes"


def _built_in() -> Iterator[tuple[str, Recipe]]:
    for one in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        module = importlib.import_module(f"{__name__}.{one.name}")
        if hasattr(module, "RECIPE"):
            yield one.name, module.RECIPE


def _own(target: Target, workspace: Workspace) -> Iterator[tuple[str, Recipe]]:
    for file in sorted(folder_of(target, workspace).glob("*.py")):
        if not file.name.startswith("_"):
            recipe = getattr(_loaded(file), "RECIPE", None)
            if not all(hasattr(recipe, name) for name in ("name", "summary", "propose")):
                raise UsageError(f"{file}: a file of recipes has a RECIPE, with name and propose.")
            yield str(file), cast(Recipe, recipe)


def _loaded(file: Path) -> ModuleType:
    """The module of a file outside of the package; once loaded it stays."""
    name = f"{__name__}.own.{file.parent.name}.{file.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(file):
        return known
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file}: this is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UsageError(
            f"{file}: this recipe cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    return module
