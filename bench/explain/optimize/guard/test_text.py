"""The guard test: a file that needs nothing but the standard library, for the project's own tests.

As CPython's `ensure_lazy_imports` does it, each scenario is started in a process of its own. A
finder that is asked first says who imports a guarded module; what is in `sys.modules` at the end
says whether it came.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.explain.optimize.guard.programs import Program

FILE = "test_deferred_imports.py"
_NAME = "NOT_IMPORTED_AT_START"
_WIDTH = 88


@dataclass(frozen=True)
class Guarded:
    """A scenario and the modules that must not be imported when it is started."""

    program: Program
    modules: tuple[str, ...]


def guard_test(project: str, guarded: Sequence[Guarded], since: tuple[int, int] = (3, 0)) -> str:
    """The text of the test; the same modules give the same bytes.

    `since` is the first Python on which the modules are deferred: older ones skip the test.
    """
    return _TEMPLATE.format(
        project=project,
        skipped=_skipped(since),
        modules=_literal({one.program.words: one.modules for one in guarded}),
        programs=_programs([one.program for one in guarded]),
    )


def read_guard_test(text: str) -> dict[str, tuple[str, ...]]:
    """The modules of a guard test by what is started (`sample --help`).

    Raises `ValueError` where the text is none.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, RecursionError) as error:
        raise ValueError(f"it is not Python ({error})") from error
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _NAME:
            return _table(node.value)
    raise ValueError(f"it has no table {_NAME}")


def _table(node: ast.expr) -> dict[str, tuple[str, ...]]:
    try:
        found = ast.literal_eval(node)
        return {str(words): tuple(map(str, modules)) for words, modules in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"its table {_NAME} is not one of names ({error})") from error


def _skipped(since: tuple[int, int]) -> str:
    if since <= (3, 0):
        return ""
    named = ".".join(map(str, since))
    return f'@unittest.skipIf(sys.version_info < {since}, "lazy imports need Python {named}")\n'


def _literal(table: Mapping[str, tuple[str, ...]]) -> str:
    lines = ["{"]
    for words, modules in table.items():
        lines += [f"    {_quoted(words)}: ["]
        lines += [f"        {_quoted(name)}," for name in modules]
        lines += ["    ],"]
    return "\n".join([*lines, "}"])


def _programs(programs: Sequence[Program]) -> str:
    lines = ["{"]
    for one in programs:
        variables = ", ".join(f"{_quoted(k)}: {_quoted(v)}" for k, v in one.variables.items())
        lines += [
            f"    {_quoted(one.words)}: (",
            f"        {_quoted(one.code)},",
            f"        {{{variables}}},",
            f"        {list(one.statuses)},",
            "    ),",
        ]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    """As formatters write strings: with double quotes."""
    return json.dumps(text, ensure_ascii=True)


_TEMPLATE = '''\
"""What {project} imports only when it is needed, so that it starts fast.

Each program is started in a process of its own; this fails when it imports one of the
modules at its start, and says where. To defer a module again, import it in the function
that uses it. If the start really needs a module now, take it off the list.

Written by `bench guard`; needs the standard library only.
"""

# ruff: noqa
# flake8: noqa

import os
import subprocess
import sys
import tempfile
import unittest

NOT_IMPORTED_AT_START = {modules}

# What starts each of them, its variables, and the exit statuses that are a success.
PROGRAMS = {programs}

CHILD = """\\
import os, sys

modules, told, program = {{modules!r}}, {{told!r}}, {{program!r}}
before, importers = set(sys.modules), {{{{}}}}


class Watch:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in modules:
            frame = sys._getframe(1)
            while frame and "importlib" in frame.f_code.co_filename:
                frame = frame.f_back
            if frame:
                place = "%s:%d" % (frame.f_code.co_filename, frame.f_lineno)
                importers.setdefault(name, place)
        return None


def tell():
    again = [name for name in modules if name in sys.modules and name not in before]
    with open(told, "w") as file:
        for name in again:
            file.write("%s, by %s\\\\n" % (name, importers.get(name, "an extension")))


def leave(status, really=os._exit):
    tell()
    really(status)


os._exit = leave
sys.meta_path.insert(0, Watch)
try:
    exec(compile(program, "<the start>", "exec"), {{{{"__name__": "__main__"}}}})
finally:
    tell()
"""


def imported_at_start(words):
    """Lines "module, by file:line" of what a program imports though it should not."""
    code, variables, statuses = PROGRAMS[words]
    with tempfile.TemporaryDirectory() as folder:
        told = os.path.join(folder, "told")
        modules = NOT_IMPORTED_AT_START[words]
        child = CHILD.format(modules=modules, told=told, program=code)
        path = os.pathsep.join(filter(None, sys.path))
        home = {{"HOME": folder, "USERPROFILE": folder, "PYTHONPATH": path}}
        ended = subprocess.run(
            [sys.executable, "-c", child],
            cwd=folder,
            env={{**os.environ, **home, **variables}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
        if ended.returncode not in statuses:
            last = ended.stdout.decode(errors="replace")[-2000:]
            raise AssertionError(
                "%s ended with status %s:\\n%s" % (words, ended.returncode, last)
            )
        with open(told) as file:
            return file.read().splitlines()


{skipped}class DeferredImports(unittest.TestCase):
    """Deferred modules stay deferred."""

    def test_start_imports_no_deferred_module(self):
        again = [
            "%s imports %s" % (words, line)
            for words in sorted(NOT_IMPORTED_AT_START)
            for line in imported_at_start(words)
        ]
        self.assertEqual([], again, "\\n".join(["imported at start again:"] + again))


if __name__ == "__main__":
    unittest.main()
'''
