"""All detectors on one scenario that was ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.core.sample import Side
from bench.counters.observe import own_packages
from bench.counters.running import NotCountedError, Runner
from bench.imports.analysis import Analysis, Pattern
from bench.imports.rank import LEAST_S, LEAST_SHARE, Ranking
from bench.measure.client import Launcher
from bench.measure.invocations import control_benchmark
from bench.measure.rounds import Bench, Sides
from bench.patterns.census import take_census
from bench.patterns.connections import new_connections
from bench.patterns.deferring import in_vain
from bench.patterns.early_exit import early_exit
from bench.patterns.hot import hot_frames, hot_functions, serialisers
from bench.patterns.memory import caches, slots
from bench.profile.frames import Namer
from bench.profile.processes import NotProfiledError, Subject
from bench.profile.sampling import sample_sides

_LEAST_BYTES = 100_000
_TIMEOUT_S = 300.0
_SAMPLING_S = 10.0
_SEED = 1
_FEW = 5
_MANY = 50


@dataclass
class Detection:
    """One scenario; `hot` says whether it is sampled as well, `data` has traces of it."""

    ranking: Ranking
    analysis: Analysis
    hot: bool
    data: Path
    problems: list[str] = field(default_factory=list)

    def run(self) -> Analysis:
        """The analysis with what was found; a detector that can't run is among its problems."""
        found: list[Pattern] = []
        steps = [self._deferring, self._early_exit, self._census, self._connections]
        steps += [self._hot] * self.hot
        for step in steps:
            found += self._tried(step)
        return msgspec.structs.replace(
            self.analysis,
            patterns=tuple(found),
            steps_s=self.ranking.steps_s,
            problems=(*self.analysis.problems, *self.problems),
        )

    @property
    def _least_s(self) -> float:
        if self.ranking.everything:
            return 0.0
        return max(LEAST_S, LEAST_SHARE * self.analysis.process_s)

    @property
    def _runner(self) -> Runner:
        return Runner(self.ranking.network.isolation, _TIMEOUT_S)

    def _tried(self, step: Callable[[], Iterator[Pattern]]) -> list[Pattern]:
        try:
            with self.ranking.step("looking for patterns"):
                return list(step())
        except (NotCountedError, NotProfiledError) as error:
            self.problems.append(f"patterns were not looked for: {error}")
            return []

    def _deferring(self) -> Iterator[Pattern]:
        if self.ranking.found is not None:
            most = _MANY if self.ranking.everything else _FEW
            yield from in_vain(self.ranking.found, self._least_s, most)

    def _early_exit(self) -> Iterator[Pattern]:
        bare = self.ranking.subject.invocation(control_benchmark())
        one = early_exit(self.analysis, self._runner, bare, self._least_s)
        if one is not None:
            yield one

    def _census(self) -> Iterator[Pattern]:
        ranking = self.ranking
        invocation = ranking.subject.invocation(ranking.benchmark)
        own = own_packages(ranking.environment)
        census = take_census(self._runner, ranking.benchmark, invocation, own)
        yield from slots(census, 0 if ranking.everything else _LEAST_BYTES)
        yield from caches(census, self._least_s)

    def _connections(self) -> Iterator[Pattern]:
        yield from new_connections(self.analysis, self.data, self._least_s)

    def _hot(self) -> Iterator[Pattern]:
        ranking = self.ranking
        invocation = ranking.subject.invocation(ranking.benchmark)
        namer = Namer(ranking.target.name, own_packages(ranking.environment))
        with Launcher(ranking.network.isolation) as launcher:
            bench = Bench(launcher, ranking.network.cpus, _SEED, ranking.network)
            sides = Sides(ranking.benchmark, invocation, invocation)
            subject = Subject(bench, sides, Side.BASE)
            sampled = sample_sides(
                {Side.BASE: subject}, {Side.BASE: namer}, _SAMPLING_S, ranking.watcher.phase
            )
        runs = sampled[Side.BASE].runs
        sources = dict(ranking.found.sources) if ranking.found else {}
        yield from hot_functions(hot_frames(runs), sources, self._least_s)
        yield from serialisers(runs, self._least_s)
