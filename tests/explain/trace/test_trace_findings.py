"""Rules over timelines of real programs that do what the rules look for."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from support.tracing import JournalServer, trace_program

from bench.core.sample import Side
from bench.core.workspace import find_workspace
from bench.engine.store.accounts import KeptFinding, StackRecord, read_accounts
from bench.explain.trace.findings.finding import ROUND_TRIPS_S, BoundaryFinding, Evidence
from bench.explain.trace.findings.page import findings_table
from bench.explain.trace.findings.rules import find
from bench.explain.trace.findings.words import evidence_of, title_of
from bench.explain.trace.keep import kept
from bench.explain.trace.path import path_of

ASK = """
import json, subprocess, sys, time, urllib.request
url = sys.argv[1]
def ask(path, body=b""):
    try:
        return urllib.request.urlopen(url + path, data=body).read()
    except urllib.error.HTTPError as error:
        return error.read()
"""


def findings(folder: Path, program: str) -> dict[str, BoundaryFinding]:
    with JournalServer.serving(delay_s=0.02) as server:
        traced = trace_program(folder, ASK + program, server.url, served=server.served)
    found = find(Evidence(traced.timeline, path_of(traced.timeline)))
    for one in found:  # what is kept under data/ reads as it did before
        read = msgspec.json.decode(msgspec.json.encode(kept(Side.HEAD, one)), type=KeptFinding)
        assert (title_of(read), [*evidence_of(read)]) == (title_of(one), [*evidence_of(one)])
    return {one.rule: one for one in found}


def test_a_connection_for_each_request(tmp_path: Path) -> None:
    found = findings(tmp_path, 'for name in ("/a", "/b", "/c"):\n    ask(name, name.encode())\n')
    one = found["connections"]
    assert title_of(one).startswith("2 connections")
    assert one.handshakes == 2
    near, _, far = (one.saving_s(trip) for trip in ROUND_TRIPS_S)
    assert far - near == pytest.approx(2 * (ROUND_TRIPS_S[2] - ROUND_TRIPS_S[0]))
    assert "saves at" in findings_table([one], 1.0, None)


def test_the_same_again(tmp_path: Path) -> None:
    found = findings(tmp_path, 'ask("/same", b"body")\nask("/other")\nask("/same", b"body")\n')
    assert "requested 2 times" in title_of(found["redundant"])
    assert "`POST /same`" in title_of(found["redundant"])


def test_requests_that_could_go_together(tmp_path: Path) -> None:
    """A request that carries anything of the answer before it depends on it."""
    program = """
answer = json.loads(ask("/token"))
ask("/with", answer["token"].encode())
ask("/lone", b"something that is known from the start")
"""
    one = findings(tmp_path, program)["independent"]
    assert title_of(one).startswith("1 request")
    assert "`POST /lone`" in evidence_of(one)[0]


def test_a_child_in_between_may_have_said_something(tmp_path: Path) -> None:
    program = 'ask("/a", b"1")\nsubprocess.run(["true"])\nask("/b", b"2")\n'
    assert "independent" not in findings(tmp_path, program)


def test_content_that_was_sent_before(tmp_path: Path) -> None:
    program = """
source = json.dumps({"source": "\\n".join(f"def function_{n}(argument):" for n in range(900))})
ask("/optimize", source.encode())
subprocess.run(["true"])
ask("/explain", source.encode())
"""
    one = findings(tmp_path, program)["payloads"]
    assert "`POST /explain`" in evidence_of(one)[0]
    assert one.handshakes >= 2  # larger than what leaves at once, on new connections


def test_answers_that_are_of_no_use(tmp_path: Path) -> None:
    one = findings(tmp_path, 'ask("/fail", b"x")\ntime.sleep(0.01)\nask("/fail", b"x")\n')[
        "retries"
    ]
    assert title_of(one).startswith("2 requests")
    assert "1 of them was sent again" in evidence_of(one)[-1]


def test_the_same_imports_in_each_child(tmp_path: Path) -> None:
    program = """
for _ in range(3):
    subprocess.run([sys.executable, "-c", "import argparse, email.message"], check=True)
"""
    found = findings(tmp_path, program)
    assert "started 3 times" in title_of(found["repeated imports"])
    assert "`email.message`" in evidence_of(found["repeated imports"])[1]
    assert title_of(found["process starts"]).startswith("3 child processes")
    assert found["exits"].cost_s > 0
    assert "first request or child process" in title_of(found["cold start"])
    assert "saves at" not in findings_table([*found.values()], 1.0, None)  # no service is far


def test_asking_for_a_newer_version(tmp_path: Path) -> None:
    program = """
import socket
def refuse(*_):
    time.sleep(0.01)
    raise socket.gaierror("no network here")
real, socket.getaddrinfo = socket.getaddrinfo, refuse
try:
    urllib.request.urlopen("https://pypi.org/pypi/sample/json", timeout=2)
except OSError:
    pass
"""
    one = findings(tmp_path, program)["version check"]
    assert "pypi.org/pypi/sample/json" in evidence_of(one)[0]
    assert "URLError" in evidence_of(one)[0]
    assert one.cost_s >= 0.01


def test_serialisers(tmp_path: Path) -> None:
    program = """
import pickle
data = {str(n): [n] * 10 for n in range(3000)}
json.loads(json.dumps(data))
pickle.loads(pickle.dumps(data))
"""
    one = findings(tmp_path, program)["serialisation"]
    assert one.cost_s > 0
    assert any("`json.dumps` took" in line for line in evidence_of(one))


def test_nothing_to_find(tmp_path: Path) -> None:
    assert set(findings(tmp_path, "")) <= {"cold start", "exits"}


def test_findings_kept_in_prose_are_shown_as_they_are() -> None:
    """Format 2, as committed."""
    records = [one for one in read_accounts(find_workspace().data) if isinstance(one, StackRecord)]
    old = [found for one in records if one.format == 2 for found in one.findings]
    assert old
    for one in old:
        assert title_of(one) == one.title
        assert evidence_of(one) == one.evidence
