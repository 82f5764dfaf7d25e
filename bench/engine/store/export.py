"""pyperf files made from a run's rounds, for everybody's pyperf tools."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyperf

from bench.core.sample import Design, Metric, Round, Sample, Side
from bench.engine.store.run import Run


def export_pyperf(run: Run) -> list[Path]:
    """Write `base.json` and `head.json` beside the rounds; none where nothing was measured.

    Both sides hold the same benchmarks with the same number of runs in the same order; a run's
    metadata names its round, so that pairs can be found again. A benchmark's values are those of
    its deciding rounds and metric; rounds in which each side ran alone, for honest wall times, are
    a benchmark of their own, `<name> (wall, alone)`.
    """
    written = []
    for side in Side:
        suites = _benchmarks(run, side)
        if suites:
            file = run.folder / f"{side}.json"
            half = file.with_suffix(".partial")
            pyperf.BenchmarkSuite(suites).dump(str(half), replace=True)
            half.replace(file)
            written.append(file)
    return written


def _benchmarks(run: Run, side: Side) -> list[pyperf.Benchmark]:
    made = []
    for planned in run.manifest.benchmarks:
        name = planned.declaration.name
        plan = run.probed(name)
        if plan is None or run.unavailable(name) is not None:
            continue
        rounds = run.rounds(name)
        groups = [(f"{name} ({plan.metric}, {plan.design})", plan.design, plan.metric)]
        if plan.design is Design.DUET:
            groups.append((f"{name} (wall, alone)", Design.PAIRS, Metric.WALL))
        for title, design, metric in groups:
            chosen = [taken for taken in rounds if taken.design is design]
            if chosen:
                runs = [_run(run, side, taken, metric, title) for taken in chosen]
                made.append(pyperf.Benchmark(runs))
    return made


def _run(run: Run, side: Side, taken: Round, metric: Metric, title: str) -> pyperf.Run:
    sample: Sample = taken.sample(side)
    values = list(sample.values_s) if metric is Metric.VALUE else [sample.measured(metric)]
    machine = run.manifest.machine
    environment = run.manifest.base if side is Side.BASE else run.manifest.head
    metadata: dict[str, str | int | float] = {
        "name": title,
        "hostname": machine.hostname,
        "python_version": environment.provenance.python,
        "python_implementation": environment.provenance.implementation.lower(),
        "platform": machine.kernel,
        "cpu_model_name": machine.cpu_model,
        "cpu_count": machine.cpus,
        "unit": "byte" if metric is Metric.PEAK_RSS else "second",
        "date": datetime.fromtimestamp(taken.started_at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        "mem_max_rss": sample.peak_rss_bytes,
        "bench_round": taken.index,
        "bench_side": str(side),
        "bench_revision": environment.revision.label,
        "bench_run": run.manifest.run_id,
    }
    return pyperf.Run(values, metadata=metadata, collect_metadata=False)
