"""A project's own tests, as far as its files tell: where they lie, and what they need."""

from __future__ import annotations

import configparser
import contextlib
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bench.engine.projects.metadata import strings, table

_FOLDERS = ("tests", "test", "testing")
_PATTERNS = ("test_*.py", "*_test.py", "tests.py")
# What the needs of tests are called, the narrowest first: a group for developers has linters too.
_GROUPS = (("test", "tests", "testing", "unittest", "pytest"), ("dev", "develop", "development"))
_FILES = (
    "requirements-test.txt", "requirements-tests.txt", "test-requirements.txt",
    "test_requirements.txt", "requirements/test.txt", "requirements/tests.txt",
    "tests/requirements.txt", "requirements-dev.txt", "dev-requirements.txt",
    "requirements/dev.txt", "requirements.txt",
)  # fmt: skip
_INI_FILES = (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
_RUNNER = "pytest"


@dataclass(frozen=True, kw_only=True)
class FoundTests:
    """Paths below the project's folder, and what is installed for them beside the project."""

    paths: tuple[str, ...]
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    requirements: tuple[str, ...] = (_RUNNER,)

    @property
    def words(self) -> str:
        """`pytest tests (group tests)`."""
        kinds = (("group", self.groups), ("extra", self.extras))
        told = [f"{kind} {name}" for kind, names in kinds for name in names]
        more = len(self.requirements) - (_RUNNER in self.requirements)
        told += [f"{more} more requirements"] if more else []
        return f"pytest {' '.join(self.paths)}" + f" ({', '.join(told)})" * bool(told)


def find_own_tests(folder: Path) -> FoundTests | None:
    """The tests of the project in a folder, none of which is run; None where there are none."""
    read = _pyproject(folder)
    paths = tuple(one for one in _declared(folder, read) if _has_tests(folder / one))
    paths = paths or tuple(one for one in _FOLDERS if _has_tests(folder / one))[:1]
    if not paths:
        return None
    groups, extras = _needs(list(table(read, "dependency-groups")), _extras(folder, read))
    more = () if groups or extras else _listed(folder)
    return FoundTests(
        paths=paths,
        groups=groups,
        extras=extras,
        requirements=tuple(dict.fromkeys((_RUNNER, *more))),
    )


def _needs(groups: list[str], extras: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The groups, or else extras, that are for tests, or else for whoever develops it."""
    for wanted in _GROUPS:
        in_groups, in_extras = (
            tuple(one for one in names if canonicalize_name(one) in wanted)
            for names in (groups, extras)
        )
        if in_groups or in_extras:
            return in_groups, () if in_groups else in_extras
    return (), ()


def _pyproject(folder: Path) -> Mapping[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8-sig"))
    return {}


def _declared(folder: Path, read: Mapping[str, Any]) -> Iterator[str]:
    """What pytest's settings call `testpaths`."""
    own = table(read, "tool", "pytest")
    settings = (own, table(own, "ini_options"))
    for one in settings:
        yield from strings(one, "testpaths")
    said = [one.get("testpaths") for one in settings]
    said += [_ini(folder / name).get(part, "testpaths", fallback="") for name, part in _INI_FILES]
    for words in said:
        with contextlib.suppress(ValueError):
            yield from shlex.split(words) if isinstance(words, str) else ()


def _ini(file: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    with contextlib.suppress(OSError, ValueError, configparser.Error):
        parser.read_string(file.read_text(encoding="utf-8-sig"))
    return parser


def _has_tests(place: Path) -> bool:
    if place.is_file():
        return place.suffix == ".py"
    return any(True for pattern in _PATTERNS for _ in place.rglob(pattern))


def _extras(folder: Path, read: Mapping[str, Any]) -> list[str]:
    declared = table(read, "project", "optional-dependencies")
    setup, section = _ini(folder / "setup.cfg"), "options.extras_require"
    return [*declared, *(setup[section] if setup.has_section(section) else ())]


def _listed(folder: Path) -> tuple[str, ...]:
    """Plain requirements of the first file that lists any for tests, or tox's."""
    lines = _ini(folder / "tox.ini").get("testenv", "deps", fallback="").splitlines()
    for name in _FILES:
        with contextlib.suppress(OSError, ValueError):
            lines = (folder / name).read_text(encoding="utf-8-sig").splitlines()
            break
    return tuple(filter(None, map(_requirement, lines)))


def _requirement(line: str) -> str:
    words = line.partition("#")[0].strip()
    with contextlib.suppress(InvalidRequirement):
        return words if not Requirement(words).url else ""
    return ""
