"""The timeline in the trace event format, which ui.perfetto.dev and chrome://tracing open.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from bench.explain.trace.path import LAYER_OF_KIND, Piece
from bench.explain.trace.recording import Span, caller_of
from bench.explain.trace.timeline import Process, Timeline

_PATH_PID, _SERVICE_PID = 1, 2
_POINTS = {"reaped", "close", "fork", "signal"}


def chrome_trace(
    timeline: Timeline, path: list[Piece], least_ns: int, shown: Callable[[str], str]
) -> bytes:
    """The JSON; spans below `least_ns` are left out, `shown` takes machine's paths out of words."""
    events = [
        *_path_events(timeline, path, least_ns),
        *_service_events(timeline),
        *(one for process in timeline.processes for one in _process(process, timeline, least_ns)),
        *_flows(timeline),
    ]
    document = {"displayTimeUnit": "ms", "traceEvents": [_clean(one, shown) for one in events]}
    return msgspec.json.encode(document)


def _clean(event: dict[str, Any], shown: Callable[[str], str]) -> dict[str, Any]:
    arguments = event.get("args")
    if arguments:
        event["args"] = {
            key: shown(value) if isinstance(value, str) else value
            for key, value in arguments.items()
        }
    event["name"] = shown(event["name"])
    return event


def _micros(timeline: Timeline, moment: int) -> float:
    return round((moment - timeline.begin) / 1000, 3)


def _named(pid: int, name: str, order: int) -> Iterator[dict[str, Any]]:
    yield {"ph": "M", "pid": pid, "tid": 0, "name": "process_name", "args": {"name": name}}
    place = {"sort_index": order}
    yield {"ph": "M", "pid": pid, "tid": 0, "name": "process_sort_index", "args": place}


def _complete(
    timeline: Timeline, where: tuple[int, int], what: tuple[str, str], begin: int, end: int,
    **arguments: object,
) -> dict[str, Any]:  # fmt: skip
    return {
        "ph": "X", "pid": where[0], "tid": where[1], "name": what[0], "cat": what[1],
        "ts": _micros(timeline, begin), "dur": round(max(end - begin, 0) / 1000, 3),
        "args": arguments,
    }  # fmt: skip


def _path_events(timeline: Timeline, path: list[Piece], least_ns: int) -> Iterator[dict[str, Any]]:
    yield from _named(_PATH_PID, "critical path", -2)
    for piece in path:
        if piece.length >= least_ns:
            words = piece.what or str(piece.layer)
            yield _complete(
                timeline, (_PATH_PID, 1), (words, str(piece.layer)), piece.begin, piece.end,
                layer=str(piece.layer), process=piece.process.name,
            )  # fmt: skip


def _service_events(timeline: Timeline) -> Iterator[dict[str, Any]]:
    """One line for each connection: they overlap."""
    if not timeline.served:
        return
    yield from _named(_SERVICE_PID, "service", -1)
    for one in timeline.served:
        yield _complete(
            timeline, (_SERVICE_PID, one.connection), (f"{one.method} {one.path}", "service"),
            one.received_ns, one.sent_ns, status=one.status, simulated_s=one.simulated_s,
            request_bytes=one.request_bytes, response_bytes=one.response_bytes,
        )  # fmt: skip


def _process(process: Process, timeline: Timeline, least_ns: int) -> Iterator[dict[str, Any]]:
    order = timeline.processes.index(process)
    yield from _named(process.pid, f"{process.name} ({process.pid})", order)
    yield _complete(
        timeline, (process.pid, 0), (process.name, "process"), process.spawned, process.ended,
        command=" ".join(process.argv)[:300],
    )  # fmt: skip
    if process.recorded is None:
        return
    main = process.recorded.main or process.recorded.site
    yield _complete(
        timeline, (process.pid, 0), ("interpreter start", "start"), process.started, main
    )
    numbers = {process.recorded.thread: 0}
    for span in process.recorded.spans:
        tid = numbers.setdefault(span.thread, len(numbers))
        if span.kind not in _POINTS and (span.length >= least_ns or span.kind == "http"):
            yield _complete(
                timeline, (process.pid, tid), (_title(span), span.kind), span.begin, span.end,
                **_arguments(span),
            )  # fmt: skip


def _title(span: Span) -> str:
    if span.kind == "import":
        return f"import {span.detail[0]}"
    if span.kind == "http" and span.detail:
        return " ".join(span.detail).strip()
    if span.kind == "spawn" and span.detail:
        return f"spawn {span.detail[1][0] if span.detail[1] else ''}"
    if span.kind in {"json", "pickle"} and span.detail:
        return str(span.detail[0])
    if span.kind in {"task", "thread"}:
        return f"{span.kind} {span.detail}"
    return span.kind


def _arguments(span: Span) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if span.who:
        told["by"] = caller_of(span.who)
    if span.failed:
        told["failed"] = span.failed
    if span.kind in {"send", "receive"}:
        told["bytes"] = span.detail[1]
    layer = LAYER_OF_KIND.get(span.kind)
    if layer:
        told["layer"] = str(layer)
    return told


def _flows(timeline: Timeline) -> Iterator[dict[str, Any]]:
    """Arrows: from a request to the service, from a parent to its child."""
    for number, one in enumerate(timeline.exchanges):
        if one.served:
            yield from _arrow(
                f"request {number}",
                (one.pid, 0, _micros(timeline, one.sent_begin)),
                (_SERVICE_PID, one.served.connection, _micros(timeline, one.served.received_ns)),
            )
    for process in timeline.processes:
        for child in process.children:
            yield from _arrow(
                f"child {child.pid}",
                (process.pid, 0, _micros(timeline, child.spawned)),
                (child.pid, 0, _micros(timeline, child.started)),
            )


def _arrow(
    name: str, start: tuple[int, int, float], end: tuple[int, int, float]
) -> Iterator[dict[str, Any]]:
    for phase, (pid, tid, at) in (("s", start), ("f", end)):
        flow = {"ph": phase, "id": name, "name": name.partition(" ")[0], "cat": "flow"}
        yield {**flow, "pid": pid, "tid": tid, "ts": at, **({"bp": "e"} if phase == "f" else {})}
