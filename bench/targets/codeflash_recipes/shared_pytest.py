"""Recipe `codeflash-shared-pytest`: pytest processes come from one that has imported it already.

A run starts pytest once to see what the code does, once to profile its lines, and once or more for
each candidate: five processes that import pytest, its plugins' libraries and pydantic, 0.5 s each.
On Linux they are forked from one process that has imported those libraries, and nothing of the
project: environment, folder, arguments, output and exit status of each are what they were, and so
are the hash seed (codeflash fixes it) and the state of `random` (seeded anew after a fork). Plugins
are imported by each run itself, since pytest rewrites their assertions. Whatever does not fit
(another system, a library that lies in the project, a busy server) runs as it did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import libcst as cst
import libcst.matchers as m

from bench.explain.optimize.change import Change, Left, Proposal, Site
from bench.explain.optimize.project import Project
from bench.explain.optimize.recipes.reading import OwnFile, file_of, replaced, rewriter, statements

_RUNNER = "codeflash.languages.python.test_runner"
_FUNCTION = "execute_test_subprocess"
_NEW = "verification/pytest_server.py"
_SERVER = Path(__file__).with_name("_pytest_server.py")
_TRIED = """\
from codeflash.verification.pytest_server import run_pytest

shared = run_pytest(cmd_list, cwd, env, timeout)
if shared is not None:
    return shared
"""
_WHY = (
    "Each run is a process of its own with the arguments, environment, folder, output and status "
    "that it had; only libraries that no plugin and no project brings are imported before the fork."
)


class SharedPytest:
    """Finds where codeflash starts pytest."""

    name = "codeflash-shared-pytest"
    summary = "Pytest processes are forked from one that has imported its libraries."

    def propose(self, project: Project) -> Proposal:
        """One change with one site."""
        left = [
            Left(
                what="two processes of coverage",
                why="what is imported before coverage begins is not measured, and the process that "
                "erases its data reads the settings of the project: neither can be shared as it is",
            )
        ]
        file = file_of(project, _RUNNER)
        place = _call(file) if file else None
        if file is not None and "pytest_server" in file.text:
            return Proposal(changes=(), rewrite=lambda _: {}, left=tuple(left))
        if file is None or place is None:
            left.append(Left(what="pytest processes", why=f"{_RUNNER} starts them in another way"))
            return Proposal(changes=(), rewrite=lambda _: {}, left=tuple(left))
        risks = ("a plugin of pytest that cannot stand its library being imported before a fork",)
        words = f"pytest is forked from a process of {_NEW}"
        site = Site(file=file.path, line=file.line(place), words=words, risks=risks)
        change = Change(
            recipe=self.name,
            title="fork pytest from a process that has imported its libraries",
            sites=(site,),
            why=_WHY,
        )
        texts = rewriter(project, _written)

        def rewrite(sites: Collection[Site]) -> Mapping[str, str]:
            root = file.path.partition("languages/")[0]
            return {**texts(sites), f"{root}{_NEW}": _SERVER.read_text("utf-8")} if sites else {}

        return Proposal(changes=(change,), rewrite=rewrite, left=tuple(left))


def _call(file: OwnFile) -> cst.SimpleStatementLine | None:
    """The statement of the function that runs the command, with the names that are needed."""
    for one in file.tree.body:
        if isinstance(one, cst.FunctionDef) and one.name.value == _FUNCTION:
            names = [param.name.value for param in one.params.params]
            found = m.findall(
                one,
                m.SimpleStatementLine(
                    [m.Return(m.Call(m.Attribute(m.Name("subprocess"), m.Name("run"))))]
                ),
            )
            if names == ["cmd_list", "cwd", "env", "timeout"] and len(found) == 1:
                return cst.ensure_type(found[0], cst.SimpleStatementLine)
    return None


def _written(file: OwnFile, _: frozenset[Site]) -> str:
    call = _call(file)
    assert call is not None
    config = file.tree.config_for_parsing
    tried = cst.FlattenSentinel([*statements(_TRIED, config), call])
    return replaced(file.tree, {call: tried}).code


RECIPE = SharedPytest()
