"""The steps a selfcheck is made of; each takes samples with the engine's own parts."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.core.options import Options
from bench.core.sample import Design, Metric, Round, Sample, Side
from bench.engine.evaluation import of_design
from bench.engine.measure.probe import NotMeasurableError, probe
from bench.engine.measure.rounds import Bench, inside_s
from bench.engine.session.sampling import Sampling
from bench.engine.session.watcher import Watcher
from bench.engine.statistics.sequential import plan_looks
from bench.engine.store.events import Ended, Event, Probed, Unavailable
from bench.validate.selfcheck.commands import Case, Commands, Expectation, benchmark_of
from bench.validate.selfcheck.record import Blocks, EngineRun, ProbeRun, Recorder, Series, rounded

_FEWEST_IN_BLOCK = 10


@dataclass
class Limit:
    """A clock that is out of time after `seconds`."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def reached(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() - self.began >= self.seconds


@dataclass
class Steps:
    """What every step needs. `seed` moves on with each step: none repeats another's chances."""

    bench: Bench
    commands: Commands
    options: Options
    watcher: Watcher
    recorder: Recorder
    seed: int

    @property
    def designs(self) -> tuple[Design, ...]:
        """The designs this machine can run, the one that decides by default first."""
        return (Design.DUET, Design.PAIRS) if self.bench.cpus else (Design.PAIRS,)

    def next_bench(self) -> Bench:
        """The same bench with fresh chances."""
        self.seed += 1
        return dataclasses.replace(self.bench, seed=self.seed)

    def coin(self) -> bool:
        """A fair coin that falls the same way for the same seed."""
        self.seed += 1
        return random.Random(self.seed).random() < 0.5

    def engine(self, phase: str, case: Case, run: int) -> None:
        """Measure a case to its verdict as a session would; a note when it failed."""
        options, events, plan = self.options, list[Event](), self._plan(case)
        bench, sides = self.next_bench(), self.commands.sides(case)
        started = time.monotonic()
        sampling = Sampling(bench, sides, plan, options, events.append, self.watcher, rounds=[])
        sampling.run(lambda: options.alpha)
        elapsed = time.monotonic() - started
        failed = [event.reason for event in events if isinstance(event, Unavailable)]
        if failed:
            self.recorder.failures.append(f"{case.name}: {failed[0]}")
            return
        base, head = _seconds(of_design(sampling.rounds, plan.design), plan.metric)
        self.recorder.engine.append(
            EngineRun(
                phase=phase,
                case=case.name,
                truth=case.truth,
                run=run,
                design=plan.design,
                metric=plan.metric,
                looks=plan.looks,
                maximum=plan.maximum,
                base_s=rounded(base),
                head_s=rounded(head),
                large=any(isinstance(event, Ended) and event.large_effect for event in events),
                reason=sampling.reason,
                elapsed_s=round(elapsed, 4),
                inside_s=round(sampling.spent_s, 4),
            )
        )

    def _plan(self, case: Case) -> Probed:
        maximum = self.options.rounds
        looks = plan_looks(maximum, self.options.alpha)
        name = benchmark_of(case).name
        return Probed(name, self.designs[0], Metric.CPU, "selfcheck", looks, maximum)

    def blocks(self, phase: str, case: Case, run: int, *, most: int, limit_s: float) -> None:
        """All of base, then all of head, after one warm-up each, on any core: wall time.

        At most `most` samples a side, and so many that both blocks take about `limit_s` seconds,
        but 10 at least.
        """
        sides, bench = self.commands.sides(case), self.bench
        warm = [bench.alone(sides, side, pin=False).wall_s for side in Side]
        count = max(min(most, int(limit_s / sum(warm))), min(most, _FEWEST_IN_BLOCK))
        base, head = (
            [bench.alone(sides, side, pin=False).wall_s for _ in range(count)] for side in Side
        )
        self.recorder.blocks.append(
            Blocks(phase, case.name, case.truth, run, rounded(base), rounded(head))
        )

    def rounds(
        self, phase: str, case: Case, designs: Sequence[Design], count: int, limit: Limit
    ) -> None:
        """`count` rounds of each design in turn, so that all see the same machine."""
        bench, sides = self.next_bench(), self.commands.sides(case)
        bench.take(sides, designs[0], count, pin=True)  # a warm-up
        taken: list[Round] = []
        for index in range(count):
            taken += [bench.take(sides, design, index, pin=True) for design in designs]
            if limit.reached and index + 1 < count:
                self.cut(f"{phase}, {case.name} ×{case.truth:.2f}", index + 1, count, "rounds")
                break
        for design in designs:
            self.recorder.series.append(_series(phase, case, of_design(taken, design)))

    def probe(self, phase: str, one: Expectation) -> None:
        """Let the probe choose a design, on a QUIET or a LOADED machine."""
        case = one.case
        base = self.commands.subject(case.base, "base")
        head = self.commands.subject(case.head, "head")
        try:
            choice = probe(self.bench, benchmark_of(case), base, head, wanted=None)
        except NotMeasurableError as error:
            self.recorder.failures.append(f"{case.name}: {error}")
            self.recorder.probes.append(ProbeRun(case.name, one.expected, None, str(error), phase))
            return
        chosen = choice.design, choice.metric
        self.recorder.probes.append(ProbeRun(case.name, one.expected, chosen, choice.reason, phase))

    def cut(self, what: str, done: int, wanted: int, unit: str) -> None:
        """Note that a part ran out of time."""
        note = f"{what}: {done} of {wanted} {unit}, then its time was up"
        self.recorder.cut_short.append(note)
        self.watcher.say(note)


def _seconds(rounds: list[Round], metric: Metric) -> tuple[list[float], list[float]]:
    return (
        [taken.base.measured(metric) for taken in rounds],
        [taken.head.measured(metric) for taken in rounds],
    )


def _series(phase: str, case: Case, rounds: list[Round]) -> Series:
    def column(samples: list[Sample], metric: Metric) -> tuple[float, ...]:
        return rounded([sample.measured(metric) for sample in samples])

    base, head = [taken.base for taken in rounds], [taken.head for taken in rounds]
    return Series(
        phase=phase,
        case=case.name,
        truth=case.truth,
        design=rounds[0].design,
        base_cpu_s=column(base, Metric.CPU),
        head_cpu_s=column(head, Metric.CPU),
        base_wall_s=column(base, Metric.WALL),
        head_wall_s=column(head, Metric.WALL),
        inside_s=rounded([inside_s(taken) for taken in rounds]),
    )
