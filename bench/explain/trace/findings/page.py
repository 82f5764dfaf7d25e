"""The findings on a trace's page: a table of costs and savings, then the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.core.sample import Side
from bench.explain.trace.findings.finding import ROUND_TRIPS_S, BoundaryFinding
from bench.explain.trace.findings.words import evidence_of, title_of
from bench.explain.trace.means import TracedSide
from bench.formats.markdown import bullets, collapsed, heading, table
from bench.formats.text import seconds, share


def findings_section(
    found: Mapping[Side, list[BoundaryFinding]], told: Mapping[Side, TracedSide]
) -> Iterator[str]:
    """Of one side all; of a pair head's, with what base had in a column."""
    last = list(told)[-1]
    yield heading(2, "Findings" + (f" in {last}" if len(told) > 1 else ""))
    if not found[last]:
        yield "No rule found anything that costs 0.5 ms or more."
        return
    wall_s = told[last].shown.wall_ns / 1e9
    before = {one.key: one for one in found[Side.BASE]} if len(told) > 1 else None
    yield (
        "What process boundaries cost in this run, and what a change would save, by the duration "
        "of a round trip to the service. Savings are on the critical path; those of different "
        "findings can overlap. *Measured*: the same for any round trip. *Computed*: number of "
        "round trips times their duration. *Simulated*: from runs with added latency, see below."
    )
    yield findings_table(found[last], wall_s, before)
    yield collapsed("Evidence", *map(_evidence, found[last]))
    if before is not None:
        keys = {one.key for one in found[last]}
        base_only = [one for one in found[Side.BASE] if one.key not in keys]
        if base_only:
            yield "In base only:"
            yield bullets(f"{title_of(one)} ({seconds(one.cost_s)})" for one in base_only)


def findings_table(
    findings: list[BoundaryFinding],
    wall_s: float,
    before: Mapping[tuple[str, str], BoundaryFinding] | None,
) -> str:
    """Findings as a table: cost, share of `wall_s`, and savings by the duration of a round trip."""
    far = any(len({one.saving_s(trip) for trip in ROUND_TRIPS_S}) > 1 for one in findings)
    trips = ROUND_TRIPS_S if far else ROUND_TRIPS_S[:1]  # of a program without a service they agree
    rows = []
    for one in findings:
        base = before.get(one.key) if before is not None else None
        rows.append(
            [
                title_of(one),
                *([seconds(base.cost_s) if base else "–"] if before is not None else []),
                seconds(one.cost_s),
                share(one.cost_s / wall_s),
                *(seconds(one.saving_s(trip)) for trip in trips),
                one.grounds,
            ]
        )
    saves = [f"saves at {seconds(trip)}" for trip in trips] if len(trips) > 1 else ["saves"]
    base_column = ("base",) if before is not None else ()
    return table(("finding", *base_column, "cost", "share", *saves, "basis"), rows)


def _evidence(one: BoundaryFinding) -> str:
    return f"**{title_of(one)}**\n\n{bullets(evidence_of(one))}"
