"""Which modules a guard is about: those that are imported no more since something was deferred."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping

from bench.explain.optimize.record import ImportsRecord, Optimization


def guarded_modules(optimization: Optimization) -> dict[str, tuple[str, ...]]:
    """By scenario, the modules that its start imported before and imports no more.

    On every Python that was recorded: a test runs on all of them. A scenario that lost none is not
    among them. Where a test for a scenario has been written, its modules count.
    """
    if optimization.guard is not None and optimization.guard.modules:
        return dict(optimization.guard.modules)
    found = {}
    for scenario in optimization.asked.scenarios:
        modules = _of_scenario(optimization, scenario)
        if modules:
            found[scenario] = modules
    return found


def _of_scenario(optimization: Optimization, scenario: str) -> tuple[str, ...]:
    named: set[str] = set()
    still: set[str] = set()
    for python in optimization.asked.pythons:
        recorded = optimization.imports(scenario, python)
        if len(recorded) > 1:
            named |= deferred(recorded[0], recorded[-1], optimization.asked.own)
            still |= recorded[-1].modules.keys()
    return tuple(sorted(name for name in named if not _inside(name, still)))


def deferred(before: ImportsRecord, after: ImportsRecord, own: Collection[str]) -> set[str]:
    """The modules that name what was deferred, and not all that came with it.

    Of the modules that are gone: those whose importer is still there, as these are what statements
    name, and each third-party package that is gone whole, by its top-level name. What else is gone
    came with these, and what it consists of is its authors' business.
    """
    gone = before.modules.keys() - after.modules.keys()
    kept_tops = {_top(name) for name in after.modules}
    found = set()
    for name in gone:
        top = _top(name)
        is_foreign = top not in own and top not in sys.stdlib_module_names
        if is_foreign and top not in kept_tops:
            found.add(top)
        elif _importer(name, before.modules) not in gone:
            found.add(name)
    return {name for name in found if not _private(name, own)}


def _importer(name: str, modules: Mapping[str, tuple[float, str]]) -> str:
    return modules[name][1]


def _top(name: str) -> str:
    return name.partition(".")[0]


def _private(name: str, own: Collection[str]) -> bool:
    """Modules of the interpreter's own (`_ssl`, `importlib._abc`) differ between Pythons."""
    return _top(name) not in own and any(part.startswith("_") for part in name.split("."))


def _inside(name: str, still: Collection[str]) -> bool:
    """Whether a module, or anything of the package, is imported after all."""
    return any(one == name or one.startswith(f"{name}.") for one in still)
