"""What is to be rewritten: names of import statements, and in which form."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass

from bench.core.errors import BenchError, ExitStatus
from bench.explain.rank.scopes import Use
from bench.explain.rank.sources import ModuleSource, Name, Statement


class Form(enum.StrEnum):
    """How a deferred import is written."""

    FUNCTION = "function"  # in the functions that need it, `__getattr__` for names others take
    LAZY_MODULES = "lazy-modules"  # `__lazy_modules__` of PEP 810, which older Pythons ignore
    LAZY = "lazy"  # the statement `lazy import`: Python 3.15 and newer only


class RewriteError(BenchError):
    """A file that can't be rewritten, or not as wanted; nothing of it was changed."""

    status = ExitStatus.BUILD_FAILED


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A name of an import statement that is to be deferred.

    `on_request`: others take it from the module, so that it has to be handed out. `as_text`: its
    annotations are evaluated, so that they have to become text.
    """

    source: ModuleSource
    statement: Statement
    name: Name
    on_request: bool = False
    as_text: bool = False

    @property
    def calls(self) -> tuple[Use, ...]:
        """Uses that need the import when they run."""
        return tuple(use for use in self.name.uses if not use.is_annotation)

    @property
    def annotates(self) -> bool:
        """Whether an annotation has the name."""
        return any(use.is_annotation for use in self.name.uses)


def names_of(wanted: Collection[Wanted]) -> list[str]:
    """The names that they bind, in the order of the file."""
    ordered = sorted(wanted, key=lambda one: (one.statement.line, one.name.alias.col_offset))
    return list(dict.fromkeys(one.name.bound for one in ordered))
