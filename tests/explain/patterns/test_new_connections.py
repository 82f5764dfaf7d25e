"""Connections that were not kept, told from stored traces of the same scenario."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
from support.synthetic_runs import RunPlan, machine_of
from support.tracing import JournalServer, trace_program

from bench.core.revision import Pair, Revision, Source
from bench.core.sample import Side
from bench.core.target import Benchmark
from bench.engine.store.accounts import (
    NEW_CONNECTIONS,
    Instance,
    KeptFinding,
    RunAccount,
    Saving,
    StackRecord,
    read_accounts,
    save_account,
)
from bench.explain.patterns.connections import new_connections
from bench.explain.rank.ranking import Ranking
from bench.explain.trace.findings.finding import Evidence
from bench.explain.trace.findings.rules import find
from bench.explain.trace.keep import kept
from bench.explain.trace.path import path_of

_OLD, _NEW = (
    Revision(source=Source.PYPI, name=version, identity=version, date="2026-05-01T00:00:00+00:00")
    for version in ("1.0", "2.0")
)
_ASK = """
import sys, urllib.request
for name in ("/a", "/b", "/c"):
    urllib.request.urlopen(sys.argv[1] + name, data=b"x").read()
"""


def connections(side: Side, cost_s: float) -> KeptFinding:
    savings = tuple(Saving(trip, cost_s + 3 * trip) for trip in (0.0002, 0.020, 0.100))
    return KeptFinding(
        side=side, rule=NEW_CONNECTIONS, subject="shop:80", cost_s=cost_s, savings=savings,
        grounds="computed", instances=(Instance(name="shop.client.ask"),),
        numbers={"reusable": 3, "requests": 4, "connections": 4, "on path": 3},
    )  # fmt: skip


def record(python: str, moment: str, *findings: KeptFinding) -> StackRecord:
    runs = tuple(RunAccount(side=side, wall_s=1.0, layers={"own code": 1.0}) for side in Side)
    return StackRecord(
        format=3, target="shop", scenario="order", note="", pair=Pair(_OLD, _NEW, "here"),
        python=python, machine=machine_of(RunPlan(())), network="cut off", started_at=moment,
        runs=runs, bare_s={}, findings=findings,
    )  # fmt: skip


def ranked(revision: Revision, scenario: str = "order") -> Ranking:
    """As much of a ranking as is asked for."""
    made = SimpleNamespace(
        target="shop",
        scenario=Benchmark(name=scenario, command=("shop",)),
        python="3.13",
        environment=SimpleNamespace(revision=revision),
    )
    return cast("Ranking", made)


def test_the_side_of_this_revision_is_told(tmp_path: Path) -> None:
    both = connections(Side.BASE, 0.002), connections(Side.HEAD, 0.001)
    save_account(record("3.13", "2026-06-02T10:00:00+00:00", *both), tmp_path)
    (old,) = new_connections(ranked(_OLD), tmp_path, 0.0005)
    assert (old.where, old.cost_s, old.pays) == ("shop:80", 0.002, True)
    assert "62.0 ms at a round trip of 20.0 ms" in old.evidence
    assert "`shop.client.ask`" in old.evidence
    assert "trace of 2026-06-02" in old.backed_by
    (new,) = new_connections(ranked(_NEW), tmp_path, 0.0005)
    assert new.cost_s == 0.001
    assert not list(new_connections(ranked(_NEW), tmp_path, 0.5))
    assert not list(new_connections(ranked(_NEW, "other"), tmp_path, 0.0005))
    other = msgspec.structs.replace(_NEW, identity="3.0")
    assert not list(new_connections(ranked(other), tmp_path, 0.0005))


def test_the_newest_trace_of_the_same_python_counts(tmp_path: Path) -> None:
    for python, moment, cost_s in (
        ("3.13", "2026-06-01T10:00:00+00:00", 0.004),
        ("3.13", "2026-06-03T10:00:00+00:00", 0.003),
        ("3.12", "2026-06-04T10:00:00+00:00", 0.002),
    ):
        save_account(record(python, moment, connections(Side.HEAD, cost_s)), tmp_path)
    (found,) = new_connections(ranked(_NEW), tmp_path, 0.0005)
    assert found.cost_s == 0.003


def test_older_files_without_findings_stay_readable(tmp_path: Path) -> None:
    made = record("3.13", "2026-06-02T10:00:00+00:00", connections(Side.HEAD, 0.002))
    file = save_account(made, tmp_path)
    content = json.loads(file.read_text(encoding="utf-8"))
    del content["findings"], content["digest"]
    file.write_text(json.dumps(content | {"format": 1}), encoding="utf-8")
    (read,) = read_accounts(tmp_path)
    assert isinstance(read, StackRecord)
    assert not list(new_connections(ranked(_NEW), tmp_path, 0.0))


def test_what_a_trace_finds_is_what_is_read(tmp_path: Path) -> None:
    with JournalServer.serving(delay_s=0.02) as server:
        timeline = trace_program(tmp_path, _ASK, server.url, served=server.served).timeline
    found = [kept(Side.HEAD, one) for one in find(Evidence(timeline, path_of(timeline)))]
    save_account(record("3.13", "2026-06-02T10:00:00+00:00", *found), tmp_path)
    (told,) = new_connections(ranked(_NEW), tmp_path, 0.0)
    assert told.where.endswith(str(server.port))
    assert told.evidence.startswith("2 connections")
