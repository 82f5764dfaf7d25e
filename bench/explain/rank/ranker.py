"""Rank the imports of one scenario: record, time, judge, choose, describe, verify."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench.core.errors import NothingMeasuredError
from bench.core.options import Options
from bench.core.sample import Side
from bench.core.target import Benchmark, Target
from bench.core.variants import numbers
from bench.engine.environments.build import Environment
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.measure.client import Invocation, Launcher
from bench.engine.measure.invocations import Subject, control_benchmark
from bench.engine.measure.network import Network
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.revisions.git import Clone
from bench.engine.session.watcher import Watcher
from bench.explain.checks.checks import Checks
from bench.explain.checks.lint import find_ruff
from bench.explain.checks.overlay import Overlay, own_folders
from bench.explain.counters.instructions import InstructionCounter, find_instruction_counter
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.rank import costs
from bench.explain.rank.candidates import Candidate, judge_imports
from bench.explain.rank.counterfactual import Experiment, time_both
from bench.explain.rank.graph import Graph
from bench.explain.rank.lazily import FIRST_LAZY, could_wait, needed
from bench.explain.rank.opportunities import describe, named_in_strings, shown_file
from bench.explain.rank.outsiders import read_outsiders
from bench.explain.rank.patch import make_patch, path_in_clone, tracked_files
from bench.explain.rank.proving import Proven, SetProver
from bench.explain.rank.ranked_imports import RankedImports, ScenarioTimes, Trial, usual_trials
from bench.explain.rank.ranking import FORMAT, Opportunity, Ranking, Verification
from bench.explain.rank.recording import (
    compile_recorder,
    record,
    take_times,
    take_top_level,
    time_bare,
)
from bench.explain.rank.ruff import IMPORTS, ask_ruff
from bench.explain.rank.sets import Worth, best_set, worths
from bench.explain.rank.sources import ModuleSource, read_package
from bench.explain.rank.takers import Takers, takers_of
from bench.explain.rank.top_level import top_level_work
from bench.formats.text import is_bounded

LEAST_S = 0.0005  # what saves less, or less than the share below, is not shown
LEAST_SHARE = 0.01
TIMEOUT_S = 300.0
_RUNS = 5
_TOP_RUNS = 2
_TOP_LEAST_S = 0.00005
_SEED = 1


@dataclass(kw_only=True)
class ScenarioRanker:
    """One scenario on one Python; `budget_s` is for timing the rewritten copy.

    `everything` shows what is below the limits too; `trials_of` says what is tried, the first
    `timed` of which for that budget each. With `checks` only that part of the set is kept which
    passes them. `texts` are the rewritten files by path and `patch` the same for `git apply`, once
    it has run.
    """

    target: Target
    python: str
    environment: Environment
    benchmark: Benchmark
    subject: Subject
    network: Network
    clone: Clone | None
    watcher: Watcher
    budget_s: float
    everything: bool = False
    checks: Checks | None = None
    trials_of: Callable[[RankedImports], list[Trial]] = usual_trials
    timed: int = 1
    steps_s: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    patch: bytes = b""
    ranked: RankedImports | None = None
    proven: Proven = field(default_factory=lambda: Proven(()))

    def run(self) -> Ranking:
        """Rank; raises `BenchError` when the scenario can't be run at all."""
        try:
            return self._run()
        except (NotCountedError, RoundFailedError) as error:
            raise NothingMeasuredError(f"{self.benchmark.name}: {error}") from error

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """A part of the work: shown while it lasts, and timed."""
        self.watcher.phase(words)
        began = time.monotonic()
        yield
        took = self.steps_s.get(words, 0.0) + time.monotonic() - began
        self.steps_s[words] = round(took, 2)

    @cached_property
    def own(self) -> frozenset[str]:
        """The project's own top-level packages."""
        return own_packages(self.environment)

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """Where these lie in the environment."""
        return own_folders(self.environment, self.own)

    @cached_property
    def runner(self) -> Runner:
        """Starts counted processes."""
        return Runner(self.network.isolation, TIMEOUT_S)

    @cached_property
    def sources(self) -> dict[Path, ModuleSource]:
        """All of the project's modules, read once."""
        with self.step("reading the sources"):
            return {
                source.file: source
                for folder in self.folders
                for source in read_package(folder, self._python, self._unreadable)
            }

    @cached_property
    def takers(self) -> Takers:
        """Who takes names from them: themselves, tests, dependants, other files of the commit."""
        sources = list(self.sources.values())
        commit = self.environment.record.revision.identity
        tracked = tracked_files(self.clone, commit)
        modules = frozenset(path_in_clone(one.file, tracked) for one in sources)
        with self.step("reading who takes names from them"):
            outside = read_outsiders(self.clone, commit, self.environment, self.own, modules)
            return takers_of(sources, outside.sources, outside.texts)

    @property
    def _python(self) -> Path:
        """The interpreter of the environment, without what is installed there."""
        return (self.environment.venv / "bin" / "python").resolve()

    def common_fields(self) -> dict[str, Any]:
        """What a `Ranking` says of where and when it was made."""
        return {
            "format": FORMAT,
            "target": self.target.name,
            "python": self.python,
            "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "machine": describe_machine(),
            "environment": self.environment.record,
            "scenario": self.benchmark,
            "runs": _RUNS,
            "steps_s": self.steps_s,
            "problems": tuple(self.problems),
        }

    def _run(self) -> Ranking:
        invocation = self.subject.invocation(self.benchmark)
        if not self.folders:
            raise NothingMeasuredError(f"No own package of {self.target.name} is installed.")
        compile_recorder(self._python)
        with _workers(1 if invocation.home else 2) as pool:
            timed = self._time(invocation)
            with self.step("copying the package"):
                experiment = Experiment(
                    environment=self.environment,
                    own=self.folders,
                    folder=self.subject.home.with_name("copies"),
                    benchmark=self.benchmark,
                    invocation=invocation,
                    runner=self.runner,
                    counter=self._counter(),
                    pool=pool,
                )
                control = control_benchmark()
                bare = experiment.count(self.subject.invocation(control), control)
            with self.step("recording the graph"):
                asked = partial(record, self.runner, self.benchmark, invocation, self.folders)
                # Counting has begun. What has a home that is renewed waits: there is one home.
                recording = pool.submit(asked).result() if invocation.home else asked()
            ranked = self._rank(
                Graph(recording, timed.scenario.own_s, timed.scenario.afterwards), timed
            )
            counted = experiment.base_instructions.result(), bare.result()
            experiment.base_modules.result()  # HOME is one: nothing else runs while it is used
            ranked = self.ranked = self._proved(ranked)
            with self.step("running the copies"):
                started = [experiment.begin(one, ranked.graph) for one in self.trials_of(ranked)]
                checks = [one.result(ranked.graph.predicted(one.vanished)) for one in started]
            checks = [
                _with_predictions(check, one.trial, ranked, counted)
                for check, one in zip(checks, started, strict=True)
            ]
        for place, one in enumerate(started[: self.timed] if self.budget_s > 0 else ()):
            if one.overlay is not None and not checks[place].failed:
                with self.step("timing the copies"):
                    checks[place] = self._timed(checks[place], experiment, one.overlay, timed)
        return self._ranking(ranked, checks)

    def _time(self, invocation: Invocation) -> ScenarioTimes:
        """While nothing else of ours runs."""
        with self.step("clean timing runs"):
            bare, recorder_s = time_bare(self.runner, self.subject, _RUNS)
            times = take_times(self.runner, self.benchmark, invocation, _RUNS).without(recorder_s)
        with self.step("timing top-level work"):
            top = take_top_level(self.runner, self.benchmark, invocation, self.folders, _TOP_RUNS)
        return ScenarioTimes(times, bare, top)

    def _rank(self, graph: Graph, timed: ScenarioTimes) -> RankedImports:
        imported = {
            name: self.sources[Path(file)]
            for name, file in graph.recording.modules.items()
            if name.partition(".")[0] in self.own and Path(file) in self.sources
        }
        with self.step("choosing the set"):
            lazy = numbers(self.environment.record.provenance.python) >= (3, 14)
            everything = list(self.sources.values())
            judgement = judge_imports(graph, imported, everything, lazy=lazy, takers=self.takers)
            best, worths_ = _by_worth(graph, _best(graph, judgement.candidates))
        return RankedImports(
            graph=graph,
            judgement=judgement,
            timed=timed,
            sources=imported,
            best=best,
            worths=worths_,
        )

    def _proved(self, ranked: RankedImports) -> RankedImports:
        """With that part of the set which works, where that is checked."""
        if self.checks is None or not ranked.best:
            return ranked
        prover = SetProver(
            checks=self.checks, graph=ranked.graph, choose=partial(_best, ranked.graph)
        )
        with self.step("checking the set"):
            self.proven = prover.prove(ranked.best)
        best, worths_ = _by_worth(ranked.graph, self.proven.candidates)
        return replace(ranked, best=best, worths=worths_)

    def _counter(self) -> InstructionCounter | None:
        try:
            return find_instruction_counter()
        except NotCountedError as error:
            self.problems.append(f"instructions were not counted: {error}")
            return None

    def _unreadable(self, file: Path, why: str) -> None:
        self.problems.append(
            f"{shown_file(file)} could not be read ({why}): its imports are not ranked, and what "
            "it takes from other modules is not known"
        )

    def _timed(
        self, check: Verification, experiment: Experiment, head: Overlay, timed: ScenarioTimes
    ) -> Verification:
        """A check with the times of both copies, and what was predicted of these processes."""
        base, changed = (one.over(experiment.invocation) for one in (experiment.base, head))
        options = Options(budget_s=self.budget_s, rounds=40)
        try:
            with Launcher(self.network.isolation) as launcher:
                taker = RoundTaker(launcher, self.network.cpus, _SEED, self.network)
                both = time_both(taker, Sides(self.benchmark, base, changed), options, self.watcher)
                bare_s = self._bare_s(taker)
        except RoundFailedError as error:
            self.problems.append(f"the copies could not be timed: {error}")
            return check
        return msgspec.structs.replace(
            check,
            predicted_s=(both.base_s - bare_s) * timed.part(check.saving_s),
            base_s=both.base_s,
            interval=both.interval if is_bounded(both.interval) else None,
            rounds=both.rounds,
        )

    def _bare_s(self, taker: RoundTaker) -> float:
        """CPU seconds of a bare interpreter in this environment."""
        control = control_benchmark()
        invocation = self.subject.invocation(control)
        sides = Sides(control, invocation, invocation)
        return median(taker.alone(sides, Side.BASE, pin=True).cpu_s for _ in range(_RUNS))

    def _ranking(self, ranked: RankedImports, checks: list[Verification]) -> Ranking:
        graph, times, own = ranked.graph, ranked.timed.scenario, self.own
        least = 0.0 if self.everything else max(LEAST_S, LEAST_SHARE * times.process_s)
        skips = [one.skip for one in ranked.best]
        everything = self._opportunities(ranked)
        shown = [one for one in everything if max(one.share_s, one.leave_one_out_s) >= least]
        changed = Trial("all", ranked.best).texts(graph)
        tracked = tracked_files(self.clone, self.environment.record.revision.identity)
        self.texts = {path_in_clone(file, tracked): text for file, text in changed.items()}
        self.patch = make_patch(changed, tracked)
        return Ranking(
            **self.common_fields(),
            process_s=times.process_s,
            bare_s=ranked.timed.bare.process_s,
            imports_s=sum(times.own_s.values()),
            modules=len(graph.modules),
            statements=len(costs.own_places(graph, own)),
            candidates=len(ranked.judgement.candidates),
            everything_s=graph.saving([one.skip for one in ranked.judgement.candidates]),
            best_s=graph.predicted(graph.vanished(skips)),
            opportunities=tuple(shown),
            small=len(everything) - len(shown),
            packages=costs.packages(graph, own, ranked.judgement, least),
            kept=costs.kept(graph, ranked.judgement, ranked.best, least),
            top_level=top_level_work(
                ranked.timed.top, ranked.sources, graph.vanished(skips), max(least, _TOP_LEAST_S)
            ),
            checks=tuple(checks),
            proofs=self.proven.proofs,
            excluded=self.proven.excluded,
            needed_lazily=self._needed_lazily(ranked),
        )

    def _needed_lazily(self, ranked: RankedImports) -> tuple[str, ...] | None:
        """A second witness, which reads no sources: Python 3.15's lazy imports."""
        if numbers(self.environment.record.provenance.python) < FIRST_LAZY:
            return None
        invocation = self.subject.invocation(self.benchmark)
        try:
            waiting = could_wait(self.runner, self.benchmark, invocation, self.own)
        except NotCountedError as error:
            self.problems.append(f"it was not seen which imports are not needed lazily: {error}")
            return None
        found = needed(ranked.best, waiting)
        return tuple(f"{shown_file(one.source.file)}:{one.statement.line}" for one in found)

    def _opportunities(self, ranked: RankedImports) -> list[Opportunity]:
        if find_ruff() is None:
            self.problems.append("ruff is not installed: its findings are missing")
        ruff = ask_ruff(sorted({one.source.file for one in ranked.best}), IMPORTS)
        commit = self.environment.record.revision.identity
        patched = named_in_strings(ranked.best, self.clone, commit)
        return [
            describe(one, ranked.got(one), worth, ranked.timed.scenario, ruff, patched)
            for one, worth in zip(ranked.best, ranked.worths, strict=True)
        ]


def _best(graph: Graph, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The smallest set that saves nearly all that the candidates save."""
    by_place = {one.place: one for one in candidates}
    chosen = best_set(graph, [one.skip for one in candidates], LEAST_S)
    return tuple(by_place[one.place] for one in chosen)


def _by_worth(
    graph: Graph, candidates: Sequence[Candidate]
) -> tuple[tuple[Candidate, ...], tuple[Worth, ...]]:
    """The same with the worth of each, the largest first."""
    by_place = {one.place: one for one in candidates}
    found = worths(graph, [one.skip for one in candidates], _SEED)
    return tuple(by_place[one.skip.place] for one in found), found


def _with_predictions(
    check: Verification,
    trial: Trial,
    ranked: RankedImports,
    counts: tuple[int | None, int | None],
) -> Verification:
    """Instructions in proportion to CPU time; `counts` are the process's and a bare one's."""
    whole, bare = counts
    promised_s = ranked.promised_s(trial.candidates)
    found = msgspec.structs.replace(check, importtime_s=promised_s)
    if whole is None or bare is None:
        return found
    timed = ranked.timed
    return msgspec.structs.replace(
        found,
        instructions_predicted=round((whole - bare) * timed.part(check.saving_s)),
        importtime_instructions=round((whole - bare) * timed.part(promised_s)),
    )


@contextmanager
def _workers(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for processes; what has not begun when all ends never does."""
    pool = ThreadPoolExecutor(max_workers=count)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
