"""Requests on one session: fewer connections, and no cookie goes from one to the next."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.recipe_projects import RecipeProject

from bench.explain.optimize.recipes.one_session import RECIPE

REQUESTS = '''"""Talk."""

import sys

import requests


def ask(place):
    sent = requests.post(place, data="x", headers={"A": "b"}, timeout=5)
    return requests.get(place, params={"a": 1}).text, sent.status_code


def stream(place):
    return requests.get(place, stream=True)
'''
HTTPX = REQUESTS.replace("requests", "httpx").replace('data="x"', 'content="x"')
LINES = {"demo/talk.py": range(8, 15)}


def files_of(text: str) -> dict[str, str]:
    return {"demo/__init__.py": "", "demo/talk.py": text}


class Seen:
    def __init__(self) -> None:
        self.connections: set[object] = set()
        self.cookies: list[str] = []


@pytest.fixture
def server() -> Iterator[tuple[str, Seen]]:
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            seen.connections.add(self.client_address)
            seen.cookies.append(self.headers.get("Cookie", ""))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Set-Cookie", "who=me")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *words: object) -> None:
            """Nobody reads it."""

    for method in ("GET", "POST"):
        setattr(Handler, f"do_{method}", Handler.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        served.daemon_threads = True
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}", seen
        served.shutdown()


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the libraries, which the harness itself does without."""
    folder = tmp_path_factory.mktemp("libraries")
    uv = Path(sys.executable).with_name("uv")
    words: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--target",
        folder,
        "requests",
        "httpx",
    ]
    subprocess.run(words, check=True)
    return folder


@pytest.mark.network
@pytest.mark.parametrize("text", [REQUESTS, HTTPX], ids=["requests", "httpx"])
def test_one_connection_and_no_cookies(
    tmp_path: Path, server: tuple[str, Seen], libraries: Path, text: str
) -> None:
    place, seen = server
    made = RecipeProject(tmp_path, files_of(text), libraries=libraries)
    program = f"from demo.talk import ask; print(ask({place!r}), ask({place!r}))"
    before = made.python(program)
    assert len(seen.connections) == 4
    proposal = RECIPE.propose(made.project(lines=LINES))
    made.apply(proposal)
    seen.connections.clear()
    seen.cookies.clear()
    assert made.python(program) == before
    assert len(seen.connections) == 1
    assert not any(seen.cookies)


@pytest.mark.network
def test_a_forked_process_has_its_own(
    tmp_path: Path, server: tuple[str, Seen], libraries: Path
) -> None:
    place, seen = server
    made = RecipeProject(tmp_path, files_of(REQUESTS), libraries=libraries)
    made.apply(RECIPE.propose(made.project(lines=LINES)))
    made.python(
        f"import os\nfrom demo.talk import ask\nask({place!r})\npid = os.fork()\n"
        f"ask({place!r})\nif pid: os.waitpid(pid, 0)\nelse: os._exit(0)"
    )
    assert len(seen.connections) == 2


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("import requests", "import requests\nrequests = requests", "bound"),
        ("place, data", "place, stream=True, data", "stream"),
        ('data="x", ', "**{}, ", "not written out"),
        ('data="x", ', "'x', ", "position"),
        ('{"A": "b"}', '{"Connection": "close"}', "closed"),
        ("import sys", "import sys\nfrom time import time", "taken"),
        ("def ask", "def _request(): pass\n\ndef ask", "taken"),
    ],
)
def test_what_would_differ_is_left(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = REQUESTS.replace(old, new)
    made = RecipeProject(tmp_path, files_of(text))
    proposal = RECIPE.propose(made.project(lines={"demo/talk.py": range(1, 30)}))
    assert reason in proposal.dropped[0][1]
    assert 10 not in {one.line for change in proposal.changes for one in change.sites} - {10, 11}


def test_what_tests_patch_is_left(tmp_path: Path) -> None:
    tests = "@patch('demo.talk.requests.get')\ndef test(): pass\n"
    files = {"demo/__init__.py": "", "demo/talk.py": REQUESTS, "tests/test_talk.py": tests}
    made = RecipeProject(tmp_path, files)
    proposal = RECIPE.propose(made.project(lines=LINES))
    assert [one.names for change in proposal.changes for one in change.sites] == [
        ("requests.post",)
    ]
    assert "tests" in proposal.dropped[0][1]


def test_what_no_scenario_sends_is_left(tmp_path: Path) -> None:
    made = RecipeProject(tmp_path, files_of(REQUESTS))
    proposal = RECIPE.propose(made.project())
    assert not proposal.changes
    assert "no scenario" in proposal.dropped[0][1]
