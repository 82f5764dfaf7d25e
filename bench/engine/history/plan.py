"""From what was asked to a series on disk: a new one, or one that was begun before."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.core.errors import DataError
from bench.core.series import Points
from bench.core.workspace import Workspace
from bench.engine.environments.build import common_cut_off
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.session.plan import Plan
from bench.engine.store.series import (
    SERIES_FORMAT,
    Series,
    SeriesManifest,
    create_series,
    latest_series,
    series_place,
)


@dataclass(frozen=True)
class Found:
    """A series and whether an earlier session began it; a new one is not on disk yet.

    `damaged` are newer series of these points that can't be read, and so are not gone on with.
    """

    series: Series
    is_known: bool
    damaged: tuple[DataError, ...] = ()


def find_series(plan: Plan, points: Points, *, again: bool) -> Found:
    """The newest series of the same points and options; `again` always plans a new one."""
    now = datetime.now(UTC)
    wanted = SeriesManifest(
        format=SERIES_FORMAT,
        series_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        target=plan.target.name,
        layer=plan.target.layer,
        points=points,
        date=common_cut_off((points.anchor, *points.points)),
        options=plan.options,
        benchmarks={one.declaration.name: one.digest for one in plan.benchmarks},
        machine=describe_machine(),
        started_at=now.isoformat(timespec="seconds"),
    )
    known, damaged = (None, ()) if again else latest_series(plan.workspace.data, wanted)
    if known is not None:
        return Found(known, is_known=True, damaged=damaged)
    planned = Series(series_place(plan.workspace.data, wanted) / wanted.series_id, wanted)
    return Found(planned, is_known=False, damaged=damaged)


def begin(found: Found, workspace: Workspace) -> Series:
    """The series on disk."""
    if found.is_known:
        return found.series
    return create_series(workspace.data, found.series.manifest)
