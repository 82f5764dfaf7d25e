"""Sockets that a program connects: what is noted of connecting, sending, receiving, closing.

Imported by `bench_trace_patches.py` beside it, in the subject's interpreter, and forgotten at once.
Only connections to somewhere are followed, not listeners, pairs and Unix sockets.
"""

# ruff: noqa: ANN401

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_now = time.monotonic_ns


class Sockets:
    """What is done to the modules `socket` and `ssl` once they are loaded."""

    def __init__(
        self, recorder: "Any", replace: "Callable[..., None]", timed: "Callable[..., None]"
    ) -> None:
        self.recorder = recorder
        self.replace = replace
        self.timed = timed

    def socket(self, module: "Any") -> None:
        """Names, connections, and what goes over them."""
        self.timed(module, "getaddrinfo", "dns", lambda words, _named, _result: str(words[0]))
        for name in ("connect", "connect_ex"):
            self.replace(module.socket, name, self._connecting)
        self.replace(module.socket, "_real_close", self._closing)
        self._transfers(module.socket)

    def ssl(self, module: "Any") -> None:
        """The same under TLS, where bytes are seen as the program sees them."""
        self.timed(module.SSLSocket, "do_handshake", "tls")
        self._transfers(module.SSLSocket)

    def _transfers(self, kind: "Any") -> None:
        for name in ("send", "sendall"):
            self.replace(kind, name, self._sending)
        self.replace(kind, "recv", self._receiving)
        self.replace(kind, "recv_into", self._receiving_into)

    def _connecting(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call(self: "Any", address: "Any") -> "Any":
            begin = recorder.enter()
            failed = ""
            try:
                return original(self, address)
            except OSError as error:
                failed = type(error).__name__
                raise
            finally:
                if isinstance(address, tuple):  # no Unix socket
                    recorder.count += 1
                    recorder.connections[self.fileno()] = (id(self), recorder.count)
                    where = f"{address[0]}:{address[1]}"
                    recorder.note("connect", begin, recorder.count, _port(self), where, failed)

        return call

    def _closing(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call(self: "Any", *words: "Any", **named: "Any") -> "Any":
            known = recorder.connections.get(self.fileno())
            if known and known[0] == id(self):
                del recorder.connections[self.fileno()]
                recorder.note("close", _now(), known[1])
            return original(self, *words, **named)

        return call

    def _sending(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call(self: "Any", data: "Any", *words: "Any") -> "Any":
            known = recorder.connections.get(self.fileno())
            if known is None or known[0] != id(self):
                return original(self, data, *words)
            begin = recorder.enter()
            sent = original(self, data, *words)
            many = len(data) if sent is None else sent
            recorder.note("send", begin, known[1], many, recorder.keep(data))
            return sent

        return call

    def _receiving(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call(self: "Any", *words: "Any", **named: "Any") -> "Any":
            known = recorder.connections.get(self.fileno())
            if known is None or known[0] != id(self):
                return original(self, *words, **named)
            begin = recorder.enter()
            try:
                data = original(self, *words, **named)
            except OSError as error:
                _failed(recorder, begin, known[1], error)
                raise
            recorder.note("receive", begin, known[1], len(data), recorder.keep(data), "")
            return data

        return call

    def _receiving_into(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call(self: "Any", buffer: "Any", *words: "Any", **named: "Any") -> "Any":
            known = recorder.connections.get(self.fileno())
            if known is None or known[0] != id(self):
                return original(self, buffer, *words, **named)
            begin = recorder.enter()
            try:
                many = original(self, buffer, *words, **named)
            except OSError as error:
                _failed(recorder, begin, known[1], error)
                raise
            kept = recorder.keep(memoryview(buffer)[:many]) if many else b""
            recorder.note("receive", begin, known[1], many or 0, kept, "")
            return many

        return call


def _failed(recorder: "Any", begin: int, connection: int, error: OSError) -> None:
    """A read that failed; one that was only too early is none."""
    if not isinstance(error, BlockingIOError) and type(error).__name__ != "SSLWantReadError":
        recorder.note("receive", begin, connection, 0, b"", type(error).__name__)


def _port(socket: "Any") -> int:
    try:
        return int(socket.getsockname()[1])
    except (OSError, IndexError, ValueError, TypeError):
        return 0
