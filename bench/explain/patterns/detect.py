"""All detectors on one scenario that was ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.engine.measure.invocations import control_benchmark
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.patterns.census import take_census
from bench.explain.patterns.connections import new_connections
from bench.explain.patterns.deferring import in_vain
from bench.explain.patterns.early_exit import early_exit
from bench.explain.patterns.memory import caches, slots
from bench.explain.patterns.search import HotSearch
from bench.explain.patterns.serialisers import Support
from bench.explain.patterns.setting import Setting
from bench.explain.profile.processes import NotProfiledError
from bench.explain.rank.analysis import Analysis, Pattern
from bench.explain.rank.rank import LEAST_S, LEAST_SHARE, Ranking

_LEAST_BYTES = 100_000
_TIMEOUT_S = 300.0
_FEW = 5
_MANY = 50


@dataclass
class Detection:
    """One scenario; `hot` says whether it is sampled as well, `data` has traces of it."""

    ranking: Ranking
    analysis: Analysis
    hot: bool
    data: Path
    setting: Setting
    support: Support
    problems: list[str] = field(default_factory=list)

    def run(self) -> Analysis:
        """The analysis with what was found; a detector that can't run is among its problems."""
        found: list[Pattern] = []
        for step in (self._deferring, self._early_exit, self._census, self._connections):
            found += self._tried(step)
        search = HotSearch(self.ranking, self.setting, self.support, self._least_s, self.problems)
        if self.hot:
            found += self._tried(search.functions, "trying changes of hot functions")
            found += self._tried(search.serialisers, "trying serialisers")
        return msgspec.structs.replace(
            self.analysis,
            patterns=tuple(found),
            hot=search.hot,
            steps_s=self.ranking.steps_s,
            problems=(*self.analysis.problems, *self.problems),
        )

    @property
    def _least_s(self) -> float:
        if self.ranking.everything:
            return 0.0
        part = LEAST_SHARE * self.analysis.process_s
        return part if self.setting.is_script else max(LEAST_S, part)

    @property
    def _runner(self) -> Runner:
        return Runner(self.ranking.network.isolation, _TIMEOUT_S)

    def _tried(
        self, step: Callable[[], Iterator[Pattern]], words: str = "looking for patterns"
    ) -> list[Pattern]:
        try:
            with self.ranking.step(words):
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
        own = own_packages(ranking.environment)
        census = take_census(self._runner, ranking.benchmark, self.setting.once, own)
        yield from slots(census, 0 if ranking.everything else _LEAST_BYTES)
        yield from caches(census, self._least_s)

    def _connections(self) -> Iterator[Pattern]:
        yield from new_connections(self.analysis, self.data, self._least_s)
