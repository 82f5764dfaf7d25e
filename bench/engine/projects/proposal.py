"""A project's metadata → the text of a target's file: what is measured unless somebody says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from bench.core.errors import UsageError
from bench.core.program import COMMAND
from bench.core.target import READ
from bench.engine.projects.layout import Package
from bench.engine.projects.metadata import Metadata
from bench.engine.projects.own_tests import FoundTests
from bench.engine.projects.timed_tests import TimedTests
from bench.formats.text import counted

# The first that the project allows and that is here: packages have wheels for the first ones.
PYTHONS = ("3.13", "3.12", "3.14", "3.11", "3.10", "3.15", "3.9")
MOST_SCRIPTS = 3
MOST_TESTS = 8
_MOST_IMPORTS = 4
_TIMEOUT_S = 30  # a command that does not know the option may well wait for something


@dataclass(frozen=True, kw_only=True)
class ReadProject:
    """What was found of a project. `subfolder` is its place in the repository, "" for the root;
    `clone` where others get it from, "" for a package of the index. `asv_suite` is the
    folder of one, "" for none; `own_tests` is None where none were found. `is_built` tells of a
    Python whether all its releases have wheels for it.
    """

    metadata: Metadata
    package: Package
    subfolder: str = ""
    clone: str = ""
    default_range: str = ""
    why_range: str = ""
    timed_tests: tuple[TimedTests, ...] = ()
    asv_suite: str = ""
    own_tests: FoundTests | None = None
    is_built: Callable[[str], bool] = lambda _: True

    @property
    def allowed(self) -> list[str]:
        """The Pythons that it can be measured on, the usual ones first.

        One for which it has to be built is taken only where there is no other.
        """
        allowed = _allowed(self.metadata)
        return list(filter(self.is_built, allowed)) or allowed


@dataclass(frozen=True)
class TargetText:
    """The text of a target's file, and in a few lines what was assumed."""

    text: str
    assumed: tuple[str, ...]
    range_assumed: str = ""


def propose(
    project: ReadProject,
    *,
    is_here: Callable[[str], bool] = lambda _: True,
    declared: bool = False,
    with_tests: bool = False,
) -> TargetText:
    """What `run` measures of a project without a file, and what `init` writes (`declared`).

    `with_tests`: its own tests are a part of the target; else they are there to be taken in, since
    a first look should not wait for them. `is_here` says which Pythons need not be fetched. Raises
    `UsageError` when none will do.
    """
    metadata, package = project.metadata, project.package
    python = _python(project, is_here)
    scripts = chosen_scripts(metadata)
    imports = imports_of(package, scripts)
    name = canonicalize_name(metadata.name)
    tables = [*_commands(scripts), *_imports(imports), *_timed_tests(project.timed_tests)]
    more = tuple(one for one in sorted(project.allowed, key=_key) if one != python)
    head = [
        "# Read from the project itself, and none of it was run. Every key is explained in",
        "# bench/targets/_example.toml.",
        _line("name", name if declared else name + READ),
        _line("layer", "project"),
        _line("distribution", metadata.name, metadata.source),
        _line("module", package.module, f"{package.path or '.'}: {package.why}"),
        *([_line("clone", project.clone)] if project.clone else []),
        *([_line("released", value=False)] if metadata.is_private else []),
        *(
            [_line("default_range", project.default_range, project.why_range)]
            if project.default_range
            else []
        ),
        _line("pythons", [python], f"requires-python: {metadata.requires_python or 'not said'}"),
        _line("more_pythons", list(more), "for --python all"),
    ]
    if project.subfolder:
        head += ["", "[install]", _line("subfolder", project.subfolder)]
    tests = _own_tests(project.own_tests, are_run=with_tests)
    text = "\n".join((*head, *tables, *_asv(project.asv_suite), *tests)) + "\n"
    assumed = _assumed(project, scripts, python)
    if with_tests:
        found = project.own_tests
        assumed += (f"own tests: {found.words}" if found else "no tests of its own were found",)
    return TargetText(text, assumed, _assumed_range(project))


def chosen_scripts(metadata: Metadata) -> dict[str, str]:
    """Not all console scripts: one of those that call the same, the project's own name first."""
    own = canonicalize_name(metadata.name)
    ordered = sorted(metadata.scripts.items(), key=lambda one: canonicalize_name(one[0]) != own)
    first: dict[str, str] = {}
    for name, called in ordered:
        first.setdefault(called, name)
    return {name: called for called, name in list(first.items())[:MOST_SCRIPTS]}


def imports_of(package: Package, scripts: Mapping[str, str]) -> tuple[str, ...]:
    """The package, and the modules that its commands start in: its largest if it has none.

    Most of a library's modules are imported by its package: more of them would show the same.
    """
    started = [called.partition(":")[0] for called in scripts.values()] or package.inner[:2]
    return tuple(dict.fromkeys((package.module, *started)))[:_MOST_IMPORTS]


def _commands(scripts: Mapping[str, str]) -> list[str]:
    return [
        _table(f"{script}-{option}", "cli", "command", [script, f"--{option}"])
        for script in scripts
        for option in ("version", "help")
    ]


def _imports(modules: tuple[str, ...]) -> list[str]:
    return [_table(f"import-{module}", "import", "import", module) for module in modules]


def _timed_tests(found: tuple[TimedTests, ...]) -> list[str]:
    """The project's own benchmarks for pytest; many of them only when they are asked for."""
    many = sum(one.count for one in found) > MOST_TESTS
    return [
        _table(
            one.path.removesuffix(".py"),
            "pytest",
            "pytest",
            one.path,
            default=not many,
            comment=counted(one.count, "test"),
        )
        for one in found
    ]


def _asv(folder: str) -> tuple[str, ...]:
    """Its asv suite, for a file: measured only there, since environments get a runner for it."""
    if not folder:
        return ()
    lines = (_line("name", "asv"), _line("group", "asv"), _line("asv", folder))
    return ("", "# The project's asv suite:", *(f"# {one}" for one in ("[[benchmark]]", *lines)))


def _table(
    name: str, group: str, key: str, value: object, *, default: bool = True, comment: str = ""
) -> str:
    safe = re.sub(r"[^a-z0-9._-]", "-", name.lower())[:60].lstrip("._-")
    lines = [_line("name", safe), _line("group", group), _line(key, value, comment)]
    if not default:
        lines.append(_line("default", value=False))
    return "\n".join(("", "[[benchmark]]", *lines, _line("timeout_s", _TIMEOUT_S)))


def _own_tests(found: FoundTests | None, *, are_run: bool) -> tuple[str, ...]:
    """The table of its tests, as comments where they are not run."""
    told = found or FoundTests(paths=("tests",))
    needs = (("groups", told.groups), ("extras", told.extras), ("requirements", told.requirements))
    lines = ["[tests]", _line("paths", list(told.paths))]
    lines += [_line(key, list(names)) for key, names in needs if names]
    head = ("", "# The project's own tests, before anything is measured, on both sides:")
    return (*head, *(lines if are_run and found else (f"# {one}" for one in lines)))


def _line(key: str, value: object, comment: str = "") -> str:
    """A key of TOML, whose strings and lists of strings are JSON's."""
    said = f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
    return f"{said}  # {' '.join(comment.split())}" if comment else said


def _python(project: ReadProject, is_here: Callable[[str], bool]) -> str:
    allowed = project.allowed
    if not allowed:
        raise UsageError(
            f"{project.metadata.name} requires Python {project.metadata.requires_python}, which is "
            "none of "
            f"{', '.join(sorted(PYTHONS, key=_key))}.",
            "Write a target's file for it, with `pythons` of your own.",
        )
    return next((one for one in allowed if is_here(one)), allowed[0])


def _allowed(metadata: Metadata) -> list[str]:
    try:
        wanted = SpecifierSet(metadata.requires_python)
    except InvalidSpecifier:
        return list(PYTHONS)
    # Some patch release of it will do: `>=3.9.2`, `!=3.9.0`.
    return [one for one in PYTHONS if any(wanted.contains(f"{one}.{last}") for last in (0, 50))]


def _key(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _assumed(project: ReadProject, scripts: Mapping[str, str], python: str) -> tuple[str, ...]:
    metadata, package = project.metadata, project.package
    left_out = len(metadata.scripts) - len(scripts)
    more = f" ({left_out} more call the same, or are left out)" if left_out else ""
    commands = f"commands {', '.join(scripts)}{more}" if scripts else "no commands"
    measured = (
        "--version and --help of the commands, imports of the package and of the modules in which "
        "they start"
        if scripts
        else "imports of the package and of its largest modules"
    )
    lines = [
        f"read from {metadata.source}: {metadata.name}, imported as {package.module} "
        f"({package.path}, {package.why}); {commands}",
        f"assumed: {measured}; Python {python} (requires-python: "
        f"{metadata.requires_python or 'not said'}{_for_wheels(project)}). `{COMMAND} init` writes "
        "a file to change",
    ]
    tests = sum(one.count for one in project.timed_tests)
    if tests:
        places = ", ".join(one.path for one in project.timed_tests[:3])
        asked = ": measured with --group pytest" if tests > MOST_TESTS else ""
        lines.append(f"{counted(tests, 'benchmark')} for pytest in {places}{asked}")
    if project.asv_suite:
        lines.append(
            f"an asv suite in {project.asv_suite}: not measured here; in the file that "
            f"`{COMMAND} init` writes, its table is there to be taken in"
        )
    return tuple(lines)


def _for_wheels(project: ReadProject) -> str:
    return "" if project.allowed == _allowed(project.metadata) else "; there are wheels for it"


def _assumed_range(project: ReadProject) -> str:
    if not project.default_range:
        return ""
    return f"range, if none is given: {project.default_range} ({project.why_range})"
