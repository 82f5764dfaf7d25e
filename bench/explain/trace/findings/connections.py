"""Connections that could be reused, requests that failed, checks for a newer version."""

from __future__ import annotations

from collections.abc import Iterator

from bench.engine.store.accounts import NEW_CONNECTIONS, Instance
from bench.explain.trace.exchanges import HttpExchange, failed_connections
from bench.explain.trace.findings.finding import BoundaryFinding, Evidence, How
from bench.explain.trace.recording import caller_of

_INDEXES = ("pypi.org", "pypi.python.org", "files.pythonhosted.org", "test.pypi.org")


def new_connections(seen: Evidence) -> Iterator[BoundaryFinding]:
    """Connections opened though one to the same place was free."""
    by_place: dict[tuple[int, str], list[HttpExchange]] = {}
    for one in seen.timeline.exchanges:
        by_place.setdefault((one.pid, one.where), []).append(one)
    for (_, where), exchanges in by_place.items():
        opened = [
            one
            for one in exchanges
            if one.connect and any(before.last_byte <= one.connect.begin for before in exchanges)
        ]
        if not opened:
            continue
        waited = [one for one in opened if seen.on_path(one)]
        cost_s = sum(one.connect.length for one in waited if one.connect) / 1e9
        yield BoundaryFinding(
            rule=NEW_CONNECTIONS,
            subject=where,
            cost_s=cost_s,
            numbers={
                "reusable": len(opened),
                "requests": len(exchanges),
                "connections": sum(one.connect is not None for one in exchanges),
                "on path": len(waited),
            },
            instances=tuple(Instance(name=seen.shown(name)) for name in _callers(opened)),
            handshakes=len(waited),
            local_s=cost_s,
        )


def _callers(exchanges: list[HttpExchange]) -> list[str]:
    """The functions that asked, each once."""
    callers = [one.call.who for one in exchanges if one.call and one.call.who]
    return list(dict.fromkeys(caller_of(who) for who in callers))[:4]


def retries(seen: Evidence) -> Iterator[BoundaryFinding]:
    """The same request again after one that failed, and time spent on those that did."""
    exchanges = seen.timeline.exchanges
    failed = [one for one in exchanges if one.failed or one.status in _AGAIN or not one.status]
    again = [
        one
        for one in failed
        if any(
            later.request == one.request and later.name == one.name and later.begin >= one.end
            for later in exchanges
        )
    ]
    waits = [one for one in failed if seen.on_path(one)]
    if not failed:
        return
    cost_s = sum(one.last_byte - one.begin for one in waits) / 1e9
    yield BoundaryFinding(
        rule="retries",
        cost_s=cost_s,
        numbers={"failed": len(failed), "again": len(again)},
        instances=tuple(
            Instance(
                name=one.name,
                other=one.failed or str(one.status or ""),
                at_s=seen.at(one.begin),
                took_s=(one.last_byte - one.begin) / 1e9,
            )
            for one in failed[:6]
        ),
        handshakes=sum(one.connect is not None for one in waits),
        answers=len(waits),
        local_s=cost_s,
        how=How.MEASURED,
    )


_AGAIN = {408, 425, 429, 500, 502, 503, 504}


def version_check(seen: Evidence) -> Iterator[BoundaryFinding]:
    """Waiting for a package index, answered or not."""
    asked = [one for one in seen.timeline.exchanges if one.host.partition(":")[0] in _INDEXES]
    tried = [
        span
        for process in seen.timeline.processes
        for span in failed_connections(process.recorded)
        if any(name in str(span.detail) for name in _INDEXES)
    ]
    calls = [
        span
        for process in seen.timeline.processes
        if process.recorded
        for span in process.recorded.spans
        if span.kind == "http" and span.detail and any(n in span.detail[1] for n in _INDEXES)
    ]
    if not (asked or tried or calls):
        return
    cost_s = sum(span.length for span in calls or tried) / 1e9
    yield BoundaryFinding(
        rule="version check",
        cost_s=cost_s,
        numbers={"looked up": len(tried)},
        instances=tuple(
            Instance(
                name=" ".join(span.detail).strip(),
                other=span.failed,
                by=seen.shown(caller_of(span.who)) if span.who else "",
                at_s=seen.at(span.begin),
                took_s=span.length / 1e9,
            )
            for span in calls[:4]
        ),
        handshakes=4 * max(len(calls), 1),  # name, connection, TLS, request: not our service
        local_s=cost_s,
    )
