"""A selfcheck from start to end: measure, keep, write the page."""

from __future__ import annotations

import platform
import resource
import secrets
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.core.errors import NothingMeasuredError
from bench.core.machine import Machine
from bench.core.process import run_tool
from bench.core.workspace import Workspace
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.machine.noise import Reading, noise_since, read_counters
from bench.engine.machine.pinning import find_slice
from bench.engine.measure.client import Launcher, find_isolation
from bench.engine.measure.rounds import Bench, RoundFailedError
from bench.engine.session.watcher import Watcher
from bench.validate.selfcheck.commands import Commands, interpreter
from bench.validate.selfcheck.page import write_page
from bench.validate.selfcheck.parts import Parts
from bench.validate.selfcheck.record import FORMAT, Check, Recorder, save
from bench.validate.selfcheck.settings import Settings
from bench.validate.selfcheck.steps import Steps


@dataclass(frozen=True)
class Kept:
    """What a selfcheck has left: its data, and the page made from it."""

    check: Check
    data: Path
    page: Path


@dataclass(frozen=True)
class Selfcheck:
    """One selfcheck on its way."""

    settings: Settings
    workspace: Workspace
    watcher: Watcher
    recorder: Recorder = field(default_factory=Recorder)
    began: float = field(default_factory=time.monotonic)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    counters: Reading = field(default_factory=read_counters)

    def run(self) -> Kept:
        """Measure, keep and write up; what an interruption leaves is kept as well.

        Raises `BenchError` when nothing can be measured, after keeping what there is.
        """
        own_before = _own_cpu_s()
        try:
            self._measure(describe_machine())
        except KeyboardInterrupt:
            return self._keep("interrupted", _own_cpu_s() - own_before)
        except Exception as error:
            self._keep(f"failed: {error}", _own_cpu_s() - own_before)
            raise
        return self._keep("", _own_cpu_s() - own_before)

    def _measure(self, machine: Machine) -> None:
        scratch = self.workspace.scratch / secrets.token_hex(4)
        seed = secrets.randbits(48)
        try:
            apart = find_slice()
            with Launcher(find_isolation().inside(apart)) as launcher:
                bench = Bench(launcher, measuring_cpus(machine, apart), seed)
                steps = Steps(
                    bench=bench,
                    commands=Commands(interpreter(), scratch),
                    options=self.settings.options,
                    watcher=self.watcher,
                    recorder=self.recorder,
                    seed=seed,
                )
                Parts(steps, self.settings).measure()
        except RoundFailedError as error:
            raise NothingMeasuredError(f"A process of the selfcheck failed: {error}") from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _keep(self, stopped: str, own_cpu_s: float) -> Kept:
        recorder = self.recorder
        check = Check(
            format=FORMAT,
            id=f"{self.at:%Y%m%dT%H%M%S}{self.at.microsecond // 1000:03d}Z",
            machine=describe_machine(),
            python=platform.python_version(),
            interpreter=_without_home(interpreter()),
            harness=_commit(self.workspace),
            options=self.settings.options,
            settings=self.settings.as_numbers(),
            complete=not stopped,
            stopped=stopped,
            elapsed_s=round(time.monotonic() - self.began, 1),
            noise=noise_since(self.counters, own_cpu_s),
            calibration=recorder.calibration,
            engine=tuple(recorder.engine),
            blocks=tuple(recorder.blocks),
            series=tuple(recorder.series),
            probes=tuple(recorder.probes),
            counted=tuple(recorder.counted),
            cut_short=tuple(recorder.cut_short),
            failures=tuple(recorder.failures),
        )
        data = save(check, self.workspace.data)
        return Kept(check, data, write_page(data, self.workspace.results))


def _own_cpu_s() -> float:
    """CPU seconds of this process and of everything it has started and waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _commit(workspace: Workspace) -> str:
    try:
        described = run_tool(["git", "-C", workspace.root, "describe", "--always", "--dirty"])
    except FileNotFoundError:
        return "not known (no git)"
    return described.stdout.strip() if described.ok else "not a git checkout"


def _without_home(path: Path) -> str:
    """A home directory names a person, and no other machine has it."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
