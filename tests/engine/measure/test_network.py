"""Services beside the launcher: reached by measured processes only, and gone with the session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.bare import BARE, OPEN
from support.launching import ends, is_running, python
from support.sandbox import ROOT

from bench.engine.measure import network as module
from bench.engine.measure.client import Launcher, Outcome
from bench.engine.measure.network import NO_LOOPBACK, Network, Service, session_network
from bench.engine.sandbox.isolation import Isolation

CPUS = tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()

SERVER = """
import http.server, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        until = time.process_time() + 0.3
        while time.process_time() < until: pass
        self.send_response(200); self.end_headers()
        self.wfile.write(f"{os.getpid()} {sorted(os.sched_getaffinity(0))}".encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ASK = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8009/", timeout=20).read().decode())
"""
REACH_OUT = """
import socket
try: socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error: print(error)
"""
HARNESS = """
import os, sys
sys.path.insert(0, sys.argv[1])
from bench.core.workspace import find_workspace
from bench.engine.measure.network import Service, session_network
from bench.engine.sandbox.isolation import isolate
bare = isolate(find_workspace(), bare_because="a test")
with session_network([Service("x", tuple(sys.argv[2:]), 8009)], (), bare) as network:
    print(network.isolation.enter[-1], network.problem("x") or "fine", flush=True)
    sys.stdin.read()
"""


def service(code: str = SERVER, name: str = "sums") -> Service:
    return Service(name, (sys.executable, "-I", "-S", "-c", code, "8009"), 8009)


@contextmanager
def serving(*services: Service) -> Iterator[Network]:
    with session_network(services, CPUS, BARE) as found:
        if found.refusal:
            pytest.skip(found.refusal)
        yield found


def run(network: Network, folder: Path, code: str) -> tuple[Outcome, str]:
    with Launcher(network.isolation) as launcher:
        (outcome,) = launcher.run(
            [python(folder, code)], together=False, hash_seed=0, timeout_s=60, cpu=None
        )
    said = (folder / "stdout").read_text() + (folder / "stderr").read_text()
    assert outcome.status == 0, said
    return outcome, said.strip()


def test_a_service_answers_and_is_on_nobodys_account(tmp_path: Path) -> None:
    with serving(service()) as network:
        assert network.isolation.network.endswith(
            "loopback only (network namespace; sums on port 8009)"
        )
        outcome, said = run(network, tmp_path, ASK)
        assert outcome.sample is not None
        assert outcome.sample.wall_s > outcome.sample.cpu_s + 0.25  # it took 0.3 s of the server's
        assert network.services_cpu_s() >= 0.3
        process, cpus = said.split(" ", 1)
        assert is_running(int(process))
    assert ends(int(process))
    if len(CPUS) > 1:
        assert json.loads(cpus) == [network.service_cpu]
        assert network.service_cpu not in network.cpus_beside(CPUS)


def test_nothing_else_can_be_reached(tmp_path: Path) -> None:
    with serving(service()) as network:
        assert "unreachable" in run(network, tmp_path, REACH_OUT)[1]


def test_two_sessions_use_one_port(tmp_path: Path) -> None:
    with serving(service()) as one, serving(service()) as other:
        told = {run(network, tmp_path, ASK)[1].split()[0] for network in (one, other)}
    assert len(told) == 2


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("raise SystemExit('no port for me')", "exit status 1: no port for me"),
        ("import time; time.sleep(60)", "did not answer within 0.5 s"),
    ],
)
def test_a_service_that_does_not_start(
    code: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_READY_WITHIN_S", 0.5 if "sleep" in code else 60.0)
    fine = Service("fine", (*service().argv[:-1], "8010"), 8010)
    with serving(service(code, "broken"), fine) as network:
        assert network.problem("broken") == f"the server of broken does not answer: {how}"
        assert network.problem("fine") == ""


def test_a_service_that_dies(tmp_path: Path) -> None:
    with serving(service()) as network:
        process = int(run(network, tmp_path, ASK)[1].split()[0])
        assert network.problem("sums") == ""
        os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while not network.problem("sums") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert network.problem("sums") == "the server of sums does not answer: killed by signal 9"


def test_services_go_with_a_killed_harness(tmp_path: Path) -> None:
    for killed in ("harness", "keeper"):
        with subprocess.Popen(
            [sys.executable, "-c", HARNESS, ROOT, *service().argv],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as harness:  # fmt: skip
            assert harness.stdout is not None
            entrance, said = harness.stdout.readline().split(maxsplit=1)
            if "/proc/" not in entrance:
                harness.kill()
                pytest.skip(said)
            keeper = int(entrance.split("/proc/")[1].split("/")[0])
            (server,) = _children(keeper)
            os.kill(harness.pid if killed == "harness" else keeper, signal.SIGKILL)
            assert ends(server)
            assert ends(keeper)
            harness.kill()


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(one) for one in listed.split()]


def test_no_services_where_there_is_no_namespace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with session_network([service()], CPUS, Isolation(network="none")) as network:
        assert (network.services, network.refusal) == ((), NO_LOOPBACK)
        assert network.isolation.enter == ()


def test_no_services_on_an_open_network() -> None:
    with session_network([service()], CPUS, OPEN) as network:
        assert network.services == ()
        assert network.refusal.endswith(f"there is none: {OPEN.network}")
    with session_network([], CPUS, BARE) as network:
        assert network.refusal == ""
