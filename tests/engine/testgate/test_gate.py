"""Both sides' tests: what changed, what is chance, and what can't be said."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import pytest
from gate_checks import Gatekeeper, make_tested_repository
from support.sandbox import PYTHON, Sandbox

from bench.core.gate import Ending, SuiteRun
from bench.core.lock import exclusive
from bench.engine.environments.interpreters import Interpreter
from bench.engine.sandbox.isolation import isolate
from bench.engine.store.run import Run
from bench.engine.testgate.environment import fresh_checkout
from bench.report.pair.gate_section import gate_line, gate_mark, gate_section

OLD = "tests/test_sample.py::test_old_sorrow"
BROKEN = "tests/test_sample.py::TestWork::test_works[b/c]"


@pytest.fixture(scope="session")
def tested_repository(shared: Path) -> Path:
    """The repository, for reading only; made once for all workers."""
    path = shared / "tested-project"
    with exclusive(shared / "tested.lock", wait=True):
        if not path.is_dir():
            make_tested_repository(shared / "half-tested").rename(path)
    return path


@pytest.fixture
def tested(sandbox: Sandbox, tested_repository: Path) -> Sandbox:
    """A workspace with the tested project."""
    return Sandbox(sandbox.folder, sandbox.cache, tested_repository)


@pytest.fixture
def gatekeeper(
    tested: Sandbox, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Gatekeeper:
    monkeypatch.setenv("BENCH_SANDBOX", "off")  # or tests could not keep a tally
    assert interpreter.version == PYTHON
    return Gatekeeper(tested, interpreter, tmp_path / "tally")


def figures(run: SuiteRun | None) -> tuple[int, int, int, int]:
    assert run is not None
    return run.passed, run.failed, run.errors, run.skipped


def test_nothing_changes(gatekeeper: Gatekeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_SECRET", "token")
    gate = gatekeeper.run("good..same")
    assert figures(gate.base) == figures(gate.head) == (5, 1, 0, 1)
    assert not gate.newly_fails
    assert gate.still_failing == (OLD,)
    assert (gate.newly_failing, gate.fixed, gate.flaky, gate.added, gate.removed) == (
        (), (), (), 0, 0,
    )  # fmt: skip
    assert gatekeeper.runs == 2


def test_newly_failing_is_run_once_more(gatekeeper: Gatekeeper) -> None:
    gate = gatekeeper.run("good..worse")
    assert gate.newly_fails
    assert gate.newly_failing == ("tests/test_new.py", BROKEN)
    assert gate.still_failing == (OLD,)
    assert figures(gate.head) == (4, 2, 1, 1)
    assert (gate.added, gate.removed) == (1, 0)
    assert gatekeeper.runs == 4
    assert any("newly fail" in line and BROKEN in line for line in gatekeeper.said)


def test_pipes_in_a_checkout_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "pristine").mkdir()
    (tmp_path / "pristine" / "file").touch()
    os.mkfifo(tmp_path / "pristine" / "pipe")
    with fresh_checkout(tmp_path) as checkout:
        assert [one.name for one in checkout.iterdir()] == ["file"]


def test_fixed(gatekeeper: Gatekeeper) -> None:
    gate = gatekeeper.run("good..fixed")
    assert gate.fixed == (OLD,)
    assert not gate.newly_fails
    assert not gate.still_failing
    assert gate.removed == 2


def test_flaky_is_no_failure(gatekeeper: Gatekeeper) -> None:
    gate = gatekeeper.run("good..flaky")
    assert gate.flaky == ("tests/test_sample.py::test_whim",)
    assert not gate.newly_fails


def test_second_time_is_remembered(gatekeeper: Gatekeeper) -> None:
    first = gatekeeper.run("good..worse")
    before = gatekeeper.runs
    assert gatekeeper.run("good..worse") == first
    assert gatekeeper.runs == before
    assert sum("remembered" in line for line in gatekeeper.said) == 2
    # What belongs to a revision is not asked for its side; another command is another suite.
    assert gatekeeper.run("worse..good").fixed == (BROKEN,)
    assert gatekeeper.runs == before
    gatekeeper.run("worse..good", f'deselect = ["{OLD}"]')
    assert gatekeeper.runs == before + 2


def test_deselected(gatekeeper: Gatekeeper) -> None:
    gate = gatekeeper.run("good..same", f'deselect = ["{OLD}"]')
    assert figures(gate.head) == (5, 0, 0, 1)


def test_time_out_kills_the_group(gatekeeper: Gatekeeper) -> None:
    gate = gatekeeper.run("good..hangs", "timeout_s = 8", NAP="4177.25")
    assert gate.head is not None
    assert gate.head.ending is Ending.TIMED_OUT
    assert gate.head_broke
    assert gate.newly_fails
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert "sleep 4177.25" not in listed.stdout


def test_crash_on_base_says_nothing_of_head(gatekeeper: Gatekeeper) -> None:
    gate = gatekeeper.run("hangs..good", "timeout_s = 60", NAP="not a number")
    assert figures(gate.base)[1] == 1
    crash = gatekeeper.run("good..same", 'deselect = ["x"]', 'paths = ["tests", "sample"]',
                           PYTEST_ADDOPTS="--no-such-option")  # fmt: skip
    assert crash.base is not None
    assert crash.base.ending is Ending.NO_RESULTS
    assert "no-such-option" in crash.base.detail
    assert not crash.newly_fails


def test_revision_without_tests(gatekeeper: Gatekeeper) -> None:
    gate = gatekeeper.run("without..good")
    assert not gate.was_run
    assert "has no tests" in gate.reason
    assert gatekeeper.runs == 0


def test_path_a_revision_does_not_have(gatekeeper: Gatekeeper) -> None:
    paths = 'paths = ["tests/test_sample.py", "tests/test_new.py"]'
    gate = gatekeeper.run("good..same", paths)
    assert gate.base is not None
    assert gate.base.left_out == ("tests/test_new.py",)
    assert figures(gate.base) == (5, 1, 0, 1)


def test_environment_that_cannot_be_built(gatekeeper: Gatekeeper, tmp_path: Path) -> None:
    gate = gatekeeper.run("good..same", f'requirements = ["{tmp_path}/nothing-here"]')
    assert not gate.was_run
    assert "nothing-here" in gate.reason
    assert gatekeeper.runs == 0


@pytest.mark.parametrize("rest", ['groups = ["test"]', 'extras = ["fast"]'])
def test_groups_and_extras_a_revision_lacks(gatekeeper: Gatekeeper, rest: str) -> None:
    assert gatekeeper.run("good..same", rest).was_run


def test_in_a_sandbox(gatekeeper: Gatekeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write to their checkout and HOME, and find no other side and no tally to write to."""
    monkeypatch.delenv("BENCH_SANDBOX")
    if isolate(gatekeeper.sandbox.workspace).sandbox is None:
        pytest.skip("no sandbox here")
    gatekeeper.tally = Path("tally")
    gate = gatekeeper.run("good..same")
    assert figures(gate.base) == figures(gate.head) == (5, 1, 0, 1)


@pytest.mark.network
@pytest.mark.parametrize("revisions", ["good..worse", "same..good"])
def test_interpreter_of_the_environment(gatekeeper: Gatekeeper, revisions: str) -> None:
    gatekeeper.python = "python"
    gate = gatekeeper.run(revisions, 'requirements = ["pytest"]', PYTHONSAFEPATH="1")
    assert figures(gate.base) == (5, 1, 0, 1)
    assert gate.newly_fails == (revisions == "good..worse")


def one_run(tested: Sandbox, *arguments: str, status: int = 0) -> Run:
    tested.run(*arguments, "--rounds", "2", "--budget", "1", status=status)
    return tested.runs[-1]


def test_a_pair_that_newly_fails_is_measured_and_marked(
    tested: Sandbox, gatekeeper: Gatekeeper
) -> None:
    tested.write_target(gatekeeper.target_text())
    run = one_run(tested, "good..worse", status=6)
    assert run.closed is not None
    assert run.gate is not None
    assert run.gate.newly_failing == ("tests/test_new.py", BROKEN)
    assert run.rounds("work")
    assert gate_mark(run) in gate_line(run)
    section = gate_section(run)
    assert BROKEN in section
    assert "newly fail" in section


def test_no_tests(tested: Sandbox, gatekeeper: Gatekeeper) -> None:
    tested.write_target(gatekeeper.target_text())
    run = one_run(tested, "good..worse", "--no-tests", "--benchmark", "work")
    assert gatekeeper.runs == 0
    assert not gate_mark(run)
    assert "Not run: skipped with --no-tests." in gate_section(run)
    assert gate_line(run) == "Tests: not run (skipped with --no-tests)."
    undeclared = dataclasses.replace(run, events=())
    assert undeclared.gate is None
    assert "declares no tests" in gate_line(undeclared)
