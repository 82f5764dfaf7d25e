"""What a deferral would break whatever a scenario does: rules that are known from the sources."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence

from bench.explain.rank.scopes import Use
from bench.explain.rank.sources import ModuleSource, Name, Statement
from bench.explain.rank.takers import Taken, Takers

# Modules of the standard library that are imported for what they do.
_DOES_SOMETHING = frozenset({"antigravity", "faulthandler", "readline", "rlcompleter", "this"})


def danger(
    source: ModuleSource, statement: Statement, name: Name, takers: Takers, *, stays: bool
) -> str:
    """Why a name of a module's top has to stay; "" when it may be deferred.

    `stays`: the statement stays and waits by itself (PEP 810), and the name with it.
    """
    key = source.module, name.bound
    if key in takers.replaced and not stays:
        return f"replaced in the module by {_places(takers.replaced[key])}"
    everything = takers.everything.get(source.module)
    if everything and _is_starred(source, name):
        return f"taken with all else by {_places(everything)}"
    if source.module in takers.themselves:
        return f"the module reads its own names in line {takers.themselves[source.module]}"
    is_used = name.uses or is_shown(source, statement, name) or takers.of(*key)
    if not is_used and not _is_standard(statement, name):
        return "nothing uses the name: it may be there for what importing it does"
    return ""


def _is_starred(source: ModuleSource, name: Name) -> bool:
    """Whether `from module import *` takes it."""
    return name.bound in source.exported if source.exported else not name.bound.startswith("_")


def is_shown(source: ModuleSource, statement: Statement, name: Name) -> bool:
    """Whether a name is public: in `__all__`, or imported by its own name on purpose.

    A package shows all that it imports, but for modules of others.
    """
    on_purpose = name.alias.asname is not None and name.alias.asname == name.alias.name
    of_others = isinstance(statement.node, ast.Import) and not _is_own(source, name)
    in_package = source.is_package and not name.bound.startswith("_") and not of_others
    return name.bound in source.exported or on_purpose or in_package


def _is_own(source: ModuleSource, name: Name) -> bool:
    return name.asked.partition(".")[0] == source.module.partition(".")[0]


def _is_standard(statement: Statement, name: Name) -> bool:
    """Whether it is of the standard library, where imports have no effect of note."""
    node = statement.node
    whole = name.alias.name if isinstance(node, ast.Import) else (node.module or "")
    top = whole.partition(".")[0]
    level = 0 if isinstance(node, ast.Import) else node.level
    return not level and top in sys.stdlib_module_names and top not in _DOES_SOMETHING


def _places(takers: Sequence[Taken]) -> str:
    """Who takes something: the first, and how many more."""
    more = len({one.who for one in takers}) - 1
    return takers[0].who + (f" and {more} more" if more else "")


def import_time(use: Use) -> str:
    """What a use at import time is, in words."""
    last = use.statements[-1] if use.statements else None
    if isinstance(last, ast.ClassDef):
        within = any(
            isinstance(node, ast.Name) and node.id == use.name
            for part in (*last.bases, *last.keywords)
            for node in ast.walk(part)
        )
        if within:
            return "a base class"
        decorated = any(
            isinstance(node, ast.Name) and node.id == use.name
            for part in last.decorator_list
            for node in ast.walk(part)
        )
        return "a class decorator" if decorated else "used in a class body"
    if isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef):
        return "a decorator or a default"
    return "used at import time"
