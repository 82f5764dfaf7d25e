"""Programs run under the recorder, and a server that keeps a journal, on real sockets."""

from __future__ import annotations

import hashlib
import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.engine.store.accounts import RunAccount
from bench.explain.trace.recording import Recorded, read_recording, recorder_in
from bench.explain.trace.timeline import Timeline, build_timeline
from bench.workloads.journal import Exchange


@dataclass
class Traced:
    """What came of a program: its output, its recordings, its timeline."""

    stdout: str
    stderr: str
    status: int
    recorded: tuple[Recorded, ...]
    timeline: Timeline


def trace_program(
    folder: Path, text: str, *words: str, served: Sequence[Exchange] = (), check: bool = True
) -> Traced:
    """Run a script with the recorder in it and in its children."""
    script = folder / "program.py"
    script.write_text(text, encoding="utf-8")
    return trace_command(folder, [sys.executable, str(script), *words], served=served, check=check)


def trace_command(
    folder: Path, command: Sequence[str], *, served: Sequence[Exchange] = (), check: bool = True
) -> Traced:
    """The same with any command; `served` is looked at when it is over."""
    if not (folder / "recorder").is_dir():
        recorder_in(folder / "recorder")
    told = folder / f"told-{time.monotonic_ns()}"
    told.mkdir()
    variables = {"PYTHONPATH": str(folder / "recorder"), "BENCH_TRACE": str(told)}
    begin = time.monotonic_ns()
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    wall_ns = time.monotonic_ns() - begin
    if check:
        assert done.returncode == 0, done.stderr
    recorded = read_recording(told)
    timeline = build_timeline(recorded, begin, wall_ns, served)
    return Traced(done.stdout, done.stderr, done.returncode, recorded, timeline)


@dataclass
class JournalServer:
    """Answers like a replay service would, and writes down when."""

    port: int = 0
    served: list[Exchange] = field(default_factory=list)
    delay_s: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """`/fail` fails, `/token` gives a word, others repeat what they got."""
        path = path.partition("?")[0]
        if path == "/fail":
            return 503, b"not now"
        if path == "/token":
            return 200, b'{"token": "' + hashlib.sha256(b"token").hexdigest().encode() + b'"}'
        return 200, b"ok " + body

    @classmethod
    @contextmanager
    def serving(cls, delay_s: float = 0.0) -> Iterator[JournalServer]:
        made = cls(delay_s=delay_s)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                received = time.monotonic_ns()
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                got = time.monotonic_ns()
                status, answer = made.answer(self.path, body)
                handled = time.monotonic_ns()
                time.sleep(made.delay_s)
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                made.served.append(
                    Exchange(
                        service="ai", connection=self.client_address[1],
                        client_port=self.client_address[1], method=self.command, path=self.path,
                        status=status, received_ns=received, body_ns=got, handled_ns=handled,
                        sent_ns=time.monotonic_ns(), simulated_s=made.delay_s,
                        request_bytes=len(body), response_bytes=len(answer),
                    )
                )  # fmt: skip

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        made.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def inside_of(account: RunAccount) -> dict[tuple[str, str], float]:
    """Seconds waited for children, by program and layer."""
    return {(one.program, one.layer): one.seconds for one in account.children}
