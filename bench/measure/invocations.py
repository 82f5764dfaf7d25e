"""From a declared benchmark and an environment to the process that is started."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench.core.target import Benchmark, Kind
from bench.environments.build import Environment
from bench.environments.clean import subject_environment
from bench.measure.client import Invocation

CONTROL = "python-startup"


class NotPresentError(Exception):
    """The revision has no such command (the message says which)."""


@dataclass(frozen=True)
class Subject:
    """What every invocation of a side shares: its environment, variables, and folders.

    `home` is throwaway; `support` holds pyperf for scripts, outside the subject's environment.
    """

    environment: Environment
    own: dict[str, str]
    home: Path
    support: Path
    suites: Path

    def invocation(
        self, benchmark: Benchmark, options: tuple[str, ...] = (), *, cpu_clock: bool = False
    ) -> Invocation:
        """The process of one sample; `options` go to a script's pyperf runner.

        `cpu_clock` lets a script's values count CPU time. Raises `NotPresentError` when the
        environment has no such command.
        """
        venv = self.environment.venv
        env = subject_environment(venv, self.home, self.own)
        extra = ""
        affinity = ""
        if benchmark.kind is Kind.COMMAND:
            argv = (_executable(venv, benchmark.command[0]), *benchmark.command[1:])
        elif benchmark.kind is Kind.IMPORT:
            argv = (f"{venv}/bin/python", "-c", benchmark.import_statement)
        else:
            script = self.suites / f"bm_{benchmark.script}" / "run_benchmark.py"
            clock = (str(Path(__file__).with_name("cpu_clock.py")),) if cpu_clock else ()
            argv = (f"{venv}/bin/python", *clock, str(script), *options)
            env["PYTHONPATH"] = str(self.support)
            extra = str(self.home / "pyperf.json")
            affinity = "--affinity"
        return Invocation(
            argv, env, self.home, stderr=self.home / "stderr", extra=extra, affinity=affinity
        )


def control_benchmark() -> Benchmark:
    """The bare interpreter: what every import and command pays before its first own line."""
    return Benchmark(
        name=CONTROL, group="control", statement="sys", note="bare interpreter of the environment"
    )


def _executable(venv: Path, name: str) -> str:
    own = venv / "bin" / name
    if os.access(own, os.X_OK):
        return str(own)
    raise NotPresentError(f"no command {name!r} in this revision's environment")
