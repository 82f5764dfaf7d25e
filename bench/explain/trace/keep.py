"""A trace's account of its runs, kept under `data/` for the page of the whole stack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from bench.core.sample import Side
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.store.accounts import (
    ACCOUNTS_FORMAT,
    KeptFinding,
    Saving,
    StackRecord,
)
from bench.explain.trace.findings.finding import ROUND_TRIPS_S, BoundaryFinding
from bench.explain.trace.path import path_of
from bench.explain.trace.phases import account_of
from bench.explain.trace.session import Trace


def record_of(trace: Trace, findings: Mapping[Side, list[BoundaryFinding]]) -> StackRecord:
    """What is kept of a trace: accounts of its runs, what they take unrecorded, its findings."""
    benchmark = trace.sides.benchmark
    return StackRecord(
        format=ACCOUNTS_FORMAT,
        target=trace.target.name,
        scenario=benchmark.name,
        note=benchmark.note,
        pair=trace.pair,
        python=trace.python,
        machine=describe_machine(),
        network=trace.network,
        load=trace.load,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        runs=tuple(
            account_of(timeline, path_of(timeline), side)
            for side, runs in trace.runs.items()
            for timeline in runs.timelines
        ),
        bare_s={
            side: tuple(sample.wall_s for sample in runs.overhead.bare)
            for side, runs in trace.runs.items()
        },
        findings=tuple(kept(side, one) for side, found in findings.items() for one in found),
    )


def kept(side: Side, one: BoundaryFinding) -> KeptFinding:
    """A finding with what a change would save at each distance."""
    return KeptFinding(
        side=side,
        rule=one.rule,
        subject=one.subject,
        cost_s=one.cost_s,
        savings=tuple(Saving(trip_s, one.saving_s(trip_s)) for trip_s in ROUND_TRIPS_S),
        grounds=one.grounds,
        numbers=dict(one.numbers),
        instances=one.instances,
    )
