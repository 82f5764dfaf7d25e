"""Runs made up in memory or on disk, for what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.core.draws import draw
from bench.core.environment import BuildRecipe, EnvironmentRecord, Provenance
from bench.core.machine import Machine, Noise
from bench.core.options import Options
from bench.core.revision import Pair, Revision, Source
from bench.core.sample import Design, Metric, Round, Sample
from bench.core.target import Benchmark
from bench.engine.measure.invocations import control_benchmark
from bench.engine.store.events import Closed, Ended, Event, Measured, Opened, Probed
from bench.engine.store.manifest import FORMAT, Manifest, PlannedBenchmark
from bench.engine.store.run import Journal, Run, create_run

SEED = 1
QUIET = Noise(1.0, 0.1, 0.0, 0.0)


def revision(version: str) -> Revision:
    return Revision(source=Source.PYPI, name=version, identity=version, date="2026-01-01T00:00:00Z")


def environment(version: str) -> EnvironmentRecord:
    proof = Provenance(
        python="3.13.0",
        implementation="CPython",
        compiler="GCC",
        base_executable="/usr/bin/python3.13",
        module_file="lib/sample/__init__.py",
        version=version,
        record_sha256="0",
        packages={"sample-project": version},
    )
    recipe = BuildRecipe(
        distribution="sample-project",
        module="sample",
        source=Source.PYPI,
        identity=version,
        interpreter="/usr/bin/python3.13",
        dependencies="d",
    )
    return EnvironmentRecord(
        key=recipe.key,
        revision=revision(version),
        recipe=recipe,
        provenance=proof,
        commands=(),
        uv="uv 1",
        build_s=1.0,
    )


def manifest(*names: str, options: Options | None = None, run_id: str = "r1") -> Manifest:
    benchmarks = [Benchmark(name=name, command=("sample", name)) for name in names]
    planned = (
        PlannedBenchmark(one, "layer", one.name) for one in (control_benchmark(), *benchmarks)
    )
    machine = Machine(
        name="box",
        hostname="box",
        cpu_model="cpu",
        cpus=2,
        memory_bytes=1,
        system="os",
        kernel="k",
        hypervisor="none",
        governor="g",
        clock_source="c",
        aslr="2",
        isolated_cpus=(),
        can_pin=True,
    )
    return Manifest(
        format=FORMAT, run_id=run_id, target="sample", layer="layer",
        pair=Pair(revision("1.0"), revision("1.1"), "made up"), python="3.13",
        base=environment("1.0"), head=environment("1.1"), machine=machine,
        options=options or Options(), benchmarks=tuple(planned), network="cut off", harness={},
        variables={}, seed=SEED, started_at="2026-01-02T00:00:00+00:00",
    )  # fmt: skip


def sample(cpu_s: float, wall_s: float | None = None) -> Sample:
    return Sample(
        wall_s=wall_s or cpu_s, user_s=cpu_s, system_s=0.0, peak_rss_bytes=10_000_000,
        minor_faults=1, major_faults=0, voluntary_switches=1, involuntary_switches=1,
    )  # fmt: skip


def rounds(
    name: str, base: Sequence[float], head: Sequence[float], design: Design = Design.DUET
) -> list[Event]:
    """Rounds with these CPU times."""
    return [
        Measured(
            Round(
                benchmark=name,
                design=design,
                index=i,
                first=drawn.order[0],
                hash_seed=drawn.hash_seed,
                started_at=1_770_000_000.0 + i,
                base=sample(b),
                head=sample(h),
            )
        )
        for i, (b, h) in enumerate(zip(base, head, strict=True))
        for drawn in [draw(SEED, name, design, i)]
    ]


def probed(name: str, looks: tuple[int, ...] = (10, 20), metric: Metric = Metric.CPU) -> Probed:
    return Probed(
        benchmark=name,
        design=Design.DUET,
        metric=metric,
        reason="made up",
        looks=looks,
        maximum=looks[-1],
    )


def planned(name: str, rounds: int, family_alpha: float = 0.0) -> Probed:
    """A fixed number of rounds, as a benchmark of minutes has them."""
    return Probed(
        benchmark=name,
        design=Design.PAIRS,
        metric=Metric.WALL,
        reason="made up",
        looks=(rounds,),
        maximum=rounds,
        exact=True,
        family_alpha=family_alpha,
    )


def ended(name: str, reason: str = "settled", *, large: bool = False) -> Ended:
    return Ended(name, reason, QUIET, large)


def made_up(events: Iterable[Event], *names: str, options: Options | None = None) -> Run:
    return Run(Path("/nowhere"), manifest(*names, options=options), tuple(events))


def whole(name: str = "work", count: int = 10) -> list[Event]:
    """The events of a complete run of one benchmark."""
    times = [0.1 + i / 1000 for i in range(count)]
    return [
        Opened(1.0, resumed=False),
        probed(name, (count,)),
        *rounds(name, times, times),
        *rounds(name, times, times, Design.PAIRS),
        ended(name),
        Closed(2.0, 1.0, 1.0),
    ]


def written(folder: Path, events: Iterable[Event], *names: str, run_id: str = "r1") -> Run:
    """A run on disk."""
    made = create_run(folder, manifest(*names, run_id=run_id))
    with Journal(made) as journal:
        for event in events:
            journal.write(event)
    return made
