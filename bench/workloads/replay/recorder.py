"""Record mode: pass requests on to a real backend, and keep its answers as a scenario.

What is kept has no secrets in it: no header but the kind of content, and of bodies no value whose
name or look says key, token, password, cookie or address of a person. The client's own key goes to
the backend it belongs to, and nowhere else.
"""

from __future__ import annotations

import asyncio
import http.client
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.core.errors import UsageError
from bench.core.files import write_atomically
from bench.workloads.replay.answers import digest_of
from bench.workloads.replay.errors import error_header

REMOVED = "removed"
_TIMEOUT_S = 600.0
_NOT_PASSED_ON = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding"}
_SECRET_NAME = re.compile(
    r"(api_?key|token|secret|passw|authori[sz]ation|cookie|credential|private_?key|e_?mail|"
    r"user_?name|user_?id)$",
    re.IGNORECASE,
)
_SECRET_LOOK = re.compile(
    r"\bcf-[\w-]{16,}|\bsk-[\w-]{16,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bxox[abps]-[\w-]{10,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|\bBearer\s+[\w.~+/-]{8,}=*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----"
    r"|\b[\w.+-]+@[\w-]+\.[\w.-]*\w"
    r"|(?<=://)[^/\s:@]+:[^/\s:@]+(?=@)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Upstream:
    """A real backend: where requests for it go."""

    secure: bool
    host: str
    port: int | None
    prefix: str

    @classmethod
    def of(cls, url: str) -> Upstream:
        """From `https://host[:port][/prefix]`; raises `UsageError`."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(
                f"{url!r} is not the address of a backend.", "Use https://host or http://host:port."
            )
        return cls(parts.scheme == "https", parts.hostname, parts.port, parts.path.rstrip("/"))

    def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str, bytes]:
        """Status, kind of content and body of its answer; raises `OSError`, `HTTPException`."""
        connection = (
            http.client.HTTPSConnection(
                self.host, self.port, timeout=_TIMEOUT_S, context=ssl.create_default_context()
            )
            if self.secure
            else http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT_S)
        )
        try:
            connection.request(method, self.prefix + target, body or None, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.headers.get_content_type(), answer.read()
        finally:
            connection.close()


@dataclass(frozen=True)
class Recorder:
    """Backends by the port they are asked for on, and the folder of the scenario they fill."""

    upstreams: Mapping[str, Upstream]
    ports: Mapping[int, str]
    scenario: Path

    def application(self) -> Starlette:
        """An ASGI application that passes everything on."""
        route = Route("/{path:path}", self._pass_on, methods=["GET", "POST", "PUT", "DELETE"])
        return Starlette(routes=[route])

    async def _pass_on(self, request: Request) -> Response:
        if ".." in request.url.path.split("/"):
            return Response(status_code=400)
        server = request.scope["server"]
        upstream = self.upstreams[self.ports[server[1]]]
        body = await request.body()
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in _NOT_PASSED_ON
        }
        try:
            status, kind, answer = await asyncio.to_thread(
                upstream.ask, request.method, target, headers, body
            )
        except (OSError, http.client.HTTPException) as error:
            why = f"{upstream.host} can't be asked: {error}"
            told = msgspec.json.encode({"error": why})
            return Response(told, 502, error_header(why), "application/json")
        if status != 200:
            why = f"status {status}: not kept"
            return Response(answer, status, error_header(why), kind)
        self._keep(f"{request.method}{request.url.path}", body, kind, answer)
        return Response(answer, status, media_type=kind)

    def _keep(self, endpoint: str, request: bytes, kind: str, answer: bytes) -> None:
        """The pair, without secrets; what was asked is for people, a service reads answers only."""
        name = digest_of(request)
        suffix = ".json" if kind == "application/json" else ".txt"
        write_atomically(self.scenario / endpoint / f"{name}{suffix}", cleaned(answer))
        write_atomically(self.scenario / "asked" / endpoint / f"{name}.asked", cleaned(request))


def cleaned(body: bytes) -> bytes:
    """A body without secrets: JSON by names and looks, anything else by looks."""
    try:
        return msgspec.json.format(msgspec.json.encode(_clean(msgspec.json.decode(body))))
    except ValueError:
        return _SECRET_LOOK.sub(REMOVED, body.decode(errors="replace")).encode()


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {
            name: REMOVED if _SECRET_NAME.search(name) and isinstance(one, str) else _clean(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return _SECRET_LOOK.sub(REMOVED, value) if isinstance(value, str) else value
