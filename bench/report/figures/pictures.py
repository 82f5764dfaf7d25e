"""What a run's pictures show: from results and rounds to the figures' plain data."""

from __future__ import annotations

from bench.core.result import Result
from bench.core.sample import Design, Metric, Side
from bench.engine.evaluation import times
from bench.engine.store.events import Measured, Opened
from bench.engine.store.run import Run
from bench.formats.text import change, verdict_words
from bench.report.figures.distributions import RoundsPicture
from bench.report.figures.forest import Forest, ForestRow
from bench.report.select_runs import Evaluated

_FIGURES = {
    Metric.CPU: "CPU time (user + system)",
    Metric.WALL: "wall time",
    Metric.VALUE: "script's value (median of a process)",
}


def title(one: Evaluated) -> str:
    """The pair and Python a picture is about."""
    manifest = one.run.manifest
    return f"{manifest.target} {manifest.pair.label}, Python {manifest.base.provenance.python}"


def forest_of(one: Evaluated) -> Forest:
    """All results of a run, in the order of the tables."""
    rows = tuple(
        ForestRow(
            result.name,
            result.size.interval if result.size else None,
            result.verdict,
            change(result.size.interval if result.size else None),
            verdict_words(result, one.mei),
            result.is_control,
        )
        for result in one.evaluation.results
    )
    return Forest(title(one), rows, one.mei)


def rounds_of(one: Evaluated, result: Result) -> RoundsPicture | None:
    """All rounds of a benchmark; None when there are none to show."""
    if result.design is None or result.metric is None:
        return None
    rounds = one.run.rounds(result.name)
    base_s, head_s = (tuple(times(rounds, side, result.metric).tolist()) for side in Side)
    if not all(value > 0 for value in (*base_s, *head_s)):
        return None
    return RoundsPicture(
        title=f"{result.name}, {title(one)}",
        figure=_FIGURES[result.metric],
        mei=one.mei,
        designs=tuple(Design(taken.design) for taken in rounds),
        base_s=base_s,
        head_s=head_s,
        deciding=result.design,
        interval=result.interval,
        size=result.size.interval if result.size else None,
        resumed=_resumed(one.run, result.name),
    )


def _resumed(run: Run, name: str) -> tuple[int, ...]:
    """After how many of a benchmark's rounds the run was interrupted and went on."""
    places, count = [], 0
    total = len(run.rounds(name))
    for event in run.events:
        if isinstance(event, Measured) and event.round.benchmark == name:
            count += 1
        elif isinstance(event, Opened) and event.resumed and 0 < count < total:
            places.append(count)
    return tuple(places)
