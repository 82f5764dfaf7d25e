"""The text that a program gives as its version, followed through its sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
import libcst.matchers as m

from bench.explain.optimize.project import Project
from bench.explain.optimize.recipes.reading import OwnFile, file_of, outside_functions

_DEEPEST = 8


class UnclearError(Exception):
    """The sources don't say it in a way that is known; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class TextPart:
    """A piece of the answer: plain `text`, or a `name` that `statement` brings."""

    text: str = ""
    name: str = ""
    statement: str = ""


def text_of(node: cst.BaseExpression | None) -> str | None:
    """The value of a plain string literal."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def metadata_version(distribution: str) -> TextPart:
    """The version of an installed distribution, by its metadata."""
    return TextPart(
        name=f"version('{distribution}')", statement="from importlib.metadata import version"
    )


def with_program(parts: Sequence[TextPart], program: str) -> tuple[TextPart, ...]:
    """The parts with `%(prog)s` filled in; raises `UnclearError` for other signs of formatting."""
    found = [
        TextPart(text=one.text.replace("%(prog)s", program)) if one.text else one for one in parts
    ]
    if any("%" in one.text for one in found):
        raise UnclearError("the text of the version action formats more than the program's name")
    return tuple(found)


def resolve(
    node: cst.BaseExpression, file: OwnFile, project: Project, entry: OwnFile, depth: int = 0
) -> tuple[TextPart, ...]:
    """The parts of an expression of a file, as they can be had before `entry` imports anything.

    Raises `UnclearError`.
    """
    return _Resolver(project, entry).of(node, file, depth)


@dataclass(frozen=True)
class _Resolver:
    project: Project
    entry: OwnFile

    def of(self, node: cst.BaseExpression, file: OwnFile, depth: int) -> tuple[TextPart, ...]:
        if depth > _DEEPEST:
            raise UnclearError("the version is passed on through too many names")
        text = text_of(node)
        if text is not None:
            return (TextPart(text=text),) if text else ()
        if isinstance(node, cst.FormattedString):
            return self._formatted(node, file, depth)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
            sides = (self.of(one, file, depth + 1) for one in (node.left, node.right))
            return tuple(part for side in sides for part in side)
        if isinstance(node, cst.Call):
            return self._called(node, file, depth)
        if isinstance(node, cst.Name):
            return self._named(node.value, file, depth)
        if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name):
            return self._named(node.attr.value, self._module(node.value.value, file), depth)
        raise UnclearError(f"{file.path}: the version is made in a way that can't be followed")

    def _formatted(
        self, node: cst.FormattedString, file: OwnFile, depth: int
    ) -> tuple[TextPart, ...]:
        parts: list[TextPart] = []
        for one in node.parts:
            if isinstance(one, cst.FormattedStringText):
                parts.append(TextPart(text=one.value.replace("{{", "{").replace("}}", "}")))
            elif isinstance(one, cst.FormattedStringExpression) and not (
                one.conversion or one.format_spec or one.equal
            ):
                parts += self.of(one.expression, file, depth + 1)
            else:
                raise UnclearError(f"{file.path}: the version is formatted")
        return tuple(parts)

    def _called(self, node: cst.Call, file: OwnFile, depth: int) -> tuple[TextPart, ...]:
        called = cst.Module([]).code_for_node(node.func)
        arguments = [one.value for one in node.args if one.keyword is None]
        if len(arguments) == len(node.args):
            if called.endswith(".format"):
                assert isinstance(node.func, cst.Attribute)
                return self._filled(node.func.value, arguments, file, depth)
            if len(arguments) == 1 and self._is_metadata(called, file):
                name = self._distribution(arguments[0], file)
                return (metadata_version(name),)
            if called == "platform.python_version" and not arguments:
                return (TextPart(name="platform.python_version()", statement="import platform"),)
        raise UnclearError(f"{file.path}: the version comes from {called}()")

    def _filled(
        self,
        pattern: cst.BaseExpression,
        arguments: Sequence[cst.BaseExpression],
        file: OwnFile,
        depth: int,
    ) -> tuple[TextPart, ...]:
        pieces = (text_of(pattern) or "").split("{}")
        if len(pieces) != len(arguments) + 1 or any("{" in one or "}" in one for one in pieces):
            raise UnclearError(f"{file.path}: the version is formatted")
        parts = [TextPart(text=pieces[0])] if pieces[0] else []
        for argument, piece in zip(arguments, pieces[1:], strict=True):
            parts += self.of(argument, file, depth + 1)
            parts += [TextPart(text=piece)] if piece else []
        return tuple(parts)

    def _is_metadata(self, called: str, file: OwnFile) -> bool:
        if called in {"importlib.metadata.version", "importlib_metadata.version"}:
            return True
        head, _, rest = called.partition(".")
        where = _imported(file, head)
        return (where, rest) in {
            ("importlib.metadata:version", ""),
            ("importlib:metadata", "version"),
        }

    def _distribution(self, node: cst.BaseExpression, file: OwnFile) -> str:
        text = text_of(node)
        if text is None and m.matches(node, m.Name("__package__") | m.Name("__name__")):
            is_package = file.is_package or m.matches(node, m.Name("__name__"))
            text = file.module if is_package else file.module.rpartition(".")[0]
        if text is None:
            parts = self.of(node, file, 1)
            text = parts[0].text if len(parts) == 1 else ""
        if not text or not all(one.isalnum() or one in "._-" for one in text):
            raise UnclearError(f"{file.path}: the distribution's name is no plain text")
        return text

    def _module(self, name: str, file: OwnFile) -> OwnFile:
        """The own module that a name of a file means."""
        where = _imported(file, name)
        module, _, inner = where.partition(":")
        for wanted in (f"{module}.{inner}" if inner else module,):
            found = file_of(self.project, wanted)
            if found is not None:
                return found
        raise UnclearError(f"{file.path}: {name} is no module of the project")

    def _named(self, name: str, file: OwnFile, depth: int) -> tuple[TextPart, ...]:
        """What a name of a module's top level means."""
        parent = self.entry.module.startswith(f"{file.module}.")
        values, imports = _bindings(file, name)
        if not values and not imports:
            raise UnclearError(f"{file.path}: where {name} comes from is not plain")
        if len(values) + len(imports) > 1:
            raise UnclearError(f"{file.path}: {name} has several values")
        if parent or (values and text_of(values[0]) is not None and self._is_light(file.text)):
            return (_taken(file.module, name),)
        if values:
            return self.of(values[0], file, depth + 1)
        module, _, inner = imports[0].partition(":")
        found = file_of(self.project, module)
        if found is not None:
            return self._named(inner, found, depth + 1)
        if self._is_light(_installed_text(self.project, module)):
            return (_taken(module, inner),)
        raise UnclearError(f"{file.path}: {name} comes from {module}, which is not the project's")

    def _is_light(self, text: str) -> bool:
        """Whether a module holds values alone, so that importing it does nothing else."""
        try:
            tree = cst.parse_module(text)
        except cst.ParserSyntaxError:
            return False
        brought = [*m.findall(tree, m.Import()), *m.findall(tree, m.ImportFrom())]
        free = {"__future__", "typing"}
        modules = {
            cst.Module([]).code_for_node(one.module)
            for one in brought
            if isinstance(one, cst.ImportFrom) and one.module is not None
        }
        plain = all(isinstance(one, cst.ImportFrom) for one in brought) and modules <= free
        return bool(text) and plain and not m.findall(tree, m.Call())


def _taken(module: str, name: str) -> TextPart:
    return TextPart(name=name, statement=f"from {module} import {name}")


def _installed_text(project: Project, module: str) -> str:
    tail = f"{module.replace('.', '/')}.py"
    for folder in project.environment.venv.glob("lib/python*/site-packages"):
        file = Path(folder, tail)
        if file.is_file():
            return file.read_text(encoding="utf-8", errors="replace")
    return ""


def _bindings(file: OwnFile, name: str) -> tuple[list[cst.BaseExpression], list[str]]:
    """What is assigned to a name anywhere outside of functions, and where it is imported from.

    An import is `module:name`. One in a function counts where nothing else gives the name a value.
    """
    values: list[cst.BaseExpression] = []
    imports: list[str] = []
    for node in outside_functions(file.tree):
        if isinstance(node, cst.Assign | cst.AnnAssign) and node.value is not None:
            targets = [one.target for one in node.targets] if isinstance(node, cst.Assign) else []
            targets += [node.target] if isinstance(node, cst.AnnAssign) else []
            if any(isinstance(one, cst.Name) and one.value == name for one in targets):
                values.append(node.value)
        elif isinstance(node, cst.Import | cst.ImportFrom):
            imports += _sources(file, node, name)
    return values, imports or ([] if values else _late_imports(file, name))


def _late_imports(file: OwnFile, name: str) -> list[str]:
    """Where functions import a name from: once, where all of them mean the same."""
    target = m.AssignTarget(m.Name(name)) | m.Param(m.Name(name)) | m.For(m.Name(name))
    if m.findall(file.tree, target):
        return []
    found = m.findall(file.tree, m.Import() | m.ImportFrom())
    return list(
        dict.fromkeys(
            source
            for node in found
            if isinstance(node, cst.Import | cst.ImportFrom)
            for source in _sources(file, node, name)
        )
    )


def _sources(file: OwnFile, node: cst.Import | cst.ImportFrom, name: str) -> list[str]:
    """What an import statement binds to a name."""
    if isinstance(node, cst.Import):
        return [
            one.evaluated_name if one.asname else name
            for one in node.names
            if (one.evaluated_alias or one.evaluated_name.partition(".")[0]) == name
        ]
    if isinstance(node.names, cst.ImportStar):
        return []
    return [
        f"{_absolute(file, node)}:{one.evaluated_name}"
        for one in node.names
        if (one.evaluated_alias or one.evaluated_name) == name
    ]


def _imported(file: OwnFile, name: str) -> str:
    """`module:name` or `module` that a name is imported from; raises `UnclearError`."""
    _, imports = _bindings(file, name)
    if len(imports) != 1:
        raise UnclearError(f"{file.path}: {name} is no import")
    return imports[0]


def _absolute(file: OwnFile, node: cst.ImportFrom) -> str:
    """The module that a from-import names."""
    named = cst.Module([]).code_for_node(node.module) if node.module else ""
    level = len(node.relative)
    if not level:
        return named
    parts = file.module.split(".")
    parts = parts[: len(parts) - level + file.is_package]
    return ".".join((*parts, named) if named else parts)
