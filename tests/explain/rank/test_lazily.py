"""Python 3.15's lazy imports, for the project's own modules alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.import_packages import RUNNER, Package, write_package

from bench.core.errors import BenchError
from bench.engine.environments.interpreters import find_interpreter
from bench.explain.counters.running import NotCountedError
from bench.explain.rank.candidates import Candidate
from bench.explain.rank.lazily import Waiting, could_wait, filtered, needed
from bench.explain.rank.sources import read_package

OWN = frozenset({"own"})
FILES = {
    "own/__init__.py": "",
    "own/main.py": "import used\nimport heavy\nfrom parts import one\n\nready = used.ready\n",
    "used.py": "import beside\n\nready = True\n",
    "beside.py": "",
    "heavy.py": "",
    "parts/__init__.py": "",
    "parts/one.py": "",
}


@pytest.fixture(scope="module")
def python_3_15() -> Path:
    try:
        return find_interpreter("3.15", fetch=False).executable
    except BenchError:
        pytest.skip("no Python 3.15 on this machine: infra/fetch_python.py brings one")


def test_what_was_never_needed_could_wait(tmp_path: Path, python_3_15: Path) -> None:
    package = write_package(tmp_path, FILES, "import own.main")
    invocation = package.invocation_of(python_3_15)
    assert could_wait(RUNNER, package.benchmark, invocation, OWN) == {
        Waiting("own.main", "heavy", ()),
        Waiting("own.main", "parts", ("one",)),
    }


@pytest.mark.parametrize(("lazily", "loaded"), [(True, "False"), (False, "True")])
def test_the_eager_twin_differs_in_the_projects_own_imports(
    tmp_path: Path, python_3_15: Path, *, lazily: bool, loaded: str
) -> None:
    main = "lazy import heavy\nimport guest\n"
    guest = "lazy import beside\n"
    statement = "import own.main, sys; print(*(n in sys.modules for n in ('heavy', 'beside')))"
    package = write_package(tmp_path, {**FILES, "own/main.py": main, "guest.py": guest}, statement)
    assert _printed(package, python_3_15, lazily=lazily) == f"{loaded} False"


def test_older_pythons_tell_nothing(tmp_path: Path) -> None:
    package = write_package(tmp_path, FILES, "import own.main; print(1)")
    if sys.version_info < (3, 15):
        assert _printed(package, Path(sys.executable), lazily=True) == "1"
        with pytest.raises(NotCountedError):
            could_wait(RUNNER, package.benchmark, package.invocation, OWN)


def _printed(package: Package, python: Path, *, lazily: bool) -> str:
    invocation = filtered(package.invocation_of(python), OWN, lazily=lazily)
    told = subprocess.run(
        invocation.argv, env=invocation.env, capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def test_statements_whose_modules_a_lazy_run_needed_all_the_same(tmp_path: Path) -> None:
    text = "import heavy\nfrom parts import one\nfrom . import near\nimport used\n\n\n"
    uses = "def work():\n    return heavy, one, near, used\n"
    file = tmp_path / "own" / "main.py"
    file.parent.mkdir()
    file.write_text(text + uses, encoding="utf-8")
    (source,) = read_package(file.parent, Path(sys.executable), lambda *_: None)
    statements = [
        Candidate(number, source, statement, ())
        for number, statement in enumerate(source.statements)
    ]
    waiting = {
        Waiting("own.main", "heavy", ()),
        Waiting("own.main", "own", ("near",)),
        Waiting("own.main", "parts", ("one",)),
        Waiting("own.other", "used", ()),
    }
    assert [one.statement.line for one in needed(statements, waiting)] == [4]
