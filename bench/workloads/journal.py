"""The journal of a service: one line of JSON for each request that it has answered.

Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share: they can be laid
beside what a client has noted of the same request. A line is written, in one piece, after the
answer is on its way; a service that is killed leaves at most half a line, which is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

UNKNOWN = 501  # the status of an answer to what there is no answer to
_FAILURE = 500
_TRY_AGAIN = (0, 408, 409, 429)  # 0: no answer at all


class Exchange(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A request and its answer, as the service saw them.

    `service` names the one that was asked, where several are replayed. `connection` counts accepted
    connections, from 1; `client_port` is the other end's. In order:
    `received_ns` the headers are in, `body_ns` the body is in, `handled_ns` the answer is computed
    (`simulated_s` of waiting on purpose come after it), `sent_ns` the answer is with the kernel.
    Bytes of bodies, and of all that went over the wire besides (`…_header_bytes`). `error` says
    what was wrong on this side: an unknown endpoint, an error on purpose ("" for none).
    `request_body` and `response_body` are kept on demand only.
    """

    service: str
    connection: int
    client_port: int
    method: str
    path: str
    status: int
    received_ns: int
    body_ns: int
    handled_ns: int
    sent_ns: int
    simulated_s: float = 0.0
    request_bytes: int = 0
    response_bytes: int = 0
    request_header_bytes: int = 0
    response_header_bytes: int = 0
    request_sha256: str = ""
    response_sha256: str = ""
    error: str = ""
    request_body: str = ""
    response_body: str = ""

    @property
    def failed(self) -> bool:
        """Whether a client may well send the same once more: an error of the server, or no answer.

        The statuses below 500 are those after which HTTP libraries try again by default.
        """
        return self.status >= _FAILURE or self.status in _TRY_AGAIN

    @property
    def own_s(self) -> float:
        """Seconds the service itself took, from the whole request to the answer being sent."""
        return (self.sent_ns - self.body_ns) / 1e9 - self.simulated_s


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Exchange)


def write_exchange(stream: BinaryIO, exchange: Exchange) -> None:
    """Append a line; `stream` is unbuffered, so that it is in the file when this returns."""
    stream.write(_encoder.encode(exchange) + b"\n")


def read_journal(path: Path, start: int = 0) -> tuple[Exchange, ...]:
    """The exchanges of a journal, in the order in which they ended; () when there is no file.

    `start` is an offset in bytes, the size of the file at some earlier time: what was answered
    since. Half a line at the end is left out. Raises `msgspec.DecodeError` for any other damage.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            told = stream.read()
    except FileNotFoundError:
        return ()
    whole, _, _half = told.rpartition(b"\n")
    return tuple(_decoder.decode(line) for line in whole.splitlines() if line)


def refused(exchanges: Iterable[Exchange]) -> str:
    """What was asked for and is not known, in words; "" when all was answered."""
    unknown = sorted({f"{one.method} {one.path}" for one in exchanges if one.status == UNKNOWN})
    return f"the service has no answer to {', '.join(unknown)}" if unknown else ""


def sent_again(exchanges: Iterable[Exchange]) -> int:
    """How many requests repeat one that had failed: same method, path and body, one a failure."""
    failures: Counter[tuple[str, str, str]] = Counter()
    again = 0
    for one in sorted(exchanges, key=lambda each: each.received_ns):
        asked = one.method, one.path, one.request_sha256
        if failures[asked]:
            failures[asked] -= 1
            again += 1
        if one.failed:
            failures[asked] += 1
    return again
