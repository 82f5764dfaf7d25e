"""What a measured service asked its model: on the page of a pair, and in its JSON."""

from __future__ import annotations

import msgspec
import pytest
from support.pages import unglued
from support.synthetic_runs import Made, RunPlan, control, write_run

from bench.core.counts import Counter
from bench.core.sample import Design, Metric, Sample
from bench.core.service import Request, ServiceMeasure, ServiceSpec, ServiceUse
from bench.core.target import Benchmark
from bench.core.workspace import Workspace
from bench.engine.evaluation import evaluate
from bench.engine.store.events import Measured
from bench.engine.store.run import Journal, Run, read_run
from bench.report.pair.upstream_section import traffic_of
from bench.report.write import write_report

ASKS = Benchmark(
    name="ask",
    fixture="llm",
    service=ServiceUse(
        measure=ServiceMeasure.LATENCY,
        of=ServiceSpec(command=("serve",), request=(Request(name="ask", path="/ask"),)),
    ),
)
PLAN = RunPlan((control(), Made(ASKS, design=Design.PAIRS, metric=Metric.VALUE, rounds=6)))


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """Base opens a connection for each request and sends none again; head the other way round."""
    folder = write_run(workspace, PLAN)
    found = read_run(folder)
    (folder / "rounds.jsonl").unlink()
    with Journal(read_run(folder)) as journal:
        for event in found.events:
            if isinstance(event, Measured) and event.round.benchmark == ASKS.name:
                taken = msgspec.structs.replace(
                    event.round,
                    base=counted(event.round.base, requests=40, connections=40, again=0),
                    head=counted(event.round.head, requests=50, connections=0, again=10),
                )
                journal.write(msgspec.structs.replace(event, round=taken))
            else:
                journal.write(event)
    return read_run(folder)


def counted(sample: Sample, *, requests: int, connections: int, again: int) -> Sample:
    counts = {
        Counter.REQUESTS: requests,
        Counter.SERVICE_CONNECTIONS: connections,
        Counter.REQUESTS_AGAIN: again,
        Counter.CLIENT_REQUESTS: 40,
    }
    return msgspec.structs.replace(sample, counts=counts)


def test_the_page_counts_connections_and_what_was_sent_again(
    workspace: Workspace, run: Run
) -> None:
    (page,) = (write_report(workspace).results / "sample").rglob("README.md")
    text = unglued(page.read_text(encoding="utf-8"))
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    rows = {one[1]: one[2:] for one in cells if one[:1] == ["`ask`"] and len(one) == 6}
    assert rows == {
        "base": ["240", "1.00", "1.00", "0"],
        "head": ["240", "1.25", "0.00", "60 of 300"],
    }
    assert "Base opened a new connection for each request." in text
    assert "Head used connections again." in text


def test_the_figures_for_scripts(run: Run) -> None:
    results = {one.name: one for one in evaluate(run).results}
    assert traffic_of(run, results["python-startup"]) is None
    found = traffic_of(run, results["ask"])
    assert found is not None
    assert found.rounds == 6
    assert found.head[Counter.REQUESTS_AGAIN] == 60
