"""A self-check from start to end: measure, and keep what was measured whatever happens."""

from __future__ import annotations

import platform
import resource
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.core.errors import NothingMeasuredError
from bench.core.scratch import scratch_folder
from bench.core.workspace import Workspace
from bench.engine.machine.fingerprint import describe_machine, measuring_cpus
from bench.engine.machine.noise import noise_since, read_counters
from bench.engine.machine.pinning import find_slice
from bench.engine.measure.client import Launcher
from bench.engine.measure.rounds import RoundFailedError, RoundTaker
from bench.engine.sandbox.folders import give
from bench.engine.sandbox.isolation import isolate
from bench.engine.session.preparation import harness
from bench.engine.session.watcher import Watcher
from bench.validate.engine_runs import RunTaker
from bench.validate.selfcheck.commands import KnownCommands, interpreter
from bench.validate.selfcheck.measure import SelfCheckParts
from bench.validate.selfcheck.record import SelfCheck, save_check
from bench.validate.selfcheck.settings import SelfCheckSettings


@dataclass
class SelfCheckSession:
    """One self-check on its way; `check` holds what has been measured so far."""

    settings: SelfCheckSettings
    workspace: Workspace
    watcher: Watcher
    check: SelfCheck = field(init=False)

    def __post_init__(self) -> None:
        at = datetime.now(UTC)
        self.check = SelfCheck(
            id=f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z",
            machine=describe_machine(),
            python=platform.python_version(),
            interpreter=str(interpreter()),
            harness=harness()["commit"],
            options=self.settings.options,
            settings=self.settings.as_numbers(),
        )

    def run(self) -> SelfCheck:
        """Measure and keep; what an interruption leaves is kept as well.

        Raises `BenchError` when nothing can be measured, after keeping what there is.
        """
        check, began, counters, own_s = self.check, time.monotonic(), read_counters(), _own_cpu_s()
        try:
            self._measure()
            check.complete = True
        except KeyboardInterrupt:
            check.stopped = "interrupted"
        except Exception as error:
            check.stopped = f"failed: {error}"
            raise
        finally:
            check.elapsed_s = round(time.monotonic() - began, 1)
            check.noise = noise_since(counters, _own_cpu_s() - own_s)
            save_check(check, self.workspace.data)
        return check

    def _measure(self) -> None:
        apart = find_slice()
        try:
            isolation = isolate(self.workspace).inside(apart)
            with (
                scratch_folder(self.workspace.scratch) as scratch,
                Launcher(isolation) as launcher,
            ):
                if isolation.owner is not None:
                    give(scratch, isolation.owner)
                cpus = measuring_cpus(self.check.machine, apart)
                rounds = RoundTaker(launcher, cpus, secrets.randbits(48))
                taker = RunTaker(rounds, self.settings.options, self.watcher)
                commands = KnownCommands(interpreter(), scratch)
                SelfCheckParts(self.check, self.settings, taker, commands).measure()
        except RoundFailedError as error:
            raise NothingMeasuredError(f"A process of the self-check failed: {error}") from error


def _own_cpu_s() -> float:
    """CPU seconds of this process and of everything it has started and waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
