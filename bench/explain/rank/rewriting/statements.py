"""Import statements as LibCST has them: made, taken apart, and put among others in order."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst import matchers as m
from libcst.helpers import get_full_name_for_node

Line = cst.SimpleStatementLine | cst.BaseCompoundStatement
Plain = cst.Import | cst.ImportFrom
WIDTH = 88
BLANK = (cst.EmptyLine(indent=False),)
Lazy = cst.LazyImport | cst.LazyImportFrom
# What linters were told of the old place; the rest of a comment goes along.
_OF_THE_PLACE = ("noqa: E402", "noqa: F401", "noqa:E402", "noqa:F401", "isort:")


@dataclass(frozen=True)
class Placed:
    """An import that is to be written: some names of a statement, and the remark behind it."""

    small: Plain
    remark: str = ""

    def line(self, width: int) -> cst.SimpleStatementLine:
        """As a line of its own of at most `width` characters, or as several."""
        behind = cst.TrailingWhitespace()
        if self.remark:
            behind = cst.TrailingWhitespace(cst.SimpleWhitespace("  "), cst.Comment(self.remark))
        return cst.SimpleStatementLine([wrapped(self.small, width)], trailing_whitespace=behind)


def wrapped(small: Plain, width: int) -> Plain:
    """A from-import with a name a line in parentheses, if it is too long for one line."""
    code = cst.Module([]).code_for_node(small)
    if isinstance(small, cst.Import) or small.lpar or len(code) <= width:
        return small
    head, _, names = code.partition(" import ")
    listed = "".join(f"    {name.strip()},\n" for name in names.split(","))
    line = cst.parse_statement(f"{head} import (\n{listed})\n")
    made = import_of(line)
    assert made is not None
    return made


def remark_of(line: cst.CSTNode, *, elsewhere: bool = True) -> str:
    """The comment behind a statement; `elsewhere`: only if it is not about where that stands."""
    if not isinstance(line, cst.SimpleStatementLine):
        return ""
    comment = line.trailing_whitespace.comment
    text = comment.value if comment else ""
    return "" if elsewhere and any(one in text for one in _OF_THE_PLACE) else text


def only(small: Plain, indices: Collection[int]) -> Plain:
    """A new statement with some of its names, on one line."""
    assert not isinstance(small.names, cst.ImportStar)
    names = [
        cst.ImportAlias(alias.name, _on_one_line(alias.asname))
        for index, alias in enumerate(small.names)
        if index in indices
    ]
    if isinstance(small, cst.Import):
        return cst.Import(names)
    return cst.ImportFrom(small.module, names, relative=[cst.Dot() for _ in small.relative])


def shown_to_others(small: Plain, names: Collection[str]) -> Plain:
    """With `as` for names that stand for themselves: linters take these for unused otherwise."""
    assert not isinstance(small.names, cst.ImportStar)
    found = [
        alias.with_changes(asname=cst.AsName(alias.name))
        if alias.asname is None and isinstance(alias.name, cst.Name) and alias.name.value in names
        else alias
        for alias in small.names
    ]
    return small.with_changes(names=found)


def made_lazy(small: Plain) -> Lazy:
    """The same as a lazy import (PEP 810)."""
    if isinstance(small, cst.Import):
        return cst.LazyImport(small.names)
    return cst.LazyImportFrom(small.module, small.names, relative=small.relative)


def without(small: Plain, indices: Collection[int]) -> Plain | None:
    """A statement without some of its names, laid out as it was; None when nothing remains."""
    assert not isinstance(small.names, cst.ImportStar)
    left = [alias for index, alias in enumerate(small.names) if index not in indices]
    if not left:
        return None
    if left[-1] is not small.names[-1]:
        left[-1] = left[-1].with_changes(comma=_last_comma(small, left[-1]))
    return small.with_changes(names=left)


def _last_comma(small: Plain, last: cst.ImportAlias) -> cst.Comma | cst.MaybeSentinel:
    """As the last name had it, so that the closing parenthesis stands where it stood."""
    assert not isinstance(small.names, cst.ImportStar)
    before = small.names[-1].comma
    if isinstance(small, cst.Import) or isinstance(before, cst.MaybeSentinel):
        return cst.MaybeSentinel.DEFAULT
    own = last.comma
    remark = m.Comma(whitespace_after=m.ParenthesizedWhitespace(first_line=m.TrailingWhitespace(
        comment=m.Comment())))  # fmt: skip
    if isinstance(own, cst.Comma) and m.matches(own, remark):
        after, old = own.whitespace_after, before.whitespace_after
        assert isinstance(after, cst.ParenthesizedWhitespace)
        if isinstance(old, cst.ParenthesizedWhitespace):
            first = after.first_line
            return before.with_changes(whitespace_after=old.with_changes(first_line=first))
    return before


def _on_one_line(asname: cst.AsName | None) -> cst.AsName | None:
    return None if asname is None else cst.AsName(asname.name)


def import_of(line: cst.CSTNode) -> Plain | None:
    """The import that a line consists of, if it is one."""
    if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
        (small,) = line.body
        if isinstance(small, Plain):
            return small
    return None


def any_import_of(line: cst.CSTNode) -> Plain | Lazy | None:
    """The import that a line consists of, lazy or not."""
    if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
        (small,) = line.body
        if isinstance(small, Plain | Lazy):
            return small
    return None


def module_of(small: Plain | Lazy) -> str:
    """What it imports, with the dots of a relative import."""
    if isinstance(small, cst.Import | cst.LazyImport):
        return get_full_name_for_node(small.names[0].name) or ""
    name = get_full_name_for_node(small.module) if small.module else ""
    return "." * len(small.relative) + (name or "")


@dataclass(frozen=True)
class Order:
    """The usual order of imports (isort, ruff): by section, then `import` before `from`.

    `own` is the project's own top-level package; `single`: each name has a statement of its own;
    `width` is the length of lines.
    """

    own: str
    single: bool = False
    width: int = WIDTH

    @classmethod
    def of(cls, own: str, module: cst.Module, lines: Sequence[str]) -> Order:
        """As a module has it, of which these are the lines."""
        taken = [one for line in module.body if isinstance(one := import_of(line), cst.ImportFrom)]
        modules = [module_of(one) for one in taken]
        several = any(
            not isinstance(one.names, cst.ImportStar) and len(one.names) > 1 for one in taken
        )
        single = len(set(modules)) < len(modules) and not several
        return cls(own, single=single, width=_width(lines))

    def key(self, small: Plain | Lazy) -> tuple[int, bool, int, str, str, tuple[int, str, str]]:
        """What statements are ordered by."""
        module = module_of(small)
        is_from = isinstance(small, cst.ImportFrom | cst.LazyImportFrom)
        level = len(getattr(small, "relative", ()))
        bare = module.lstrip(".")
        first = () if isinstance(small.names, cst.ImportStar) else small.names[:1]
        name = max(map(_name_key, first), default=(0, "", ""))
        return self.section(small), is_from, -level, bare.lower(), bare, name

    def section(self, small: Plain | Lazy) -> int:
        """Future, standard library, others, own, relative."""
        module = module_of(small)
        top = module.partition(".")[0]
        if module.startswith("."):
            return 4
        if top == "__future__":
            return 0
        if top in sys.stdlib_module_names:
            return 1
        return 3 if top == self.own else 2

    def lazy_last(self, lines: Sequence[Line]) -> list[Line]:
        """Lazy imports behind the others of their group, as ruff has them, where groups are sorted.

        A group ends at a blank line or a comment.
        """
        body, group = list[Line](), list[Line]()
        for line in lines:
            if leading(line) or any_import_of(line) is None:
                body += self._lazy_last(group)
                group = []
            if any_import_of(line) is None:
                body.append(line)
            else:
                group.append(line)
        return body + self._lazy_last(group)

    def _lazy_last(self, group: list[Line]) -> list[Line]:
        smalls = [small for line in group if (small := any_import_of(line)) is not None]
        keys = [self.key(small)[:-1] for small in smalls]  # names of one module in any order
        lazy = [line for line in group if isinstance(any_import_of(line), Lazy)]
        if not lazy or len(lazy) == len(group) or keys != sorted(keys):
            return group
        found = [line for line in group if line not in lazy] + lazy
        first = leading(group[0])
        return [
            line.with_changes(leading_lines=() if place else first)
            for place, line in enumerate(found)
        ]

    def insert(
        self, lines: Sequence[Line], at: int, placed: Sequence[Placed], indent: int
    ) -> list[Line]:
        """Imports put into a block, before the statement at `at`, among imports that stand there.

        What comes first keeps the blank lines that stood there, and one follows the imports. The
        block stands `indent` characters in.
        """
        body = list(lines)
        for one in sorted(placed, key=lambda one: self.key(one.small)):
            self._insert_one(body, at, one, indent)
        return body

    def _insert_one(self, body: list[Line], at: int, placed: Placed, indent: int) -> None:
        key, place = self.key(placed.small), at
        while place < len(body) and (other := import_of(body[place])) is not None:
            if not self.single and _takes_from_same(other, placed.small):
                body[place] = _with_names(body[place], placed.small, self.width - indent)
                return
            if self.key(other) > key:
                break
            place += 1
        before = import_of(body[place - 1]) if place > at else None
        self._insert_at(body, place, placed, before, indent)

    def _insert_at(
        self, body: list[Line], place: int, placed: Placed, before: Plain | None, indent: int
    ) -> None:
        """Insert with blank lines between sections; `before` is the import that it comes after."""
        line: Line = placed.line(self.width - indent)
        section = self.section(placed.small)
        goes_on = before is not None and self.section(before) == section
        if place < len(body):
            other = import_of(body[place])
            if not goes_on:
                line = line.with_changes(leading_lines=BLANK * min(1, blank(leading(body[place]))))
            if other is not None and not goes_on:
                body[place] = _without_blank(body[place])
            if other is None or self.section(other) != section:
                body[place] = _spaced(body[place])
        if before is not None and not goes_on:
            line = _spaced(line)
        body.insert(place, line)


def _width(lines: Sequence[str]) -> int:
    """The usual limit that (nearly) all lines keep to."""
    for width in (WIDTH, 100, 120):
        if sum(len(line.rstrip("\n")) > width for line in lines) <= len(lines) / 200:
            return width
    return WIDTH


def _takes_from_same(one: Plain, other: Plain) -> bool:
    return (
        isinstance(one, cst.ImportFrom)
        and isinstance(other, cst.ImportFrom)
        and not isinstance(one.names, cst.ImportStar)
        and module_of(one) == module_of(other)
    )


def _with_names(line: Line, more: Plain, width: int) -> Line:
    """A from-import that takes these names as well, laid out as it is."""
    small = import_of(line)
    assert isinstance(small, cst.ImportFrom)
    assert not isinstance(small.names, cst.ImportStar)
    assert not isinstance(more.names, cst.ImportStar)
    names = list(small.names)
    comma = names[0].comma
    if not isinstance(comma, cst.Comma) or len(names) == 1:
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    for alias in more.names:
        if any(one.deep_equals(alias.with_changes(comma=one.comma)) for one in names):
            continue
        at = next((i for i, one in enumerate(names) if _name_key(one) > _name_key(alias)), None)
        if at is not None:
            names.insert(at, alias.with_changes(comma=comma))
        else:
            last = names[-1]
            names[-1] = last.with_changes(comma=comma)
            names.append(alias.with_changes(comma=last.comma))
    return line.with_changes(body=[wrapped(small.with_changes(names=names), width)])


def _name_key(alias: cst.ImportAlias) -> tuple[int, str, str]:
    """Constants, classes, the rest: as isort and ruff order names."""
    name = get_full_name_for_node(alias.name) or ""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower(), name


def blank(lines: Sequence[cst.EmptyLine]) -> int:
    """How many blank lines come first."""
    for number, line in enumerate(lines):
        if line.comment is not None:
            return number
    return len(lines)


def leading(line: Line) -> Sequence[cst.EmptyLine]:
    """The blank lines and comments before a statement."""
    found: Sequence[cst.EmptyLine] = getattr(line, "leading_lines", ())
    return found


def _without_blank(line: Line) -> Line:
    return line.with_changes(leading_lines=leading(line)[blank(leading(line)) :])


def _spaced(line: Line) -> Line:
    if blank(leading(line)):
        return line
    return line.with_changes(leading_lines=[*BLANK, *leading(line)])
