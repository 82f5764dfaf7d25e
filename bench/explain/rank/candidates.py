"""Which of the project's own imports can be deferred, and what keeps the others."""

from __future__ import annotations

import ast
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.explain.rank.dangers import danger, import_time, is_shown
from bench.explain.rank.graph import Graph, Skip
from bench.explain.rank.recording import Place
from bench.explain.rank.rewriting.inspected import are_used, evaluating
from bench.explain.rank.rewriting.wanted import Wanted
from bench.explain.rank.scopes import Use
from bench.explain.rank.sources import ModuleSource, Name, Standing, Statement
from bench.explain.rank.takers import Takers, takers_of


class DeferralWay(enum.StrEnum):
    """How a name is deferred."""

    INTO_FUNCTIONS = "into functions"
    FOR_TYPES = "under TYPE_CHECKING"
    ON_REQUEST = "module __getattr__"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Deferral:
    """One name that can be deferred: in which ways, and whom it concerns.

    `asked_by` are the project's other modules that take the name from here; `exported` says that
    `__all__` or a package's `__init__` shows it.
    """

    name: Name
    ways: frozenset[DeferralWay]
    functions: tuple[str, ...]
    asked_by: tuple[str, ...]
    exported: bool
    needs_future: bool


@dataclass(frozen=True)
class Candidate:
    """A statement that can be deferred, wholly or in part; `place` is its position in the graph."""

    place: int
    source: ModuleSource
    statement: Statement
    deferrals: tuple[Deferral, ...]

    @property
    def skip(self) -> Skip:
        """The same as the graph knows it."""
        return Skip(self.place, frozenset(one.name.asked for one in self.deferrals))

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The same as the rewriting knows it."""
        return tuple(
            Wanted(
                source=self.source,
                statement=self.statement,
                name=one.name,
                on_request=DeferralWay.ON_REQUEST in one.ways,
                as_text=one.needs_future,
            )
            for one in self.deferrals
        )

    @property
    def brings(self) -> frozenset[str]:
        """Modules that the rewritten file imports for it."""
        future = any(one.needs_future for one in self.deferrals)
        ways = {way for one in self.deferrals for way in one.ways}
        shown = DeferralWay.ON_REQUEST in ways and are_used(self.source.tree)
        types = DeferralWay.FOR_TYPES in ways or shown
        return frozenset(["__future__"] * future + ["typing"] * types)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the statement remains."""
        return len(self.deferrals) == len(self.statement.names)


@dataclass(frozen=True)
class Blocker:
    """A name that cannot be deferred, with the reason; `line` is the use that gives it.

    `is_danger`: a program of ours could be written so, but what others do with it would break.
    """

    place: int
    name: str
    reason: str
    line: int
    is_danger: bool = False


@dataclass(frozen=True)
class Judgement:
    """All own statements of a run: what can be deferred, and what cannot."""

    candidates: tuple[Candidate, ...]
    kept: tuple[Blocker, ...]


def judge_imports(
    graph: Graph,
    sources: Mapping[str, ModuleSource],
    everything: Sequence[ModuleSource],
    *,
    lazy: bool,
    takers: Takers | None = None,
    by_statement: bool = False,
) -> Judgement:
    """Judge every statement of `sources` (by module) that the run carried out.

    `everything` are all files of the project; `lazy` says that its Python evaluates annotations
    only when they are asked for (3.14). `takers` are who takes names from them, only the files
    themselves unless told. `by_statement`: the statement stays and waits by itself (PEP 810), so
    that names are where they were.
    """
    if takers is None:
        takers = takers_of(everything)
    return _Judge(graph, sources, takers, lazy=lazy, by_statement=by_statement).run()


class _Judge:
    def __init__(
        self,
        graph: Graph,
        sources: Mapping[str, ModuleSource],
        takers: Takers,
        *,
        lazy: bool,
        by_statement: bool,
    ) -> None:
        self.graph, self.sources, self.takers = graph, sources, takers
        self.lazy, self.by_statement = lazy, by_statement
        self.ran = graph.recording.lines
        self.kept: list[Blocker] = []

    def run(self) -> Judgement:
        found = []
        for number, place in enumerate(self.graph.recording.places):
            source = self.sources.get(place.module)
            if source is None or str(source.file) != place.file:
                continue
            for statement in source.statements:
                if statement.line == place.line and _same_scope(statement, place):
                    deferrals = tuple(self._deferrals(number, source, statement))
                    if deferrals:
                        found.append(Candidate(number, source, statement, deferrals))
        return Judgement(tuple(found), tuple(self.kept))

    def _deferrals(self, place: int, source: ModuleSource, statement: Statement) -> list[Deferral]:
        found = []
        for name in statement.names:
            reason, line = self._against(source, statement, name)
            if reason:
                self.kept.append(Blocker(place, name.bound, reason, line))
                continue
            harm = self._danger(source, statement, name)
            if harm:
                line = statement.line
                self.kept.append(Blocker(place, name.bound, harm, line, is_danger=True))
                continue
            deferral = self._deferral(source, statement, name)
            if DeferralWay.ON_REQUEST in deferral.ways and source.may_have_getattr:
                reason = "the module has a __getattr__ under a condition"
                self.kept.append(Blocker(place, name.bound, reason, statement.line))
            else:
                found.append(deferral)
        return found

    def _danger(self, source: ModuleSource, statement: Statement, name: Name) -> str:
        if not statement.at_top:
            return ""
        return danger(source, statement, name, self.takers, stays=self.by_statement)

    def _against(self, source: ModuleSource, statement: Statement, name: Name) -> tuple[str, int]:
        """Why a name cannot be deferred, and the line that says so; "" when it can."""
        if statement.standing is not Standing.PLAIN:
            return str(statement.standing), statement.line
        if self.by_statement and not statement.at_top:
            return "in a function", statement.line
        if not name.bound_once or name.bound in source.declared_elsewhere:
            return "bound more than once", statement.line
        for use in name.uses:
            reason = self._against_use(source, use)
            if reason:
                return reason, use.line
        for one in self.takers.of(source.module, name.bound) if statement.at_top else ():
            if not one.by_import and (one.file, one.line) in self.ran:
                return f"used in this scenario by {one.who}", one.line
        return "", 0

    def _against_use(self, source: ModuleSource, use: Use) -> str:
        if use.is_annotation:
            return self._against_annotation(source, use)
        if use.function is None:
            return import_time(use)
        if getattr(use.function, "name", "") == "__del__":
            return "used in `__del__`, when imports may be over"
        if isinstance(use.function, ast.Lambda) and not self.by_statement:
            return "used in a lambda"
        if (str(source.file), use.line) in self.ran:
            return "used in this scenario"
        return "" if self.by_statement else self._against_place(source, use)

    def _against_place(self, source: ModuleSource, use: Use) -> str:
        """An import in front of the use may have to stand where it is carried out all the same."""
        if not any((str(source.file), line) in self.ran for line in source.lines_of_anchor(use)):
            return ""
        if isinstance(source.anchor(use), ast.Try | ast.TryStar):
            return "caught by a try that runs in this scenario"
        return "a part of a statement that runs in this scenario"

    def _against_annotation(self, source: ModuleSource, use: Use) -> str:
        waits = source.defers_annotations or self.lazy
        if use.field_of is not None and (use.field_of.bases or use.field_of.decorator_list):
            return "annotates a field, which may be needed at run time"
        if use.field_of is not None and not waits:
            return "annotates a field"
        if not waits and self.by_statement:
            return "used in an annotation, which is evaluated"
        decorator = evaluating(use.signature_of) if use.signature_of else ""
        if decorator and not self.by_statement:
            return f"annotates a function for `{decorator}`, which may evaluate it"
        return ""

    def _deferral(self, source: ModuleSource, statement: Statement, name: Name) -> Deferral:
        functions = dict.fromkeys(
            use.function.name
            for use in name.uses
            if not use.is_annotation
            and isinstance(use.function, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        annotates = any(use.is_annotation for use in name.uses)
        takers = self.takers.of(source.module, name.bound) if statement.at_top else []
        asked_by = dict.fromkeys(one.who for one in takers)
        exported = statement.at_top and is_shown(source, statement, name)
        ways = {
            DeferralWay.INTO_FUNCTIONS: bool(functions),
            DeferralWay.FOR_TYPES: annotates,
            DeferralWay.ON_REQUEST: exported or bool(asked_by),
        }
        chosen = frozenset(way for way, applies in ways.items() if applies)
        return Deferral(
            name=name,
            ways=chosen or frozenset({DeferralWay.REMOVED}),
            functions=tuple(functions),
            asked_by=tuple(asked_by),
            exported=exported,
            needs_future=any(use.is_annotation and not use.in_text for use in name.uses)
            and not (source.defers_annotations or self.lazy),
        )


def _same_scope(statement: Statement, place: Place) -> bool:
    function = "" if statement.at_top else getattr(statement.scope, "name", "")
    return function == place.function
