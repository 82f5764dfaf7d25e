"""Sources that are newer than the harness's Python: the subject's interpreter parses them."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.import_packages import reasons, write_package

from bench.core.errors import UsageError
from bench.engine.environments.interpreters import find_interpreter
from bench.explain.rank.candidates import judge_imports
from bench.explain.rank.graph import Graph
from bench.explain.rank.newer_syntax import parse_with
from bench.explain.rank.scopes import Uses
from bench.explain.rank.sources import ModuleSource, Standing, read_package

TEXT = '''\
"""A module."""
from __future__ import annotations
import os, json as js

class A(Base, metaclass=Meta):
    field: os.PathLike = 1 + 2

    @js.decorated
    async def go(self, *rest, last=None, **more):
        match rest:
            case [1, *others] if others:
                return [js.dumps(one) for one in others]
        with open(f"{self!r}:>{last}") as stream:
            yield stream
'''


def test_the_tree_is_the_harness_own(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(TEXT)
    [tree] = parse_with(Path(sys.executable), [file])
    assert isinstance(tree, ast.Module)
    wanted = ast.dump(ast.parse(TEXT), include_attributes=True, indent=1)
    assert ast.dump(tree, include_attributes=True, indent=1) == wanted
    source = ModuleSource.parse("module", file, tree)
    assert {name.bound for one in source.statements for name in one.names} == {"os", "js"}
    assert ast.unparse(tree) == ast.unparse(ast.parse(TEXT))


def test_files_that_nobody_can_parse_are_told_of(tmp_path: Path) -> None:
    for name, text in (("good.py", "import os"), ("bad.py", "import ("), ("worse.py", "x = 1\0")):
        (tmp_path / name).write_text(text)
    told: dict[str, str] = {}
    found = read_package(
        tmp_path, Path(sys.executable), lambda file, why: told.update({file.name: why})
    )
    assert [one.file.name for one in found] == ["good.py"]
    assert told.keys() == {"bad.py", "worse.py"}
    assert told["bad.py"] == "invalid syntax, line 1"


def test_an_interpreter_that_does_not_answer(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import (")
    told: list[str] = []
    assert not list(read_package(file, Path("/bin/false"), lambda _, why: told.append(why)))
    assert "/bin/false could not parse it" in told[0]


def newer(tmp_path: Path, *body: dict[str, Any]) -> Path:
    """A stand-in for an interpreter of the future: whatever it is asked, it tells this module."""
    tree = node("Module", "mod", body=list(body), type_ignores=[])
    python = tmp_path / "python-of-the-future"
    (tmp_path / "told.json").write_text(json.dumps([tree]))
    python.write_text(f"#!/bin/sh\ncat {tmp_path / 'told.json'}\n")
    python.chmod(0o755)
    return python


def node(kind: str, base: str, **values: object) -> dict[str, Any]:
    places = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 4}
    fields = list(values)
    values |= places if base in {"stmt", "expr", "AST"} else {}
    return {"kind": kind, "base": base, "fields": fields, "values": values}


def test_kinds_of_nodes_that_the_harness_does_not_know(tmp_path: Path) -> None:
    """They are walked through: a name that is used in one is used."""
    name = node("Name", "expr", id="json", ctx=node("Load", "expr_context"))
    unknown = node("Sparkle", "expr", inside=[name])
    alias = node("alias", "AST", name="json", asname=None)
    python = newer(
        tmp_path,
        node("Import", "stmt", names=[alias], is_lazy=1),
        node("Expr", "stmt", value=unknown),
    )
    file = tmp_path / "module.py"
    file.write_text("lazy import json\n✨")
    [source] = read_package(file, python, lambda file, why: pytest.fail(f"{file}: {why}"))
    assert [use.name for use in Uses(source.tree).found] == ["json"]
    [statement] = source.statements
    assert statement.standing is Standing.LAZY


def python_3_15() -> Path:
    try:
        return find_interpreter("3.15", fetch=False).executable
    except UsageError:
        pytest.skip("no Python 3.15 on this machine: infra/fetch_python.py brings one")


def test_lazy_imports_are_read_and_left_alone(tmp_path: Path) -> None:
    python = python_3_15()
    package = write_package(
        tmp_path,
        {
            "own/__init__.py": "from own import cli",
            "own/cli.py": "lazy import json\nlazy from own.parts import part\nimport own.late\n"
            "def go():\n    return json, part, own.late, t'{part}'\n",
            "own/parts.py": "part = 1\n",
            "own/late.py": "late = 1\n",
        },
        "import own",
    )
    told: list[str] = []
    found = read_package(tmp_path / "own", python, lambda _, why: told.append(why))
    sources = {one.module: one for one in found}
    assert not told
    assert sources.keys() == {"own", "own.cli", "own.parts", "own.late"}
    standings = [one.standing for one in sources["own.cli"].statements]
    assert standings == [Standing.LAZY, Standing.LAZY, Standing.PLAIN]
    recording = package.record(python)
    graph = Graph(recording, dict.fromkeys(recording.modules, 1.0))
    judgement = judge_imports(graph, sources, list(sources.values()), lazy=True)
    assert "json" not in recording.modules
    assert {one.name.bound for found in judgement.candidates for one in found.deferrals} >= {"own"}
    assert "json" not in reasons(judgement)
