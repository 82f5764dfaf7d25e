"""From a declared benchmark and an environment to the process that is started."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench.core.target import Benchmark, Kind
from bench.environments.build import Environment
from bench.environments.clean import subject_environment
from bench.measure.client import Invocation
from bench.system.process import run_tool

CONTROL = "python-startup"


# Parents are imported, the module itself is only looked for.
_MISSING = """
import importlib.util, sys
for name in sys.argv[1:]:
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None:
        print(name)
"""


class NotPresentError(Exception):
    """The revision has no such command or module (the message says which)."""


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

    def check_present(self, benchmark: Benchmark) -> None:
        """Raise `NotPresentError` when a module the benchmark needs is not in this revision."""
        if not benchmark.needs:
            return
        venv = self.environment.venv
        looked = run_tool(
            [venv / "bin" / "python", "-c", _MISSING, *benchmark.needs],
            cwd=self.home,
            env=subject_environment(venv, self.home, self.own),
            timeout_s=benchmark.timeout_s,
        )
        if looked.stdout.split():
            missing = ", ".join(looked.stdout.split())
            raise NotPresentError(f"not present in this revision (no module {missing})")


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
