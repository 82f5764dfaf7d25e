"""Programs that run suites, started as the launcher starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyperf

from bench.core.target import Benchmark
from bench.workloads.suites.telling import tell_suite

VALUES = ("--warmups", "1", "--values", "3", "--loops", "2")
CALIBRATE = ("--calibrate-loops", "--warmups", "0", "--values", "1", "--min-time", "0.02")


@dataclass(frozen=True)
class Done:
    """How a worker ended: its status, its last words and what it handed over."""

    status: int
    last: str
    values_s: list[float] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)


def work(
    project: Path,
    benchmark: Benchmark,
    *options: str,
    cpu_clock: bool = False,
    modules: tuple[str, ...] = (),
) -> Done:
    """Run one worker of a suite in a project's folder."""
    home = project.parent
    out = home / "out.json"
    words = tell_suite(benchmark, project, benchmark.suite_path, modules, cpu_clock=cpu_clock)
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 3>"$0"', str(out), sys.executable, *words,
         "--worker", "--worker-task", "0", "--pipe", "3", *options],
        env={
            "HOME": str(home), "PYTHONSAFEPATH": "1", "PATH": os.environ["PATH"],
            "PYTHONPATH": str(home / "site"),  # for what a test has installed besides
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    if not out.read_bytes():
        return Done(done.returncode, last)
    run = pyperf.Benchmark.loads(out.read_text())
    return Done(done.returncode, last, list(run.get_values()), run.get_metadata())
