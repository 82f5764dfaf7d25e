"""Analyse the imports of one scenario: record, time, judge, choose, describe, check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import msgspec

from bench.core.errors import NothingMeasuredError
from bench.core.options import Options
from bench.core.sample import Side
from bench.core.target import Benchmark, Target
from bench.engine.environments.build import Environment
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.measure.client import Invocation, Launcher
from bench.engine.measure.invocations import Subject, control_benchmark
from bench.engine.measure.network import Network
from bench.engine.measure.rounds import Bench, RoundFailedError, Sides
from bench.engine.revisions.git import Clone
from bench.engine.session.watcher import Watcher
from bench.explain.counters.instructions import InstructionCounter, find_instruction_counter
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.rank import costs
from bench.explain.rank.analysis import FORMAT, Analysis, Check, Finding
from bench.explain.rank.candidates import Candidate, Judgement, judge_imports
from bench.explain.rank.counterfactual import Experiment, rewritten, time_both
from bench.explain.rank.exact import SLOW_DOWN, Instructions, attribute
from bench.explain.rank.findings import (
    ask_ruff,
    describe,
    find_ruff,
    named_in_strings,
    shown_file,
)
from bench.explain.rank.found import Found, Timed, Trial, usual_trials
from bench.explain.rank.graph import Graph
from bench.explain.rank.overlay import Overlay, own_folders
from bench.explain.rank.patch import make_patch
from bench.explain.rank.picture import picture
from bench.explain.rank.recording import compile_recorder, record, take_times, take_top_level
from bench.explain.rank.scale import Scale
from bench.explain.rank.sets import Worth, best_set, worths
from bench.explain.rank.sources import read_package
from bench.explain.rank.top_level import top_level_work

LEAST_S = 0.0005  # a finding that saves less, or less than the share below, is not shown
LEAST_SHARE = 0.01
_RUNS = 5
_TOP_RUNS = 2
_LONGEST_S = 60.0
_TOP_LEAST_S = 0.00005
_TIMEOUT_S = 300.0
_SEED = 1


@dataclass
class Ranking:
    """One scenario on one Python; `budget_s` is for timing the rewritten copy.

    `everything` shows findings below the limits too; `trials_of` says what is tried; `texts` are
    the rewritten files by path, `found` what was found, once it has run.
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
    trials_of: Callable[[Found], list[Trial]] = usual_trials
    steps_s: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    found: Found | None = None

    def run(self) -> Analysis:
        """Analyse; raises `BenchError` when the scenario can't be run at all."""
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

    def _run(self) -> Analysis:
        runner = Runner(self.network.isolation, _TIMEOUT_S)
        invocation = self.subject.invocation(self.benchmark)
        own = own_packages(self.environment)
        folders = own_folders(self.environment, own)
        if not folders:
            raise NothingMeasuredError(f"No own package of {self.target.name} is installed.")
        compile_recorder(self.environment.venv / "bin" / "python")
        with _workers(1 if invocation.home else 2) as pool:
            timed = self._time(runner, invocation, folders)
            with self.step("copying the package"):
                experiment = Experiment(
                    self.environment, folders, self.subject.home.with_name("copies"),
                    self.benchmark, invocation, runner, self._counter(), pool,
                )  # fmt: skip
                control = self.subject.invocation(control_benchmark())
                bare_count = experiment.count(control)
            with self.step("recording the graph"):
                asked = partial(record, runner, self.benchmark, invocation, folders)
                # Counting has begun. What has a home that is renewed waits: there is one home.
                recording = pool.submit(asked).result() if invocation.home else asked()
            found = self._find(Graph(recording, timed.scenario.own_s), timed, own, folders)
            self.found = found
            with self.step("running the copies"):
                trials = self.trials_of(found)
                exact = pool.submit(self._attribute, runner, invocation, found.graph, timed, trials)
                scale = Scale(timed, experiment.base_instructions, bare_count, exact)
                checks, head = self._check(trials, found, experiment, scale)
                is_exact = exact.result() is not None  # what has not begun here never does
        with self.step("timing the copies"):
            checks = self._timed(checks, experiment, head, scale)
        return self._analysis(found, own, checks, exact=is_exact)

    def _time(self, runner: Runner, invocation: Invocation, folders: Sequence[Path]) -> Timed:
        """While nothing else of ours runs."""
        with self.step("clean timing runs"):
            control = control_benchmark()
            bare = take_times(runner, control, self.subject.invocation(control), _RUNS)
            times = take_times(runner, self.benchmark, invocation, _RUNS)
        with self.step("timing top-level work"):
            top = take_top_level(runner, self.benchmark, invocation, folders, _TOP_RUNS)
        return Timed(times, bare, top)

    def _find(
        self, graph: Graph, timed: Timed, own: frozenset[str], folders: Sequence[Path]
    ) -> Found:
        with self.step("reading the sources"):
            everything = {
                source.file: source
                for folder in folders
                for source in read_package(folder, self._unreadable)
            }
            imported = {
                name: everything[Path(file)]
                for name, file in graph.recording.modules.items()
                if name.partition(".")[0] in own and Path(file) in everything
            }
            lazy = tuple(map(int, self.python.split("."))) >= (3, 14)
            judgement = judge_imports(graph, imported, list(everything.values()), lazy=lazy)
        with self.step("choosing the set"):
            best, worths_ = self._choose(graph, judgement)
        return Found(graph, judgement, timed, imported, best, worths_)

    def _counter(self) -> InstructionCounter | None:
        try:
            return find_instruction_counter()
        except NotCountedError as error:
            self.problems.append(f"instructions were not counted: {error}")
            return None

    def _attribute(
        self,
        runner: Runner,
        invocation: Invocation,
        graph: Graph,
        timed: Timed,
        trials: Sequence[Trial],
    ) -> Instructions | None:
        """Instructions that go with each trial, unless it takes too long."""
        estimate_s = timed.scenario.process_s * SLOW_DOWN
        gone = [trial.vanished(graph) for trial in trials]
        # Where nothing goes there is nothing to count.
        sets = [
            modules and modules | trial.bound for modules, trial in zip(gone, trials, strict=True)
        ]
        if not any(sets):
            return None
        problem = f"would take about {estimate_s:.0f} s"
        if estimate_s <= _LONGEST_S:
            try:
                return attribute(runner, self.benchmark, invocation, sets)
            except NotCountedError as error:
                problem = str(error)
        self.problems.append(f"instructions were not attributed by callgrind: {problem}")
        return None

    def _unreadable(self, file: Path, error: Exception) -> None:
        self.problems.append(f"{shown_file(file)} could not be read: {error}")

    def _choose(
        self, graph: Graph, judgement: Judgement
    ) -> tuple[tuple[Candidate, ...], tuple[Worth, ...]]:
        by_place = {one.place: one for one in judgement.candidates}
        skips = [one.skip for one in judgement.candidates]
        found = worths(graph, best_set(graph, skips, LEAST_S), _SEED)
        return tuple(by_place[one.skip.place] for one in found), found

    def _check(
        self, trials: Sequence[Trial], found: Found, experiment: Experiment, scale: Scale
    ) -> tuple[list[Check], Overlay | None]:
        """Run each trial; the copy of the first is returned to be timed."""
        started = [experiment.begin(trial, found.graph) for trial in trials]
        checks = []
        for position, one in enumerate(started):
            check = one.result()
            promised_s = found.promised_s(one.trial.candidates)
            predicted = scale.instructions(position, check.saving_s)
            checks.append(
                msgspec.structs.replace(
                    check,
                    instructions_predicted=(
                        None if predicted is None else predicted + (check.annotations or 0)
                    ),
                    importtime_s=promised_s,
                    importtime_instructions=scale.in_proportion(promised_s),
                )
            )
        head = started[0].overlay if started and not checks[0].failed else None
        return checks, head

    def _timed(
        self, checks: list[Check], experiment: Experiment, head: Overlay | None, scale: Scale
    ) -> list[Check]:
        if head is None or self.budget_s <= 0:
            return checks
        sides = Sides(
            self.benchmark,
            experiment.base.over(experiment.invocation),
            head.over(experiment.invocation),
        )
        options = Options(budget_s=self.budget_s, rounds=40)
        try:
            with Launcher(self.network.isolation) as launcher:
                bench = Bench(launcher, self.network.cpus, _SEED, self.network)
                timed = time_both(bench, sides, options, self.watcher)
                bare_s = self._bare_s(bench)
        except RoundFailedError as error:
            self.problems.append(f"the copies could not be timed: {error}")
            return checks
        first = msgspec.structs.replace(
            checks[0],
            predicted_s=scale.seconds(checks[0].saving_s, timed.base_s, bare_s),
            base_s=timed.base_s,
            interval=timed.interval,
            rounds=timed.rounds,
        )
        return [first, *checks[1:]]

    def _bare_s(self, bench: Bench) -> float:
        """CPU seconds of a bare interpreter in this environment."""
        control = control_benchmark()
        invocation = self.subject.invocation(control)
        sides = Sides(control, invocation, invocation)
        return median(bench.alone(sides, Side.BASE, pin=True).cpu_s for _ in range(_RUNS))

    def _analysis(
        self, found: Found, own: frozenset[str], checks: list[Check], *, exact: bool
    ) -> Analysis:
        graph, times = found.graph, found.timed.scenario
        least = 0.0 if self.everything else max(LEAST_S, LEAST_SHARE * times.process_s)
        skips = [one.skip for one in found.best]
        findings = self._findings(found)
        shown = [one for one in findings if max(one.share_s, one.last_s) >= least]
        changed = rewritten(found.best)
        self.texts = {shown_file(file): text for file, text in changed.items()}
        drawn = picture(graph, own, found.best)
        return Analysis(
            format=FORMAT,
            target=self.target.name,
            python=self.python,
            made_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            machine=describe_machine(),
            environment=self.environment.record,
            scenario=self.benchmark,
            runs=_RUNS,
            exact=exact,
            process_s=times.process_s,
            bare_s=found.timed.bare.process_s,
            imports_s=sum(times.own_s.values()),
            modules=len(graph.modules),
            statements=len(costs.own_places(graph, own)),
            candidates=len(found.judgement.candidates),
            everything_s=graph.saving([one.skip for one in found.judgement.candidates]),
            best_s=graph.saving(skips),
            findings=tuple(shown),
            small=len(findings) - len(shown),
            packages=costs.packages(graph, own, found.judgement, least),
            kept=costs.kept(graph, found.judgement, found.best, least),
            top_level=top_level_work(
                found.timed.top, found.sources, graph.vanished(skips), max(least, _TOP_LEAST_S)
            ),
            checks=tuple(checks),
            nodes=drawn.nodes,
            edges=drawn.edges,
            patch=make_patch(changed),
            steps_s=self.steps_s,
            problems=tuple(self.problems),
        )

    def _findings(self, found: Found) -> list[Finding]:
        if find_ruff() is None:
            self.problems.append("ruff is not installed: its opinion is missing")
        ruff = ask_ruff(sorted({one.source.file for one in found.best}))
        commit = self.environment.record.revision.identity
        patched = named_in_strings(found.best, self.clone, commit)
        return [
            describe(
                candidate,
                found.got(candidate),
                worth,
                found.timed.scenario,
                ruff,
                patched,
            )
            for candidate, worth in zip(found.best, found.worths, strict=True)
        ]


@contextmanager
def _workers(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for processes; what has not begun when all ends never does."""
    pool = ThreadPoolExecutor(max_workers=count)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
