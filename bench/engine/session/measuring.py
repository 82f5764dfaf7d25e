"""The part of a session during which processes are measured."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field

from bench.core.machine import Neighbour
from bench.core.result import CONTROL, Outputs
from bench.engine.evaluation import decide_now
from bench.engine.machine.neighbours import Neighbourhood
from bench.engine.measure.outputs import RoundOutputs, names_of
from bench.engine.measure.probe import Choice, NotMeasurableError, prepare_again, probe
from bench.engine.measure.rounds import Sides
from bench.engine.session.open_run import OpenRun
from bench.engine.session.rounds_plan import plans
from bench.engine.session.sampling import Sampling
from bench.engine.session.watcher import Course, Watcher
from bench.engine.statistics.multiplicity import local_alpha
from bench.engine.store.events import Closed, Compared, Opened, Probed, Unavailable
from bench.engine.store.export import export_pyperf
from bench.engine.store.manifest import PlannedBenchmark

_CONTROL_ALONE_ROUNDS = 20


@dataclass
class Measuring:
    """Probes and rounds of all benchmarks of a run, and its end."""

    open: OpenRun
    watcher: Watcher
    rejected: set[str] = field(default_factory=set)
    plans: dict[str, Probed] = field(default_factory=dict)
    compared: dict[str, Outputs] = field(default_factory=dict)
    elapsed_s: float = 0.0
    neighbours: tuple[Neighbour, ...] = ()

    def run(self) -> list[Sides]:
        """Probe and measure; returns the benchmarks that work."""
        started, neighbourhood = time.monotonic(), Neighbourhood.now()
        self.open.journal.write(Opened(time.time(), resumed=bool(self.open.run.events)))
        ready = self._probe_all()
        for position, (plan, sides) in enumerate(ready, start=1):
            self._measure(plan, sides, position)
            self.open.journal.sync()
        self.elapsed_s = time.monotonic() - started
        self.neighbours = neighbourhood.busiest()
        return [sides for _plan, sides in ready]

    def close(self) -> None:
        """Prove again what was measured, export it, and mark the run as complete."""
        self.open.proof.hold()
        export_pyperf(self.open.read())
        inside_s = self.open.taker.launcher.inside_s
        self.open.journal.write(
            Closed(time.time(), round(self.elapsed_s, 3), round(inside_s, 3), self.neighbours)
        )

    def _probe_all(self) -> list[tuple[Probed, Sides]]:
        """Probe what was not probed yet: the number of benchmarks sets the level of each."""
        now, known, chosen = self.open, dict[str, tuple[Probed, Sides]](), list[Choice]()
        for planned in now.plan.benchmarks:
            benchmark = planned.declaration
            if now.run.unavailable(benchmark.name) is not None:
                continue
            plan, compared = now.run.probed(benchmark.name), now.run.compared(benchmark.name)
            if compared is not None:
                self.compared[benchmark.name] = compared.outputs
            if plan is not None:
                sides = prepare_again(benchmark, now.base, now.head, plan.design, plan.loops)
                known[benchmark.name] = plan, sides
                continue
            self.watcher.phase(f"probing {benchmark.name}")
            choice = self._probe(planned)
            if choice is not None:
                chosen.append(choice)
        works = [sides for _plan, sides in known.values()] + [one.sides for one in chosen]
        made = plans(chosen, [sides.benchmark for sides in works], now.plan.options)
        for plan, choice in zip(made, chosen, strict=True):
            if choice.outputs is not None:
                self.compared[plan.benchmark] = choice.outputs
                now.journal.write(Compared(plan.benchmark, choice.outputs))
            now.journal.write(plan)
            known[plan.benchmark] = plan, choice.sides
        order = [planned.declaration.name for planned in now.plan.benchmarks]
        self.plans = {name: known[name][0] for name in order if name in known}
        return [known[name] for name in self.plans]

    def _probe(self, planned: PlannedBenchmark) -> Choice | None:
        name = planned.declaration.name
        try:
            choice = probe(
                self.open.taker,
                planned.declaration,
                self.open.base,
                self.open.head,
                self.open.plan.options.design,
            )
        except NotMeasurableError as error:
            gone = Unavailable(name, error.sides, str(error), error.works)
            self.open.journal.write(gone)
            self.watcher.say(f"{name}: {gone.words}")
            return None
        return choice

    def _measure(self, plan: Probed, sides: Sides, position: int) -> None:
        now, name, options = self.open, plan.benchmark, self.open.plan.options
        if now.run.ended(name) is not None:
            return
        outputs = self._outputs(name)
        sampling = Sampling(
            taker=dataclasses.replace(now.taker, after=outputs.note) if outputs else now.taker,
            sides=sides,
            plan=plan,
            options=options,
            record=now.journal.write,
            watcher=self.watcher,
            rounds=list(now.run.rounds(name)),
            failed=now.run.failed(name),
            outputs=outputs,
        )
        if name == CONTROL:
            sampling.alone_rounds = _CONTROL_ALONE_ROUNDS
        later = [one for one in list(self.plans.values())[position:] if not one.exact]
        self.watcher.begin(
            Course(
                name=name,
                position=position,
                total=len(self.plans),
                budget_s=options.budget_s,
                later_s=len(later) * options.budget_s,
                planned=plan.maximum if plan.exact else 0,
            )
        )
        sampling.run(lambda: self._level(name))
        level = self._level(name)
        if sampling.ended is None:
            self.watcher.say(f"{name}: {sampling.reason}")
            return
        if sampling.p_value is not None and sampling.p_value <= level:
            self.rejected.add(name)
        (planned,) = (one for one in now.plan.benchmarks if one.declaration.name == name)
        result = decide_now(planned, sampling.plan, sampling.rounds, sampling.ended, level, options)
        self.watcher.decided(result)

    def _outputs(self, name: str) -> RoundOutputs | None:
        """Watches what rounds print, of a benchmark whose sides printed the same in its probe."""
        seen = self.compared.get(name)
        if seen is None or seen.differs or seen.varying:
            return None
        return RoundOutputs(names_of(self.open.base, self.open.head))

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
        return local_alpha(len(family), len(self.rejected & family - {name}), plan.family_alpha)
