"""Connections that could be kept, answers that never came, names that were asked for in vain."""

from __future__ import annotations

from collections.abc import Iterator

from bench.engine.store.accounts import NEW_CONNECTIONS
from bench.explain.trace.exchanges import HttpExchange, failed_connections
from bench.explain.trace.findings.finding import BoundaryFinding, Evidence, How
from bench.explain.trace.recording import caller_of
from bench.formats.markdown import code
from bench.formats.text import counted, seconds

_INDEXES = ("pypi.org", "pypi.python.org", "files.pythonhosted.org", "test.pypi.org")


def new_connections(seen: Evidence) -> Iterator[BoundaryFinding]:
    """A connection for each request, though one to the same place was free."""
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
        connections = sum(one.connect is not None for one in exchanges)
        yield BoundaryFinding(
            NEW_CONNECTIONS,
            where,
            f"{counted(len(opened), 'connection')} to {code(where)} for requests that could have "
            "used one that was there",
            cost_s,
            (
                f"{counted(len(exchanges), 'request')} on {counted(connections, 'connection')}; "
                f"{len(opened)} began when an earlier request to the same place was over, "
                f"{len(waited)} of them on the path the user waits on",
                f"connecting took {seconds(cost_s)} here; each costs one round trip (with TLS, one "
                "or two more, which are not in the figures)",
                _who_asks(seen, opened),
            ),
            handshakes=len(waited),
            local_s=cost_s,
        )


def _who_asks(seen: Evidence, exchanges: list[HttpExchange]) -> str:
    callers = [one.call.who for one in exchanges if one.call and one.call.who]
    names = dict.fromkeys(caller_of(who) for who in callers)
    return (
        f"asked for by {', '.join(code(seen.shown(name)) for name in list(names)[:4])}"
        if (names)
        else "who asked is not known"
    )


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
    lines = [
        f"{code(one.name)} at {seconds(seen.at(one.begin))}: "
        f"{one.failed or (one.status or 'no answer')} after "
        f"{seconds((one.last_byte - one.begin) / 1e9)}"
        for one in failed[:6]
    ]
    lines.append(f"{counted(len(again), 'of them was', 'of them were')} sent again")
    yield BoundaryFinding(
        "retries",
        "",
        f"{counted(len(failed), 'request')} without a useful answer",
        cost_s,
        tuple(lines),
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
    lines = [
        f"{code(' '.join(span.detail).strip())} at {seconds(seen.at(span.begin))}: "
        f"{span.failed or 'answered'} after {seconds(span.length / 1e9)}, from "
        f"{code(seen.shown(caller_of(span.who))) if span.who else 'somewhere'}"
        for span in calls[:4]
    ] or [f"{counted(len(tried), 'name')} looked up in vain" if tried else "answered"]
    lines.append(
        "cut off from the network it fails at once; on a slow one it blocks until its time-out"
    )
    yield BoundaryFinding(
        "version check",
        "",
        "the package index is asked before the work goes on",
        cost_s,
        tuple(lines),
        handshakes=4 * max(len(calls), 1),  # name, connection, TLS, request: not our service
        local_s=cost_s,
    )
