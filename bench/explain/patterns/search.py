"""The hot functions and serialisers of a scenario, and what comes of changing them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bench.core.errors import BenchError
from bench.core.options import Options
from bench.core.sample import Side
from bench.engine.measure.client import Launcher
from bench.engine.measure.rounds import Bench, Sides
from bench.explain.counters.instructions import InstructionCounter, find_instruction_counter
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import NotCountedError
from bench.explain.patterns.cold import Samples, cold_paths
from bench.explain.patterns.hoisting import stored_names
from bench.explain.patterns.hot import HotShape, hot_frames, hot_shapes, listed, tried
from bench.explain.patterns.script import timed_part
from bench.explain.patterns.serialisers import Support, serialisers, taken_by_serialisers
from bench.explain.patterns.setting import Setting
from bench.explain.patterns.trying import Trials
from bench.explain.profile.folded import Stacks
from bench.explain.profile.frames import Namer
from bench.explain.profile.processes import ProfiledProcess
from bench.explain.profile.sampling import sample_sides
from bench.explain.rank.analysis import HotFunction, Pattern
from bench.explain.rank.counterfactual import Timed, time_both
from bench.explain.rank.overlay import Overlay
from bench.explain.rank.rank import Ranking
from bench.explain.rank.recording import record
from bench.explain.rank.sources import read_package

_SAMPLING = 2.0  # times what timing a copy may take
_TRYING_S = 240.0
_FEWEST = 4
_ROUNDS_S = 20.0
_SEED = 1


@dataclass
class HotSearch:
    """One scenario; `problems` hears of what could not be had, `functions` fills `hot`, `runs`.

    `count` is how many samples `runs` are.
    """

    ranking: Ranking
    setting: Setting
    support: Support
    least_s: float
    problems: list[str]
    hot: tuple[HotFunction, ...] = ()
    runs: Sequence[Stacks] = ()
    count: int = 0

    def functions(self) -> Iterator[Pattern]:
        """Sample, then try what the dearest own functions could do otherwise.

        Raises `NotProfiledError`, `NotCountedError`.
        """
        network = self.ranking.network
        with Launcher(network.isolation) as launcher:
            bench = Bench(launcher, network.cpus, _SEED, network)
            self.runs = self._sample(bench)
            frames = hot_frames(self.runs)
            self.hot = listed(frames, self.least_s)
            sources = {
                source.module: source
                for folder in self.setting.own
                for source in read_package(folder, lambda _file, _error: None)
            }
            stored = stored_names(one.tree for one in sources.values())
            lines = self._lines()
            shapes = hot_shapes(frames, sources, stored, lines, self.least_s)
            yield from tried(shapes, self._trials(bench, shapes), self.least_s)
        if not self.setting.is_script:  # of one it is not known how many samples are of a value
            samples = Samples(self.runs, self.count)
            yield from cold_paths(samples, sources, stored, lines, self.least_s)

    def serialisers(self) -> Iterator[Pattern]:
        """Those that take long, after `functions`; raises `NotCountedError`."""
        project = self.ranking.target.name
        taken = taken_by_serialisers(self.runs, project, self.least_s) if self.runs else {}
        yield from serialisers(self.setting, taken, self.support, self.least_s)

    def _sample(self, bench: Bench) -> Sequence[Stacks]:
        ranking, setting = self.ranking, self.setting
        namer = Namer(ranking.target.name, own_packages(ranking.environment))
        sides = Sides(setting.benchmark, setting.timed, setting.timed)
        subject = ProfiledProcess(bench, sides, Side.BASE)
        budget_s = _SAMPLING * ranking.budget_s
        sampled = sample_sides(
            {Side.BASE: subject}, {Side.BASE: namer}, budget_s, ranking.watcher.phase, _FEWEST
        )
        runs, self.count = sampled[Side.BASE].runs, sampled[Side.BASE].samples
        return timed_part(runs, setting.process_s) if setting.is_script else runs

    def _lines(self) -> Collection[tuple[str, int]]:
        """The project's lines that run; a ranking knows them."""
        if self.ranking.found is not None:
            return self.ranking.found.graph.recording.lines
        setting = self.setting
        return record(setting.runner, setting.benchmark, setting.once, setting.own).lines

    def _trials(self, bench: Bench, shapes: list[HotShape]) -> Trials | None:
        """What runs changed copies; None where there is nothing to be changed, or no copy runs."""
        if not any(one.shape.edits for one in shapes):
            return None

        def compare(base: Overlay, head: Overlay) -> Timed:
            setting = self.setting
            if setting.is_script:
                raise NotCountedError("instructions of scripts have to be counted")
            sides = Sides(setting.benchmark, base.over(setting.timed), head.over(setting.timed))
            options = Options(budget_s=_ROUNDS_S, rounds=40)
            return time_both(bench, sides, options, self.ranking.watcher)

        try:
            return Trials(self.setting, self._counter(), compare, _TRYING_S)
        except (NotCountedError, BenchError) as error:
            self.problems.append(f"no change of a hot function was tried: {error}")
            return None

    def _counter(self) -> InstructionCounter | None:
        try:
            return find_instruction_counter()
        except NotCountedError:
            return None  # the ranking said so already
