"""What recipes read: the project's own files as committed, what ran in them, who names what."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from bench.explain.optimize.change import Site
from bench.explain.optimize.project import Project, Scenario

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


def own_files(
    project: Project, pattern: str = "", only: Collection[str] | None = None
) -> Iterator[OwnFile]:
    """The project's own modules whose text matches a pattern, by path; what is no Python is left.

    `only` are the paths that are wanted, where not all are.

    Files that the installation made, and the revision does not hold, are none.
    """
    wanted = re.compile(pattern)
    for installed, path in sorted(project.files.items(), key=lambda one: one[1]):
        if installed.suffix == ".py" and (only is None or path in only):
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


def loaded(project: Project, scenario: Scenario) -> set[str]:
    """The paths of the project's own modules that a scenario imports."""
    files = set(scenario.imports.graph.recording.modules.values())
    return {path for file, path in project.files.items() if str(file) in files}


def oldest_python(project: Project) -> tuple[int, int]:
    """The oldest Python that the project says it runs on; (3, 8) where that can't be read."""
    for path in ("pyproject.toml", "setup.cfg", "setup.py"):
        text = project.clone.text(project.commit, path)
        found = re.search(
            r"""(requires-python|python_requires|python)["']?\s*=.*?(3)\.(\d+)""", text
        )
        if found:
            return int(found[2]), int(found[3])
    return 3, 8


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


Replacement = cst.CSTNode | cst.FlattenSentinel[Statement]


def replaced(tree: cst.Module, changed: Mapping[cst.CSTNode, Replacement]) -> cst.Module:
    """The module with other nodes in place of some, none of which holds another."""
    return cst.ensure_type(tree.visit(_Replacing(changed)), cst.Module)


class _Replacing(cst.CSTTransformer):
    def __init__(self, changed: Mapping[cst.CSTNode, Replacement]) -> None:
        super().__init__()
        self.changed = changed

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> Replacement:
        return self.changed.get(original_node, updated_node)


def outside_functions(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """All nodes that are carried out when a module is imported, classes' own left out."""
    for child in node.children:
        yield child
        if not isinstance(child, cst.FunctionDef | cst.ClassDef | cst.Lambda):
            yield from outside_functions(child)


def with_imports(
    tree: cst.Module, modules: Sequence[str], names: Sequence[tuple[str, str]] = ()
) -> cst.Module:
    """The module with `import X` for modules and `from X import Y` for names that it lacks.

    They stand with the first imports, in the order of their names.
    """
    there = {line for statement in tree.body for line in _imports(statement)}
    lines = [f"import {one}" for one in sorted(modules)]
    lines += [f"from {module} import {name}" for module, name in sorted(names)]
    body = list(tree.body)
    for line in lines:
        if line not in there:
            place, is_gap = _place_for(line, body, after_head(tree))
            new = cst.ensure_type(cst.parse_statement(line), cst.SimpleStatementLine)
            if not is_gap:  # what stands above the first import stays above
                old = body[place]
                new = new.with_changes(leading_lines=old.leading_lines)
                body[place] = old.with_changes(leading_lines=())
            body.insert(place, new)
    return tree.with_changes(body=body)


def bound_once(file: OwnFile, name: str) -> bool:
    """Whether a name is bound in a file by one import at its top level, and nowhere else."""
    bindings = 0
    for node in all_nodes(file.tree):
        if isinstance(node, cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.NamedExpr):
            bindings += 2 * (isinstance(node.target, cst.Name) and node.target.value == name)
        elif isinstance(node, cst.Param | cst.FunctionDef | cst.ClassDef):
            bindings += 2 * (node.name.value == name)
        elif isinstance(node, cst.For | cst.CompFor):
            bindings += 2 * _mentions(node.target, name)
        elif isinstance(node, cst.AsName):
            bindings += 2 * (isinstance(node.name, cst.Name) and node.name.value == name)
        elif isinstance(node, cst.Global | cst.Nonlocal):
            bindings += 2 * any(one.name.value == name for one in node.names)
        elif isinstance(node, cst.Del):
            bindings += 2 * _mentions(node.target, name)
    at_top = sum(f"import {name}" in _imports(one) for one in file.tree.body)
    other = sum(
        isinstance(node, cst.ImportAlias)
        and node.asname is None
        and node.evaluated_name.partition(".")[0] == name
        for node in all_nodes(file.tree)
    )
    return bindings == 0 and at_top == 1 and other == 1


def all_nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node's children, and theirs."""
    for child in node.children:
        yield child
        yield from all_nodes(child)


def _mentions(node: cst.CSTNode, name: str) -> bool:
    nodes = (node, *all_nodes(node))
    return any(isinstance(one, cst.Name) and one.value == name for one in nodes)


def _imports(statement: cst.CSTNode) -> list[str]:
    """The imports of one line, as they would stand alone."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return []
    found = []
    for one in statement.body:
        if isinstance(one, cst.Import):
            found += [
                f"import {alias.evaluated_name}" for alias in one.names if alias.asname is None
            ]
            found += [f"import {alias.evaluated_name} as x" for alias in one.names if alias.asname]
        elif isinstance(one, cst.ImportFrom) and not isinstance(one.names, cst.ImportStar):
            module = "." * len(one.relative)
            module += cst.Module([]).code_for_node(one.module) if one.module else ""
            found += [
                f"from {module} import {alias.evaluated_name}"
                for alias in one.names
                if alias.asname is None
            ]
            found += [f"from {module} import x" for alias in one.names if alias.asname]
    return found


def _place_for(line: str, body: Sequence[Statement], place: int) -> tuple[int, bool]:
    """Where an import goes among the first that follow each other, and whether they end there."""
    key = (line.startswith("from"), line)
    first = place
    while place < len(body):
        there = _imports(body[place])
        apart = place > first and bool(body[place].leading_lines)
        if not there or apart:
            break
        if (there[0].startswith("from"), there[0]) > key:
            return place, False
        place += 1
    return place, True


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
