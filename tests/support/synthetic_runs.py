"""Small runs on disk, made through the store's own types: no process is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from bench.core.counts import Counter, Instrument, Names, Tally
from bench.core.draws import draw
from bench.core.environment import BuildRecipe, EnvironmentRecord, Provenance, SourceMatch
from bench.core.gate import Gate
from bench.core.machine import Machine, Neighbour, Noise
from bench.core.options import PACKAGES, Options
from bench.core.result import CONTROL
from bench.core.revision import Pair, Revision, Source
from bench.core.sample import Design, Metric, Round, Sample
from bench.core.target import Benchmark
from bench.core.workspace import Workspace, find_workspace
from bench.engine.measure.invocations import control_benchmark
from bench.engine.statistics.sequential import plan_looks
from bench.engine.store.events import (
    Closed,
    Counted,
    Ended,
    Event,
    Measured,
    Opened,
    Probed,
    Tested,
    Unavailable,
)
from bench.engine.store.manifest import FORMAT, Manifest, PlannedBenchmark
from bench.engine.store.run import Journal, create_run, pair_folder, read_run
from bench.validate.calibration.analysis import COMPARED
from bench.validate.calibration.lookup import calibration_folder

START = 1_795_416_000.0
SEED = 7


@dataclass(frozen=True)
class Made:
    """One benchmark of a synthetic run: what it costs, how it was measured, how it ended."""

    benchmark: Benchmark
    ratio: float = 1.0
    base_s: float = 0.1
    rounds: int = 12
    noise: float = 0.004
    design: Design = Design.DUET
    metric: Metric = Metric.CPU
    alone: int = 6
    why_not: str = ""
    is_broken: bool = False
    ended: bool = True
    large: bool = False
    others: float = 0.01
    family_alpha: float = 0.0
    memory_looks: tuple[int, ...] = ()  # where the memory of a process may be judged


def command(name: str, **how: object) -> Made:
    return Made(Benchmark(name=name, command=("sample", name)), **how)  # type: ignore[arg-type]


def an_import(name: str, **how: object) -> Made:
    return Made(Benchmark(name=name, statement="sample"), **how)  # type: ignore[arg-type]


def script(name: str, **how: object) -> Made:
    made = {"design": Design.PAIRS, "metric": Metric.VALUE, **how}
    return Made(Benchmark(name=name, script="sample"), **made)  # type: ignore[arg-type]


def control(**how: object) -> Made:
    made = {"base_s": 0.012, "rounds": 20, "alone": 20, **how}
    return Made(control_benchmark(), **made)  # type: ignore[arg-type]


USUAL = (
    control(),
    command("quick", ratio=0.5, noise=0.01),
    command("same"),
    command("worse", ratio=1.1),
)
SMALL = (control(), command("quick", ratio=0.5, noise=0.01))


@dataclass(frozen=True)
class RunPlan:
    """Everything that may differ between synthetic runs."""

    made: Sequence[Made] = USUAL
    target: str = "sample"
    layer: str = "core engine"
    python: str = "3.13"
    machine: str = "box-a"
    base: str = "1.0"
    head: str = "2.0"
    subject: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    complete: bool = True
    resumed: bool = False
    gate: Gate | None = None
    started_at: str = "2026-11-23T06:41:57+00:00"
    run_id: str = "20261123T064157Z-0001"
    digest: str = "d"
    kernel: str = "6.1"
    cpu_model: str = ""
    reference_us: float | None = None


def add_counters(folder: Path, names: Sequence[str]) -> None:
    """Counters as of a large program: hundreds of modules."""
    run = read_run(folder)
    (folder / "rounds.jsonl").unlink()
    with Journal(read_run(folder)) as journal:
        for event in run.events:
            if not isinstance(event, Closed):
                journal.write(event)
        for name in names:
            vanished = tuple(
                f"lib{number}.module{part}" for number in range(1) for part in range(40)
            )
            base, head = (Tally({Counter.MODULES_THIRD_PARTY: count}) for count in (300, 260))
            found = {Counter.MODULES_THIRD_PARTY: Names(vanished=vanished)}
            journal.write(
                Counted(
                    benchmark=name,
                    instrument=Instrument.OBSERVER,
                    base=base,
                    head=head,
                    names=found,
                )
            )
            base, head = (Tally({Counter.SYSTEM_CALLS: count}) for count in (8000, 4000))
            journal.write(
                Counted(benchmark=name, instrument=Instrument.SYSTEM_CALLS, base=base, head=head)
            )
        if run.closed:
            journal.write(run.closed)


def workspace_in(folder: Path) -> Workspace:
    return find_workspace(folder)


def write_run(workspace: Workspace, plan: RunPlan) -> Path:
    """Write a run as a session would have; returns its folder."""
    manifest = _manifest(plan)
    folder = pair_folder(workspace.data, plan.target, manifest.pair, plan.python, manifest.machine)
    run = create_run(folder, manifest)
    with Journal(run) as journal:
        for event in _events(plan):
            journal.write(event)
    return run.folder


def write_calibration(
    workspace: Workspace, plan: RunPlan, stretches: int = 4, neighbours: tuple[Neighbour, ...] = ()
) -> Path:
    """Write a calibration: each benchmark of the plan in several stretches; returns its folder."""
    manifest = _manifest(replace(plan, head=plan.base))
    folder = calibration_folder(workspace.data, manifest.machine, plan.target, plan.python)
    run = create_run(folder, manifest)
    with Journal(run) as journal:
        journal.write(Opened(START, resumed=False))
        for number, made in enumerate(plan.made):
            probed, *_ = _benchmark_events(made, number, resumed=False)
            journal.write(probed)
            for stretch in range(stretches):
                seed = SEED + 1 + number * stretches + stretch
                _, *events = _benchmark_events(
                    made, 100 * number + stretch, resumed=False, seed=seed
                )
                for event in events:
                    compared = stretch == 0 and isinstance(event, Ended)
                    journal.write(event if not compared else _compared(made))
        if plan.complete:
            journal.write(Closed(START + 100, 99.0, 90.0, neighbours))
    return run.folder


def _compared(made: Made) -> Ended:
    return Ended(made.benchmark.name, COMPARED, Noise(1.0, 0.5, made.others, 0.001))


def _manifest(plan: RunPlan) -> Manifest:
    base, head = (_environment(plan, name) for name in (plan.base, plan.head))
    packages = plan.options.dependencies == PACKAGES  # base's code on both sides
    return Manifest(
        format=FORMAT,
        run_id=plan.run_id,
        target=plan.target,
        layer=plan.layer,
        pair=Pair(base.revision, head.revision, "releases of sample on an index"),
        python=plan.python,
        base=base,
        head=msgspec.structs.replace(head, revision=base.revision) if packages else head,
        machine=machine_of(plan),
        options=plan.options,
        benchmarks=tuple(
            PlannedBenchmark(one.benchmark, one.benchmark.layer or plan.layer, plan.digest)
            for one in plan.made
        ),
        network="cut off (network namespace)",
        harness={"commit": "abc1234", "python": "3.13.0"},
        variables={"SAMPLE": "1"},
        seed=SEED,
        cpus=(0,),
        started_at=plan.started_at,
    )


def _environment(plan: RunPlan, name: str) -> EnvironmentRecord:
    is_release = len(name) < 20
    revision = Revision(
        source=Source.PYPI if is_release else Source.GIT,
        name=name,
        identity=name,
        date="2026-01-02T03:04:05Z",
        subject=plan.subject,
    )
    packages = {"sample": name, "rich": "14.0"}
    if name == plan.head:
        packages |= plan.packages
    recipe = BuildRecipe(
        distribution="sample",
        module="sample",
        source=revision.source,
        identity=name,
        interpreter="python3",
        dependencies="2026-01-03T00:00:00Z" if is_release else "uv.lock",
    )
    proven = Provenance(
        python=f"{plan.python}.0",
        implementation="CPython",
        compiler="GCC 12",
        base_executable="/usr/bin/python3",
        module_file="lib/sample/__init__.py",
        version=name,
        record_sha256="0" * 64,
        packages=packages,
    )
    match = None if is_release else SourceMatch(41, ("sample/_version.py",))
    return EnvironmentRecord(
        key="0" * 16,
        revision=revision,
        recipe=recipe,
        provenance=proven,
        commands=("uv venv x", "uv pip install x"),
        uv="uv 0.9",
        build_s=1.5,
        source_match=match,
    )


def machine_of(plan: RunPlan) -> Machine:
    return Machine(
        name=plan.machine,
        hostname="host",
        cpu_model=plan.cpu_model or f"CPU of {plan.machine}",
        cpus=2,
        memory_bytes=2**33,
        system="Linux",
        kernel=plan.kernel,
        hypervisor="none",
        governor="performance",
        clock_source="tsc",
        aslr="2",
        isolated_cpus=(),
        can_pin=True,
        reference_us=plan.reference_us,
    )


def _events(plan: RunPlan) -> list[Event]:
    events: list[Event] = [Opened(START, resumed=False)]
    if plan.gate is not None:
        events.append(Tested(plan.gate))
    for number, made in enumerate(plan.made):
        events += _benchmark_events(made, number, resumed=plan.resumed and number == 1)
    if plan.complete:
        events.append(Closed(START + 100, 99.0, 90.0))
    return events


def _benchmark_events(made: Made, number: int, *, resumed: bool, seed: int = SEED) -> list[Event]:
    name = made.benchmark.name
    if made.why_not:
        works = ("base",) if made.is_broken else ()
        return [Unavailable(name, ("head",) if made.is_broken else ("base",), made.why_not, works)]
    maximum = 40 if name == CONTROL else 160
    looks = plan_looks(maximum, 0.05 if name == CONTROL else 0.05 / 3)
    probed = Probed(
        benchmark=name,
        design=made.design,
        metric=made.metric,
        reason="as told",
        looks=looks,
        maximum=maximum,
        loops=4,
        family_alpha=made.family_alpha,
        memory_looks=made.memory_looks,
        memory_alpha=0.01 if made.memory_looks else 0.0,
    )
    events: list[Event] = [probed]
    generator = np.random.default_rng(number)
    alone = made.alone if made.design is Design.DUET else 0
    designs = [Design.PAIRS] * alone + [made.design] * made.rounds
    events += [
        Measured(_round(made, design, designs[:position].count(design), generator, seed))
        for position, design in enumerate(designs)
    ]
    if resumed:
        events.insert(len(events) // 2, Opened(START + 50, resumed=True))
    if made.ended:
        noise = Noise(1.0, 0.5, made.others, 0.001)
        events.append(Ended(name, "settled", noise, large_effect=made.large))
    return events


def _round(
    made: Made, design: Design, index: int, generator: np.random.Generator, seed: int
) -> Round:
    drawn = draw(seed, made.benchmark.name, design, index)
    base_s = made.base_s * float(np.exp(generator.normal(0, made.noise)))
    head_s = made.base_s * made.ratio * float(np.exp(generator.normal(0, made.noise)))
    is_value = made.metric is Metric.VALUE
    samples = [
        Sample(
            wall_s=cpu_s * 1.01,
            user_s=cpu_s,
            system_s=0.0,
            peak_rss_bytes=rss,
            minor_faults=1,
            major_faults=0,
            voluntary_switches=1,
            involuntary_switches=1,
            values_s=(cpu_s, cpu_s * 1.001) if is_value else (),
        )
        for cpu_s, rss in ((base_s, 40 * 2**20), (head_s, 20 * 2**20))
    ]
    return Round(
        benchmark=made.benchmark.name,
        design=design,
        index=index,
        first=drawn.order[0],
        hash_seed=drawn.hash_seed,
        started_at=START + index,
        base=samples[0],
        head=samples[1],
        cpu=0,
    )
