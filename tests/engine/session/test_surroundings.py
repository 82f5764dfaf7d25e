"""Benchmarks that need a server beside them, or a HOME in a certain state."""

from __future__ import annotations

import pytest
from support.bare import BARE
from support.sandbox import Sandbox, by_name, target_text

from bench.engine.measure.network import NO_LOOPBACK, session_network

ASKS = """name = "asks"
fixture = "pip-index"
command = ["python", "-c",
           "import sys, socket; socket.create_connection(('127.0.0.1', int(sys.argv[1][-4:])))",
           "{service}"]"""
FINDS = """name = "finds"
prepare = ["python", "-c", "open('seed', 'x')"]
command = ["python", "-c", "import os; os.remove('seed')"]"""


def test_servers_and_prepared_homes(sandbox: Sandbox) -> None:
    with session_network([], (), BARE) as network:
        if not network.isolation.enter:
            pytest.skip(NO_LOOPBACK)
    sandbox.write_target(target_text(ASKS, FINDS))
    sandbox.run("v1.0.0..v1.0.1")
    (run,) = sandbox.runs
    for name in ("asks", "finds"):
        assert run.unavailable(name) is None
        assert len(run.rounds(name)) >= 10
    assert "loopback only (network namespace; pip-index on port 8001)" in run.manifest.network


def test_without_a_network_of_its_own_there_is_no_server(sandbox: Sandbox) -> None:
    sandbox.write_target(target_text(ASKS, FINDS, rest='network = "host"'))
    found = by_name(sandbox.results("v1.0.0..v1.0.1"))
    assert found["finds"]["verdict"]
    assert not found["asks"]["verdict"]
    assert 'network = "host"' in found["asks"]["reason"]
