"""The recipes for codeflash, on a package of ours with the functions that they look for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.recipe_projects import RecipeProject
from support.synthetic_runs import workspace_in

from bench.core.catalogue import load_target
from bench.core.workspace import Workspace
from bench.explain.optimize import recipes
from bench.explain.optimize.change import Recipe

TARGETS = Path(__file__).parents[2] / "bench" / "targets"
MAIN = '''"""Ours."""

import sys


def main():
    """Begin."""
    import weakref
    class Ring: pass
    ring = Ring()
    ring.ring = ring
    weakref.finalize(ring, print, "handlers run")
    print("works")
    return 3


if __name__ == "__main__":
    sys.exit(main())
'''
CLIENT = """import requests


class Client:
    def __init__(self):
        self.headers = {"A": "b", "Connection": "close"}

    def ask(self, url):
        return requests.post(url, data="x", headers=self.headers)
"""
RUNNER = """import subprocess
from contextlib import nullcontext


def execute_test_subprocess(cmd_list, cwd, env, timeout=600):
    with nullcontext():
        return subprocess.run(
            cmd_list, cwd=cwd, env=env, timeout=timeout, check=False, text=True, capture_output=True
        )
"""
FILES = {
    "codeflash/__init__.py": "",
    "codeflash/main.py": MAIN,
    "codeflash/api/__init__.py": "",
    "codeflash/api/aiservice.py": CLIENT,
    "codeflash/api/cfapi.py": CLIENT,
    "codeflash/languages/__init__.py": "",
    "codeflash/languages/python/__init__.py": "",
    "codeflash/languages/python/test_runner.py": RUNNER,
    "codeflash/verification/__init__.py": "",
    "codeflash/verification/pytest_plugin.py": "def pytest_configure(config):\n    pass\n",
}
TESTED = """import os, random, sys
import shelf

def test_one():
    print(sys.argv, sys.path[0], os.getcwd(), shelf.NAME)
    print(sorted(os.environ.items()))
    assert os.environ["LINE_PROFILE"] == "0"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("BENCH_TARGETS", str(TARGETS))
    return workspace_in(tmp_path)


@pytest.fixture
def made(tmp_path: Path) -> RecipeProject:
    return RecipeProject(tmp_path, FILES, alone=False)


def recipe(workspace: Workspace, name: str) -> Recipe:
    found = recipes.load(load_target("codeflash", workspace.targets), workspace)
    return next(one for one in found if one.name == f"codeflash-{name}")


def test_the_end_is_as_it_was(made: RecipeProject, workspace: Workspace) -> None:
    program = "import sys, gc\nfrom codeflash.main import main\nmain()\n"
    before = made.python(program)
    proposal = recipe(workspace, "finalisation").propose(made.project())
    made.apply(proposal)
    assert made.python(program) == before == "works\nhandlers run\n"
    frozen = "import atexit\natexit.register(lambda: print(gc.get_freeze_count() > 100))\n"
    assert made.python(f"import gc\n{frozen}{program}").endswith("True\n")
    (left,) = proposal.left  # the third kind of process does not exist here
    assert "discovery" in left.what


def test_the_header_goes_with_the_session(made: RecipeProject, workspace: Workspace) -> None:
    proposal = recipe(workspace, "one-connection").propose(made.project())
    texts = made.apply(proposal)
    assert sorted(texts) == ["codeflash/api/aiservice.py", "codeflash/api/cfapi.py"]
    for text in texts.values():
        assert '{"A": "b"}' in text
        assert '_request("post", url, data="x", headers=self.headers)' in text


def test_other_sources_are_left(tmp_path: Path, workspace: Workspace) -> None:
    made = RecipeProject(tmp_path, {"codeflash/__init__.py": ""})
    for name in ("finalisation", "one-connection", "shared-pytest"):
        proposal = recipe(workspace, name).propose(made.project())
        assert not proposal.changes
        assert proposal.left


@pytest.mark.slow
def test_forked_runs_are_as_runs_were(
    made: RecipeProject, workspace: Workspace, tmp_path: Path
) -> None:
    """Same arguments, folder, variables, output and status, after an edit of the code too."""
    shared = recipe(workspace, "shared-pytest")
    texts = made.apply(shared.propose(made.project()))
    assert sorted(texts) == [
        "codeflash/languages/python/test_runner.py",
        "codeflash/verification/pytest_server.py",
    ]
    place = tmp_path / "tested"
    place.mkdir()
    (place / "test_it.py").write_text(TESTED, encoding="utf-8")
    told = made.python(
        f"""
import os, pathlib, re, subprocess, sys
from codeflash.languages.python.test_runner import execute_test_subprocess
from codeflash.verification import pytest_server
place = pathlib.Path({str(place)!r})
words = [{sys.executable!r}, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
for number in range(2):
    (place / "shelf.py").write_text(f"NAME = {{number!r}}")
    env = {{**os.environ, "PYTHONHASHSEED": "0", "LINE_PROFILE": str(number % 2)}}
    once, again = (
        run(words, place, env, 60)
        for run in (
            execute_test_subprocess,
            lambda words, cwd, env, timeout: subprocess.run(
                words, cwd=cwd, env=env, text=True, capture_output=True, stdin=subprocess.DEVNULL
            ),
        )
    )
    plain = [re.sub(r"in [0-9.]+s|0x[0-9a-f]+", "", one.stdout) for one in (once, again)]
    print(once.returncode, once.returncode == again.returncode, plain[0] == plain[1])
    if plain[0] != plain[1]: print(*plain)
(server,) = pytest_server._servers.values()
print(server is not None and server.process.poll() is None)
(place / "test_it.py").write_text("import time\\ndef test(): time.sleep(60)")
try:
    execute_test_subprocess(words, place, env, 1)
except subprocess.TimeoutExpired as error:
    print("stopped after", error.timeout, list(pytest_server._servers.values()))
"""
    )
    assert told == ("0 True True\n1 True True\nTrue\nstopped after 1 [None]\n")


def test_a_library_of_the_project_is_not_shared(
    made: RecipeProject, workspace: Workspace, tmp_path: Path
) -> None:
    made.apply(recipe(workspace, "shared-pytest").propose(made.project()))
    place = tmp_path / "tested"
    place.mkdir()
    (place / "dill.py").write_text("NAME = 1\n", encoding="utf-8")
    (place / "test_it.py").write_text("import dill\ndef test(): pass\n", encoding="utf-8")
    told = made.python(
        f"""
import os, pathlib
from codeflash.verification.pytest_server import run_pytest
words = [{sys.executable!r}, "-m", "pytest", "-q", "test_it.py"]
print([run_pytest(words, pathlib.Path({str(place)!r}), dict(os.environ), 60) for _ in range(2)])
print(run_pytest(["python", "-m", "coverage"], pathlib.Path("."), dict(os.environ), 60))
"""
    )
    assert told == "[None, None]\nNone\n"
