"""Imports in the functions that need them, under TYPE_CHECKING, and handed out on request."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import libcst as cst

from bench.explain.rank.rewriting import postponing, requests, type_checking
from bench.explain.rank.rewriting.editing import Editor, Edits
from bench.explain.rank.rewriting.inspected import are_inspected, are_used
from bench.explain.rank.rewriting.pairing import Pairs
from bench.explain.rank.rewriting.placing import ImportPlacing
from bench.explain.rank.rewriting.statements import (
    Order,
    Placed,
    Plain,
    only,
    remark_of,
    shown_to_others,
)
from bench.explain.rank.rewriting.wanted import RewriteError, Wanted, names_of
from bench.explain.rank.sources import ModuleSource, Statement


class FunctionForm:
    """Rewrites one module; `ran` are the lines of it that some scenario ran."""

    def __init__(self, source: ModuleSource, module: cst.Module, ran: Collection[int]) -> None:
        self.source, self.module = source, module
        self.pairs = Pairs(source.tree, module)
        self.placing = ImportPlacing(self.pairs, ran)
        self.order = Order.of(source.module.partition(".")[0], module, source.lines)

    def run(self, wanted: Collection[Wanted]) -> cst.Module:
        """The module with these names deferred; raises `RewriteError`."""
        module = self.edited(self.edits(wanted))
        module = self._head(module, [one for one in wanted if one.statement.at_top])
        return postponing.with_comments_on_top(module, self.module)

    def edited(self, edits: Edits) -> cst.Module:
        """The module with edits carried out."""
        module = self.module.visit(Editor(edits, self.order))
        assert isinstance(module, cst.Module)
        return module

    def edits(self, wanted: Collection[Wanted]) -> Edits:
        """Names taken out of their statements, and imports where they are needed."""
        edits = Edits()
        found = list[tuple[ast.stmt, Wanted]]()
        for one in wanted:
            edits.dropped[id(self.small(one.statement))].add(index_of(one))
            spots = self.placing.spots(one.calls, one.statement.scope)
            found += [(spot, one) for spot in spots]
        taken = self.placing.together([spot for spot, one in found if one.statement.at_top])
        by_place = defaultdict[int, list[tuple[Statement, int]]](list)
        for spot, one in found:
            pair = self.pairs.of(taken.get(id(spot), spot))
            if not pair.movable:
                raise RewriteError(f"Line {spot.lineno}: there is no place before an `elif`.")
            by_place[id(pair.line)].append((one.statement, index_of(one)))
        for line, names in by_place.items():
            edits.before[line] += self._together(names)
        return edits

    def _head(self, module: cst.Module, wanted: Sequence[Wanted]) -> cst.Module:
        asked = [one for one in wanted if one.on_request]
        shows = bool(asked) and are_used(self.source.tree)
        typed = [one for one in wanted if one.annotates or (shows and one.on_request)]
        added = set[str]()
        if typed:
            module, names = type_checking.extended(module, self._for_types(typed), self.order)
            added |= names
        texts = [one for one in wanted if one.as_text]
        if texts and are_inspected(self.source.tree):
            module = postponing.quoted(module, names_of(texts))
        elif texts:
            module = postponing.postponed(module)
            added.add("annotations")
        if asked:
            module = requests.handed_out(module, self._by_statement(asked), self.source, added)
        return module

    def _for_types(self, wanted: Collection[Wanted]) -> list[Placed]:
        """Names that only others use are told to be meant for them: `from a import b as b`."""
        bare = {one.name.bound for one in wanted if not one.annotates and one.calls}
        names = [(one.statement, index_of(one)) for one in wanted]
        placed = self._together(names, elsewhere=False)
        return [replace(one, small=shown_to_others(one.small, bare)) for one in placed]

    def placed(self, wanted: Collection[Wanted]) -> list[Placed]:
        """The imports of these names, a statement each."""
        return self._together([(one.statement, index_of(one)) for one in wanted])

    def _by_statement(self, wanted: Collection[Wanted]) -> Iterator[tuple[Placed, list[Wanted]]]:
        groups = defaultdict[int, list[Wanted]](list)
        for one in sorted(wanted, key=lambda one: (one.statement.line, index_of(one))):
            groups[id(one.statement.node)].append(one)
        for group in groups.values():
            (placed,) = self.placed(group)
            yield placed, group

    def _together(
        self, names: Sequence[tuple[Statement, int]], *, elsewhere: bool = True
    ) -> list[Placed]:
        """Names of one statement stay together."""
        groups = defaultdict[int, set[int]](set)
        statements = {}
        for statement, index in names:
            groups[id(statement.node)].add(index)
            statements[id(statement.node)] = statement
        return [
            Placed(
                only(self.small(statements[key]), indices),
                remark_of(self.pairs.of(statements[key].node).line, elsewhere=elsewhere),
            )
            for key, indices in groups.items()
        ]

    def small(self, statement: Statement) -> Plain:
        """A statement's counterpart."""
        small = self.pairs.of(statement.node).small
        assert isinstance(small, Plain)
        return small


def index_of(wanted: Wanted) -> int:
    """The position of a name in its statement."""
    node: ast.Import | ast.ImportFrom = wanted.statement.node
    return next(i for i, alias in enumerate(node.names) if alias is wanted.name.alias)
