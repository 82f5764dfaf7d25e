"""HTTP requests as the client's sockets saw them, and matched with what the service saw."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bench.explain.trace.recording import Recorded, Span
from bench.workloads.journal import Exchange as Served

_SLACK_NS = 2_000_000  # the two ends look at the clock before and after the same moment
_CRLF = b"\r\n"


@dataclass(frozen=True, kw_only=True)
class HttpExchange:
    """A request and its answer on one connection; times are ns of CLOCK_MONOTONIC.

    `connect` (with `dns` and `tls`) is there for the first request of a connection. From
    `sent_begin` to `sent_end` the request was written, `first_byte` is the end of the first read
    that brought something, `last_byte` of the last; both are `sent_end` where no answer came.
    `call` is the client library's call around it. `served` is the service's side.
    """

    pid: int
    thread: int
    connection: int
    port: int
    where: str
    method: str
    path: str
    host: str
    status: int
    sent_begin: int
    sent_end: int
    first_byte: int
    last_byte: int
    request_bytes: int
    response_bytes: int
    request: bytes
    response: bytes
    connect: Span | None = None
    dns: Span | None = None
    tls: Span | None = None
    call: Span | None = None
    served: Served | None = None
    failed: str = ""

    @property
    def begin(self) -> int:
        """When the client library began with it, or else the first thing that is known of it."""
        return min(span.begin for span in (*self._around, self._own) if span)

    @property
    def end(self) -> int:
        """When the client library had its answer."""
        return max(self.last_byte, self.call.end if self.call else 0)

    @property
    def service_ns(self) -> int:
        """What the service took for it, without latency added on purpose; 0 where not known."""
        if self.served is None:
            return 0
        return max(0, round(self.served.own_s * 1e9))

    @property
    def simulated_ns(self) -> int:
        """Latency that was added on purpose."""
        return round(self.served.simulated_s * 1e9) if self.served else 0

    @property
    def name(self) -> str:
        """`POST /ai/testgen`."""
        return f"{self.method} {self.path}"

    @property
    def _own(self) -> Span:
        return Span(kind="send", begin=self.sent_begin, end=self.sent_end, thread=self.thread)

    @property
    def _around(self) -> tuple[Span | None, ...]:
        return self.connect, self.dns, self.tls, self.call


@dataclass(kw_only=True)
class _Connection:
    """What is known of a connection while its events are gone through."""

    number: int
    port: int
    where: str
    connect: Span | None
    sends: list[Span] = field(default_factory=list)
    receives: list[Span] = field(default_factory=list)

    def finished(self, pid: int) -> Iterator[HttpExchange]:
        """The request that is over now, if there is one; the next begins with nothing."""
        made = _exchange(pid, self) if self.sends else None
        if self.sends:
            self.sends, self.receives, self.connect = [], [], None
        if made:
            yield made


def exchanges_of(recorded: Recorded | None) -> tuple[HttpExchange, ...]:
    """All HTTP requests of a process, in the order in which they were sent."""
    if recorded is None:
        return ()
    found = sorted(_exchanges(recorded), key=lambda one: one.sent_begin)
    return tuple(_with_surroundings(one, recorded) for one in found)


def _exchanges(recorded: Recorded) -> Iterator[HttpExchange]:
    connections: dict[int, _Connection] = {}
    for span in recorded.spans:
        if span.kind == "connect":
            number, port, where, failed = span.detail
            connections[number] = _Connection(
                number=number, port=port, where=where, connect=replace(span, failed=failed)
            )
        elif span.kind in {"send", "receive"} and span.detail[0] in connections:
            one = connections[span.detail[0]]
            if span.kind == "receive":
                one.receives.append(span)
                continue
            if one.receives:
                yield from one.finished(recorded.pid)
            one.sends.append(span)
    for one in connections.values():
        yield from one.finished(recorded.pid)


def failed_connections(recorded: Recorded | None) -> list[Span]:
    """Attempts to connect that came to nothing, and names that were not found."""
    if recorded is None:
        return []
    failed = [s for s in recorded.spans if s.kind == "connect" and s.detail[3]]
    return failed + [s for s in recorded.spans if s.kind == "dns" and s.failed]


def matched(
    exchanges: Sequence[HttpExchange], served: Sequence[Served]
) -> tuple[HttpExchange, ...]:
    """Exchanges with the service's side: the same client's port, one within the other in time."""
    by_port: dict[int, list[Served]] = {}
    for one in sorted(served, key=lambda one: one.received_ns):
        by_port.setdefault(one.client_port, []).append(one)
    return tuple(replace(one, served=_take(one, by_port.get(one.port, []))) for one in exchanges)


def _take(exchange: HttpExchange, served: list[Served]) -> Served | None:
    for one in served:
        after = one.received_ns >= exchange.sent_begin - _SLACK_NS
        if after and one.received_ns <= exchange.last_byte + _SLACK_NS:
            served.remove(one)
            return one
    return None


def _exchange(pid: int, one: _Connection) -> HttpExchange | None:
    sent = b"".join(span.detail[2] for span in one.sends)
    head, _, body = sent.partition(_CRLF * 2)
    words = head.split(_CRLF, 1)[0].decode("latin-1").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        return None
    got = b"".join(span.detail[2] for span in one.receives)
    with_data = [span for span in one.receives if span.detail[1]]
    status, answer = _answer(got)
    failed = [span.detail[3] for span in one.receives if span.detail[3]]
    sent_end = one.sends[-1].end
    return HttpExchange(
        pid=pid,
        thread=one.sends[0].thread,
        connection=one.number,
        port=one.port,
        where=one.where,
        method=words[0],
        path=words[1].partition("?")[0],
        host=_header(head, b"host") or one.where,
        status=status,
        sent_begin=one.sends[0].begin,
        sent_end=sent_end,
        first_byte=with_data[0].end if with_data else sent_end,
        last_byte=with_data[-1].end if with_data else max(sent_end, *_ends(one.receives)),
        request_bytes=sum(span.detail[1] for span in one.sends),
        response_bytes=sum(span.detail[1] for span in one.receives),
        request=words[1].encode("latin-1") + b"\n" + body,
        response=answer,
        connect=one.connect,
        failed=failed[0] if failed else "",
    )


def _ends(spans: Sequence[Span]) -> tuple[int, ...]:
    return tuple(span.end for span in spans) or (0,)


def _answer(data: bytes) -> tuple[int, bytes]:
    """The status of an answer and its body, unpacked; 0 where there is none."""
    head, _, body = data.partition(_CRLF * 2)
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        return 0, b""
    if _header(head, b"transfer-encoding") == "chunked":
        body = _unchunked(body)
    try:
        if _header(head, b"content-encoding") == "gzip":
            body = gzip.decompress(body)
        elif _header(head, b"content-encoding") == "deflate":
            body = zlib.decompress(body)
    except (OSError, EOFError, zlib.error):
        pass
    return int(words[1]), body


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(_CRLF)
        try:
            many = int(size.partition(b";")[0], 16)
        except ValueError:
            break
        if not many:
            break
        whole += rest[:many]
        body = rest[many + 2 :]
    return whole


def _header(head: bytes, name: bytes) -> str:
    for line in head.split(_CRLF)[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip().decode("latin-1").lower()
    return ""


def _with_surroundings(one: HttpExchange, recorded: Recorded) -> HttpExchange:
    """The call it was made by, and what came before its connection."""
    around = [
        span
        for span in recorded.spans
        if span.thread == one.thread and span.begin <= one.sent_begin and span.kind in _AROUND
    ]
    calls = [s for s in around if s.kind == "http" and s.end >= one.sent_end]
    call = calls[0] if calls else None
    since = call.begin if call else (one.connect.begin - _SLACK_NS if one.connect else 0)
    before = {span.kind: span for span in around if span.begin >= since}
    if one.connect is None:
        return replace(one, call=call)
    return replace(one, call=call, dns=before.get("dns"), tls=before.get("tls"))


_AROUND = ("http", "dns", "tls")
