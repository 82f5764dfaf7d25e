"""Take one round: both sides, same seed, random order, same core."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pyperf

from bench.core.counts import Counter
from bench.core.draws import draw
from bench.core.files import read_plain
from bench.core.printable import printable
from bench.core.sample import Design, Round, Sample, Side
from bench.core.secrets import without_secrets
from bench.core.target import Benchmark, Kind
from bench.engine.measure.client import Invocation, Launcher, LauncherError, Outcome
from bench.engine.measure.homes import HomeError
from bench.engine.measure.inputs import put_files
from bench.engine.measure.network import Network
from bench.engine.measure.traffic import Mark, complaint, counts
from bench.engine.measure.turns import Turns
from bench.engine.sandbox.limits import OUTPUT_BYTES, usual_limits
from bench.workloads.suites.telling import ABSENT

# Of a core that two processes share they use at most all; the kernel rounds.
_MOST_OF_A_CORE, _CORE_SLACK_S = 1.02, 0.004
# Of what the side that ends first uses beside the other one, so much that one has to use meanwhile.
# Starting it may take some milliseconds.
_LEAST_SHARE, _START_S = 0.5, 0.02


class RoundFailedError(Exception):
    """A side did not end as it should; `sides` names which, the message says how.

    `is_hung`: it ran into its time-out; `is_absent`: its revision does not have the benchmark.
    """

    def __init__(
        self,
        message: str,
        sides: tuple[Side, ...],
        *,
        is_hung: bool = False,
        is_absent: bool = False,
    ) -> None:
        super().__init__(message)
        self.sides = sides
        self.is_hung = is_hung
        self.is_absent = is_absent


@dataclass(frozen=True)
class Sides:
    """The two processes of a benchmark's rounds."""

    benchmark: Benchmark
    base: Invocation
    head: Invocation

    def side(self, side: Side) -> Invocation:
        """The process of one side."""
        return self.base if side is Side.BASE else self.head


@dataclass(frozen=True)
class RoundTaker:
    """Where rounds are taken: the launcher, the cores it may pin to (none: no pinning).

    `network` knows the services beside the launcher; None: there are none. `after` hears of every
    process that has ended well, and of its exit status. `turns` keeps what is not pinned apart from
    all that runs on other lanes.
    """

    launcher: Launcher
    cpus: tuple[int, ...]
    seed: int
    network: Network | None = None
    after: Callable[[Side, Invocation, int], None] | None = None
    turns: Turns = field(default_factory=Turns)

    def take(
        self, sides: Sides, design: Design, index: int, *, pin: bool, attempt: int = 0
    ) -> Round:
        """Take round `index` of a design; `attempt` counts how often it has failed before.

        Order, hash seed and core follow from the run's seed, so a resumed run goes on with the
        random numbers it would have had. Raises `RoundFailedError`.
        """
        cpus = self._cpus(sides.benchmark) if pin else ()
        drawn = draw(self.seed, sides.benchmark.name, design, index, cpus, attempt)
        with self._turn(drawn.cpu):
            started_at = time.time()
            samples = self._run(
                sides, drawn.order, drawn.hash_seed, drawn.cpu, together=design is Design.DUET
            )
        base, head = (
            msgspec.structs.replace(samples[side], first_thread_s=None, children_s=None)
            for side in Side
        )
        return Round(
            benchmark=sides.benchmark.name,
            design=design,
            index=index,
            first=drawn.order[0],
            hash_seed=drawn.hash_seed,
            started_at=started_at,
            base=base,
            head=head,
            cpu=drawn.cpu,
        )

    def alone(self, sides: Sides, side: Side, *, pin: bool, beside: bool = False) -> Sample:
        """One process by itself, for probing. Raises `RoundFailedError`.

        `beside`: on any core, while other lanes may work.
        """
        cpus = self._cpus(sides.benchmark)
        cpu = cpus[-1] if pin and cpus else None
        with self.turns.shared() if beside else self._turn(cpu):
            return self._run(sides, [side], 0, cpu, together=False)[side]

    def _turn(self, cpu: int | None) -> AbstractContextManager[None]:
        return self.turns.alone() if cpu is None else self.turns.shared()

    def own_cpu_s(self) -> float:
        """CPU seconds that services, and measured processes on all lanes, have used so far."""
        return self.turns.used_s + (self.network.services_cpu_s() if self.network else 0.0)

    def _cpus(self, benchmark: Benchmark) -> tuple[int, ...]:
        if self.network is None or not benchmark.served:
            return self.cpus
        return self.network.cpus_beside(self.cpus)

    def _make_ready(self, sides: Sides, order: Sequence[Side]) -> None:
        """What is due before processes are started, off all clocks."""
        self._check_service(sides, order)
        for side in order:
            invocation = sides.side(side)
            try:
                if invocation.home is not None:
                    invocation.home.renew(self.launcher.isolation.around(invocation.access))
                put_files(sides.benchmark, invocation)
            except HomeError as error:
                raise RoundFailedError(str(error), (side,)) from error

    def _check_service(self, sides: Sides, order: Sequence[Side]) -> None:
        """Raise `RoundFailedError` when the server that the processes need has died."""
        if self.network is not None and sides.benchmark.served:
            problem = self.network.problem(sides.benchmark.fixture)
            if problem:
                raise RoundFailedError(problem, tuple(order))

    def _run(
        self,
        sides: Sides,
        order: Sequence[Side],
        hash_seed: int,
        cpu: int | None,
        *,
        together: bool,
    ) -> dict[Side, Sample]:
        journal = self._journal(sides.benchmark)
        if journal is not None and not together:  # each by itself: whose requests are they?
            samples = {}
            for side in order:
                mark = Mark.now(journal)
                sample = self._launch(sides, [side], hash_seed, cpu, together=False)[side]
                samples[side] = _with_traffic(sample, mark, sides.benchmark, side)
            return samples
        return self._launch(sides, order, hash_seed, cpu, together=together)

    def _journal(self, benchmark: Benchmark) -> Path | None:
        """Where the service of a benchmark writes down what it was asked for."""
        if self.network is None or not benchmark.served:
            return None
        return self.network.journal(benchmark.fixture)

    def _launch(
        self,
        sides: Sides,
        order: Sequence[Side],
        hash_seed: int,
        cpu: int | None,
        *,
        together: bool,
    ) -> dict[Side, Sample]:
        benchmark = sides.benchmark
        self._make_ready(sides, order)
        try:
            outcomes = self.launcher.run(
                [sides.side(side) for side in order],
                together=together,
                hash_seed=hash_seed,
                timeout_s=benchmark.timeout_s * len(order),
                cpu=cpu,
            )
        except LauncherError as error:
            message = str(error) if error.dead else f"could not be started: {error}"
            blamed = order if error.position is None else [order[error.position]]
            raise RoundFailedError(message, tuple(blamed)) from error
        self.turns.count(sum(one.sample.cpu_s for one in outcomes if one.sample))
        self._check_service(sides, order)  # the better explanation, if it is one
        found = dict(zip(order, outcomes, strict=True))
        _check(sides, found, limited=self.launcher.isolation.sandbox is not None)
        # The clients of a service run on another core than the service itself.
        if together and cpu is not None and benchmark.service is None:
            _check_core(found, cpu)
        for side, outcome in zip(order, outcomes, strict=True):
            if self.after is not None and outcome.status is not None:
                self.after(side, sides.side(side), outcome.status)
        return {
            side: _with_values(outcome, sides, side)
            for side, outcome in zip(order, outcomes, strict=True)
        }


def inside_s(taken: Round) -> float:
    """Seconds of a round during which a measured process ran."""
    walls = (taken.base.wall_s, taken.head.wall_s)
    return max(walls) if taken.design is Design.DUET else sum(walls)


def _check(sides: Sides, outcomes: dict[Side, Outcome], *, limited: bool) -> None:
    hung = tuple(side for side, outcome in outcomes.items() if outcome.status is None)
    if hung:
        limit = sides.benchmark.timeout_s * len(outcomes)
        # Of two sides one after the other, the second did not even start when the first hung.
        message = f"still running after {limit:g} s: stopped"
        raise RoundFailedError(message, hung[:1], is_hung=True)
    wrong = {
        side: outcome
        for side, outcome in outcomes.items()
        if not sides.benchmark.allows(outcome.status)
    }
    if wrong:
        side, outcome = next(iter(wrong.items()))
        if sides.benchmark.is_suite and outcome.status == ABSENT:
            said = _last_line(sides.side(side).stderr)
            raise RoundFailedError(said, tuple(wrong), is_absent=True)
        raise RoundFailedError(_describe(outcome, sides.side(side), limited=limited), tuple(wrong))
    loud = {side: words for side in outcomes if (words := _too_much(sides.side(side)))}
    if loud:
        raise RoundFailedError(next(iter(loud.values())), tuple(loud))


def _check_core(outcomes: dict[Side, Outcome], cpu: int) -> None:
    """Raise `RoundFailedError` when the sides of a duet did not share the core they were put on.

    One core gives both together at most the time that has passed: who uses more has found another,
    and with it an advantage.
    """
    gone = tuple(side for side, one in outcomes.items() if one.last_cpu not in {None, cpu})
    changed = tuple(side for side, one in outcomes.items() if one.reprioritised)
    if changed:
        raise RoundFailedError("changed its priority, which base and head have to share", changed)
    samples = [(one.started_s, one.sample) for one in outcomes.values() if one.sample]
    ended_s = max(started + sample.wall_s for started, sample in samples)
    passed_s = ended_s - min(started for started, _ in samples)
    used_s = sum(sample.cpu_s for _, sample in samples)
    if gone or used_s > _MOST_OF_A_CORE * passed_s + _CORE_SLACK_S:
        raise RoundFailedError("left the core that base and head have to share", gone)
    _check_waiting(outcomes)


def _check_waiting(outcomes: dict[Side, Outcome]) -> None:
    """Raise `RoundFailedError` when the side that ended last had waited for the core to be free.

    What the first one used before the other was started, which can take long on a busy machine, was
    nobody's to share: of it counts at most the time from that start to its end.
    """
    found = {side: (one.started_s, one.sample) for side, one in outcomes.items() if one.sample}
    first, last = sorted(found, key=lambda side: found[side][1].alone_s or 0.0)
    (began_s, ended), (joined_s, waiting) = found[first], found[last]
    shared_s = min(ended.cpu_s, max(0.0, began_s + ended.wall_s - joined_s))
    if waiting.cpu_s - (waiting.alone_s or 0.0) < _LEAST_SHARE * shared_s - _START_S:
        raise RoundFailedError(f"waited for {first} to end, to run alone", (last,))


def _too_much(invocation: Invocation) -> str:
    """What is said of a process that wrote more than anybody reads; "" of all others."""
    for name, file in (("output", invocation.stdout), ("error", invocation.stderr)):
        if file.is_file() and file.lstat().st_size > OUTPUT_BYTES:
            return f"wrote more than {OUTPUT_BYTES >> 20} MiB to its standard {name}"
    return ""


def _describe(outcome: Outcome, invocation: Invocation, *, limited: bool) -> str:
    """How a process ended, its last words, and the limit that it ran into, if it did."""
    status = outcome.status or 0
    last = _last_line(invocation.stderr) or _last_line(invocation.stdout)
    ending = f"exit status {status}" if status >= 0 else f"killed by signal {-status}"
    peak = outcome.sample.peak_rss_bytes if outcome.sample else 0
    limit = usual_limits().reason(status, last, peak) if limited else ""
    return ": ".join(filter(None, (ending, last, limit)))


def _last_line(file: Path) -> str:
    try:
        text = read_plain(file, 4000, from_end=True).decode(errors="replace").strip()
    except OSError:
        return ""
    return printable(without_secrets(text)).splitlines()[-1][:300] if text else ""


def _with_traffic(sample: Sample, mark: Mark, benchmark: Benchmark, side: Side) -> Sample:
    """The sample with what its service was asked for; raises `RoundFailedError` if not answered."""
    exchanges = mark.since()
    wrong = complaint(exchanges, benchmark.asks)
    if wrong:
        raise RoundFailedError(wrong, (side,))
    return msgspec.structs.replace(sample, counts={**sample.counts, **counts(exchanges)})


def _with_values(outcome: Outcome, sides: Sides, side: Side) -> Sample:
    invocation, benchmark = sides.side(side), sides.benchmark
    assert outcome.sample is not None
    if benchmark.kind is not Kind.SCRIPT:
        return outcome.sample
    taken = read_worker(Path(invocation.extra), side).get_runs()[-1]
    sample = msgspec.structs.replace(outcome.sample, values_s=tuple(taken.values))
    if benchmark.service is None:
        return sample
    # Each was answered, or there would be no values.
    warmups = sum(loops for loops, _ in taken.warmups)
    sent = benchmark.service.sent(warmups + taken.get_loops() * len(taken.values))
    return msgspec.structs.replace(sample, counts={Counter.CLIENT_REQUESTS: sent} if sent else {})


def read_worker(file: Path, side: Side) -> pyperf.Benchmark:
    """What a pyperf worker wrote. Raises `RoundFailedError` when that is nothing usable."""
    try:
        return pyperf.Benchmark.loads(read_plain(file, OUTPUT_BYTES).decode())
    except (OSError, ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise RoundFailedError(f"the pyperf worker wrote no result: {error}", (side,)) from error
