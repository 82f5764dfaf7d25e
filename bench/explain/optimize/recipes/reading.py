"""What recipes read: the project's own files as committed, what ran in them, who names what."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from bench.explain.optimize.change import Site
from bench.explain.optimize.project import Project

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


@dataclass(frozen=True)
class OwnFile:
    """A module of the project: `path` from the root of the repository, and its text there.

    `as_installed` says that the file in the environment has the same text, so that lines which
    were recorded there are those of `text`.
    """

    path: str
    installed: Path
    text: str
    as_installed: bool

    @property
    def module(self) -> str:
        """Its dotted name."""
        parts = self.installed.with_suffix("").parts
        if "site-packages" in parts:
            parts = parts[len(parts) - parts[::-1].index("site-packages") :]
        return ".".join(parts).removesuffix(".__init__")

    @property
    def is_package(self) -> bool:
        """Whether it is a package's `__init__.py`."""
        return self.installed.name == "__init__.py"

    @cached_property
    def wrapper(self) -> MetadataWrapper:
        """Its syntax tree, with positions."""
        return MetadataWrapper(cst.parse_module(self.text), unsafe_skip_copy=True)

    @property
    def tree(self) -> cst.Module:
        """The tree of `wrapper`."""
        return self.wrapper.module

    def lines(self, node: cst.CSTNode) -> range:
        """The lines on which a node of `tree` stands."""
        place = self.wrapper.resolve(PositionProvider)[node]
        return range(place.start.line, place.end.line + 1)

    def line(self, node: cst.CSTNode) -> int:
        """The line on which it begins."""
        return self.lines(node).start


def own_files(project: Project, pattern: str = "") -> Iterator[OwnFile]:
    """The project's own modules whose text matches a pattern, by path; what is no Python is left.

    Files that the installation made, and the revision does not hold, are none.
    """
    wanted = re.compile(pattern)
    for installed, path in sorted(project.files.items(), key=lambda one: one[1]):
        if installed.suffix == ".py":
            there = _text(installed)
            if wanted.search(there):
                text = project.clone.text(project.commit, path)
                if text and wanted.search(text):
                    yield OwnFile(path, installed, text, there == text)


def parsed(files: Iterator[OwnFile]) -> Iterator[OwnFile]:
    """Those that LibCST can parse."""
    for one in files:
        try:
            _ = one.wrapper
        except (cst.ParserSyntaxError, RecursionError):
            continue
        yield one


def file_of(project: Project, module: str) -> OwnFile | None:
    """The file of one of the project's modules, if it is Python and LibCST can parse it."""
    tail = module.replace(".", "/")
    for installed, path in project.files.items():
        name = installed.as_posix()
        if name.endswith((f"site-packages/{tail}.py", f"site-packages/{tail}/__init__.py")):
            text = project.clone.text(project.commit, path)
            found = OwnFile(path, installed, text, text == _text(installed))
            return next(parsed(iter([found] if text else [])), None)
    return None


def ran_in(project: Project, file: OwnFile, lines: Collection[int]) -> set[str]:
    """The scenarios in which one of these lines ran; nothing is known of a file that differs."""
    if not file.as_installed:
        return set()
    return {
        one.benchmark.name
        for one in project.scenarios
        if any((str(file.installed), line) in one.imports.graph.recording.lines for line in lines)
    }


def imported_in(project: Project, file: OwnFile) -> set[str]:
    """The scenarios that import this module."""
    return {
        one.benchmark.name
        for one in project.scenarios
        if file.module in one.imports.graph.recording.modules
    }


def rewriter(
    project: Project, edit: Callable[[OwnFile, frozenset[Site]], str]
) -> Callable[[Collection[Site]], Mapping[str, str]]:
    """What a proposal needs: `edit` gives a file's new text for those of its sites."""
    installed = {path: file for file, path in project.files.items()}

    def rewrite(sites: Collection[Site]) -> Mapping[str, str]:
        by_file = defaultdict[str, set[Site]](set)
        for one in sites:
            by_file[one.file].add(one)
        texts = {}
        for path, those in sorted(by_file.items()):
            text = project.clone.text(project.commit, path)
            file = OwnFile(path, installed.get(path, Path(path)), text, as_installed=False)
            new = edit(file, frozenset(those))
            if new != text:
                texts[path] = new
        return texts

    return rewrite


def after_head(tree: cst.Module) -> int:
    """The position in the body behind the docstring and imports from `__future__`."""
    place = 0
    for number, statement in enumerate(tree.body):
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        first = statement.body[0]
        is_text = isinstance(first, cst.Expr) and isinstance(
            first.value, cst.SimpleString | cst.ConcatenatedString
        )
        is_future = (
            isinstance(first, cst.ImportFrom)
            and isinstance(first.module, cst.Name)
            and first.module.value == "__future__"
        )
        if not (is_future or (is_text and number == 0)):
            break
        place = number + 1
    return place


def after_imports(tree: cst.Module) -> int:
    """The position behind the last import at the top level, or behind the head where is none."""
    place = after_head(tree)
    for number, statement in enumerate(tree.body):
        if (
            isinstance(statement, cst.SimpleStatementLine)
            and any(isinstance(one, cst.Import | cst.ImportFrom) for one in statement.body)
        ) or (isinstance(statement, cst.If) and _is_types(statement)):
            place = max(place, number + 1)
    return place


def statements(text: str, config: cst.PartialParserConfig) -> list[Statement]:
    """Statements from text; blank lines in front of the first are kept."""
    module = cst.parse_module(text, config)
    first, *rest = module.body
    lines = (*module.header, *first.leading_lines)
    return [first.with_changes(leading_lines=lines), *rest]


def outside_functions(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """All nodes that are carried out when a module is imported, classes' own left out."""
    for child in node.children:
        yield child
        if not isinstance(child, cst.FunctionDef | cst.ClassDef | cst.Lambda):
            yield from outside_functions(child)


def missing_imports(tree: cst.Module, *modules: str) -> list[str]:
    """`import X` for those modules whose name the file does not bind at its top by such."""
    bound = {
        alias.evaluated_name
        for statement in tree.body
        if isinstance(statement, cst.SimpleStatementLine)
        for one in statement.body
        if isinstance(one, cst.Import)
        for alias in one.names
        if alias.asname is None
    }
    return [f"import {one}" for one in modules if one not in bound]


def _is_types(statement: cst.If) -> bool:
    test = statement.test
    return (isinstance(test, cst.Name) and test.value == "TYPE_CHECKING") or (
        isinstance(test, cst.Attribute) and test.attr.value == "TYPE_CHECKING"
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
