"""The part of a session during which processes are measured."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from bench.core.crew import Crew, Job
from bench.core.machine import Neighbour
from bench.core.result import CONTROL, Outputs
from bench.core.sample import Design, Metric
from bench.core.target import Benchmark
from bench.engine.evaluation import decide_now
from bench.engine.machine.neighbours import Neighbourhood
from bench.engine.measure.outputs import RoundOutputs, names_of, watcher_of_rounds
from bench.engine.measure.probe import Choice, NotMeasurableError, prepare_again, probe, warm_up
from bench.engine.measure.rounds import Sides
from bench.engine.session.open_run import OpenRun, Station
from bench.engine.session.rounds_plan import long_words, plans
from bench.engine.session.sampling import RoundPlace, Sampling
from bench.engine.session.watcher import Course, Watcher
from bench.engine.statistics.multiplicity import local_alpha
from bench.engine.store.events import Closed, Compared, Opened, Probed, Unavailable
from bench.engine.store.export import export_pyperf
from bench.engine.store.manifest import PlannedBenchmark

_Result = TypeVar("_Result")


@dataclass
class Measuring:
    """Probes and rounds of all benchmarks of a run, as jobs for lanes, and its end.

    `choices` are what this session's probes found, by benchmark, `lanes` where they ran. Workers of
    the `crew` that have nothing else to do take rounds of benchmarks under way.
    """

    open: OpenRun
    watcher: Watcher
    crew: Crew | None = None
    rejected: set[str] = field(default_factory=set)
    plans: dict[str, Probed] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    lanes: dict[str, int] = field(default_factory=dict)
    compared: dict[str, Outputs] = field(default_factory=dict)
    begun: int = 0
    elapsed_s: float = 0.0
    neighbours: tuple[Neighbour, ...] = ()
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._started, self._neighbourhood = time.monotonic(), Neighbourhood.now()
        self._declared = {one.declaration.name: one for one in self.open.plan.benchmarks}

    def probes(self) -> list[Job]:
        """One for each benchmark that was not probed yet."""
        now = self.open
        self.open.journal.write(Opened(time.time(), bool(now.run.events), len(now.lanes)))
        jobs = []
        for name, planned in self._declared.items():
            if now.run.unavailable(name) is None and now.run.probed(name) is None:
                alone = is_lone(planned.declaration)
                jobs.append(Job(do=partial(self._probe, planned, alone=alone), alone=alone))
        return jobs

    def rounds(self) -> list[Job]:
        """One for each benchmark that works and has not ended; all probes are over."""
        self._plan()
        jobs = []
        for name, plan in self.plans.items():
            if self.open.run.ended(name) is None:
                alone = is_lone(self._declared[name].declaration, plan)
                jobs.append(
                    Job(
                        do=partial(self._measure, plan, alone=alone),
                        alone=alone,
                        cost_s=self._cost_s(name),
                        prefers=self.lanes.get(name),
                    )
                )
        return jobs

    def finish(self) -> tuple[tuple[Sides, ...], ...]:
        """Rounds are over; returns the benchmarks that work, as processes of each lane."""
        self.open.journal.sync()
        self.elapsed_s = time.monotonic() - self._started
        self.neighbours = self._neighbourhood.busiest()
        return tuple(
            tuple(self._sides(lane, plan) for plan in self.plans.values())
            for lane in self.open.lanes
        )

    def close(self) -> None:
        """Prove again what was measured, export it, and mark the run as complete."""
        self.open.proof.hold()
        export_pyperf(self.open.read())
        inside_s = sum(one.taker.launcher.inside_s for one in self.open.lanes)
        self.open.journal.write(
            Closed(time.time(), round(self.elapsed_s, 3), round(inside_s, 3), self.neighbours)
        )

    def _station(self, lane: int, *, alone: bool) -> Station:
        return self.open.whole if alone else self.open.lanes[lane]

    def _plan(self) -> None:
        """Decide on the plans of what works: the number of benchmarks sets the level of each."""
        now, known, chosen = self.open, dict[str, Probed](), list[Choice]()
        for name in self._declared:
            plan, compared = now.run.probed(name), now.run.compared(name)
            if now.run.unavailable(name) is not None:
                continue
            if compared is not None:
                self.compared[name] = compared.outputs
            if plan is not None:
                known[name] = plan
            elif name in self.choices:
                chosen.append(self.choices[name])
        made = plans(chosen, list(known.values()), now.plan.options, quick=now.plan.quick)
        for plan, choice in zip(made, chosen, strict=True):
            self._keep(plan, choice)
            known[plan.benchmark] = plan
        self.plans = {name: known[name] for name in self._declared if name in known}

    def _keep(self, plan: Probed, choice: Choice) -> None:
        if choice.outputs is not None:
            self.compared[plan.benchmark] = choice.outputs
            self.open.journal.write(Compared(plan.benchmark, choice.outputs))
        self.open.journal.write(plan)
        if words := long_words(plan, choice):
            self.watcher.say(words)

    def _probe(self, planned: PlannedBenchmark, lane: int, *, alone: bool) -> None:
        name, station = planned.declaration.name, self._station(lane, alone=alone)
        watcher = self.watcher.on_lane(lane)
        watcher.phase(f"probing {name}")
        wanted = self.open.plan.options.design
        try:
            choice = probe(station.taker, planned.declaration, station.base, station.head, wanted)
        except NotMeasurableError as error:
            gone = Unavailable(name, error.sides, str(error), error.works)
            self.open.journal.write(gone)
            self.watcher.say(f"{name}: {gone.words}")
        else:
            station.warm.add(name)
            self.choices[name], self.lanes[name] = choice, lane
        finally:
            watcher.phase("")

    def _sides(self, station: Station, plan: Probed) -> Sides:
        benchmark = self._declared[plan.benchmark].declaration
        return prepare_again(benchmark, station.base, station.head, plan.design, plan.loops)

    def _cost_s(self, name: str) -> float:
        """About how long a round takes: how many there will be is not known."""
        if name in self.choices:
            return self.choices[name].round_s
        taken = self.open.run.rounds(name)
        return sum(one.base.wall_s + one.head.wall_s for one in taken[-1:])

    def _measure(self, plan: Probed, lane: int, *, alone: bool) -> None:
        now, name, options = self.open, plan.benchmark, self.open.plan.options
        station, watcher = self._station(lane, alone=alone), self.watcher.on_lane(lane)
        watcher.begin(self._course(plan))
        place = self._place(plan, station, self._outputs(name, station))
        company = None if alone or not self._may_share else _OtherLanes(self, plan, lane, place)
        sampling = Sampling(
            place=place,
            company=company,
            plan=plan,
            options=options,
            record=now.journal.write,
            watcher=watcher,
            rounds=list(now.run.rounds(name)),
            failed=now.run.failed(name),
            interval_alpha=options.alpha if name == CONTROL else 0.0,
        )
        sampling.run(lambda: self._level(name))
        watcher.phase("")
        self._decide(sampling)
        now.journal.sync()

    @property
    def _may_share(self) -> bool:
        """Whether a benchmark may run in two places at once: each has files of its own."""
        return self.crew is not None and self.open.network.isolation.sandbox is not None

    def _place(self, plan: Probed, station: Station, outputs: RoundOutputs | None) -> RoundPlace:
        sides = self._sides(station, plan)
        if plan.benchmark not in station.warm and not is_lone(sides.benchmark):
            warm_up(station.taker, sides)
            station.warm.add(plan.benchmark)
        taker = station.taker
        if outputs is not None:
            taker = dataclasses.replace(taker, after=outputs.note)
        return RoundPlace(taker, sides, outputs)

    def place_on(self, plan: Probed, lane: int, like: RoundPlace) -> RoundPlace:
        """A benchmark on another lane than the one it is measured on."""
        outputs = like.outputs.elsewhere() if like.outputs else None
        return self._place(plan, self.open.lanes[lane], outputs)

    def _course(self, plan: Probed) -> Course:
        options = self.open.plan.options
        with self._lock:
            self.begun += 1
            later = [one for one in list(self.plans.values())[self.begun :] if not one.exact]
            return Course(
                name=plan.benchmark,
                position=self.begun,
                total=len(self.plans),
                budget_s=options.budget_s,
                later_s=len(later) * options.budget_s / len(self.open.lanes),
                planned=plan.maximum if plan.exact else 0,
            )

    def _decide(self, sampling: Sampling) -> None:
        name, options = sampling.plan.benchmark, self.open.plan.options
        if sampling.ended is None:
            self.watcher.say(f"{name}: {sampling.reason}")
            return
        with self._lock:
            level = self._level(name)
            if sampling.p_value is not None and sampling.p_value <= level:
                self.rejected.add(name)
        result = decide_now(
            self._declared[name], sampling.plan, sampling.rounds, sampling.ended, level, options
        )
        self.watcher.decided(result)

    def _outputs(self, name: str, station: Station) -> RoundOutputs | None:
        """Watches what the rounds of a benchmark print, where they can tell more than its probe."""
        return watcher_of_rounds(self.compared.get(name), names_of(station.base, station.head))

    def _level(self, name: str) -> float:
        """What a benchmark is tested at now: Holm's step among those tested in the same way."""
        plan = self.plans[name]
        if name == CONTROL:
            return plan.family_alpha
        family = {
            one.benchmark
            for one in self.plans.values()
            if one.exact == plan.exact and one.benchmark != CONTROL
        }
        with self._lock:
            rejected = len(self.rejected & family - {name})
        return local_alpha(len(family), rejected, plan.family_alpha)


@dataclass
class _OtherLanes:
    """The lanes that can take rounds of a benchmark which is measured on lane `own`."""

    measuring: Measuring
    plan: Probed
    own: int
    place: RoundPlace
    _places: dict[int, RoundPlace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._places[self.own] = self.place

    def free(self) -> int:
        """How many have nothing else to do."""
        return self.measuring.crew.idle if self.measuring.crew else 0

    def at_once(self, steps: Sequence[Callable[[RoundPlace], _Result]]) -> list[_Result]:
        """Do these, the first on the benchmark's own lane."""
        assert self.measuring.crew is not None
        here = [partial(self._do, step) for step in steps]
        return self.measuring.crew.share(self.own, here)

    def _do(self, step: Callable[[RoundPlace], _Result], lane: int) -> _Result:
        if lane not in self._places:
            self._places[lane] = self.measuring.place_on(self.plan, lane, self.place)
        return step(self._places[lane])


def is_lone(benchmark: Benchmark, plan: Probed | None = None) -> bool:
    """Whether it needs the machine to itself: it has more processes than those that are pinned, or
    its verdict rests on wall time.
    """
    if benchmark.served or benchmark.service or benchmark.container or benchmark.rounds:
        return True
    return plan is not None and plan.design is Design.PAIRS and plan.metric is not Metric.CPU
