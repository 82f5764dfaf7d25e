"""From recordings to the path: all time is somewhere, once, and in the right place."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from support.tracing import JournalServer, Traced, inside_of, trace_program

from bench.explain.trace.path import Layer, path_of
from bench.explain.trace.phases import account_of, explained
from bench.explain.trace.timeline import NothingRecordedError, build_timeline, program_name

BUSY = """
import subprocess, sys, time, threading
from concurrent.futures import ThreadPoolExecutor
import urllib.request

url = sys.argv[1]

def ask(path, body=b"hello"):
    return urllib.request.urlopen(url + path, data=body).read()

assert ask("/first") == b"ok hello"
with ThreadPoolExecutor(2) as pool:
    for answer in pool.map(ask, ["/one", "/two"]):
        assert answer == b"ok hello"
time.sleep(0.15)
subprocess.run([sys.executable, "-c", "import argparse, time; time.sleep(0.15)"], check=True)
subprocess.run(["sleep", "0.1"], check=True)
waiter = threading.Thread(target=time.sleep, args=(0.1,))
waiter.start()
waiter.join()
total = 0
for number in range(3_000_000):
    total += number
"""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Traced:
    with JournalServer.serving(delay_s=0.1) as server:
        return trace_program(
            tmp_path_factory.mktemp("busy"), BUSY, server.url, served=server.served
        )


def test_pieces_lie_end_to_end(busy: Traced) -> None:
    path = path_of(busy.timeline)
    assert path[0].begin == busy.timeline.begin
    assert path[-1].end == busy.timeline.root.ended
    assert all(one.end == other.begin for one, other in pairwise(path))
    assert sum(piece.length for piece in path) == busy.timeline.wall_ns


def test_phases_add_up(busy: Traced) -> None:
    phases = account_of(busy.timeline, path_of(busy.timeline)).layers
    assert set(phases) <= {str(layer) for layer in Layer}
    assert sum(phases.values()) == pytest.approx(busy.timeline.wall_ns / 1e9)
    assert all(value >= 0 for value in phases.values())


def test_everything_is_where_it_belongs(busy: Traced) -> None:
    account = account_of(busy.timeline, path_of(busy.timeline))
    assert account.layers[Layer.WAITING] >= 0.15 + 0.1  # its own sleep, and its thread's
    assert account.layers[Layer.SIMULATED] >= 0.19  # one request, then two at once
    assert account.layers[Layer.SERVICE] > 0
    assert inside_of(account)["python -c", Layer.WAITING] >= 0.15
    assert inside_of(account)["python -c", Layer.IMPORTS] > 0
    assert inside_of(account)["python -c", Layer.INTERPRETER_START] > 0
    assert inside_of(account)["sleep", Layer.OWN_CODE] >= 0.09
    assert account.layers[Layer.OWN_CODE] > 0.01
    assert account.layers[Layer.IMPORTS] > 0.01
    assert explained(account) > 0.9


def test_processes_nest(busy: Traced) -> None:
    root = busy.timeline.root
    assert [child.name for child in root.children] == ["python -c", "sleep"]
    assert [child.is_python for child in root.children] == [True, False]
    for child in root.children:
        assert root.spawned < child.spawned <= child.started <= child.ended <= root.ended
        assert child.status == 0


def test_requests_are_matched_by_port(busy: Traced) -> None:
    exchanges = busy.timeline.exchanges
    assert sorted(one.path for one in exchanges) == ["/first", "/one", "/two"]
    for one in exchanges:
        assert one.served is not None
        assert one.served.path == one.path
        assert one.served.client_port == one.port
        assert (one.method, one.status, one.response) == ("POST", 200, b"ok hello")
        assert one.begin <= one.sent_begin <= one.sent_end <= one.first_byte <= one.last_byte
        assert one.call is not None
        assert one.connect is not None
    assert len({one.thread for one in exchanges}) >= 2


def test_requests_on_a_connection_that_is_kept(tmp_path: Path) -> None:
    program = """
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
for path in ("/one", "/two", "/fail"):
    connection.request("POST", path + "?secret=1", body=b"x" * 30_000)
    connection.getresponse().read()
"""
    with JournalServer.serving() as server:
        traced = trace_program(tmp_path, program, str(server.port), served=server.served)
    exchanges = traced.timeline.exchanges
    assert [one.path for one in exchanges] == ["/one", "/two", "/fail"]
    assert [one.status for one in exchanges] == [200, 200, 503]
    assert [one.connect is not None for one in exchanges] == [True, False, False]
    assert len({one.connection for one in exchanges}) == 1
    for one in exchanges:
        assert one.served is not None
        assert one.served.path.startswith(one.path)
        assert one.request_bytes > 30_000


def test_a_service_that_hangs_up(tmp_path: Path) -> None:
    program = """
import socket, threading, urllib.request
listener = socket.create_server(("127.0.0.1", 0))
def hang_up():
    listener.accept()[0].close()
threading.Thread(target=hang_up).start()
try:
    urllib.request.urlopen(f"http://127.0.0.1:{listener.getsockname()[1]}/x")
except OSError as error:
    print(type(error).__name__)
"""
    traced = trace_program(tmp_path, program)
    (one,) = traced.timeline.exchanges
    assert (one.path, one.status, one.served) == ("/x", 0, None)
    phases = account_of(traced.timeline, path_of(traced.timeline)).layers
    assert sum(phases.values()) == pytest.approx(traced.timeline.wall_ns / 1e9)


def test_nothing_recorded() -> None:
    with pytest.raises(NothingRecordedError, match="no Python process"):
        build_timeline((), 0, 1)


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["/v/bin/python", "-X", "dev", "-m", "pytest", "x"], "pytest"),
        (["/v/bin/python3.13", "/v/bin/codeflash", "--help"], "codeflash"),
        (["python", "-I", "-c", "x"], "python -c"),
        (["/a/jedi/__main__.py"], "__main__.py"),
        (["python", "/a/jedi/__main__.py"], "jedi/__main__.py"),
        (["/usr/bin/git", "status"], "git"),
        (["git status"], "git"),
        ([], "?"),
    ],
)
def test_names_of_programs(argv: list[str], name: str) -> None:
    assert program_name(argv) == name
