"""A package index (PEP 503, 691, 700) on the loopback interface."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.tiny_backend import make_wheel


@dataclass
class PackageServer:
    """Serves the wheels in a folder; `requests` are the pages that were asked for."""

    folder: Path
    url: str = ""
    requests: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)

    def add(
        self,
        name: str,
        version: str,
        files: dict[str, str],
        *,
        uploaded: str | None = "2026-01-01T00:00:00Z",
        yanked: bool = False,
        **extra: dict[str, str] | list[str],
    ) -> None:
        """Upload a wheel."""
        wheel = make_wheel(self.folder, name, version, files, **extra)
        content = (self.folder / wheel).read_bytes()
        entry = {
            "filename": wheel,
            "url": f"{self.url}/files/{wheel}",
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "yanked": yanked,
        }
        if uploaded is not None:
            entry["upload-time"] = uploaded
        self.files.setdefault(name, []).append(entry)

    def add_sdist(
        self, name: str, version: str, files: dict[str, str], *, digest: str = ""
    ) -> None:
        """Upload a source distribution beside the wheel of a release."""
        content, top = io.BytesIO(), f"{name.replace('-', '_')}-{version}"
        with tarfile.open(fileobj=content, mode="w:gz") as archive:
            for path, text in files.items():
                member = tarfile.TarInfo(f"{top}/{path}")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        (self.folder / f"{top}.tar.gz").write_bytes(content.getvalue())
        self.files.setdefault(name, []).append(
            {
                "filename": f"{top}.tar.gz",
                "url": f"/files/{top}.tar.gz",
                "hashes": {"sha256": digest or hashlib.sha256(content.getvalue()).hexdigest()},
                "upload-time": "2026-01-01T00:00:00Z",
            }
        )

    def answer(self, path: str) -> bytes | None:
        if path in self.answers:
            return self.answers[path]
        kind, _, name = path.strip("/").partition("/")
        if kind == "files":
            return (self.folder / name).read_bytes()
        if kind != "simple" or name not in self.files:
            return None
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": self.files[name]}
        return json.dumps(page).encode()

    @property
    def environ(self) -> dict[str, str]:
        """What points uv and the harness here, and at nothing else."""
        return {"UV_DEFAULT_INDEX": f"{self.url}/simple", "UV_NO_CACHE": "1"}

    @classmethod
    @contextmanager
    def serving(cls, folder: Path) -> Iterator[PackageServer]:
        folder.mkdir(parents=True)
        made = cls(folder)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                made.requests.append(self.path)
                made.logins.append(self.headers.get("Authorization", ""))
                content = made.answer(self.path)
                self.send_response(404 if content is None else 200)
                if "/simple/" in self.path:
                    self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content or b"")

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            made.url = f"http://127.0.0.1:{server.server_port}"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield made
            finally:
                server.shutdown()
                thread.join()
