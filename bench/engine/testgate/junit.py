"""Read what pytest writes with `--junitxml`, in the family `xunit1` (which names files)."""

from __future__ import annotations

import enum
import hashlib
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.core.files import read_plain
from bench.core.printable import printable

_MOST_BYTES = 256 << 20
_LONGEST = 400
_NO_LINES = dict.fromkeys(map(ord, "\t\n\r"), " ")


class Case(enum.StrEnum):
    """How one test ended."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"
    ERROR = "error"


FAILING = frozenset({Case.FAILED, Case.ERROR})

# A test can be listed twice (its call failed and its teardown as well): the worst counts.
_BADNESS = {Case.PASSED: 0, Case.SKIPPED: 1, Case.ERROR: 2, Case.FAILED: 3}
_BY_CHILD = {"failure": Case.FAILED, "error": Case.ERROR, "skipped": Case.SKIPPED}


def read_junit(file: Path) -> dict[str, Case] | None:
    """How each test ended, by pytest's id; None when there is no whole file.

    pytest writes the file when all tests are over: a suite that was killed leaves none. Tests could
    put anything in its place.
    """
    root = _root(file)
    if root is None:
        return None
    cases: dict[str, Case] = {}
    for element in root.iter("testcase"):
        name, case = _shown(_identity(element)), _case(element)
        known = cases.get(name, case)
        cases[name] = max(case, known, key=_BADNESS.__getitem__)
    return cases


def read_messages(file: Path) -> dict[str, str]:
    """The first line of what each test said that did not pass, by pytest's id."""
    root = _root(file)
    found: dict[str, str] = {}
    for element in () if root is None else root.iter("testcase"):
        for child in element:
            if _BY_CHILD.get(child.tag) in FAILING:
                first, *_ = [*child.get("message", "").splitlines(), ""]
                found.setdefault(_shown(_identity(element)), _shown(first))
    return found


def _root(file: Path) -> ET.Element | None:
    try:
        return ET.fromstring(read_plain(file, _MOST_BYTES))
    except (OSError, ET.ParseError, ValueError, LookupError):
        return None


def _shown(name: str) -> str:
    """A name that a screen, a page and a command line can bear; tests choose any."""
    name = printable(name).translate(_NO_LINES)
    if len(name) <= _LONGEST:
        return name
    return f"{name[:_LONGEST]}… {hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"


def without_parameters(identity: str) -> str:
    """The test function's id: what stands in brackets can hold anything, also what no shell takes.

    >>> without_parameters("tests/test_a.py::TestX::test_p[a/b]")
    'tests/test_a.py::TestX::test_p'
    """
    file, *names = identity.split("::", 1)
    return "::".join([file, *(name.split("[", 1)[0] for name in names)])


def _case(element: ET.Element) -> Case:
    found = [_BY_CHILD[child.tag] for child in element if child.tag in _BY_CHILD]
    return max(found, key=_BADNESS.__getitem__, default=Case.PASSED)


def _identity(element: ET.Element) -> str:
    """`file::Class::name`; a file that could not be collected has neither class nor name."""
    file = element.get("file", "")
    classname, name = element.get("classname", ""), element.get("name", "")
    if not file:
        return f"{classname}.{name}".strip(".")
    if not classname:
        return file
    module = file.removesuffix(".py").replace("/", ".")
    classes = classname.removeprefix(module).strip(".")
    return "::".join([file, *classes.split("."), name] if classes else [file, name])
