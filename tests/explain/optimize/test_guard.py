"""The guard: which modules it is about, the test that it writes, ruff's settings, and the check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from support.import_packages import Package, write_package
from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox, target_text
from support.synthetic_optimizations import imports, synthetic_optimization

from bench.core.installation import Installation
from bench.core.target import Benchmark, OwnTests
from bench.explain.optimize.guard.check import imported_again
from bench.explain.optimize.guard.modules import deferred, guarded_modules
from bench.explain.optimize.guard.programs import Program, words_of
from bench.explain.optimize.guard.settings import modules_at, ruff_settings
from bench.explain.optimize.guard.test_text import Guarded, guard_test, read_guard_test
from bench.explain.optimize.guarding import folder_of_tests
from bench.explain.optimize.project import Form
from bench.explain.optimize.record import GuardRecord
from bench.explain.optimize.request import OptimizeRequest

EAGER = {
    "own/__init__.py": "",
    "own/cli.py": "import heavy.parts\n\n\ndef main():\n    return heavy\n",
    "own/late.py": "import other\n",
    "heavy/__init__.py": "",
    "heavy/parts.py": "",
    "other.py": "",
}
DEFERRED = {**EAGER, "own/cli.py": "def main():\n    import heavy.parts\n\n    return heavy\n"}


def package(folder: Path, files: dict[str, str], statement: str = "import own.cli") -> Package:
    return write_package(folder, files, statement)


def run_test(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    file = folder / "test_deferred_imports.py"
    file.write_text(text)
    return subprocess.run(
        [sys.executable, file, *options], cwd=folder, env={"PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def text_for(code: str, *modules: str) -> str:
    return guard_test("own", [Guarded(Program(words=code, code=code), modules)])


def test_the_test_passes_while_a_module_is_deferred_and_names_who_imports_it_again(
    tmp_path: Path,
) -> None:
    text = text_for("import own.cli", "heavy", "other")
    package(tmp_path, DEFERRED)
    done = run_test(tmp_path, text)
    assert done.returncode == 0, done.stderr
    package(tmp_path, EAGER)
    done = run_test(tmp_path, text)
    assert done.returncode == 1
    assert "import own.cli imports heavy, by " in done.stderr
    assert f"own{'/'}cli.py:1" in done.stderr
    assert "imports other" not in done.stderr


def test_looking_for_a_module_is_not_importing_it(tmp_path: Path) -> None:
    package(tmp_path, DEFERRED)
    code = "import importlib.util\nassert importlib.util.find_spec('heavy')"
    assert run_test(tmp_path, text_for(code, "heavy")).returncode == 0


@pytest.mark.parametrize("end", ["sys.exit(0)", "import os; os._exit(0)"])
def test_a_program_may_end_itself(tmp_path: Path, end: str) -> None:
    package(tmp_path, EAGER)
    done = run_test(tmp_path, text_for(f"import sys, own.cli\n{end}", "heavy"))
    assert done.returncode == 1
    assert "heavy, by" in done.stderr


def test_a_program_that_fails_guards_nothing(tmp_path: Path) -> None:
    done = run_test(tmp_path, text_for("import own.nowhere", "heavy"))
    assert done.returncode == 1
    assert "ended with status 1" in done.stderr


def test_a_lazy_form_is_tested_where_there_are_lazy_imports(tmp_path: Path) -> None:
    package(tmp_path, EAGER)
    guarded = [Guarded(Program(words="w", code="import own.cli"), ("heavy",))]
    done = run_test(tmp_path, guard_test("own", guarded, (3, 99)), "-v")
    assert done.returncode == 0
    assert "skipped 'lazy imports need Python 3.99'" in done.stderr


def test_a_guard_test_is_read_again(tmp_path: Path) -> None:
    assert read_guard_test(text_for("import own.cli", "a.b", "c")) == {
        "import own.cli": ("a.b", "c")
    }
    for wrong in ("x = 1", "def", "NOT_IMPORTED_AT_START = [1]", "NOT_IMPORTED_AT_START = f()"):
        with pytest.raises(ValueError, match=r"^its? "):
            read_guard_test(wrong)


def test_what_was_deferred_and_not_all_that_came_with_it() -> None:
    before = imports("help", 0)
    after = imports("help", 2, "git", "git.repo", "requests", "urllib3", "inspect")
    assert deferred(before, after, ("sample",)) == {"git", "requests", "urllib3", "inspect"}
    # What is left of a package is still imported: then its parts count.
    partly = imports("help", 2, "git.repo")
    assert deferred(before, partly, ("sample",)) == {"git.repo"}


def test_what_the_library_of_python_keeps_to_itself_is_not_guarded() -> None:
    after = imports("help", 2)
    told = {"importlib._bootstrap": (0.0, ""), "_ssl": (0.0, ""), "sample._own": (0.0, "")}
    before = msgspec.structs.replace(after, modules={**after.modules, **told})
    assert deferred(before, after, ("sample",)) == {"sample._own"}


def test_the_guard_is_about_what_an_optimisation_deferred(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path / "with")
    assert guarded_modules(made) == {"help": ("git", "inspect", "requests")}
    events = [one for one in made.events if not isinstance(one, GuardRecord)]
    again = synthetic_optimization(tmp_path / "without", events)
    wanted = ("git", "inspect", "requests", "urllib3")
    assert guarded_modules(again) == dict.fromkeys(("help", "import-sample"), wanted)


def test_settings_name_only_what_no_file_imports_eagerly(tmp_path: Path) -> None:
    sources = list(package(tmp_path, DEFERRED).sources().values())
    found = ruff_settings(Form.FUNCTION, ["heavy", "other"], sources)
    assert found.left_out == ("other",)
    assert 'banned-module-level-imports = ["heavy"]' in found.text
    lazily = {
        **EAGER,
        "own/late.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import other\n",
        "own/cli.py": '__lazy_modules__ = {"heavy.parts"}\nimport heavy.parts\n',
    }
    sources = list(package(tmp_path, lazily).sources().values())
    found = ruff_settings(Form.LAZY_MODULES, ["heavy", "other"], sources, ["json"])
    assert not found.left_out
    assert 'require-lazy = ["heavy", "other"]' in found.text
    assert 'ban-lazy = ["json"]' in found.text


def test_the_modules_of_a_statement() -> None:
    text = "import a.b, c\nfrom d.e import f\nfrom . import g\nx = 1\n"
    assert [modules_at(text, line) for line in (1, 2, 3, 4)] == [
        {"a.b", "c"},
        {"d.e"},
        set(),
        set(),
    ]
    assert modules_at("lazy import a", 1) in ({"a"}, set())


def test_ruff_takes_the_settings_and_finds_what_they_forbid(tmp_path: Path) -> None:
    sources = list(package(tmp_path, DEFERRED).sources().values())
    found = ruff_settings(Form.FUNCTION, ["heavy"], sources)
    (tmp_path / "pyproject.toml").write_text(found.text)
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"]
    done = subprocess.run([*ruff, "own"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1  # of other rules
    assert "TID253" not in done.stdout
    package(tmp_path, EAGER)
    done = subprocess.run([*ruff, "own"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "own/cli.py:1:8: TID253" in done.stdout


def test_ruff_asks_for_lazy_imports_though_older_pythons_are_allowed(tmp_path: Path) -> None:
    lazily = {"own/cli.py": '__lazy_modules__ = {"heavy"}\nimport heavy\n'}
    sources = list(package(tmp_path, {**DEFERRED, **lazily}).sources().values())
    found = ruff_settings(Form.LAZY_MODULES, ["heavy"], sources)
    project = '[project]\nname = "own"\nversion = "1"\nrequires-python = ">=3.10"\n'
    (tmp_path / "pyproject.toml").write_text(f"{project}\n{found.text}\n")
    words = next(one for one in found.text.splitlines() if "ruff check" in one)
    ruff = [sys.executable, "-m", *words.removeprefix("# ").split(), "--no-cache", "own"]
    done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    (tmp_path / "own" / "cli.py").write_text("import heavy\n")
    done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "should be imported lazily" in done.stdout


def test_a_check_names_the_statement(tmp_path: Path) -> None:
    recording = package(tmp_path, EAGER).record()
    (found,) = imported_again(recording, ["heavy", "other", "json"])
    assert found.words == "heavy, by own/cli.py:1"
    assert not imported_again(package(tmp_path, DEFERRED).record(), ["heavy", "other"])


def test_words_are_those_of_the_command_line() -> None:
    asked = Benchmark(name="a", command=("python", "-m", "{module}", "say it"))
    assert words_of(asked, "own") == "python -m own 'say it'"
    assert words_of(Benchmark(name="b", statement="{module}.cli"), "own") == "import own.cli"


@pytest.mark.parametrize(
    ("tests", "folder"),
    [
        (OwnTests(paths=("checks/unit",)), "checks/unit"),
        (OwnTests(paths=("checks/test_a.py", "checks/unit")), "checks"),
        (OwnTests(paths=("elsewhere", "checks/unit")), "checks/unit"),
        (OwnTests(paths=("elsewhere",)), ""),
        (None, ""),
    ],
)
def test_the_guard_stands_beside_the_tests_that_are_declared(
    tests: OwnTests | None, folder: str
) -> None:
    files = dict.fromkeys(("checks/test_a.py", "checks/unit/test_b.py", "own/cli.py"), "blob")
    request = SimpleNamespace(
        target=SimpleNamespace(tests=tests, install=Installation()),
        clone=SimpleNamespace(tree=lambda _commit: files),
    )
    assert folder_of_tests(cast("OptimizeRequest", request), "tip") == folder


_CLI = "{top}\n\ndef main():\n    import xml.dom.minidom\n\n    return print(xml)\n"


@pytest.fixture
def guarded(tmp_path: Path, sandbox: Sandbox) -> Sandbox:
    """A sandbox with a project that imports `xml.dom.minidom` at its start again, on v2."""
    repository = Repository.create(tmp_path / "guarded")
    deferring = sample_files("1.0.0", extra=False) | {"sample/cli.py": _CLI.format(top="")}
    repository.commit(deferring, "Defers xml", tag="v1")
    again = _CLI.format(top="import xml.dom.minidom")
    repository.commit({**deferring, "sample/cli.py": again}, "Imports it again", tag="v2")
    sandbox.write_target(target_text('name = "import"\nimport = "sample.cli"'))
    return Sandbox(sandbox.folder, sandbox.cache, repository.path)


def test_the_command_writes_a_test_and_checks_by_it(guarded: Sandbox, tmp_path: Path) -> None:
    common = ("--repo", guarded.repository)
    file = tmp_path / "test_guard.py"
    module = ("--module", "xml.dom.minidom")
    done = guarded.bench("guard", "sample", "v1", *common, *module, "--output", file, status=0)
    assert f"Test: {file}" in done.stdout
    assert 'banned-module-level-imports = ["xml.dom.minidom"]' in done.stdout
    assert read_guard_test(file.read_text()) == {"import sample.cli": ("xml.dom.minidom",)}
    by_test = (*common, "--check", "--test", file)
    done = guarded.bench("guard", "sample", "v2", *by_test, status=9)
    assert "imported again: xml.dom.minidom, by sample/cli.py:1" in done.stdout
    done = guarded.bench("guard", "sample", "v1", *common, "--check", status=2)
    assert "was not optimised here" in done.stderr


_SLOW = """\
import time

_TILL = time.thread_time() + 0.06
while time.thread_time() < _TILL:
    pass
"""


@pytest.mark.slow
def test_the_guard_is_the_last_commit_of_a_branch(tmp_path: Path, sandbox: Sandbox) -> None:
    repository = Repository.create(tmp_path / "importing")
    files = sample_files("1.0.0", extra=False) | {
        "sample/cli.py": "from sample import slow_one\n\n\ndef main():\n    return slow_one\n",
        "sample/slow_one.py": _SLOW,
        "tests/test_cli.py": "import sample.cli\n\ndef test_cli():\n    sample.cli.main()\n",
    }
    repository.commit(files, "Imports too much", tag="v1")
    for name, value in (("user.name", "Somebody"), ("user.email", "somebody@example.org")):
        subprocess.run(["git", "-C", repository.path, "config", name, value], check=True)
    tests = f'[tests]\ncommand = ["{sys.executable}", "-m", "pytest", "-q"]'
    sandbox.write_target(target_text('name = "import"\nimport = "sample.cli"', rest=tests))
    done = sandbox.bench(
        "optimize", "sample", "v1", "--repo", repository.path, "--branch", "perf/all",
        "--budget", "5", "--separate", status=0,
    )  # fmt: skip
    assert "guard test: tests/test_deferred_imports.py" in done.stderr
    told = subprocess.run(
        ["git", "-C", repository.path, "log", "--format=%s", "v1..perf/all"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    last, *others = told.stdout.splitlines()
    assert last == "test: keep deferred imports deferred"
    assert len(others) == 1
    page = next((sandbox.workspace.results / "optimize/sample").glob("*.md")).read_text()
    assert "adds `tests/test_deferred_imports.py`" in page
    assert "Pull request for perf/all:" in done.stdout
    check = ("guard", "sample", "perf/all", "--repo", repository.path, "--check")
    assert "1 module not imported at start" in sandbox.bench(*check, status=0).stdout
    assert "sample.slow_one, by sample/cli.py:1" in sandbox.bench(
        "guard", "sample", "v1", "--repo", repository.path, "--check", status=9
    ).stdout  # fmt: skip
