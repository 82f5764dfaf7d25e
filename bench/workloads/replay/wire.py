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

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.workloads.journal import UNKNOWN, Exchange, write_exchange
from bench.workloads.replay.conditions import Conditions, Fate, filled_up
from bench.workloads.replay.connections import Connection, Connections
from bench.workloads.replay.errors import HEADER, error_header

_GARBAGE = b'{"optimizations": [{"source_code": \xff\xfe not what you hoped for'
_DIED = 70


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
        name = HEADER.encode()
        return next((v.decode("latin-1") for n, v in self.headers if n == name), "")

    def fail(self, why: str, body: bytes, status: int) -> None:
        """An error in its place; `status` 0 stands for no answer at all."""
        self.headers = [(n.encode(), v.encode("latin-1")) for n, v in error_header(why).items()]
        self.status = status
        self.replace(body)

    def replace(self, body: bytes) -> None:
        """Another body, under a length that fits it."""
        self.body = body
        self.headers = [(n, v) for n, v in self.headers if n != b"content-length"]
        self.headers.append((b"content-length", str(len(body)).encode()))


@dataclass(frozen=True)
class _Asked:
    """A request, whole, and when it came in."""

    scope: Scope
    connection: Connection
    body: bytes
    received_ns: int
    body_ns: int


@dataclass
class Wire:
    """An ASGI application around another: reads requests whole, and writes down what it answered.

    `ports` says which backend a port stands for. With `keep_bodies` the journal has them all.
    """

    inside: ASGIApp
    connections: Connections
    conditions: Conditions
    ports: dict[int, str]
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
        asked = _Asked(scope, connection, body, received_ns, _now())
        fate = self._fate(scope)
        answer = await self._answer(scope, body, fate)
        handled_ns = _now()
        simulated_s = await _hold(fate.seconds(len(body) + len(answer.body)))
        if fate.failure == "hang":
            simulated_s += await _until_left_alone(receive)
        elif fate.failure == "close":
            await connection.abort()
        else:
            await _deliver(answer, send)
        self._note(asked, answer, handled_ns, simulated_s)

    def _fate(self, scope: Scope) -> Fate:
        if self.ports.get(scope["server"][1]) is None or scope["path"].startswith("/replay/"):
            return Fate()
        return self.conditions.meet(scope["method"], scope["path"])

    async def _answer(self, scope: Scope, body: bytes, fate: Fate) -> _Answer:
        answer = _Answer()
        if fate.failure == "die":
            os._exit(_DIED)
        try:
            await self.inside(scope, _given(body), answer.take)
        except Exception as error:  # noqa: BLE001 - told to the client, and in the journal
            why = f"no answer to this request: {type(error).__name__}: {error}"
            answer.fail(why, msgspec.json.encode({"error": why}), 500)
        if fate.failure == "status":
            answer.fail("an error on purpose", b'{"error":"an error on purpose"}', 503)
        elif fate.failure == "garbage":
            answer.fail("garbage on purpose", _GARBAGE, 200)
        elif fate.failure == "hang":
            answer.fail("no answer on purpose", b"", 0)
        elif fate.failure == "close":
            answer.fail("closed on purpose", b"", 0)
        elif fate.payload_bytes:
            answer.replace(filled_up(answer.body, fate.payload_bytes))
        return answer

    def _note(self, asked: _Asked, answer: _Answer, handled_ns: int, simulated_s: float) -> None:
        sent_ns = _now()
        received, sent = asked.connection.since_last()
        path: str = asked.scope["path"]
        own = path.startswith("/replay/")
        if answer.status == UNKNOWN:
            print(f"no answer to {asked.scope['method']} {path}", file=sys.stderr, flush=True)
        if self.journal is None:
            return
        exchange = Exchange(
            service="replay" if own else self.ports.get(asked.scope["server"][1], "ai"),
            connection=asked.connection.number,
            client_port=asked.scope["client"][1],
            method=asked.scope["method"],
            path=path,
            status=answer.status,
            received_ns=asked.received_ns,
            body_ns=asked.body_ns,
            handled_ns=handled_ns,
            sent_ns=sent_ns,
            simulated_s=round(simulated_s, 9),
            request_bytes=len(asked.body),
            response_bytes=len(answer.body),
            request_header_bytes=max(received - len(asked.body), 0),
            response_header_bytes=max(sent - len(answer.body), 0),
            request_sha256=hashlib.sha256(asked.body).hexdigest(),
            response_sha256=hashlib.sha256(answer.body).hexdigest(),
            error=answer.error,
        )
        if self.keep_bodies and not own:
            bodies = (one.decode(errors="replace") for one in (asked.body, answer.body))
            kept = dict(zip(("request_body", "response_body"), bodies, strict=True))
            exchange = msgspec.structs.replace(exchange, **kept)
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


async def _until_left_alone(receive: Receive) -> float:
    """Wait until the client has gone; returns how long that took, in seconds."""
    started = _now()
    while (await receive())["type"] != "http.disconnect":
        pass
    return (_now() - started) / 1e9


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
