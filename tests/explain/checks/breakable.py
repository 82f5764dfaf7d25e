"""A package in which each kind of rewriting that breaks programs can be tried."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.target import parse_target
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Environments
from bench.engine.revisions.git import Clone
from bench.engine.revisions.resolve import resolve_range
from bench.engine.session.preparation import network_of, subjects
from bench.engine.store.manifest import PlannedBenchmark
from bench.explain.checks.checks import Checks

INIT = """\
from sample.ping import ping
from sample.tools import helper
"""
FILES = {
    "sample/__init__.py": INIT,
    "sample/ping.py": "def ping():\n    return 1\n",
    "sample/tools.py": "import json\n\n\ndef helper():\n    return json.dumps(1)\n",
    "sample/stars.py": "from sample.tools import *  # noqa: F403\n",
    "sample/old.py": (
        "import csv\n\n\ndef __getattr__(name):\n"
        '    if name == "legacy":\n        return csv\n    raise AttributeError(name)\n'
    ),
    "sample/first.py": "import sample.second\n\nONE = 1\nsample.second.check()\n",
    "sample/second.py": "import sample.first as first\n\n\ndef check():\n    return first.ONE\n",
    "sample/brings.py": "import xml.dom\n\n\ndef node():\n    return xml.dom.Node\n",
    "sample/uses.py": (
        "import xml\n\nimport sample.brings\n\n\n"
        "def use():\n    return xml.dom.Node, sample.brings\n"
    ),
    "sample/fails.py": 'raise OSError("not here")\n',
    "sample/__main__.py": "import sys\n\nsys.exit(3)\n",
    "sample/cli.py": (
        "import colorsys\nimport sys\n\n\ndef main():\n"
        '    print("done", sys.argv[1:])\n    if sys.argv[1:] == ["colour"]:\n'
        "        print(colorsys)\n"
    ),
}
_TESTS = """\
from unittest import mock

import sample.cli
from sample.tools import helper


def test_patched():
    with mock.patch("sample.cli.colorsys"):
        sample.cli.main()


def test_helper():
    assert helper() == "1"


def test_sorrow():
    assert False
"""
_RUFF = '\n[tool.ruff.lint]\nselect = ["F", "PLW"]\n'
_EDITABLE = """

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    files = {"sample.pth": str(Path.cwd())}
    return make_wheel(Path(wheel_directory), project["name"], project["version"], files)
"""
_TARGET = f"""\
[tests]
command = ["{sys.executable}", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
env = {{ PYTEST_DISABLE_PLUGIN_AUTOLOAD = "1" }}
"""


@dataclass(frozen=True)
class Edit:
    """A site of a change: one file's whole new text."""

    file: str
    text: str
    names: tuple[str, ...] = ()


def rewrite(edits: Collection[Edit]) -> dict[str, str]:
    return {one.file: one.text for one in edits}


@dataclass
class Breakable:
    """The checks of the package as committed, and what they said."""

    checks: Checks
    said: list[str] = field(default_factory=list)

    def failure(self, texts: Mapping[str, str], *, whole: bool = False) -> str:
        found = self.checks.failure(texts, whole=whole)
        return "" if found is None else str(found)


def make_breakable(path: Path) -> Path:
    files = sample_files("1.0.0", extra=False) | FILES | {"tests/test_sample.py": _TESTS}
    files |= {f"tests/test_{n}.py": "def test_nothing():\n    pass\n" for n in range(2)}
    files["pyproject.toml"] += _RUFF
    files["tiny_backend.py"] += _EDITABLE
    made = Repository.create(path)
    made.commit(files, "All there is", tag="v1")
    return path


@contextmanager
def breakable(sandbox: Sandbox, interpreter: Interpreter) -> Iterator[Breakable]:
    """Checks that run as in a session; the sandbox's repository is the package's."""
    target = parse_target(target_text('name = "work"\ncommand = ["sample"]', rest=_TARGET))
    workspace, repo = sandbox.workspace, sandbox.repository
    said: list[str] = []
    pair = resolve_range(target, "v1..v1", workspace, repo)
    environment = Builder(
        target=target, pair=pair, workspace=workspace, announce=said.append, repo=repo
    ).build_one(interpreter)
    planned = (PlannedBenchmark(target.benchmark[0], "", ""),)
    both = Environments(environment, environment)
    (site,) = environment.venv.glob("lib/python*/site-packages")
    with (
        network_of(target, planned, workspace) as network,
        subjects(target, planned, workspace, interpreter, both, network) as ((subject, _),),
    ):
        checks = Checks(
            target=target,
            revision=pair.base,
            environment=environment,
            interpreter=interpreter,
            files={site / path: path for path in FILES},
            benchmarks=target.benchmark,
            subject=subject,
            network=network,
            workspace=workspace,
            clone=Clone(repo),
            say=said.append,
            phase=_unheard,
            repo=repo,
        )
        yield Breakable(checks, said)


def _unheard(words: str) -> None:
    """What is being done is shown to nobody."""
