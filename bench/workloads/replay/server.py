"""A service on its ports of the loopback interface: bound first, then served until the end."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import uvicorn
from starlette.types import ASGIApp

from bench.core.errors import UsageError
from bench.workloads.replay.conditions import Conditions
from bench.workloads.replay.connections import Connections
from bench.workloads.replay.wire import Wire, open_journal

# codeflash looks for a local backend on these, and on no others.
AI_PORT, CF_PORT = 8000, 3001
_BACKLOG = 2048


@dataclass(frozen=True)
class ServerOptions:
    """How a service answers and what it writes down; `ports` by what they stand for."""

    ports: Mapping[int, str] = field(default_factory=lambda: {CF_PORT: "cf", AI_PORT: "ai"})
    journal: Path | None = None
    keep_bodies: bool = False
    conditions: Conditions = field(default_factory=Conditions)


def serve(application: ASGIApp, options: ServerOptions) -> None:
    """Answer until a signal ends it. Raises `UsageError` when a port is taken."""
    sockets = [one for port in options.ports for one in bind(port)]
    connections = Connections()
    wire = Wire(
        application,
        connections,
        options.conditions,
        dict(options.ports),
        open_journal(options.journal),
        options.keep_bodies,
    )
    config = uvicorn.Config(
        wire,
        http=connections.protocol(),
        log_level="error",
        access_log=False,
        date_header=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=sockets)


def bind(port: int) -> list[socket.socket]:
    """Listen on 127.0.0.1, and on ::1 where there is one: `localhost` may mean either.

    Raises `UsageError` with whoever has the port already.
    """
    bound = [_listen(socket.AF_INET, "127.0.0.1", port)]
    try:
        bound.append(_listen(socket.AF_INET6, "::1", port))
    except UsageError:
        bound[0].close()
        raise
    except OSError:
        pass  # no IPv6 here
    return bound


def _listen(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # The protocol is named, or asyncio would not know it for TCP and leave Nagle's algorithm on:
    # an answer's body would wait 40 ms for the acknowledgement of its headers.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise UsageError(
            f"Port {port} is in use{_by_whom(port)}.",
            "codeflash looks for a local backend on ports 8000 and 3001 only. Stop the program "
            "that uses the port; benchmarks (`.venv/bin/nox -s bench-codeflash`) have their own "
            "network.",
        ) from error
    return listening


def _by_whom(port: int) -> str:
    """The process that listens on a port, as far as the system tells."""
    try:
        processes: Iterable[int | None] = (
            one.pid
            for one in psutil.net_connections("tcp")
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port
        )
        process = next((psutil.Process(one) for one in processes if one), None)
        return f" by {process.name()} (process {process.pid})" if process else ""
    except psutil.Error:
        return ""
