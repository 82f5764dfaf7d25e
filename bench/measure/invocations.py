"""From a declared benchmark and an environment to the process that is started."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.core.target import PLACEHOLDER, Benchmark, Kind
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


class FreshInvocation(Invocation):
    """A process whose HOME is emptied before it is started, outside all clocks."""

    def as_request(self, hash_seed: int, cpu: int | None) -> dict[str, Any]:
        """The request, which is made once for each start: the moment to empty HOME."""
        for one in self.cwd.iterdir():
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            else:
                one.unlink()
        return super().as_request(hash_seed, cpu)


@dataclass(frozen=True)
class Subject:
    """What every invocation of a side shares: its environment, variables, and folders.

    `home` is throwaway; `support` holds pyperf for scripts, outside the subject's environment;
    `fixtures` are the folders of fixtures by name, the same for both sides.
    """

    environment: Environment
    own: dict[str, str]
    home: Path
    support: Path
    suites: Path
    fixtures: Mapping[str, Path] = field(default_factory=dict)

    def invocation(
        self, benchmark: Benchmark, options: tuple[str, ...] = (), *, cpu_clock: bool = False
    ) -> Invocation:
        """The process of one sample; `options` go to a script's pyperf runner.

        `cpu_clock` lets a script's values count CPU time. Raises `NotPresentError` when the
        environment has no such command.
        """
        venv = self.environment.venv
        env = self._variables(benchmark)
        extra = ""
        affinity = ""
        if benchmark.kind is Kind.COMMAND:
            first, *words = self._fill(benchmark, benchmark.command)
            argv = (_executable(venv, first), *words)
        elif benchmark.kind is Kind.IMPORT:
            argv = (f"{venv}/bin/python", "-c", benchmark.import_statement)
        else:
            script = self.suites / f"bm_{benchmark.script}" / "run_benchmark.py"
            clock = (str(Path(__file__).with_name("cpu_clock.py")),) if cpu_clock else ()
            argv = (f"{venv}/bin/python", *clock, str(script), *options)
            env["PYTHONPATH"] = os.pathsep.join(
                filter(None, (str(self.support), env.get("PYTHONPATH")))
            )
            extra = str(self.home / "pyperf.json")
            affinity = "--affinity"
        kind = FreshInvocation if benchmark.fresh_home else Invocation
        return kind(
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
            env=self._variables(benchmark),
            timeout_s=benchmark.timeout_s,
        )
        if looked.stdout.split():
            missing = ", ".join(looked.stdout.split())
            raise NotPresentError(f"not present in this revision (no module {missing})")

    def _variables(self, benchmark: Benchmark) -> dict[str, str]:
        filled = self._fill(benchmark, tuple(benchmark.env.values()))
        own = {**self.own, **dict(zip(benchmark.env, filled, strict=True))}
        return subject_environment(self.environment.venv, self.home, own)

    def _fill(self, benchmark: Benchmark, words: tuple[str, ...]) -> tuple[str, ...]:
        """Put paths in the place of `{fixture}` and `{home}`, where the benchmark has a fixture."""
        if not benchmark.fixture:
            return words
        paths = {"fixture": str(self.fixtures[benchmark.fixture]), "home": str(self.home)}
        return tuple(PLACEHOLDER.sub(lambda found: paths[found[1]], word) for word in words)


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
