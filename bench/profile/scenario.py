"""Everything that is taken of one benchmark, before anything of it is written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.core.sample import Side
from bench.profile.frames import Namer
from bench.profile.import_times import Imports, time_imports
from bench.profile.processes import NotProfiledError, Overhead, Subject
from bench.profile.sampling import Sampled, sample_sides

_IMPORT_RUNS = 10


@dataclass
class Taken:
    """A scenario's profiles by side; what could not be had is in `skipped`, with the reason."""

    sampled: dict[Side, Sampled] = field(default_factory=dict)
    imports: dict[Side, list[Imports]] = field(default_factory=dict)
    overheads: dict[str, dict[Side, Overhead]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Profiling:
    """One scenario, profiled by one tool after the other; both sides in turn."""

    subjects: Mapping[Side, Subject]
    namers: Mapping[Side, Namer]
    budget_s: float
    tell: Callable[[str], None]

    def take(self) -> Taken:
        """Run every profiler; none of them ends the session."""
        taken = Taken()
        for name, step in (("imports", self._imports), ("py-spy", self._sample)):
            self.tell(name)
            try:
                step(taken)
            except NotProfiledError as error:
                taken.skipped[name] = str(error)
        return taken

    def _imports(self, taken: Taken) -> None:
        found: dict[Side, list[Imports]] = {side: [] for side in self.subjects}
        overheads = {side: Overhead() for side in self.subjects}
        for number in range(_IMPORT_RUNS):
            for side in self._order(number):
                overheads[side].bare.append(self.subjects[side].run())
                one = time_imports(self.subjects[side], self.namers[side])
                overheads[side].profiled.append(one.sample)
                found[side].append(one)
        taken.imports, taken.overheads["imports"] = found, overheads

    def _sample(self, taken: Taken) -> None:
        taken.sampled = sample_sides(self.subjects, self.namers, self.budget_s, self.tell)
        taken.overheads["py-spy"] = {
            side: sampled.overhead for side, sampled in taken.sampled.items()
        }

    def _order(self, number: int) -> list[Side]:
        sides = list(self.subjects)
        return sides if number % 2 == 0 else sides[::-1]
