"""The content of requests: repeated, sent before, or independent of the answer before."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence

from bench.engine.store.accounts import Instance
from bench.explain.trace.exchanges import HttpExchange
from bench.explain.trace.findings.finding import BoundaryFinding, Evidence, How
from bench.explain.trace.phases import busy_ns
from bench.explain.trace.recording import Span
from bench.explain.trace.timeline import Process

_CHUNK = re.compile(rb'[^"\n\\]{16,}')
_GRAM = 8
_ASLEEP_NS = 500_000
_WINDOW_BYTES = 14_600  # what leaves at once on a new connection (10 segments)
_LARGE_BYTES = 16_000
_LEAST_REPEATED = 0.10
_MUCH, _MUCH_BYTES = 0.30, 4000


def redundant(seen: Evidence) -> Iterator[BoundaryFinding]:
    """The same request with the same answer, more than once."""
    known: dict[tuple[str, bytes], list[HttpExchange]] = {}
    for one in seen.timeline.exchanges:
        if one.status and one.where:
            known.setdefault((one.where + one.name, one.request), []).append(one)
    for group in known.values():
        repeated = [
            one for one in group[1:] if one.status == group[0].status
            and one.response == group[0].response
        ]  # fmt: skip
        if not repeated:
            continue
        waited = [one for one in repeated if seen.on_path(one)]
        cost_s = sum(one.end - one.begin for one in waited) / 1e9
        yield BoundaryFinding(
            rule="redundant",
            subject=group[0].name,
            cost_s=cost_s,
            numbers={
                "times": len(repeated) + 1,
                "request bytes": group[0].request_bytes,
                "response bytes": group[0].response_bytes,
            },
            instances=tuple(Instance(name=one.name, at_s=seen.at(one.begin)) for one in group),
            handshakes=sum(one.connect is not None for one in waited),
            answers=len(waited),
            local_s=cost_s,
        )


def independent(seen: Evidence) -> Iterator[BoundaryFinding]:
    """Requests one after the other, the later without anything of the earlier's answer."""
    pairs = [
        pair
        for pid in dict.fromkeys(one.pid for one in seen.timeline.exchanges)
        for pair in _together(seen, [one for one in seen.timeline.exchanges if one.pid == pid])
    ]
    if not pairs:
        return
    saved_s = sum(min(a.end - a.begin, b.end - b.begin) for a, b in pairs) / 1e9
    yield BoundaryFinding(
        rule="independent",
        cost_s=saved_s,
        numbers={"requests": len(pairs)},
        instances=tuple(
            Instance(
                name=b.name,
                other=a.name,
                at_s=seen.at(b.begin),
                took_s=(b.begin - a.end) / 1e9,
            )
            for a, b in pairs[:6]
        ),
        handshakes=sum(bool(a.connect and b.connect) for a, b in pairs),
        answers=len(pairs),
        local_s=saved_s,
    )


def _together(
    seen: Evidence, exchanges: list[HttpExchange]
) -> Iterator[tuple[HttpExchange, HttpExchange]]:
    """Neighbours on the path that could have been sent at once; in doubt they depend."""
    known: set[bytes] = set()  # what the client knew before it asked for the earlier one
    for earlier, later in itertools.pairwise(sorted(exchanges, key=lambda one: one.begin)):
        known |= _grams(earlier.request)
        new = _grams(earlier.response) - known
        fine = earlier.status and earlier.status < 400 and later.request != earlier.request
        if (
            fine
            and later.begin >= earlier.end
            and not _child_between(seen, earlier, later)
            and not new & _grams(later.request)
            and seen.on_path(earlier)
            and seen.on_path(later)
        ):
            yield earlier, later
        known |= _grams(earlier.response)


def _child_between(seen: Evidence, earlier: HttpExchange, later: HttpExchange) -> bool:
    """What a child has found out may be in the later request; one that slept has found nothing."""
    begin, end = earlier.end, later.begin
    return any(
        begin < child.spawned < end
        or begin < child.ended < end
        or (child.spawned < end and child.ended > begin and _worked(child, begin, end))
        for process in seen.timeline.processes
        for child in process.children
    )


def _worked(child: Process, begin: int, end: int) -> bool:
    """Of what is no Python nothing is known: it may have."""
    return not child.is_python or busy_ns(child, begin, end) > _ASLEEP_NS


def _grams(content: bytes) -> set[bytes]:
    return {content[at : at + _GRAM] for at in range(len(content) - _GRAM + 1)}


def payloads(seen: Evidence) -> Iterator[BoundaryFinding]:
    """Large requests, and content in them that went over the wire before."""
    exchanges = seen.timeline.exchanges
    sent = sum(len(one.request) for one in exchanges)
    known: set[bytes] = set()
    found: list[Instance] = []
    repeated = 0
    for one in exchanges:
        chunks = _CHUNK.findall(one.request.partition(b"\n")[2])
        again = sum(len(chunk) for chunk in chunks if chunk in known)
        repeated += again
        if again:
            found.append(Instance(name=one.name, count=again, size=len(one.request)))
        known.update(chunks, _CHUNK.findall(one.response))
    large = [one for one in exchanges if len(one.request) > _LARGE_BYTES and one.connect]
    trips = sum(_window_trips(one.request_bytes) for one in large if seen.on_path(one))
    if not sent or (repeated / sent < _LEAST_REPEATED and not large):
        return
    writing_s = sum(one.sent_end - one.sent_begin for one in exchanges if seen.on_path(one)) / 1e9
    found.sort(key=lambda one: -(one.count or 0))
    yield BoundaryFinding(
        rule="payloads",
        cost_s=writing_s,
        numbers={"repeated": repeated, "sent": sent, "large": len(large)},
        instances=tuple(found[:6]),
        handshakes=trips,
        local_s=writing_s * repeated / sent,
        notable=repeated >= max(_MUCH * sent, _MUCH_BYTES),
    )


def _window_trips(many: int) -> int:
    """Round trips that slow start adds: the window doubles with each."""
    return max(0, math.ceil(math.log2(many / _WINDOW_BYTES + 1)) - 1)


def serialisation(seen: Evidence) -> Iterator[BoundaryFinding]:
    """json, pickle and their like, in all processes."""
    spans: list[Span] = []
    short_ns = short = 0
    for process in seen.timeline.processes:
        if process.recorded is None:
            continue
        spans += [span for span in process.recorded.spans if span.kind in {"json", "pickle"}]
        for kind in ("json", "pickle"):
            many, took = process.recorded.short.get(kind, (0, 0))
            short, short_ns = short + many, short_ns + took
    cost_s = (_outermost_ns(spans) + short_ns) / 1e9
    if not spans and not short:
        return
    longest = sorted(spans, key=lambda span: -span.length)[:5]
    yield BoundaryFinding(
        rule="serialisation",
        cost_s=cost_s,
        numbers={"calls": len(spans) + short, "short": short, "short seconds": short_ns / 1e9},
        instances=tuple(
            Instance(
                name=_called(span),
                by=seen.shown(span.who[0]) if span.who else "",
                took_s=span.length / 1e9,
                size=span.detail[1] if span.detail and span.detail[1] else None,
            )
            for span in longest
        ),
        local_s=cost_s,
        how=How.MEASURED,
    )


def _called(span: Span) -> str:
    return str(span.detail[0]) if span.detail else span.kind


def _outermost_ns(spans: Sequence[Span]) -> int:
    """json.dump calls json's own functions: each moment once."""
    total = 0
    for _, group in itertools.groupby(sorted(spans, key=_by_thread), key=lambda one: one.thread):
        upto = 0
        for span in group:
            total += max(0, span.end - max(span.begin, upto))
            upto = max(upto, span.end)
    return total


def _by_thread(span: Span) -> tuple[int, int, int]:
    return span.thread, span.begin, -span.end
