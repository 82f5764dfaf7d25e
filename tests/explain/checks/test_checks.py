"""Each kind of rewriting that broke programs is caught, with module, file and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from breakable import FILES, INIT, Breakable, Edit, breakable, make_breakable, rewrite
from support.sandbox import PYTHON, Sandbox

from bench.core.lock import exclusive
from bench.engine.environments.interpreters import Interpreter
from bench.explain.checks.shrink import largest_passing


@pytest.fixture(scope="module")
def package(shared: Path, interpreter: Interpreter) -> Iterator[Breakable]:
    """One set of checks for all tests of a worker: what was is looked at once."""
    path = shared / "breakable"
    with exclusive(shared / "breakable.lock", wait=True):
        if not path.is_dir():
            make_breakable(shared / "half-breakable").rename(path)
    sandbox = Sandbox(shared / "breakable-workspace", shared / "cache", path)
    with breakable(sandbox, interpreter) as found:
        yield found


_LAZY = """\
from sample.ping import ping


def __getattr__(name):
    if name == "helper":
        {how}
        return {value}
    raise AttributeError(name)
{rest}"""
_DIR = '\n\ndef __dir__():\n    return [*globals(), "helper", "tools"]\n'
_FROM_TOOLS = {"how": "from sample.tools import helper", "value": "helper"}

_CLI = FILES["sample/cli.py"]

CASES = {
    "it does not compile": (
        {"sample/ping.py": "def ping(:\n"},
        ("compile: sample/ping.py:1 does not compile on Python 3",),
    ),
    "ruff finds something": (
        {"sample/ping.py": "import os\n\n\ndef ping():\n    return 1\n"},
        ("ruff: sample/ping.py:1 F401", "`os`"),
    ),
    "a re-export is gone": (
        {"sample/__init__.py": "from sample.ping import ping  # noqa: F401\n"},
        ("names: sample (sample/__init__.py): `helper` was sample.tools.helper",),
    ),
    "dir does not list it": (
        {
            "sample/__init__.py": "import sample.tools\n"
            + _LAZY.format(how="", value="sample.tools.helper", rest="")
        },
        ("`dir` does not list `helper`",),
    ),
    "it asks itself": (
        {
            "sample/__init__.py": _LAZY.format(
                how="from . import helper", value="helper", rest=_DIR
            )
        },
        ("names: sample (", "`helper` was sample.tools.helper, is RecursionError"),
    ),
    "a submodule is no attribute": (
        {"sample/__init__.py": _LAZY.format(**_FROM_TOOLS, rest=_DIR)},
        ("names: sample (", "`tools` was module sample.tools, is AttributeError"),
    ),
    "a function loses its place to its module": (
        {
            "sample/__init__.py": INIT.replace("from sample.ping import ping\n", "")
            + '\n\ndef __getattr__(name):\n    if name == "ping":\n'
            "        from sample.ping import ping\n\n        return ping\n"
            "    raise AttributeError(name)\n"
        },
        ("names: sample (", "`ping` was sample.ping.ping, is module sample.ping"),
    ),
    "another __getattr__ takes its place": (
        {
            "sample/old.py": "def __getattr__(name):\n"
            '    if name == "csv":\n        import csv\n\n        return csv\n'
            "    raise AttributeError(name)\n"
        },
        ("names: sample.old (sample/old.py): `legacy` was module csv, is AttributeError",),
    ),
    "only the old order survived": (
        {"sample/first.py": "import sample.second\n\nsample.second.check()\nONE = 1\n"},
        ("imports: import of sample.first alone (sample/first.py): AttributeError", "well before"),
    ),
    "a name too many": (
        {"sample/ping.py": "def ping():\n    return 1\n\n\ndef pong():\n    return 2\n"},
        ("names: sample.ping (sample/ping.py): `pong` was not there before",),
    ),
    "a program runs on": (
        {"sample/__main__.py": "import sys\n\nsys.exit(4)\n"},
        ("import of sample.__main__ alone", "exits with status 4", "exits with status 3 before"),
    ),
    "it prints something else": (
        {"sample/cli.py": _CLI.replace('"done"', '"all done"')},
        ("scenarios: work standard output differs", "+all done"),
    ),
    "it ends otherwise": (
        {"sample/cli.py": _CLI.replace("    print(", "    sys.exit(7)\n    print(")},
        ("scenarios: work fails: exit status 7",),
    ),
    "a test patches it": (
        {
            "sample/cli.py": _CLI
            .replace("import colorsys\n", "")
            .replace("        print(c", "        import colorsys\n\n        print(c")
        },
        ("tests: tests/test_sample.py::test_patched newly fail", "colorsys"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_caught(case: str, package: Breakable) -> None:
    texts, words = CASES[case]
    found = package.failure(texts) or package.failure(texts, whole=True)
    for one in words:
        assert one in found, found


def test_tests_that_failed_are_run_first_from_then_on(package: Breakable) -> None:
    texts, _ = CASES["a test patches it"]
    assert not package.failure(texts)
    assert "newly fail" in package.failure(texts, whole=True)
    again = {name: f"{text}# once more\n" for name, text in texts.items()}
    assert "newly fail" in package.failure(again)


def test_the_copy_as_it_was_stays(package: Breakable) -> None:
    package.failure({"sample/ping.py": "def ping(:  # again\n"})
    package.failure({"sample/ping.py": "def ping():\n    return 1  # said\n"})
    copies = package.checks.subject.home.with_name("checked")
    assert [one.name for one in copies.iterdir()] == ["000"]


_TOOLS = "def helper():\n    import json\n\n    return json.dumps(1)\n"
_BRINGS = "def node():\n    import xml.dom\n\n    return xml.dom.Node\n"


def test_what_others_take_by_a_star(package: Breakable) -> None:
    assert not package.failure({"sample/tools.py": _TOOLS})
    found = package.failure({"sample/tools.py": _TOOLS}, whole=True)
    assert "names: sample.stars (sample/stars.py): `json` was module json" in found


def test_what_is_there_as_others_import_it(package: Breakable) -> None:
    assert not package.failure({"sample/brings.py": _BRINGS})
    found = package.failure({"sample/brings.py": _BRINGS}, whole=True)
    assert "names: sample.uses (sample/uses.py): `xml.dom` leads to no module" in found


def test_what_works_passes_and_what_failed_before_is_told(package: Breakable) -> None:
    old = FILES["sample/old.py"].replace("import csv\n\n\n", "").replace(
        "        return csv", "        import csv\n\n        return csv"
    )  # fmt: skip
    texts = {"sample/old.py": old}
    assert not package.failure(texts, whole=True)
    assert [(one.name, one.words) for one in package.checks.passed(texts, whole=True)] == [
        ("compile", f"1 file compiles on Python {PYTHON}"),
        ("ruff", "nothing new in 1 file"),
        ("imports", "2 modules import alone in a fresh interpreter as before"),
        ("names", "2 modules keep names, `dir`, `__all__` and star imports"),
        ("scenarios", "1 scenario ends and prints as before"),
        ("tests", "4 tests pass as before"),
    ]
    said = "\n".join(package.said)
    assert "sample.fails (OSError: not here)" in said
    assert "tests failed before and do not count: tests/test_sample.py::test_sorrow" in said


def test_a_new_module_is_seen(package: Breakable) -> None:
    texts = {
        "sample/added.py": "ADDED = 1\n",
        "sample/old.py": "from sample import added as _added  # noqa: F401\n\n"
        + FILES["sample/old.py"],
    }
    assert not package.failure(texts)
    texts["sample/added.py"] = "ADDED = missing\n"
    assert "imports: import of sample.old alone" in package.failure(texts)


def test_the_rest_is_kept_with_the_reasons(package: Breakable) -> None:
    good = Edit("sample/old.py", FILES["sample/old.py"].replace("import csv\n", "import csv  #\n"))
    star = Edit("sample/tools.py", _TOOLS, ("json",))
    brings = Edit("sample/brings.py", _BRINGS, ("xml",))
    found = largest_passing([star, good, brings], rewrite, package.checks)
    assert found.kept == (good,)
    assert {one: why.check for one, why in found.excluded} == {star: "names", brings: "names"}
    assert "sample.stars" in dict(found.excluded)[star].words
