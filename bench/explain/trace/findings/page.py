"""The findings on a trace's page: a table of costs and savings, then the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.core.sample import Side
from bench.explain.trace.findings.finding import ROUND_TRIPS_S, BoundaryFinding
from bench.explain.trace.means import Told
from bench.formats.markdown import bullets, collapsed, heading, table
from bench.formats.text import seconds, share


def findings_section(
    found: Mapping[Side, list[BoundaryFinding]], told: Mapping[Side, Told]
) -> Iterator[str]:
    """Of one side all; of a pair head's, with what base had in a column."""
    last = list(told)[-1]
    yield heading(2, "Findings" + (f" in {last}" if len(told) > 1 else ""))
    if not found[last]:
        yield "None of the rules found anything worth 0.5 ms."
        return
    wall_s = told[last].shown.wall_ns / 1e9
    before = {one.key: one for one in found[Side.BASE]} if len(told) > 1 else None
    yield (
        "What boundaries cost on this run, and what a change would save where a round trip to the "
        "service takes so long. Savings are of the path the user waits on; those of different "
        "findings can overlap. *Measured*: the same at any distance. *Computed*: round trips times "
        "their time. *Simulated*: from runs with the service so far away, see below."
    )
    yield _table(found[last], wall_s, before)
    yield collapsed("Evidence", *(_evidence(one) for one in found[last]))
    if before is not None:
        gone = [one for one in found[Side.BASE] if one.key not in {f.key for f in found[last]}]
        if gone:
            yield "Of base only:"
            yield bullets(f"{one.title} ({seconds(one.cost_s)})" for one in gone)


def _table(
    findings: list[BoundaryFinding],
    wall_s: float,
    before: Mapping[tuple[str, str], BoundaryFinding] | None,
) -> str:
    rows = []
    for one in findings:
        base = before.get(one.key) if before is not None else None
        rows.append(
            [
                one.title,
                *([seconds(base.cost_s) if base else "–"] if before is not None else []),
                seconds(one.cost_s),
                share(one.cost_s / wall_s),
                *(seconds(one.saving_s(trip)) for trip in ROUND_TRIPS_S),
                one.how_words,
            ]
        )
    saves = [f"saves at {seconds(trip)}" for trip in ROUND_TRIPS_S]
    base_column = ("base",) if before is not None else ()
    return table(("finding", *base_column, "cost", "share", *saves, "saving is"), rows)


def _evidence(one: BoundaryFinding) -> str:
    return f"**{one.title}**\n\n{bullets(line for line in one.evidence if line)}"
