"""A pair for the explorer: what a row of the overview shows, and all of it once it is opened.

Figures are those of `result_document`, which `--json` prints; words beside them are made by the
same functions as the pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.core.counts import MODULES, Names
from bench.core.result import Result
from bench.core.sample import Metric, Side
from bench.core.verdict import Verdict
from bench.engine.evaluation import times
from bench.formats.markdown import plain
from bench.formats.tables import detectable_words
from bench.formats.text import (
    allocated_verdict,
    before_after,
    bytes_before_after,
    change,
    change_of,
    day,
    figures,
    memory_change,
    memory_verdict,
    source_words,
    verdict_words,
)
from bench.report.explorer.values import Document, limits
from bench.report.figures.rounds_figure import rounds_of, rounds_put_right
from bench.report.machine_readable import finite, result_document
from bench.report.pair.asides import asides
from bench.report.pair.cautions import cautions
from bench.report.pair.conditions import conditions, is_dirty, other_load, short_conditions
from bench.report.pair.control import control_warning
from bench.report.pair.counters_page import counted_of, counter_rows
from bench.report.pair.gate_section import gate_line, short_reason
from bench.report.pair.headline import headline, revision_words
from bench.report.pair.notes import NOISY_OTHERS
from bench.report.pair.reasons import reasons_of
from bench.report.pair.repeat import repeat_lines
from bench.report.pair.split_section import splits_of
from bench.report.select_runs import Evaluated, OnMachine, PairRuns, Shown
from bench.validate.calibration.analysis import Calibration
from bench.validate.calibration.lookup import Fitting, fitting

_DIGITS = 6  # of figures that only place a dot


@dataclass(frozen=True)
class PairDocuments:
    """Rows of the overview, one a machine; the pair once it is opened; and its runs' conditions."""

    key: str
    overview: tuple[Document, ...]
    whole: Document
    trust: tuple[Document, ...]


def pair_documents(
    pair: PairRuns, calibrations: Sequence[Calibration], shifts: Sequence[Document]
) -> PairDocuments:
    """All documents of a pair; `shifts` are flame graphs of it that were drawn by `profile`."""
    key = f"{pair.target}/{pair.pair.label}"
    machines = [_machine(on, calibrations) for on in pair.machines]
    whole = {
        **_named(pair, key),
        "layers": list(pair.layers),
        "machines": machines,
        "shifts": list(shifts),
        "page": f"results/{pair.target}/{pair.pair.label}/README.md",
    }
    rows = tuple(_row(pair, on, key) for on in pair.machines)
    trust = tuple(_trust(pair, on, one, key) for on in pair.machines for one in on.shown)
    return PairDocuments(key, rows, finite(whole), trust)


def _named(pair: PairRuns, key: str) -> Document:
    base, head = pair.pair.base, pair.pair.head
    return {
        "key": key,
        "target": pair.target,
        "base": revision_words(base),
        "head": revision_words(head),
        "subject": head.subject,
        "newest": day(pair.newest.run.manifest.started_at),
    }


def _row(pair: PairRuns, on: OnMachine, key: str) -> Document:
    loads = other_load(on.shown)
    results = [(one, result) for one in on.shown for result in one.results]
    row = _named(pair, key) | {
        "layer": on.shown[0].layers[0],
        "machine": on.name,
        "load": round(loads[-1], 4) if loads else None,
        "loaded": bool(loads) and loads[-1] > NOISY_OTHERS,
        "dirty": any(map(is_dirty, on.shown)),
        "doubtful": any(one.evaluation.doubtful for one in on.shown),
        "complete": all(one.is_complete for one in on.shown),
        "conditions": short_conditions(on.shown),
        "results": [_dot(one, result) for one, result in results],
    }
    checked: Document = finite(row)
    return checked


def _dot(one: Shown, result: Result) -> list[Any]:
    """Benchmark, Python, verdict, change in words, then ratio with its limits: a dot."""
    interval = result.size.interval if result.size else None
    place = [interval.ratio, interval.low, interval.high] if interval else []
    return [
        result.name,
        one.python,
        str(result.verdict) if result.verdict else "",
        change_of(result) if interval else verdict_words(result),
        *(float(f"{value:.{_DIGITS}g}") for value in place),
    ]


def _machine(on: OnMachine, calibrations: Sequence[Calibration]) -> Document:
    splits = splits_of(on.shown)
    doubts = [
        f"{one.name}: {plain(control_warning(one.run, one.evaluation))}"
        for one in on.shown
        if one.evaluation.doubtful
    ]
    return {
        "name": on.name,
        "cpu": f"{on.machine.cpu_model}, {on.machine.cpus} CPUs",
        "headline": headline(on.shown),
        "doubts": doubts,
        "conditions": conditions(on.shown),
        "cautions": cautions(on, calibrations),
        "reasons": [list(each) for each in reasons_of(on.shown)],
        "repeat": repeat_lines(on.shown),
        "runs": [_run(one, fitting(one.run, calibrations), splits) for one in on.shown],
    }


def _run(one: Shown, fit: Fitting | None, splits: Any) -> Document:  # noqa: ANN401 - see above
    manifest = one.run.manifest
    detectable = fit.detectable(one.run, one.evaluation.level) if fit else {}
    return {
        "name": one.name,
        "started": manifest.started_at[:16].replace("T", " "),
        "raw": f"data/{manifest.target}/{manifest.pair.label}/py{manifest.python}/"
        f"{manifest.machine.name}/{manifest.run_id}",
        "result": result_document(one, fit, splits),
        "rows": [_words(result, detectable.get(result.name)) for result in one.shown_results],
        "rounds": list(_rounds(one)),
        "counters": [_counted(each) for each in counted_of(one) if each.counted],
    }


def _words(result: Result, detectable: float | None) -> Document:
    """A row of the pair's table; numbers are in the document of the run, under the same name."""
    memory = result.memory
    return {
        "name": result.name,
        "control": result.is_control,
        "figures": figures(result),
        "change": change_of(result),
        "verdict": verdict_words(result),
        "kind": str(result.verdict) if result.verdict else "",
        "reason": result.reason,
        "asides": asides(result),
        "source": source_words(result.size),
        "wall": [before_after(result.wall.base_s, result.wall.head_s), change(result.wall.interval)]
        if result.wall
        else None,
        "net": [before_after(result.net.base_s, result.net.head_s), change(result.net.interval)]
        if result.net
        else None,
        "memory": [
            bytes_before_after(memory.base_bytes, memory.head_bytes),
            memory_change(memory.interval),
            memory_verdict(memory),
        ]
        if memory
        else None,
        "allocated": allocated_verdict(result.allocated) if result.allocated else None,
        "detectable": detectable_words(detectable) if detectable is not None else None,
    }


def _rounds(one: Evaluated) -> Iterator[Document]:
    """Every round of each benchmark: its ratio, whether it decides, and both sides' figures."""
    found = rounds_of(one)
    metrics = {result.name: result.metric for result in one.evaluation.results}
    for panel in found.panels if found else ():
        metric = metrics[panel.name] or Metric.CPU
        rounds = rounds_put_right(one.run, panel.name)
        yield {
            "name": panel.name,
            "unit": "bytes" if metric is Metric.PEAK_RSS else "seconds",
            "change": panel.words,
            "interval": limits(panel.interval),
            "mei": panel.mei,
            "resumed": list(panel.resumed),
            "log_ratios": list(panel.ratios),
            "decides": [int(decides) for decides in panel.decides],
            "base": times(rounds, Side.BASE, metric).tolist(),
            "head": times(rounds, Side.HEAD, metric).tolist(),
        }


def _counted(one: Any) -> Document:  # noqa: ANN401 - CountedBenchmark
    names = [one.names.get(counter, Names()) for counter in MODULES]
    return {
        "name": one.result.name,
        "rows": counter_rows(one),
        "appeared": sorted(name for each in names for name in each.appeared),
        "vanished": sorted(name for each in names for name in each.vanished),
    }


def _tests(one: Shown) -> str:
    gate = one.run.gate
    if gate is None or not gate.was_run:
        return f"not run ({short_reason(gate)})"
    return plain(gate_line(one.run).removeprefix("Tests: ").rstrip("."))


def _trust(pair: PairRuns, on: OnMachine, one: Shown, key: str) -> Document:
    """What speaks for a run and against it."""
    control = one.evaluation.control
    loads = other_load([one])
    interval = control.size.interval if control and control.size else None
    trust = _named(pair, key) | {
        "run": one.name,
        "machine": on.name,
        "control": limits(interval),
        "control_words": change(interval),
        "control_verdict": verdict_words(control) if control else "not measured",
        "doubtful": one.evaluation.doubtful,
        "load": loads[-1] if loads else None,
        "loaded": bool(loads) and loads[-1] > NOISY_OTHERS,
        "dirty": is_dirty(one),
        "tested": one.run.gate is not None and one.run.gate.was_run,
        "tests": _tests(one),
        "complete": one.is_complete,
        "changed": sum(
            result.verdict in {Verdict.FASTER, Verdict.SLOWER, Verdict.BROKEN}
            for result in one.results
        ),
        "benchmarks": len(one.results),
    }
    checked: Document = finite(trust)
    return checked
