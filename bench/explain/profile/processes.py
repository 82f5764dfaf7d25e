"""The process of a benchmark, bare and under a profiler, with the same accounting as when timed."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import numpy as np

from bench.core.sample import Sample, Side
from bench.core.told import NotToldError
from bench.engine.measure.client import Invocation
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.sandbox.folders import keep_plain_files, scratch_beside
from bench.engine.statistics.summary import median_s
from bench.formats.text import magnitude

Result = TypeVar("Result")
_PATIENCE = 5.0  # a process may take so many times longer under a profiler
_INSIDE = Path(__file__).parents[1] / "agents" / "profiler"


class NotProfiledError(Exception):
    """A profiler can't run here, or the benchmark fails under it (reason and remedy)."""


@dataclass(frozen=True)
class ProfiledProcess:
    """One side of a scenario: its process, started as rounds start it."""

    taker: RoundTaker
    sides: Sides
    side: Side

    def run(
        self,
        *,
        under: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        stderr: Path | None = None,
        own_status: bool = True,
        support: Path | None = None,
    ) -> Sample:
        """Run once, under a profiler's command if there is one; raises `NotProfiledError`.

        Without `own_status` the command in front ends with a status of its own: 0. `support` is a
        folder of the profiler's that the process may read too.
        """
        bare = self.sides.side(self.side)
        invocation = dataclasses.replace(
            bare,
            argv=(*under, *bare.argv),
            env={**bare.env, **(variables or {})},
            stderr=stderr or bare.stderr,
            access=dataclasses.replace(
                bare.access, read=(*bare.access.read, *([support] if support else []))
            ),
        )
        return self._run(invocation, own_status=own_status)

    def _run(self, invocation: Invocation, *, own_status: bool) -> Sample:
        declared = msgspec.structs.replace(
            self.sides.benchmark, timeout_s=_PATIENCE * self.sides.benchmark.timeout_s
        )
        if not own_status:
            declared = msgspec.structs.replace(declared, exit_status=0)
        one = Sides(declared, invocation, invocation)
        try:
            return self.taker.alone(one, Side.BASE, pin=False)
        except RoundFailedError as error:
            raise NotProfiledError(str(error)) from error
        finally:
            keep_plain_files(self._home)

    def inside(self, mode: str, folder: str | Path = "") -> dict[str, str]:
        """Variables that start our program in each of its Python processes (`inside/`)."""
        own = self.sides.side(self.side).env.get("PYTHONPATH")
        path = os.pathsep.join(filter(None, (str(_INSIDE), own)))
        return {"PYTHONPATH": path, "BENCH_PROFILE": f"{mode}:{folder}"}

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for what a profiler writes: beside the subject's home, never in it.

        What cannot be read there raises `NotProfiledError`.
        """
        with scratch_beside(self._home, "profile-") as folder:
            try:
                yield folder
            except NotToldError as error:
                raise NotProfiledError(str(error)) from error

    def keep(self, file: Path) -> Path:
        """Move a file out of a scratch folder; it stays until the session is over."""
        folder = Path(tempfile.mkdtemp(dir=self._home.parent, prefix="kept-"))
        return file.rename(folder / file.name)

    @property
    def _home(self) -> Path:
        return self.sides.side(self.side).cwd


@dataclass
class Overhead:
    """What a profiler costs: whole runs with and without it, in turn."""

    bare: list[Sample] = field(default_factory=list)
    profiled: list[Sample] = field(default_factory=list)

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

    @property
    def is_below_noise(self) -> bool:
        """Whether the ranges of wall times with and without the profiler overlap."""
        with_it, without = ([one.wall_s for one in some] for some in (self.profiled, self.bare))
        return len(without) > 1 and min(with_it) <= max(without)

    @property
    def words(self) -> str:
        """`1.42x`, `+3.2%`; or that it can't be told from the noise of these runs."""
        return "below noise" if self.is_below_noise else magnitude(self.factor)


@dataclass
class InTurn(Generic[Result]):
    """What a profiler found in each of its runs, by side, and what it cost."""

    found: dict[Side, list[Result]] = field(default_factory=dict)
    overheads: dict[Side, Overhead] = field(default_factory=dict)

    @property
    def latest(self) -> dict[Side, Result]:
        """The last run of each side."""
        return {side: runs[-1] for side, runs in self.found.items()}

    def last(self, side: Side) -> Result:
        """A side's last run."""
        return self.found[side][-1]


def in_turn(
    subjects: Mapping[Side, ProfiledProcess],
    take: Callable[[ProfiledProcess], tuple[Result, Sample]],
    repeats: int,
) -> InTurn[Result]:
    """Run a profiler on each side in turn, base first and last in turn, each beside a bare run.

    Raises `NotProfiledError` when a run fails.
    """
    all_ = InTurn[Result]({side: [] for side in subjects}, {side: Overhead() for side in subjects})
    for number in range(repeats):
        for side in turn(subjects, number):
            all_.overheads[side].bare.append(subjects[side].run())
            result, sample = take(subjects[side])
            all_.overheads[side].profiled.append(sample)
            all_.found[side].append(result)
    return all_


def turn(subjects: Mapping[Side, ProfiledProcess], number: int) -> list[Side]:
    """Base, head, head, base, …"""
    sides = list(subjects)
    return sides if number % 2 == 0 else sides[::-1]


def is_ours(path: str) -> bool:
    """Whether a frame's file is the program that takes the profile."""
    return path.startswith(str(_INSIDE))


def is_in_ours(stack: str) -> bool:
    """Whether a folded stack has such a frame."""
    return f"({_INSIDE}/" in stack


def _median(values: list[float]) -> float:
    return median_s(np.array(values))
