"""A branch beside what Python's own lazy imports give."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.core.errors import BenchError
from bench.engine.environments.interpreters import find_interpreter
from bench.explain.optimize.lazy_switch import SWITCH, used


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("import one.two", ["one"]),
        ("import one.two as three, four", ["three", "four"]),
        ("from one import two, three as four", ["two", "four"]),
        ("from one import *", []),
        ("import one; import two", ["one", "two"]),
    ],
)
def test_what_an_import_names_is_used(statement: str, names: list[str]) -> None:
    assert used(statement).splitlines() == [statement, *names]


@pytest.mark.parametrize("statement", ["import one.two", "from one import two", "import one"])
def test_the_switch_does_not_leave_out_what_is_measured(tmp_path: Path, statement: str) -> None:
    try:
        python = find_interpreter("3.15", fetch=False).executable
    except BenchError:
        pytest.skip("no Python 3.15 on this machine: infra/fetch_python.py brings one")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "__init__.py").write_text("import heavy\nprint('one')\n")
    (tmp_path / "one" / "two.py").write_text("")
    (tmp_path / "heavy.py").write_text("print('heavy')\n")
    env = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    printed = [
        subprocess.run(
            [python, "-c", used(statement)],
            env={**env, **more},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for more in ({}, SWITCH)
    ]
    assert printed == [["heavy", "one"], ["one"]]
