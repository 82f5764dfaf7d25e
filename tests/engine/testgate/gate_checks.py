"""A project with tests of its own, one commit for each way they can change, and the gate for it."""

from __future__ import annotations

import sys
from pathlib import Path

from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.gate import Gate
from bench.core.target import parse_target
from bench.engine.environments.interpreters import Interpreter
from bench.engine.revisions.resolve import resolve_range
from bench.engine.testgate.run_gate import PairGate

_HEADER = """\
import os
import subprocess
import time
from pathlib import Path

import pytest

import sample

with Path(os.environ["TALLY"]).open("a") as tally:
    tally.write("x")

"""
_PASSES = """\
class TestWork:
    @pytest.mark.parametrize("what", ["a", "b/c", "d e[f]"])
    def test_works(self, what):
        Path("pyproject.toml").unlink()  # the next run has a checkout of its own
        Path("pyproject.toml").touch()
"""
_SKIPS = """
@pytest.mark.skip
def test_another_day(): ...
"""
_FAILS = """
def test_old_sorrow():
    assert False, "known"
"""
_ENVIRONMENT = """
def test_environment():
    assert "BENCH_SECRET" not in os.environ
    assert os.environ["SAMPLE_MODE"] == "tests"
    assert "NO_COLOR" not in os.environ
    assert not list(Path.home().iterdir())
"""
_LOOPBACK = """
def test_loopback():
    import socket
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
"""
_FLAKY = """
def test_whim():
    whim = Path(os.environ["TALLY"] + ".whim")
    first = not whim.exists()
    whim.touch()
    assert not first, "not today"
"""
_HANGS = """
def test_patience():
    subprocess.Popen(["sleep", os.environ["NAP"]])
    time.sleep(float(os.environ["NAP"]))
"""


# Beside the hook of the tiny backend: a wheel that holds nothing but the way to the checkout.
_EDITABLE = """

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    files = {"sample.pth": str(Path.cwd())}
    return make_wheel(Path(wheel_directory), project["name"], project["version"], files)
"""


def _commit(made: Repository, tag: str, *tests: str, **others: str) -> None:
    files = {f"tests/test_{name}.py": text for name, text in others.items()}
    if tests:
        files["tests/test_sample.py"] = _HEADER + "".join(tests)
    project = sample_files("1.0.0", comment=f"# {tag}\n")
    if tag != "same":  # whose backend can't do it
        project["tiny_backend.py"] += _EDITABLE
    made.commit(project | files, tag, tag=tag)


def make_tested_repository(path: Path) -> Path:
    """Each tag is named after what it is like beside `good`."""
    made = Repository.create(path)
    _commit(made, "good", _PASSES, _SKIPS, _FAILS, _ENVIRONMENT, _LOOPBACK)
    _commit(made, "same", _PASSES, _SKIPS, _FAILS, _ENVIRONMENT, _LOOPBACK)
    worse = _PASSES.replace("Path(", "assert what != 'b/c'\n        Path(", 1)
    _commit(made, "worse", worse, _SKIPS, _FAILS, _ENVIRONMENT, _LOOPBACK, new="import nowhere\n")
    _commit(made, "fixed", _PASSES, _SKIPS, _FAILS.replace("False", "True"))
    _commit(made, "flaky", _PASSES, _FLAKY)
    _commit(made, "hangs", _PASSES, _HANGS)
    _commit(made, "without")
    return path


class Gatekeeper:
    """Runs the gate as a session does. Results are shared by nobody: TALLY is the test's own."""

    def __init__(self, sandbox: Sandbox, interpreter: Interpreter, tally: Path) -> None:
        self.sandbox, self.interpreter, self.tally = sandbox, interpreter, tally
        self.said: list[str] = []
        self.python = sys.executable

    def target_text(self, *rest: str, **env: str) -> str:
        """The target's TOML: real pytest, the harness's own, so that nothing has to be fetched."""
        variables = {
            "TALLY": str(self.tally),
            "SAMPLE_MODE": "tests",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            **env,
        }
        table = ", ".join(f'{key} = "{value}"' for key, value in variables.items())
        tests = "\n".join(
            (
                "[tests]",
                f'command = ["{self.python}", "-m", "pytest", "-q"]',
                f"env = {{ {table} }}",
                *rest,
            )
        )
        return f"{target_text()}\n{tests}\n"

    def run(self, revisions: str, *rest: str, **env: str) -> Gate:
        target = parse_target(self.target_text(*rest, **env))
        pair = resolve_range(target, revisions, self.sandbox.workspace, self.sandbox.repository)
        gate = PairGate(
            target=target,
            pair=pair,
            workspace=self.sandbox.workspace,
            say=self.said.append,
            phase=self.said.append,
            repo=self.sandbox.repository,
        )
        return gate.run(self.interpreter)

    @property
    def runs(self) -> int:
        """How often the tests' module was imported."""
        return len(self.tally.read_text()) if self.tally.exists() else 0
