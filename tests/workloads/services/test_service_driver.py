"""The driver of a service, beside a model that writes down what the service asks it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyperf
import pytest
from support.small_service import REQUESTS, service_program

from bench.core.counts import Counter
from bench.core.service import Request, ServiceMeasure, ServiceSpec, ServiceUse
from bench.engine.measure.invocations import SERVICE_DRIVER
from bench.engine.measure.traffic import counts
from bench.workloads.fixtures.catalogue import FIXTURES, prepare_fixture
from bench.workloads.journal import read_journal
from bench.workloads.services.driver import _free_port

LOOPS, VALUES, WARMUPS = 4, 2, 1
ONCE = {"name": "user", "method": "POST", "path": "/optimize", "json": {"code": ""}, "once": True}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_fixture("llm", tmp_path_factory.mktemp("cache"))


@contextmanager
def model(answers: Path, journal: Path) -> Iterator[str]:
    """The model's address; it writes down what it is asked."""
    server = FIXTURES["llm"].server
    assert server is not None
    port = _free_port()
    with subprocess.Popen(
        [sys.executable, "-I", server.program, answers, str(port), "--journal", journal]
    ) as process:
        try:
            deadline = time.monotonic() + 20
            while not _answers(port):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def drive(tmp_path: Path, address: str, *, keeps: bool, clients: int = 1) -> int:
    """One process of the driver; returns how many requests its clients sent."""
    program, told, result = (tmp_path / name for name in ("app.py", "told.json", "result.json"))
    program.write_text(service_program(keeps=keeps), encoding="utf-8")
    spec = ServiceSpec(
        command=(sys.executable, str(program), "{port}"),
        health="/health",
        request=msgspec.convert([*REQUESTS, ONCE], tuple[Request, ...]),
        env={"SMALL_MODEL": address, "SMALL_STORE": "{home}/store.sqlite"},
    )
    use = ServiceUse(measure=ServiceMeasure.LATENCY, clients=clients, only=("optimize",), repeats=2)
    told.write_bytes(msgspec.json.encode(use.completed(spec)))
    result.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, SERVICE_DRIVER, "--worker", "--worker-task=0", f"--warmups={WARMUPS}",
         f"--values={VALUES}", f"--loops={LOOPS}", "--output", result],
        env={**os.environ, "HOME": str(tmp_path), "BENCH_SERVICE": str(told)},
        check=True, timeout=60,
    )  # fmt: skip
    (taken,) = pyperf.Benchmark.load(str(result)).get_runs()
    assert len(taken.values) == VALUES
    return use.completed(spec).sent(LOOPS * (VALUES + WARMUPS))


def asked(journal: Path, at_least: int) -> dict[Counter, int]:
    """What the journal says, once it has so many requests: lines follow the answers."""
    deadline = time.monotonic() + 10
    while len(found := read_journal(journal)) < at_least:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return counts(found)


@pytest.mark.parametrize("keeps", [False, True])
def test_connections_are_counted(tmp_path: Path, answers: Path, *, keeps: bool) -> None:
    sent = 2 * 3 * LOOPS * (VALUES + WARMUPS)
    journal = tmp_path / "journal.jsonl"
    with model(answers, journal) as address:
        told = drive(tmp_path, address, keeps=keeps, clients=3)
        found = asked(journal, sent + 1)
    assert told == sent
    assert found[Counter.REQUESTS] == sent + 1  # and the one that is sent once
    assert found[Counter.REQUESTS_AGAIN] == 0
    kept = found[Counter.SERVICE_CONNECTIONS]
    assert kept == (1 + 3 * (VALUES + WARMUPS) if keeps else sent + 1)  # one a client's connection


def test_what_is_sent_again_is_counted(tmp_path: Path, answers: Path) -> None:
    sent = 2 * LOOPS * (VALUES + WARMUPS)
    journal = tmp_path / "journal.jsonl"
    with model(answers, journal) as address:
        told = drive(tmp_path, f"{address}/fails-1-of-5", keeps=True)
        found = asked(journal, sent + 1)
    assert told == sent
    again = found[Counter.REQUESTS_AGAIN]
    assert again == found[Counter.REQUESTS] // 5
    assert found[Counter.REQUESTS] == sent + 1 + again
