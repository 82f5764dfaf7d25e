"""What was measured on one Python: verdicts and pictures, then the other figures."""

from __future__ import annotations

from collections.abc import Iterator

from bench.core.result import Result
from bench.core.target import Kind
from bench.formats.markdown import bullets, code, collapsed, heading, image, prose, table
from bench.formats.tables import result_columns, result_rows
from bench.formats.text import (
    change,
    counted,
    day,
    magnitude_with_direction,
    mebibytes,
    plus_minus,
    seconds,
)
from bench.report.pair.counters_section import counters_section
from bench.report.pair.floor_notes import floor_notes
from bench.report.pair.gate_section import gate_mark, gate_section
from bench.report.pair.mounts_section import mounts_section
from bench.report.pair.notes import notes
from bench.report.select_runs import Shown, agreement
from bench.validate.calibration.lookup import Fitting


def figures_section(
    one: Shown, level: int, forest: str, rounds: dict[str, str], fitting: Fitting | None
) -> Iterator[str]:
    """The section; `forest` and `rounds` (by benchmark) are links to the pictures.

    `fitting` is the machine's calibration, if there is one.
    """
    manifest = one.run.manifest
    unfinished = "" if one.is_complete else ", not complete"
    mark = gate_mark(one.run)
    part = f", {one.part}" if one.part else ""
    title = f"Python {manifest.base.provenance.python}{part}{unfinished}"
    yield heading(level, f"{title}: {mark}" if mark else title)
    detectable = fitting.detectable(one.run, one.evaluation.level) if fitting else {}
    yield table(result_columns(detectable), result_rows(one.evaluation, one.mei, detectable))
    yield _levels(one)
    yield image(f"Ratios head/base with intervals, Python {one.python}", forest)
    remarks = (*floor_notes(one.run, fitting), *notes(one.run, one.evaluation))
    yield bullets(prose(note) for note in remarks)
    yield from _other_runs(one)
    yield from _imports(one, level + 1)
    yield from mounts_section(one.results, level + 1)
    yield from _walls(one, level + 1)
    yield from _memory(one, level + 1)
    yield from _counters(one, level + 1)
    yield gate_section(one.run, level + 1)
    if rounds:
        pictures = [image(f"Every round of {name}", link) for name, link in rounds.items()]
        words = f"Every round of every benchmark: drift and spread ({len(pictures)} pictures)"
        yield collapsed(words, *pictures)


def _counters(one: Shown, level: int) -> Iterator[str]:
    section = counters_section(one.run)
    if section:
        yield heading(level, "Work counted beside time")
        yield section


def _levels(one: Shown) -> str:
    control = one.evaluation.control
    family = one.evaluation.family
    alpha = one.run.manifest.options.alpha
    words = (
        f"The chance of calling anything faster or slower that is not is at most {alpha * 100:g}% "
        f"over all {counted(family, 'benchmark')} together."
    )
    if control is None or control.interval is None:
        return words
    return (
        f"{words} The interval of {code(control.name)}, the same program on both sides, is "
        f"{plus_minus(control.interval)}: what so many rounds of it could resolve."
    )


def _other_runs(one: Shown) -> Iterator[str]:
    if not one.others:
        return
    lines = []
    for other in one.others:
        manifest = other.run.manifest
        same, both = agreement(one, other)
        state = "complete" if other.is_complete else "not complete"
        agree = f"{same} of {both} intervals overlap with those shown" if both else "no interval"
        scope = f", {counted(len(other.results), 'benchmark')}"
        lines.append(
            f"{code(manifest.run_id)}, {day(manifest.started_at)}, {state}{scope}: {agree}"
        )
    yield f"Shown is the run {code(one.run.manifest.run_id)}. Others, which are not pooled with it:"
    yield bullets(lines)


def _imports(one: Shown, level: int) -> Iterator[str]:
    rows = [
        [
            result.name,
            *_whole(result),
            seconds(result.net.base_s),
            seconds(result.net.head_s),
            change(result.net.interval),
        ]
        for result in one.results
        if result.benchmark.kind is Kind.IMPORT and result.net is not None
    ]
    if rows:
        yield heading(level, "Import cost net of interpreter start")
        yield (
            "Whole: the process. Net: without the start of the bare interpreter, as published "
            "import times often have it; CPU time, intervals of 95% for each row by itself."
        )
        columns = ("benchmark", "whole: base", "head", "change", "net: base", "head", "change")
        yield table(columns, rows)


def _whole(result: Result) -> list[str]:
    figures = change(result.size.interval if result.size else None)
    return [seconds(result.base_s), seconds(result.head_s), figures]


def _walls(one: Shown, level: int) -> Iterator[str]:
    rows = [
        [
            result.name,
            seconds(result.wall.base_s),
            seconds(result.wall.head_s),
            change(result.wall.interval),
            str(result.wall.rounds),
        ]
        for result in one.evaluation.results
        if result.wall is not None
    ]
    if rows:
        yield heading(level, "Wall time, each side alone")
        yield (
            "What a user waits for: one side after the other, each with the machine to itself. "
            "Intervals of 95% for each row by itself; verdicts do not rest on them."
        )
        yield table(("benchmark", "base", "head", "change", "rounds"), rows)


def _memory(one: Shown, level: int) -> Iterator[str]:
    rows = [
        [
            result.name,
            mebibytes(result.base_rss_bytes),
            mebibytes(result.head_rss_bytes),
            magnitude_with_direction(result.head_rss_bytes / result.base_rss_bytes)
            .replace("faster", "less")
            .replace("slower", "more"),
        ]
        for result in one.evaluation.results
        if result.base_rss_bytes
        and result.head_rss_bytes is not None
        and not result.benchmark.container  # it would be the driver's
    ]
    if rows:
        yield heading(level, "Memory")
        yield "Peak resident memory of a process: the median over rounds, without a test."
        yield table(("benchmark", "base", "head", "change"), rows)
