"""The process of a benchmark, bare and under a profiler, with the same accounting as when timed."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from bench.core.sample import Sample, Side
from bench.measure.rounds import Bench, RoundFailedError, Sides
from bench.statistics.summary import median_s

_INSIDE = Path(__file__).with_name("inside")


class NotProfiledError(Exception):
    """A profiler can't run here, or the benchmark fails under it (reason and remedy)."""


@dataclass(frozen=True)
class Subject:
    """One side of a scenario: its process, started as rounds start it."""

    bench: Bench
    sides: Sides
    side: Side

    def run(
        self,
        *,
        under: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        stderr: Path | None = None,
        own_status: bool = True,
    ) -> Sample:
        """Run once, under a profiler's command if there is one; raises `NotProfiledError`.

        Without `own_status` the command in front ends with a status of its own: 0.
        """
        bare = self.sides.side(self.side)
        invocation = dataclasses.replace(
            bare,
            argv=(*under, *bare.argv),
            env={**bare.env, **(variables or {})},
            stderr=stderr or bare.stderr,
        )
        declared = self.sides.benchmark
        if not own_status:
            declared = msgspec.structs.replace(declared, exit_status=0)
        one = Sides(declared, invocation, invocation)
        try:
            return self.bench.alone(one, Side.BASE, pin=False)
        except RoundFailedError as error:
            raise NotProfiledError(str(error)) from error

    def inside(self, mode: str, folder: str | Path = "") -> dict[str, str]:
        """Variables that start our program in each of its Python processes (`inside/`)."""
        own = self.sides.side(self.side).env.get("PYTHONPATH")
        path = os.pathsep.join(filter(None, (str(_INSIDE), own)))
        return {"PYTHONPATH": path, "BENCH_PROFILE": f"{mode}:{folder}"}

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for what a profiler writes: beside the subject's home, never in it."""
        beside = self.sides.side(self.side).cwd.parent
        with tempfile.TemporaryDirectory(dir=beside, prefix="profile-") as folder:
            yield Path(folder)


@dataclass
class Overhead:
    """What a profiler costs: whole runs with and without it, in turn."""

    bare: list[Sample] = field(default_factory=list)
    profiled: list[Sample] = field(default_factory=list)

    @property
    def bare_cpu_s(self) -> float:
        """Median CPU time without a profiler."""
        return _median([sample.cpu_s for sample in self.bare])

    @property
    def bare_wall_s(self) -> float:
        """Median wall time without a profiler."""
        return _median([sample.wall_s for sample in self.bare])

    @property
    def profiled_wall_s(self) -> float:
        """Median wall time with it, from its own start to its end."""
        return _median([sample.wall_s for sample in self.profiled])

    @property
    def factor(self) -> float:
        """How many times as long the process takes under the profiler, by wall time."""
        return self.profiled_wall_s / self.bare_wall_s


def find_program(name: str, remedy: str) -> str:
    """A tool's path, by the harness's own PATH; raises `NotProfiledError` with the remedy."""
    found = shutil.which(name)
    if found is None:
        raise NotProfiledError(f"{name} is not installed; {remedy}")
    return found


def _median(values: list[float]) -> float:
    return median_s(np.array(values))
