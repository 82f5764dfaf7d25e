"""Histories, stacks and checks for the explorer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bench.core.errors import DataError
from bench.core.result import Result
from bench.core.sample import Side
from bench.engine.store.accounts import StackRecord
from bench.formats.text import change, change_of, day, seconds, share, verdict_words
from bench.report.explorer.values import Document, limits
from bench.report.figures.stack_figure import STACK_PAINTS
from bench.report.history.select_series import SeriesPage, SeriesPoint, SeriesRuns
from bench.report.history.series_steps import ANCHOR, Step, name_of, steps_of
from bench.report.machine_readable import finite
from bench.report.stack.stack_layers import StackLayer, compared, wall
from bench.report.validate.calibration_tables import COLUMNS, calibration_rows, error_rate_claim
from bench.validate.calibration.analysis import Calibration
from bench.validate.claims import Claim, worst_first
from bench.validate.selfcheck.claims import claims
from bench.validate.selfcheck.record import SelfCheck


def history_view(page: SeriesPage) -> Document:
    """A history: by machine and benchmark a line for each Python, and the certain steps."""
    document: Document = finite(
        {
            "target": page.target,
            "label": page.label,
            "machines": [_history(shown) for shown in page.machines],
        }
    )
    return document


def _history(shown: SeriesRuns) -> Document:
    points = shown.series.manifest.points
    steps = sorted(
        (
            step
            for python in shown.by_python
            for name in shown.benchmarks
            for step in steps_of(shown, name, python)
        ),
        key=lambda one: -one.size,
    )
    return {
        "machine": shown.machine.name,
        "complete": shown.is_complete,
        "anchor": {"label": shown.anchor_label, "date": day(points.anchor.date)},
        "points": [
            {
                "label": shown.label(index),
                "commit": revision.identity,
                "date": day(revision.date),
                "subject": revision.subject,
            }
            for index, revision in enumerate(points.points)
        ],
        "panels": [
            {
                "name": name,
                "lines": [
                    {
                        "python": python,
                        "dots": [
                            _history_dot(point, result)
                            for point in own
                            if (result := point.result(name)) is not None
                        ],
                        "gaps": [point.index for point in own if point.is_gap(name)],
                    }
                    for python, own in shown.by_python.items()
                ],
            }
            for name in shown.benchmarks
        ],
        "steps": [_step(shown, one) for one in steps],
    }


def _history_dot(point: SeriesPoint, result: Result) -> Document:
    return {
        "at": point.index,
        "interval": limits(result.size.interval if result.size else None),
        "change": change_of(result),
        "verdict": verdict_words(result),
        "kind": str(result.verdict) if result.verdict else "",
        "doubtful": point.is_doubtful,
    }


def _step(shown: SeriesRuns, step: Step) -> Document:
    subject = shown.series.manifest.points.points[step.end].subject
    return {
        "benchmark": step.benchmark,
        "python": step.python,
        "from": name_of(shown, step.start),
        "to": name_of(shown, step.end),
        "start": step.start if step.start != ANCHOR else -1,
        "end": step.end,
        "change": change(step.change),
        "interval": limits(step.change),
        "doubtful": step.doubtful,
        "subject": subject,
    }


def stack_view(record: StackRecord) -> Document:
    """A user's command: seconds by layer, before and after."""
    whole = wall(record)
    document: Document = finite(
        {
            "target": record.target,
            "label": record.label,
            "scenario": record.scenario,
            "python": record.python,
            "machine": record.machine.name,
            "measured": day(record.started_at),
            "network": record.network,
            "load": record.load,
            "runs": {str(side): len(record.of(side)) for side in Side},
            "sides": [record.pair.side(side).label for side in Side if record.of(side)],
            "whole": _layer(whole, whole),
            "layers": [_layer(one, whole) for one in compared(record)],
            "page": f"results/stack/{record.target}/{record.label}/{record.scenario}.md",
        }
    )
    return document


def _layer(one: StackLayer, whole: StackLayer) -> Document:
    spans = [span for span in (one.base, one.head) if span is not None]
    totals = [span for span in (whole.base, whole.head) if span is not None]
    paint = STACK_PAINTS.get(one.name)
    return {
        "name": one.name,
        "seconds": [span.mean for span in spans],
        "words": [seconds(span.mean) for span in spans],
        "ranges": [f"{seconds(span.least)}–{seconds(span.most)}" for span in spans],
        "shares": [
            share(a.mean / b.mean) if b.mean else "–" for a, b in zip(spans, totals, strict=True)
        ],
        "apart": one.base.is_apart_from(one.head) if one.head else None,
        "colour": [paint.light, paint.dark] if paint else None,
    }


def calibration_view(calibration: Calibration) -> Document:
    """What a machine can resolve of a target: a table of words, and the smallest effects."""
    manifest = calibration.run.manifest
    rate = error_rate_claim(calibration)
    document: Document = finite(
        {
            "target": manifest.target,
            "python": manifest.python,
            "machine": manifest.machine.name,
            "at": day(manifest.started_at),
            "columns": list(COLUMNS),
            "rows": calibration_rows(calibration),
            "detectable": {
                one.benchmark: one.smallest(manifest.options, manifest.options.alpha)
                for one in calibration.results.values()
            },
            "claim": _claim(rate),
        }
    )
    return document


def selfcheck_view(check: SelfCheck) -> Document:
    """The claims of this project and what was measured of them on a machine."""
    return {
        "machine": check.machine.name,
        "at": day(check.id[:4] + "-" + check.id[4:6] + "-" + check.id[6:8]),
        "claims": [_claim(one) for one in worst_first(claims(check))],
    }


def _claim(claim: Claim) -> list[str]:
    return [str(claim.outcome), claim.claim, claim.measured]


def known(found: Sequence[Any]) -> Iterator[Any]:
    """What could be read."""
    return (one for one in found if not isinstance(one, DataError))
