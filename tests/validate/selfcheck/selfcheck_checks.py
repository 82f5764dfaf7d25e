"""Made-up self-checks with known answers."""

from __future__ import annotations

import math
import random

from bench.core.machine import Machine, Noise
from bench.core.options import Options
from bench.core.sample import Design, Metric
from bench.validate.engine_runs import AA, EngineRun
from bench.validate.selfcheck.commands import BURN
from bench.validate.selfcheck.record import (
    BIAS,
    FORMAT,
    GROWING,
    LOADED,
    POWER,
    QUIET,
    Blocks,
    BurnCalibration,
    DesignSeries,
    ProbeRun,
    SelfCheck,
)
from bench.validate.selfcheck.settings import SelfCheckSettings

MACHINE = Machine(
    name="a-machine-2cpu-012345",
    hostname="host",
    cpu_model="A CPU",
    cpus=2,
    memory_bytes=2**33,
    system="Linux",
    kernel="6.1",
    hypervisor="none seen",
    governor="not available",
    clock_source="tsc",
    aslr="2",
    isolated_cpus=(),
    can_pin=True,
)
CALIBRATION = BurnCalibration(
    loops=300_000,
    start_loops=100_000.0,
    low=95_000.0,
    high=105_000.0,
    start_s=0.0125,
    process_s=0.05,
    rounds=30,
)
LOOKS = (10, 14, 20, 40, 80, 160)


def noisy(count: int, ratio: float, sd: float, seed: int) -> tuple[list[float], list[float]]:
    """Base and head seconds of `count` rounds around 50 ms."""
    chance = random.Random(seed)
    base = [0.05 * math.exp(chance.gauss(0, 0.1)) for _ in range(count)]
    return base, [one * ratio * math.exp(chance.gauss(0, sd)) for one in base]


def engine_run(
    ratio: float = 1.0, *, phase: str = AA, truth: float = 1.0, run: int = 0, case: str = BURN,
    sd: float = 0.005, large: bool = False,
) -> EngineRun:  # fmt: skip
    base, head = noisy(6 if large else 20, ratio, sd, run)
    return EngineRun(
        phase=phase,
        case=case,
        truth=truth,
        run=run,
        design=Design.DUET,
        metric=Metric.CPU,
        looks=LOOKS,
        maximum=160,
        base_s=tuple(base),
        head_s=tuple(head),
        large=large,
        reason="settled",
        elapsed_s=2.0,
        inside_s=1.9,
    )


def block_pair(
    ratio: float = 1.0, *, phase: str = AA, truth: float = 1.0, count: int = 30, sd: float = 0.02,
    seed: int = 0,
) -> Blocks:  # fmt: skip
    chance = random.Random(seed)
    base, head = (
        tuple(0.05 * level * math.exp(chance.gauss(0, sd)) for _ in range(count))
        for level in (1.0, ratio)
    )
    return Blocks(phase=phase, case=BURN, truth=truth, run=0, base_s=base, head_s=head)


def series(
    ratio: float, design: Design, *, phase: str = BIAS, truth: float | None = None,
    sd: float = 0.01, count: int = 25,
) -> DesignSeries:  # fmt: skip
    base, head = noisy(count, ratio, sd, len(design))
    inside = tuple(a + b for a, b in zip(base, head, strict=True))
    known = ratio if truth is None else truth
    return DesignSeries(
        phase=phase, case=BURN, truth=known, design=design, base_cpu_s=tuple(base),
        head_cpu_s=tuple(head), base_wall_s=tuple(base), head_wall_s=tuple(head), inside_s=inside,
    )  # fmt: skip


def sized(
    truth: float, count: int = 40, *, contention: float = 1.2, error: float = 0.0
) -> list[DesignSeries]:
    """A change of some work in duets that know their tails (off by `error`), and in pairs."""
    found = []
    for design in Design:
        chance, columns = random.Random(f"{design} {truth}"), list[tuple[float, float, float]]()
        for _ in range(count):
            base, head = (one * math.exp(chance.gauss(0, 0.003)) for one in (0.05, 0.05 * truth))
            tail = max(head - base, 0.0)
            if design is Design.DUET:
                base, head = contention * base, (contention * (head - tail) + tail) * (1 + error)
            columns.append((base, head, tail))
        bases, heads, tails = zip(*columns, strict=True)
        one = DesignSeries(
            phase=BIAS, case="imports", truth=truth, design=design, base_cpu_s=bases,
            head_cpu_s=heads, base_wall_s=bases, head_wall_s=heads, inside_s=bases,
            base_alone_s=(0.0,) * count if design is Design.DUET else (),
            head_alone_s=tails if design is Design.DUET else (),
        )  # fmt: skip
        found.append(one)
    return found


def whole_check(**changes: object) -> SelfCheck:
    """A self-check in which everything went as it should."""
    fields: dict[str, object] = {
        "format": FORMAT,
        "id": "20260102T030405006Z",
        "machine": MACHINE,
        "python": "3.13.0",
        "interpreter": "/usr/bin/python3.13",
        "harness": "abcdef0",
        "options": Options(),
        "settings": SelfCheckSettings().as_numbers(),
        "complete": True,
        "stopped": "",
        "elapsed_s": 600.0,
        "noise": Noise(seconds=600.0, load_1min=1.0, others=0.02, steal=0.0),
        "calibration": CALIBRATION,
        "engine": [
            *(engine_run(run=run) for run in range(4)),
            *(engine_run(1.05, phase=POWER, truth=1.05, run=run) for run in range(10, 13)),
        ],
        "blocks": [
            block_pair(),
            block_pair(1.05, phase=POWER, truth=1.05),
            block_pair(1.05, phase=GROWING, truth=1.05, count=200, sd=0.1),
        ],
        "series": [
            *(
                series(1.0, design, phase=phase, sd=sd)
                for phase in (QUIET, LOADED)
                for design, sd in ((Design.DUET, 0.01), (Design.PAIRS, 0.08))
            ),
            *(series(1.05, design) for design in Design),
            series(1.8, Design.DUET, truth=2.0),
            series(2.0, Design.PAIRS, truth=2.0),
        ],
        "probes": [
            ProbeRun(
                case=BURN,
                expected=(Design.DUET, Metric.CPU),
                chosen=(Design.DUET, Metric.CPU),
                reason="CPU-bound on one core (waits for 0%)",
            ),
        ],
    }
    return SelfCheck(**{**fields, **changes})  # type: ignore[arg-type]
