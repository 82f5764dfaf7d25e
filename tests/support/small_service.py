"""A small service of our own: an API in front of a language model, with a store of results.

Its repository has three commits: `v1.0.0`; `v1.1.0`, whose start takes 0.3 s longer and 60 MB more,
and whose every request burns some CPU; and `broken`, which answers one request with 500.
`service_program` is its program alone, which can keep its connections to the model. A model that is
busy is asked again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from support.sample_project import BACKEND, Repository

_PYPROJECT = """\
[build-system]
requires = []
build-backend = "tiny_backend"
backend-path = ["."]

[project]
name = "small-service"
version = "{version}"
requires-python = ">=3.11"
dependencies = []

[project.scripts]
small-service = "small_service.app:main"

[tool.tiny]
files = ["small_service/*.py"]
"""

_APP = '''\
"""POST /optimize asks the model and stores what it said; GET /health; GET /die ends the process."""

import http.client
import json
import os
import sqlite3
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

START_S = {start_s}
UNITS = {units}
STATUS = {status}
HELD = b"x" * {held}
KEEPS = {keeps}
model = threading.local()
time.sleep(START_S)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/die":
            os._exit(7)
        if self.path == "/hang":
            time.sleep(4244)
        self.tell(200, {{"status": "ok"}})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        total = sum(number % 7 for number in range(UNITS * 20_000))
        prompt = "Make it faster: " + asked["code"]
        said = ask(prompt)
        with sqlite3.connect(os.environ["SMALL_STORE"], timeout=30) as store:
            store.execute("pragma synchronous = off")
            store.execute("insert into said values (?)", (said,))
        self.tell(STATUS, {{"optimization": said, "checked": total}})

    def tell(self, status, what):
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def ask(prompt):
    body = json.dumps({{"model": "m", "messages": [{{"role": "user", "content": prompt}}]}})
    url = urllib.parse.urlsplit(os.environ["SMALL_MODEL"])
    status = 503
    while status == 503:
        kept = getattr(model, "kept", None) if KEEPS else None
        model.kept = kept or http.client.HTTPConnection(url.netloc)
        model.kept.request("POST", f"{{url.path}}/v1/chat/completions", body)
        answer = model.kept.getresponse()
        status, said = answer.status, answer.read()
        if not KEEPS:
            model.kept.close()
    return json.loads(said)["choices"][0]["message"]["content"]


class Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True


def main():
    with sqlite3.connect(os.environ["SMALL_STORE"]) as store:
        store.execute("create table if not exists said (text)")
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''

REQUESTS = [
    {"name": "optimize", "method": "POST", "path": "/optimize", "json": {"code": "def f(): ..."}},
    {"name": "health", "path": "/health"},
]

TARGET = """\
name = "small"
layer = "service"
distribution = "small-service"
module = "small_service"
clone = "file:///nowhere"
released = false
pythons = ["{python}"]

[service]
command = ["small-service", "{{port}}"]
health = "/health"
requests = "small.requests.json"
ready_timeout_s = 20
request_timeout_s = 5
env = {{ SMALL_MODEL = "{{service}}", SMALL_STORE = "{{home}}/store.sqlite" }}
"""


def write_requests(folder: Path, requests: Sequence[object]) -> None:
    """The requests file beside the target's."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.requests.json").write_text(json.dumps(requests), encoding="utf-8")


def service_program(*, keeps: bool) -> str:
    """The program of the first version; it `keeps` its connections to the model, or does not."""
    program = _APP.format(start_s=0.0, units=0, status=200, held=0, keeps=keeps)
    return f"{program}\n\nmain()\n"


def _files(
    version: str, *, start_s: float = 0.0, units: int = 0, status: int = 200, held: int = 0
) -> dict[str, str]:
    return {
        "tiny_backend.py": BACKEND,
        "pyproject.toml": _PYPROJECT.format(version=version),
        "small_service/__init__.py": '"""A small service."""\n',
        "small_service/app.py": _APP.format(
            start_s=start_s, units=units, status=status, held=held, keeps=False
        ),
    }


def make_service(path: Path) -> Repository:
    """Its repository (see the module's docstring)."""
    made = Repository.create(path)
    made.commit(_files("1.0.0"), "First", tag="v1.0.0")
    made.commit(_files("1.1.0", start_s=0.3, units=8, held=60_000_000), "Slower", tag="v1.1.0")
    made.commit(_files("1.2.0", status=500), "Broken", tag="broken")
    return made
