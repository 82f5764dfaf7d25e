"""Count connections, and the bytes on them, under a server that counts neither."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol


class Connection:
    """One accepted connection: its number, and what came in and went out over it so far."""

    def __init__(self, number: int, transport: asyncio.Transport) -> None:
        self.number = number
        self._transport = transport
        self.received_bytes = 0
        self.sent_bytes = 0
        self.taken_bytes = (0, 0)
        self.first_ns = 0  # when the first bytes of the current request came in

    async def abort(self) -> None:
        """Close it, whatever is under way."""
        self._transport.abort()
        await asyncio.sleep(0)  # the server hears of it

    def since_last(self) -> tuple[int, int]:
        """Bytes received and sent since this was asked last: a request's, and its answer's."""
        received, sent = self.taken_bytes
        self.taken_bytes = self.received_bytes, self.sent_bytes
        self.first_ns = 0
        return self.received_bytes - received, self.sent_bytes - sent


class Connections:
    """The open connections of a service by the other end's address and the own port."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[tuple[str, int, int], Connection] = {}

    def of(self, scope: dict[str, Any]) -> Connection:
        """The connection that an ASGI scope came in over."""
        return self._open[(*scope["client"], scope["server"][1])]

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's protocol with the counting put in."""
        connections = self

        class CountedConnections(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                connection = Connection(next(connections._numbers), transport)
                super().connection_made(cast("asyncio.Transport", _Counted(transport, connection)))
                self.counted = connection
                if self.client and self.server:
                    self.key = (*self.client, self.server[1] or 0)
                    connections._open[self.key] = connection

            def data_received(self, data: bytes) -> None:
                self.counted.first_ns = self.counted.first_ns or time.clock_gettime_ns(
                    time.CLOCK_MONOTONIC
                )
                self.counted.received_bytes += len(data)
                super().data_received(data)

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                connections._open.pop(self.key, None)

        return CountedConnections


class _Counted:
    """A transport that counts what is written to it, and is otherwise the one it stands for."""

    def __init__(self, transport: asyncio.Transport, connection: Connection) -> None:
        self._transport = transport
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.sent_bytes += len(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)
