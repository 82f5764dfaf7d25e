"""Everything that is taken of one benchmark, before anything of it is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.sample import Side
from bench.explain.profile.frames import Namer
from bench.explain.profile.functions import Functions, profile_functions
from bench.explain.profile.import_times import Imports, time_imports
from bench.explain.profile.memory import MemoryUse, memray_version, trace_with_memray
from bench.explain.profile.objects import Growth, count_objects, objgraph_version
from bench.explain.profile.processes import (
    InTurn,
    NotProfiledError,
    Overhead,
    ProfiledProcess,
    in_turn,
)
from bench.explain.profile.sampling import Sampled, sample_native, sample_sides
from bench.explain.profile.system import SystemCalls, find_tracer, trace_calls
from bench.explain.profile.tools import count_events, find

_IMPORT_RUNS = 10
_COUNTING_RUNS = 3


@dataclass(kw_only=True)
class ProfilesTaken:
    """A scenario's profiles by side; what could not be had is in `skipped`, with the reason."""

    sampled: dict[Side, Sampled] = field(default_factory=dict)
    native: Sampled | None = None
    imports: InTurn[Imports] | None = None
    functions: InTurn[Functions] | None = None
    memory: InTurn[MemoryUse] | None = None
    objects: InTurn[Growth] | None = None
    system: InTurn[SystemCalls] | None = None
    events: InTurn[dict[str, int]] | None = None
    overheads: dict[str, dict[Side, Overhead]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Profiling:
    """One scenario, profiled by one tool after the other; both sides in turn.

    `support` gives the folder of a package for the subject's Python; `places` are each side's
    folders, and what to call them.
    """

    subjects: Mapping[Side, ProfiledProcess]
    namers: Mapping[Side, Namer]
    places: Mapping[Side, Sequence[tuple[Path, str]]]
    support: Callable[[str, str], Path]
    budget_s: float
    tell: Callable[[str], None]

    def take(self) -> ProfilesTaken:
        """Run every profiler; none of them ends the session."""
        taken = ProfilesTaken()
        steps: tuple[tuple[str, Callable[[ProfilesTaken], None]], ...] = (
            ("-X importtime", self._imports),
            ("py-spy", self._sample),
            ("py-spy --native", self._native),
            ("cProfile", self._functions),
            ("memray", self._memory),
            ("objects", self._objects),
            ("strace", self._system),
            ("perf", self._events),
        )
        for name, step in steps:
            self.tell(name)
            try:
                step(taken)
            except NotProfiledError as error:
                taken.skipped[name] = str(error)
        return taken

    def _imports(self, taken: ProfilesTaken) -> None:
        taken.imports = in_turn(
            self.subjects, lambda one: time_imports(one, self.namers[one.side]), _IMPORT_RUNS
        )
        taken.overheads["-X importtime"] = taken.imports.overheads

    def _sample(self, taken: ProfilesTaken) -> None:
        taken.sampled = sample_sides(self.subjects, self.namers, self.budget_s, self.tell)
        tool = next(iter(taken.sampled.values())).tool
        taken.overheads[tool] = {side: one.overhead for side, one in taken.sampled.items()}

    def _native(self, taken: ProfilesTaken) -> None:
        """For one revision only: a pair is compared by the frames that have names on both sides."""
        if len(self.subjects) > 1:
            raise NotProfiledError("only when one revision is profiled by itself")
        taken.native = sample_native(self.subjects[Side.BASE], self.namers[Side.BASE])
        taken.overheads["py-spy --native"] = {Side.BASE: taken.native.overhead}

    def _functions(self, taken: ProfilesTaken) -> None:
        taken.functions = in_turn(
            self.subjects, lambda one: profile_functions(one, self.namers[one.side]), _COUNTING_RUNS
        )
        taken.overheads["cProfile"] = taken.functions.overheads

    def _memory(self, taken: ProfilesTaken) -> None:
        try:
            support = self.support("memray", memray_version())
        except BenchError as error:
            raise NotProfiledError(str(error)) from error
        taken.memory = in_turn(
            self.subjects,
            lambda one: trace_with_memray(one, self.namers[one.side], support),
            _COUNTING_RUNS,
        )
        taken.overheads["memray"] = taken.memory.overheads

    def _objects(self, taken: ProfilesTaken) -> None:
        support, problem = None, ""
        try:
            support = self.support("objgraph", objgraph_version())
        except (NotProfiledError, BenchError) as error:
            problem = str(error)
        objects = in_turn(self.subjects, lambda one: count_objects(one, support), _COUNTING_RUNS)
        problem = problem or next(
            (one.problem for found in objects.found.values() for one in found if one.problem), ""
        )
        if problem:
            taken.skipped["objgraph"] = (
                f"{problem}; objects are counted, but not what keeps them alive"
            )
        taken.objects = objects
        taken.overheads["objects"] = objects.overheads

    def _system(self, taken: ProfilesTaken) -> None:
        strace = find_tracer()
        taken.system = in_turn(
            self.subjects, lambda one: trace_calls(one, strace, self.places[one.side]), 1
        )
        taken.overheads["strace"] = taken.system.overheads

    def _events(self, taken: ProfilesTaken) -> None:
        perf = find("perf", "apt-get install linux-perf")
        taken.events = in_turn(self.subjects, lambda one: count_events(one, perf), _COUNTING_RUNS)
        taken.overheads["perf"] = taken.events.overheads
