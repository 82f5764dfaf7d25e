"""A small series on disk: releases of sample with runs, a gap and a failure."""

from __future__ import annotations

from dataclasses import replace

from bench.core.machine import Machine
from bench.core.options import Options
from bench.core.revision import Revision, Source
from bench.core.series import Points, Selection
from bench.core.workspace import Workspace
from bench.engine.store.run import read_run
from bench.engine.store.series import (
    SERIES_FORMAT,
    Failure,
    Series,
    SeriesManifest,
    add_failure,
    create_series,
)
from support.synthetic_runs import RunPlan, command, control, write_run

ID = "20261123T070000Z-0001"


def release(version: str, subject: str = "") -> Revision:
    return Revision(
        source=Source.PYPI,
        name=version,
        identity=version,
        date=f"2026-01-0{version[-1]}T03:04:05Z",
        subject=subject,
    )


def make_series(
    workspace: Workspace, machine: Machine, series_id: str = ID, count: int = 5
) -> Series:
    points = tuple(release(f"1.{number}", f"Change | {number}") for number in range(1, count + 1))
    manifest = SeriesManifest(
        format=SERIES_FORMAT,
        series_id=series_id,
        target="sample",
        layer="core engine",
        points=Points(
            anchor=release("1.0"),
            points=points,
            selection=Selection(),
            origin="releases of sample",
            between=4,
        ),
        date="2026-01-07T00:00:00Z",
        options=Options(counters=False),
        benchmarks={"python-startup": "d", "work": "d"},
        machine=machine,
        started_at="2026-11-23T07:00:00+00:00",
    )
    return create_series(workspace.data, manifest)


def plan(head: str, ratio: float, **changes: object) -> RunPlan:
    made = (control(), command("work", ratio=ratio))
    options = Options(counters=False, series=ID)
    planned = RunPlan(made, base="1.0", head=head, options=options, run_id=f"r-{head}")
    return replace(planned, **changes)  # type: ignore[arg-type]


def write_series(workspace: Workspace) -> Series:
    """Points 1.1 (as the anchor), 1.2 (not installed), 1.3 (20% faster), 1.4 (stopped before
    its first round), 1.5 (cannot be measured); 1.1 also on Python 3.12."""
    first = write_run(workspace, plan("1.1", 1.0))
    made = make_series(workspace, read_run(first).manifest.machine)
    write_run(workspace, plan("1.1", 1.0, python="3.12"))
    write_run(workspace, plan("1.3", 0.8))
    begun = (control(), command("work", rounds=0, alone=0, ended=False))
    write_run(workspace, plan("1.4", 1.0, made=begun, complete=False))
    gone = (control(), command("work", why_not="no command | work"))
    write_run(workspace, plan("1.5", 1.0, made=gone))
    return add_failure(made, Failure(1, "3.13", "no <compiler> here", 1.0))
