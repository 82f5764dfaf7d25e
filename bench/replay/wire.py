"""Between the wire and the answers: waiting on purpose, failing on purpose, and the journal."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.replay.conditions import Conditions, Fate, filled_up
from bench.replay.connections import Connection, Connections
from bench.replay.journal import UNKNOWN, Backend, Exchange, write_exchange

_GARBAGE = b'{"optimizations": [{"source_code": \xff\xfe not what you hoped for'
_HANGS_S = 24 * 3600.0
_DIED = 70
ERROR_HEADER = b"x-replay-error"


@dataclass
class _Answer:
    """What the application said, held back until it is due."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """Stand in for ASGI's `send`."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message["headers"])
        else:
            self.body += message.get("body", b"")

    @property
    def error(self) -> str:
        """What the application says was wrong."""
        return next((v.decode("latin-1") for n, v in self.headers if n == ERROR_HEADER), "")

    def replace(self, body: bytes, status: int | None = None) -> None:
        """Another body, under a length that fits it."""
        self.status = self.status if status is None else status
        self.body = body
        self.headers = [(n, v) for n, v in self.headers if n != b"content-length"]
        self.headers.append((b"content-length", str(len(body)).encode()))


@dataclass
class Wire:
    """An ASGI application around another: reads requests whole, and writes down what it answered.

    `ports` says which backend a port stands for. With `keep_bodies` the journal has them all.
    """

    inside: ASGIApp
    connections: Connections
    conditions: Conditions
    ports: dict[int, Backend]
    journal: BinaryIO | None = None
    keep_bodies: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.inside(scope, receive, send)
            return
        connection = self.connections.of(dict(scope))
        received_ns = connection.first_ns or _now()
        body = await _whole(receive)
        body_ns = _now()
        fate = self._fate(scope)
        answer = await self._answer(scope, body, fate)
        handled_ns = _now()
        simulated_s = await _hold(fate.seconds(len(body) + len(answer.body)))
        if fate.failure == "hang":
            simulated_s += await _hold(_HANGS_S)
        if fate.failure == "close":
            await connection.abort()
        else:
            await _deliver(answer, send)
        self._note(scope, connection, (received_ns, body_ns, handled_ns), simulated_s, body, answer)

    def _fate(self, scope: Scope) -> Fate:
        if self.ports.get(scope["server"][1]) is None or scope["path"].startswith("/replay/"):
            return Fate()
        return self.conditions.meet(scope["method"], scope["path"])

    async def _answer(self, scope: Scope, body: bytes, fate: Fate) -> _Answer:
        answer = _Answer()
        if fate.failure == "die":
            os._exit(_DIED)
        await self.inside(scope, _given(body), answer.take)
        if fate.failure == "status":
            answer.replace(b'{"error":"an error on purpose"}', 503)
            answer.headers.append((ERROR_HEADER, b"an error on purpose"))
        elif fate.failure == "garbage":
            answer.replace(_GARBAGE)
            answer.headers.append((ERROR_HEADER, b"garbage on purpose"))
        elif fate.payload_bytes:
            answer.replace(filled_up(answer.body, fate.payload_bytes))
        return answer

    def _note(
        self,
        scope: Scope,
        connection: Connection,
        times: tuple[int, int, int],
        simulated_s: float,
        request: bytes,
        answer: _Answer,
    ) -> None:
        sent_ns = _now()
        received, sent = connection.since_last()
        backend: Backend = self.ports.get(scope["server"][1], "ai")
        path: str = scope["path"]
        if path.startswith("/replay/"):
            backend = "replay"
        if answer.status == UNKNOWN:
            print(f"no answer to {scope['method']} {path}", file=sys.stderr, flush=True)
        if self.journal is None:
            return
        keep = self.keep_bodies and backend != "replay"
        exchange = Exchange(
            service=backend,
            connection=connection.number,
            client_port=scope["client"][1],
            method=scope["method"],
            path=path,
            status=answer.status,
            received_ns=times[0],
            body_ns=times[1],
            handled_ns=times[2],
            sent_ns=sent_ns,
            simulated_s=round(simulated_s, 9),
            request_bytes=len(request),
            response_bytes=len(answer.body),
            request_header_bytes=max(received - len(request), 0),
            response_header_bytes=max(sent - len(answer.body), 0),
            request_sha256=hashlib.sha256(request).hexdigest(),
            response_sha256=hashlib.sha256(answer.body).hexdigest(),
            error=answer.error,
            request_body=request.decode(errors="replace") if keep else "",
            response_body=answer.body.decode(errors="replace") if keep else "",
        )
        write_exchange(self.journal, exchange)


def open_journal(file: Path | None) -> BinaryIO | None:
    """A journal to append to, without a buffer: each line is there when it is written."""
    return None if file is None else file.open("ab", buffering=0)


def _now() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return b"".join(parts)


def _given(body: bytes) -> Receive:
    """ASGI's `receive` for a body that is here already."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def _hold(seconds: float) -> float:
    """Wait; returns how long that took."""
    if seconds <= 0:
        return 0.0
    started = _now()
    await asyncio.sleep(seconds)
    return (_now() - started) / 1e9


async def _deliver(answer: _Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
