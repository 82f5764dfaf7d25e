"""Kills at random moments of whole commands: nothing is lost, repeated or left running.

Each life of a workspace begins with nothing: clone, checkout, builds, proof, tests, probes, rounds,
counters, export, report. Its command is killed again and again, then ends undisturbed.
`BENCH_KILLS` sets how many kills there are, `BENCH_SEED` which.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import Sandbox, target_text

from bench.core.result import CONTROL
from bench.core.workspace import Workspace
from bench.engine.evaluation import evaluate
from bench.engine.store import events
from bench.engine.store.events import Counted, Ended, Measured, Probed
from bench.engine.store.run import Run

SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
KILLS = int(os.environ.get("BENCH_KILLS", "200"))
AT_MOST_A_LIFE = 24
COMMAND = ("run", "sample", "one..two", "--rounds", "10", "--budget", "20")
OTHERS = {
    "calibrate": ("calibrate", "sample", "--no-reference", "--seconds", "0.5"),
    "rank": ("rank", "sample", "two", "--seconds", "0.5"),
    "profile": ("profile", "sample", "one..two", "--seconds", "1"),
    "trace": ("trace", "sample", "one..two", "--runs", "1"),
}
OTHER_KILLS = int(os.environ.get("BENCH_OTHER_KILLS", "12"))
TESTS = "def test_fine(): pass\n"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    made = Repository.create(tmp_path / "origin")
    made.commit(sample_files("1.0.0", units=4) | {"tests/test_it.py": TESTS}, "one", tag="one")
    made.commit(sample_files("1.1.0", units=1) | {"tests/test_it.py": TESTS}, "two", tag="two")
    return made.path


class Life:
    """A workspace with nothing in it, and what has been found in it after each kill."""

    def __init__(self, folder: Path, origin: Path, *options: str) -> None:
        self.command = options if options and options[0] in OTHERS else (*COMMAND, *options)
        folder.mkdir()
        (folder / "tmp").mkdir()
        extra = {"TMPDIR": str(folder / "tmp")}
        self.folder = folder
        self.sandbox = Sandbox(folder / "workspace", folder / "cache", origin, extra)
        tests = f'[tests]\ncommand = ["{sys.executable}", "-m", "pytest", "-q"]\n'
        text = target_text('name = "work"\ncommand = ["sample", "work"]', clone=f"file://{origin}")
        self.sandbox.write_target(text.replace("v1.0.0..v1.1.0", "one..two") + tests)
        self.lines: dict[Path, bytes] = {}
        self.built: dict[Path, int] = {}

    @property
    def places(self) -> Workspace:
        return self.sandbox.workspace

    def killed(self, after_s: float, number: signal.Signals) -> str | None:
        """Start the command and kill it; returns the phase it was in, None if it had ended."""
        if not self.struck(after_s, number):
            return None
        phase = self.phase()
        all_shown = phase == "report" and not any((self.places.cache / "unreported").iterdir())
        return None if all_shown else phase  # it was killed while it ended

    def struck(self, after_s: float, number: signal.Signals) -> bool:
        """Start the command and kill it with all that runs; whether it had not ended before."""
        with self.sandbox.start(*self.command) as process:
            deadline = time.monotonic() + after_s
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            if process.poll() is not None:
                said = process.communicate()
                assert process.returncode == 0, said
                return False
            below = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(number)
            try:
                said = process.communicate(timeout=60)
            except subprocess.TimeoutExpired as error:
                process.kill()
                pytest.fail(f"{number.name} did not end it: {error.stderr!r}")
        expected = -9 if number == signal.SIGKILL else 130
        early = {-number}  # before the command has set its handlers
        if "bench" not in said[1]:
            early.add(1)  # before there is a line of it: the interpreter's own way to end
        assert process.returncode in {expected, *early, 0}, said
        self.assert_nothing_runs(below)
        return True

    def assert_nothing_runs(self, below: list[psutil.Process]) -> None:
        deadline = time.monotonic() + 2
        while left := [*filter(_runs, below), *self._of_this_folder()]:
            assert time.monotonic() < deadline, [_words(one) for one in left]
            time.sleep(0.05)

    def _of_this_folder(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                told = " ".join([*process.cmdline(), process.cwd()])
                if str(self.folder) in told and _runs(process):
                    found.append(process)
        return found

    @property
    def run(self) -> Run | None:
        runs = self.sandbox.runs
        assert len(runs) < 2, "what was finished is measured again"
        return runs[0] if runs else None

    def phase(self) -> str:
        run = self.run
        if run is None:
            if not (self.places.repos / "sample").is_dir():
                return "clone"
            return "builds" if len(self.environments()) < 2 else "proof"
        kinds = Counter(type(event) for event in run.events)
        if run.closed is not None:
            return "report"
        if kinds[Ended] == 2:
            return "counters, export"
        return "rounds" if kinds[Probed] else "probes" if kinds[events.Tested] else "tests"

    def environments(self) -> dict[Path, int]:
        files = self.places.environments.glob("*/environment.json")
        return {file: file.stat().st_ino for file in files}

    def check(self) -> None:
        """What was there at the kill before is there still, and nothing twice."""
        journals = {file: file.read_bytes() for file in self.places.data.rglob("rounds.jsonl")}
        for file, before in self.lines.items():
            whole = before[: before.rfind(b"\n") + 1]
            assert journals[file].startswith(whole), "rounds are lost"
        self.lines = journals
        built = self.environments()
        assert self.built.items() <= built.items(), "an environment was built again"
        self.built = built
        run = self.run
        if run is not None:
            once = [
                *((e.round.benchmark, e.round.design, e.round.index)
                  for e in run.events if isinstance(e, Measured)),
                *((e.benchmark, e.instrument) for e in run.events if isinstance(e, Counted)),
                *((type(e), e.benchmark) for e in run.events if isinstance(e, Probed | Ended)),
                *(events.Tested for e in run.events if isinstance(e, events.Tested)),
            ]  # fmt: skip
            assert max(Counter(once).values(), default=1) == 1, "measured twice"

    def ends_well(self) -> dict[str, str]:
        """Let the command end; returns the verdicts."""
        with self.sandbox.start(*self.command) as process:
            said, errors = process.communicate(timeout=1800)
        assert process.returncode == 0, errors
        assert "Write-up:" in said
        return self.verdicts()

    def verdicts(self) -> dict[str, str]:
        """Those of a command that has ended; nothing is left of all that were killed before."""
        self.check()
        run = self.run
        assert run is not None
        assert run.closed is not None
        assert (run.folder / "base.json").is_file()
        self.assert_tidy()
        results = evaluate(run).results  # the control may be the same or undecided, by chance
        return {one.name: str(one.verdict) for one in results if one.name != CONTROL}

    def assert_tidy(self) -> None:
        """Nothing is left in folders of what was being done when it was killed."""
        places = self.places
        written = (places.data, places.results, places.profiles)
        left = [*(found for one in written for found in one.rglob(".*")),
                *places.data.rglob("*.partial"), *(self.folder / "tmp").glob("bench-*"),
                *places.scratch.glob("*"), *places.worktrees.glob("*")]  # fmt: skip
        assert not left


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _words(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())[:200]
    return "ended"


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_kills_lose_and_repeat_nothing(tmp_path: Path, origin: Path) -> None:
    chance = random.Random(int(os.environ.get("BENCH_SEED", "13")))
    first = Life(tmp_path / "undisturbed", origin, "--no-counters")
    started = time.monotonic()
    verdicts = first.ends_well()
    whole_s = time.monotonic() - started
    assert verdicts["work"] == "faster"
    phases: Counter[str] = Counter()
    lives = 0
    while phases.total() < KILLS:
        lives += 1
        counters = lives % 5 == 0  # which take longer than all the rest
        life = Life(tmp_path / f"life-{lives}", origin, *([] if counters else ["--no-counters"]))
        for _ in range(chance.randint(1, AT_MOST_A_LIFE)):
            number = chance.choice(SIGNALS)
            at_s = whole_s * chance.random() ** 3 * (3 if counters else 1)
            phase = life.killed(at_s, number)
            if phase is None:
                assert life.verdicts() == verdicts
                break
            life.check()
            phases[phase] += 1
            print(f"{phases.total()} {number.name} in {phase}", flush=True)
        else:
            assert life.ends_well() == verdicts
        shutil.rmtree(life.folder)
    print(f"{phases.total()} kills in {lives} lives: {dict(phases)}")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("command", OTHERS)
def test_other_commands_are_killed(command: str, tmp_path: Path, origin: Path) -> None:
    chance = random.Random(int(os.environ.get("BENCH_SEED", "13")))
    life = Life(tmp_path / "life", origin, *OTHERS[command])
    started = time.monotonic()
    life.sandbox.bench(*life.command, status=0)
    whole_s = time.monotonic() - started
    kills = 0
    for _ in range(OTHER_KILLS):
        at_s = 0.3 + whole_s * chance.random()
        number = chance.choice(SIGNALS)
        kills += life.struck(at_s, number)
        life.check()
        print(f"{kills} {number.name} after {at_s:.1f} of {whole_s:.1f} s", flush=True)
    life.sandbox.bench(*life.command, status=0)
    life.check()
    life.assert_tidy()
