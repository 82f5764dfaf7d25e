"""The load: all requests are answered, and counted by the service itself."""

from __future__ import annotations

import pytest
from support.replaying import ANSWERS, free_ports
from support.sandbox import Sandbox

from bench.core.errors import UsageError
from bench.workloads.replay.load import Load, measure


@pytest.mark.parametrize(("reuse", "connections"), [(False, 60), (True, 4)])
def test_every_request_is_answered(*, reuse: bool, connections: int) -> None:
    ai, cf = free_ports(2)
    load = Load(clients=4, requests=60, body_bytes=100, reuse=reuse, rate=2000.0)
    found = measure(ANSWERS, load, (ai, cf))
    assert len(found.own_s) == len(found.inside_s) == len(found.seen_s) == 60
    assert (found.connections, found.failed) == (connections, 0)
    for own_s, inside_s in zip(found.own_s, found.inside_s, strict=True):
        assert 0 < own_s <= inside_s
    assert found.elapsed_s >= 59 / 2000


def test_a_service_that_does_not_start() -> None:
    ai, cf = free_ports(2)
    with pytest.raises(UsageError, match="There are no answers in"):
        measure(ANSWERS / "small" / "tests", Load(1, 1), (ai, cf))


def test_the_command(sandbox: Sandbox) -> None:
    ai, cf = map(str, free_ports(2))
    ports = "--ai-port", ai, "--cf-port", cf
    done = sandbox.bench("replay", "load", "--requests", "20", "--clients", "2", *ports, status=0)
    assert "20 requests from 2 clients over 20 connections" in done.stdout
    assert "the service's own" in done.stdout
    refused = sandbox.bench("replay", "load", "--requests", "0", *ports, status=2)
    assert "at least" in refused.stderr
