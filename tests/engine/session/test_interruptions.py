"""Killed, interrupted, locked out, out of space: nothing that was measured is lost."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.launching import children_of, ends, left_behind
from support.sandbox import ROOT, TIMING_ONLY, Sandbox, target_text

from bench.core.result import CONTROL
from bench.engine.store.events import Closed, Counted, Measured, Opened

SLEEPS = 'name = "sleeps"\ncommand = ["sample", "sleep", "0.05"]'
OPTIONS = (*TIMING_ONLY, "--rounds", "14", "--budget", "60", "--design", "pairs", "--mei", "0.001")


@pytest.fixture
def slow(sandbox: Sandbox) -> Sandbox:
    """A target that takes a while: 14 rounds of a command that sleeps."""
    sandbox.write_target(target_text(SLEEPS))
    sandbox.bench("run", "sample", *arguments(sandbox), "--dry-run", status=0)
    return sandbox


def arguments(sandbox: Sandbox) -> tuple[str | Path, ...]:
    return ("v1.0.0..v1.0.1", "--repo", sandbox.repository, *OPTIONS)


def start(sandbox: Sandbox) -> subprocess.Popen[str]:
    return sandbox.start("run", "sample", *arguments(sandbox))


def wait_for_rounds(sandbox: Sandbox, process: subprocess.Popen[str], count: int) -> None:
    """Wait until so many rounds of the benchmark (not the control) are on disk."""
    deadline = time.monotonic() + 90
    while rounds_on_disk(sandbox) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def rounds_on_disk(sandbox: Sandbox) -> int:
    files = sandbox.workspace.data.glob("*/*/*/*/*/rounds.jsonl")
    return sum(file.read_bytes().count(b'"round":{"benchmark":"sleeps"') for file in files)


def go_on(sandbox: Sandbox) -> str:
    return sandbox.bench("run", "sample", *arguments(sandbox), status=0).stderr


def test_killed_run_goes_on(slow: Sandbox) -> None:
    with start(slow) as process:
        wait_for_rounds(slow, process, 4)
        process.kill()
        process.communicate()
    (before,) = slow.runs
    kept = before.rounds("sleeps")
    (journal,) = slow.workspace.data.rglob("rounds.jsonl")
    journal.write_bytes(journal.read_bytes() + b'{"event":"round","rou')
    told = go_on(slow)
    there = re.search(
        rf"going on with the unfinished run {before.manifest.run_id}: (\d+) rounds", told
    )
    assert there
    assert int(there[1]) == len(kept) + len(before.rounds(CONTROL))
    assert "half a line of a round under way is dropped" in told
    (after,) = slow.runs
    assert after.manifest == before.manifest
    assert after.rounds("sleeps")[: len(kept)] == kept
    assert [taken.index for taken in after.rounds("sleeps")] == list(range(14))
    assert [e.resumed for e in after.events if isinstance(e, Opened)] == [False, True]
    assert len([e for e in after.events if isinstance(e, Closed)]) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_run_keeps_its_data(slow: Sandbox, number: signal.Signals) -> None:
    with start(slow) as process:
        wait_for_rounds(slow, process, 2)
        children = children_of(process.pid)
        assert children
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in output + errors
    assert "interrupted. What was measured is kept" in errors
    assert not [child for child in children if not ends(child)]
    (run,) = slow.runs
    assert len(run.rounds("sleeps")) >= 2
    assert run.closed is None


def test_interrupted_while_building(own_cache: Sandbox) -> None:
    with own_cache.start(
        "run", "sample", "v1.0.0..hanging-build", "--repo", own_cache.repository
    ) as process:
        deadline = time.monotonic() + 60
        while len(list(own_cache.workspace.worktrees.glob("*/sample"))) < 1 or not list(
            own_cache.workspace.environments.glob("*/environment.json")
        ):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert not left_behind("sleep 4242", own_cache.cache)
    assert not list(own_cache.workspace.worktrees.iterdir())
    assert not own_cache.workspace.data.exists()


def test_second_run_at_once_is_refused(slow: Sandbox) -> None:
    with start(slow) as first:
        wait_for_rounds(slow, first, 1)
        first.send_signal(signal.SIGSTOP)  # or it might end before the second one gets there
        second = slow.bench("run", "sample", *arguments(slow), status=2)
        assert f"is in use by process {first.pid}" in second.stderr
        first.send_signal(signal.SIGINT)
        first.send_signal(signal.SIGCONT)
        first.communicate(timeout=60)
    assert len(slow.runs) == 1


def test_full_disk(slow: Sandbox) -> None:
    data = slow.workspace.data
    data.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", data], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no permission to mount a small file system")
    try:
        done = slow.bench("run", "sample", *arguments(slow), status=2)
        assert done.stderr.count("bench: ") == 1
        assert "No space left for" in done.stderr
        assert "it goes on from here" in done.stderr
        (run,) = slow.runs
        kept = len(run.rounds(CONTROL))
        assert kept > 3
        subprocess.run(["mount", "-o", "remount,size=4m", data], check=True)
        assert "going on with the unfinished run" in go_on(slow)
        (whole,) = slow.runs
        assert whole.rounds(CONTROL)[:kept] == run.rounds(CONTROL)
        assert whole.closed
    finally:
        subprocess.run(["umount", "-l", data], check=True)


def test_data_folder_that_is_a_file(sandbox: Sandbox) -> None:
    sandbox.workspace.data.write_text("mine", encoding="utf-8")
    done = sandbox.run("v1.0.0..v1.1.0", status=2)
    assert str(sandbox.workspace.data) in done.stderr


def test_interrupted_while_phases_are_recorded(sandbox: Sandbox) -> None:
    """Rounds of minutes are not taken again, nor is what was recorded; the run is one."""
    long = 'name = "{}"\ncommand = ["sample", "sleep", "{}"]\nrounds = 2'
    sandbox.write_target(target_text(long.format("first", 0.05), long.format("second", 1)))
    words: tuple[str | Path, ...] = (
        "run", "sample", "v1.0.0..v1.0.1", "--repo", sandbox.repository, "--no-report",
        "--no-tests", "--budget", "0.1", "--rounds", "2",
    )  # fmt: skip
    with sandbox.start(*words) as process:
        deadline = time.monotonic() + 200
        while not list(sandbox.workspace.data.glob("stack/**/first-*.json")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    (before,) = sandbox.runs
    assert before.closed is None
    assert before.counted("second")
    sandbox.bench(*words, status=0)
    (after,) = sandbox.runs
    assert after.closed is not None
    assert [one for one in after.events if isinstance(one, (Measured, Counted))] == [
        one for one in before.events if isinstance(one, (Measured, Counted))
    ]
    assert len(after.rounds("first")) == len(after.rounds("second")) == 2
    records = [file.name[:5] for file in sandbox.workspace.data.glob("stack/**/*.json")]
    assert sorted(records) == ["first", "secon"]


def test_complete_run_is_shown_and_not_measured_again(slow: Sandbox) -> None:
    """Killed while the report is written: all is there but pages, and these are all that is done.

    Once they are there the same command is a second measurement.
    """
    (pages := slow.workspace.results).mkdir(parents=True)
    command = ("run", "sample", "v1.0.0..v1.0.1", "--repo", slow.repository, *OPTIONS[1:])
    with slow.start(*command) as process:
        deadline = time.monotonic() + 120
        while not (slow.runs and slow.runs[0].closed is not None):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.communicate()
    (before,) = slow.runs
    assert not list(pages.rglob("README.md"))
    assert {file.name for file in before.folder.glob("*.json")} == {
        "run.json", "base.json", "head.json",
    }  # fmt: skip
    done = slow.bench(*command, status=0)
    assert f"run {before.manifest.run_id} is complete and was not reported" in done.stderr
    assert "sleeps" in done.stdout
    assert list(pages.rglob("README.md"))
    (after,) = slow.runs
    assert after.events == before.events
    slow.bench(*command, status=0)
    assert len(slow.runs) == 2


def test_leftovers_of_killed_commands_go_at_the_next_start(own_cache: Sandbox) -> None:
    own_cache.write_target(target_text(SLEEPS.replace("0.05", "2")))
    places = own_cache.workspace
    with start(own_cache) as process:
        wait_for_rounds(own_cache, process, 1)
        in_use = list(places.scratch.iterdir())
        half, half_built = places.worktrees / ("0" * 16), places.environments / ("0" * 16)
        half_cloned = places.repos / ".sample.partial"
        for left in (half, half_built, half_cloned, places.scratch / "counters-x"):
            left.mkdir(parents=True)
        own_cache.bench("run", "sample", "v1.0.0..v1.1.0", "--repo", own_cache.repository,
                        "--dry-run", status=0)  # fmt: skip
        assert not half.exists()
        assert not half_built.exists()
        assert not half_cloned.exists()
        assert sorted(places.scratch.iterdir()) == sorted(in_use)  # another session works there
        process.kill()
        process.communicate()
    assert in_use
    own_cache.bench("run", "sample", "--repo", own_cache.repository, "--dry-run", status=0)
    assert list(places.scratch.iterdir()) == []


def test_interruption_that_python_ignores_is_not_lost() -> None:
    """A signal that arrives in a destructor raises there, where exceptions are ignored."""
    code = """
import os, signal, time
from bench.cli.main import _end_politely
_end_politely()
class Dies:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
signal.signal(signal.SIGINT, signal.default_int_handler)
Dies()
time.sleep(20)
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.stdout == ""
    assert done.stderr.endswith("KeyboardInterrupt\n")
