"""What a project says of itself, wherever it says it: name, commands, Pythons, packages."""

from __future__ import annotations

import ast
import configparser
import contextlib
import email.parser
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bench.core.errors import UsageError

FILES = ("pyproject.toml", "setup.cfg", "setup.py", "PKG-INFO")
_PRIVATE = "Private :: "


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What was found. `source` names the file that gave the name.

    `scripts` are console scripts with the object that each calls (`pkg.mod:func`); `packages` are
    import names or paths of packages, as a build back end is told; `roots` the folders they lie in.
    """

    name: str = ""
    source: str = ""
    requires_python: str = ""
    scripts: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    is_private: bool = False

    def over(self, other: Metadata) -> Metadata:
        """This, completed by what only the other one knows."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        if not self.name:
            values["source"] = other.source
        return Metadata(**{name: value or getattr(other, name) for name, value in values.items()})


def read_metadata(folder: Path) -> Metadata:
    """Read a folder's files, none of which is run; without a name there is no project in it.

    Raises `UsageError` for a pyproject.toml that is no TOML.
    """
    found = Metadata()
    for one in (_of_pyproject(folder), _of_setup_cfg(folder), _of_setup_py(folder)):
        found = found.over(one)
    return found.over(_of_built(folder))


def _of_pyproject(folder: Path) -> Metadata:
    file = folder / "pyproject.toml"
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Metadata()
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    project, tool = table(read, "project"), table(read, "tool")
    usual = Metadata(
        name=_text(project.get("name")),
        source=file.name,
        requires_python=_text(project.get("requires-python")),
        scripts=_scripts(table(project, "scripts")),
        packages=tuple(_packages(tool)),
        roots=tuple(_roots(tool)),
        is_private=any(_text(one).startswith(_PRIVATE) for one in strings(project, "classifiers")),
    )
    for other in (_of_poetry(table(tool, "poetry")), _of_flit(table(tool, "flit"))):
        usual = usual.over(other)
    return usual


def _of_poetry(poetry: Mapping[str, Any]) -> Metadata:
    python = _text(table(poetry, "dependencies").get("python"))
    return Metadata(
        name=_text(poetry.get("name")),
        source="pyproject.toml",
        requires_python=_without_caret(python),
        scripts=_scripts(table(poetry, "scripts")),
    )


def _of_flit(flit: Mapping[str, Any]) -> Metadata:
    old = table(flit, "metadata")  # before flit took [project]
    return Metadata(
        name=_text(old.get("dist-name")) or _text(old.get("module")),
        source="pyproject.toml",
        requires_python=_text(old.get("requires-python")),
        scripts=_scripts(table(flit, "scripts")),
        packages=tuple(filter(None, (_text(old.get("module")),))),
    )


def _packages(tool: Mapping[str, Any]) -> Iterable[str]:
    """Import names, and paths of packages, that tables of build back ends name."""
    yield from filter(None, (_text(table(tool, "flit", "module").get("name")),))
    built = table(tool, "uv", "build-backend").get("module-name")
    yield from map(_text, built if isinstance(built, list) else [built] if built else [])
    yield from strings(table(tool, "hatch", "build", "targets", "wheel"), "packages")
    yield from strings(table(tool, "scikit-build", "wheel"), "packages")
    yield from strings(table(tool, "setuptools"), "packages")
    yield from strings(table(tool, "setuptools"), "py-modules")
    for one in table(tool, "poetry").get("packages") or ():
        if isinstance(one, dict):
            yield "/".join(filter(None, (_text(one.get("from")), _text(one.get("include")))))


def _roots(tool: Mapping[str, Any]) -> Iterable[str]:
    setuptools = table(tool, "setuptools")
    yield from filter(None, (_text(table(setuptools, "package-dir").get("")),))
    yield from strings(table(setuptools, "packages", "find"), "where")
    for place, key in (
        (("uv", "build-backend"), "module-root"),
        (("pdm", "build"), "package-dir"),
        (("maturin",), "python-source"),
    ):
        yield from filter(None, (_text(table(tool, *place).get(key)),))


def _of_setup_cfg(folder: Path) -> Metadata:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string((folder / "setup.cfg").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, configparser.Error):  # often a file of linters alone
        return Metadata()
    options = parser["options"] if parser.has_section("options") else {}
    found = [parser.get("options.packages.find", "where", fallback="")]
    found += [line.partition("=")[2] for line in options.get("package_dir", "").splitlines()]
    listed = f"{options.get('packages', '')}\n{options.get('py_modules', '')}"
    return Metadata(
        name=parser.get("metadata", "name", fallback="").strip(),
        source="setup.cfg",
        requires_python=options.get("python_requires", "").strip(),
        scripts=_entry_points(parser.get("options.entry_points", "console_scripts", fallback="")),
        packages=tuple(word for word in re.split(r"[\s,]+", listed) if word and ":" not in word),
        roots=tuple(filter(None, (word.strip() for word in found))),
    )


def _of_setup_py(folder: Path) -> Metadata:
    """What a setup.py says in literals: it is read, and not run."""
    try:
        tree = ast.parse((folder / "setup.py").read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return Metadata()
    known = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    said: dict[str, Any] = {}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "setup":
            for word in call.keywords:
                value = word.value
                if isinstance(value, ast.Name):
                    value = known.get(value.id, value)
                with contextlib.suppress(ValueError, TypeError, SyntaxError):
                    said[word.arg or ""] = ast.literal_eval(value)
    points = said.get("entry_points")
    if isinstance(points, str):
        scripts = _entry_points(_section(points, "console_scripts"))
    else:
        listed = points.get("console_scripts") if isinstance(points, dict) else None
        scripts = _entry_points(listed if isinstance(listed, str) else "\n".join(listed or ()))
    names = [*strings(said, "packages"), *strings(said, "py_modules")]
    return Metadata(
        name=_text(said.get("name")),
        source="setup.py",
        requires_python=_text(said.get("python_requires")),
        scripts=scripts,
        packages=tuple(names),
        roots=tuple(filter(None, (_text(table(said, "package_dir").get("")),))),
    )


def _of_built(folder: Path) -> Metadata:
    """What was written when a distribution was made: complete, where it is there."""
    found = Metadata()
    places = (*folder.glob("*.egg-info"), *folder.glob("*/*.egg-info"), *folder.glob("*.dist-info"))
    for place in sorted(places):
        found = found.over(
            Metadata(
                scripts=_entry_points(
                    _section(_content(place / "entry_points.txt"), "console_scripts")
                ),
                packages=tuple(_content(place / "top_level.txt").split()),
            )
        )
    for file in (folder / "PKG-INFO", *sorted(folder.glob("*.dist-info/METADATA"))):
        told = email.parser.HeaderParser().parsestr(_content(file))
        found = found.over(
            Metadata(
                name=told.get("Name", ""),
                source=file.name,
                requires_python=told.get("Requires-Python", ""),
            )
        )
    return found


def _section(text: str, name: str) -> str:
    """The lines of one section of an entry points' text."""
    found = re.search(rf"^\s*\[\s*{name}\s*\](.*?)(?=^\s*\[|\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def _entry_points(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return _scripts({name.strip(): called for name, _, called in pairs})


def _scripts(table: Mapping[str, Any]) -> dict[str, str]:
    """Scripts that call an object of Python. One that asks for an extra is none without it."""
    found = {}
    for name, called in table.items():
        if isinstance(called, dict):  # of poetry: {reference = …, type = "console"}
            called = called.get("reference") if called.get("type") != "file" else ""  # noqa: PLW2901
        words = _text(called).strip()
        if re.fullmatch(r"[\w.]+\s*:\s*[\w.]+", words):
            found[name] = re.sub(r"\s", "", words)
    return found


def _without_caret(text: str) -> str:
    """Poetry's `^3.9` and `~3.9` in the words of every other tool."""
    words = []
    for one in re.split(r"\s*,\s*", text.strip()):
        match = re.fullmatch(r"([~^])\s*(\d+)(?:\.(\d+))?[\d.]*", one)
        if match is None:
            words.append(one)
            continue
        sign, major, minor = match.groups()
        end = f"{major}.{int(minor or 0) + 1}" if sign == "~" and minor else f"{int(major) + 1}"
        words += [f">={one[1:].strip()}", f"<{end}"]
    return ",".join(filter(None, words))


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def table(read: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """A table of TOML, one inside the other; empty where there is none."""
    found: Any = read
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def strings(table: Mapping[str, Any], key: str) -> list[str]:
    """The strings of a list; none where there is no list."""
    found = table.get(key)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list | tuple) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
