"""All detectors of causes besides imports, on one scenario that was ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.core.sample import Side
from bench.core.target import Kind
from bench.engine.measure.client import Launcher
from bench.engine.measure.invocations import control_benchmark
from bench.engine.measure.rounds import RoundTaker, Sides
from bench.explain.counters.running import NotCountedError
from bench.explain.patterns.census import take_census
from bench.explain.patterns.connections import new_connections
from bench.explain.patterns.deferring import in_vain
from bench.explain.patterns.early_exit import early_exit
from bench.explain.patterns.hot import hot_functions
from bench.explain.patterns.memory import caches, slots
from bench.explain.patterns.script import ScenarioRuns, timed_part
from bench.explain.profile.folded import Stacks
from bench.explain.profile.frames import Namer
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess
from bench.explain.profile.sampling import sample_sides
from bench.explain.rank.ranker import LEAST_S, LEAST_SHARE, ScenarioRanker
from bench.explain.rank.ranking import HotFunction, Pattern, Ranking

_LEAST_BYTES = 100_000
_FEW = 5
_MANY = 50
_SAMPLING = 2.0  # times what timing a copy may take
_FEWEST = 4
_SEED = 1
_Detected = TypeVar("_Detected")


@dataclass(kw_only=True)
class PatternDetection:
    """One scenario; `hot` says whether it is sampled as well, `data` has traces of it."""

    ranker: ScenarioRanker
    ranking: Ranking
    runs: ScenarioRuns
    hot: bool
    data: Path
    problems: list[str] = field(default_factory=list)

    def run(self) -> Ranking:
        """The ranking with what was found; a detector that can't run is among its problems."""
        found: list[Pattern] = []
        for detect in (self._deferring, self._early_exit, self._census, self._connections):
            found += self._tried(detect, "looking for patterns")
        hot = self._tried(self._hot_functions, "sampling hot functions") if self.hot else ()
        return msgspec.structs.replace(
            self.ranking,
            patterns=tuple(found),
            hot=tuple(hot),
            steps_s=self.ranker.steps_s,
            problems=(*self.ranking.problems, *self.problems),
        )

    @property
    def _is_script(self) -> bool:
        return self.ranking.scenario.kind is Kind.SCRIPT

    @property
    def _least_s(self) -> float:
        if self.ranker.everything:
            return 0.0
        part = LEAST_SHARE * self.ranking.process_s
        return part if self._is_script else max(LEAST_S, part)

    def _tried(self, step: Callable[[], Iterable[_Detected]], words: str) -> list[_Detected]:
        try:
            with self.ranker.step(words):
                return list(step())
        except (NotCountedError, NotProfiledError) as error:
            self.problems.append(f"{words} was not possible: {error}")
            return []

    def _deferring(self) -> Iterator[Pattern]:
        if self.ranker.ranked is not None:
            most = _MANY if self.ranker.everything else _FEW
            yield from in_vain(self.ranker.ranked, self._least_s, most)

    def _early_exit(self) -> Iterator[Pattern]:
        bare = self.ranker.subject.invocation(control_benchmark())
        one = early_exit(self.ranking, self.ranker.runner, bare, self._least_s)
        if one is not None:
            yield one

    def _census(self) -> Iterator[Pattern]:
        ranker = self.ranker
        census = take_census(ranker.runner, ranker.benchmark, self.runs.once, ranker.own)
        yield from slots(census, 0 if ranker.everything else _LEAST_BYTES)
        yield from caches(census, self._least_s)

    def _connections(self) -> Iterator[Pattern]:
        yield from new_connections(self.ranking, self.data, self._least_s)

    def _hot_functions(self) -> tuple[HotFunction, ...]:
        ranker = self.ranker
        stacks = self._sampled()
        if self._is_script:
            stacks = timed_part(stacks, self.ranking.process_s)
        sources = {source.module: source for source in ranker.sources.values()}
        return hot_functions(stacks, sources, self._least_s)

    def _sampled(self) -> Sequence[Stacks]:
        ranker, network = self.ranker, self.ranker.network
        namer = Namer(ranker.target.name, ranker.own)
        sides = Sides(ranker.benchmark, self.runs.sampled, self.runs.sampled)
        with Launcher(network.isolation) as launcher:
            taker = RoundTaker(launcher, network.cpus, _SEED, network)
            process = ProfiledProcess(taker, sides, Side.BASE)
            sampled = sample_sides(
                {Side.BASE: process}, {Side.BASE: namer}, _SAMPLING * ranker.budget_s,
                ranker.watcher.phase, _FEWEST,
            )  # fmt: skip
        return sampled[Side.BASE].runs
