"""A service of our own, built, started, asked and compared between two of its revisions."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.bare import BARE
from support.sandbox import PYTHON, Sandbox, by_name
from support.small_service import REQUESTS, TARGET, make_service, write_requests

from bench.engine.measure.network import NO_LOOPBACK, session_network


def benchmark(name: str, service: str, rest: str = 'fixture = "llm"') -> str:
    return f'\n[[benchmark]]\nname = "{name}"\nservice = {{ {service} }}\n{rest}\n'


COLD = benchmark("cold-start", 'measure = "cold-start"')
LATENCY = benchmark("latency-4", 'measure = "latency", clients = 4, only = ["optimize"]')
CPU = benchmark("cpu", 'measure = "cpu"')


@pytest.fixture
def service(sandbox: Sandbox, shared: Path, tmp_path: Path) -> Sandbox:
    with session_network([], (), BARE, loopback=True) as network:
        if network.refusal:
            pytest.skip(NO_LOOPBACK)
    repository = tmp_path / "small-service"
    make_service(repository)
    made = Sandbox(sandbox.folder, sandbox.cache, repository)
    write_requests(made.workspace.targets, REQUESTS)
    return made


def measured(
    service: Sandbox, revisions: str, *benchmarks: str, status: int = 0, target: str = TARGET
) -> tuple[dict[str, Any], str]:
    service.write_target(target.format(python=PYTHON) + "".join(benchmarks), "small")
    done = service.bench(
        "run", "small", revisions, "--repo", service.repository, "--no-report", "--no-counters",
        "--rounds", "10", "--budget", "20", "--json", status=status,
    )  # fmt: skip
    documents = json.loads(done.stdout) if done.stdout.strip() else [{"benchmarks": []}]
    return by_name(documents[0]), done.stderr


@pytest.mark.slow
def test_what_a_revision_did_to_a_service(service: Sandbox) -> None:
    found, _ = measured(service, "v1.0.0..v1.1.0", COLD, CPU)
    for name in ("cold-start", "cpu"):
        assert found[name]["verdict"] == "slower", found[name]
        grown = found[name]["head_rss_bytes"] - found[name]["base_rss_bytes"]
        assert grown > 40e6, found[name]  # of the service, which the driver has waited for
    assert found["cold-start"]["metric"] == "value"
    (run,) = service.runs
    assert "llm on port 8002" in run.manifest.network
    for taken in run.rounds("cold-start"):
        assert min(taken.head.values_s) > 0.3  # what its start sleeps
    assert run.rounds("cpu")[0].base.values_s


def test_wrong_answers_are_no_values(service: Sandbox) -> None:
    found, errors = measured(service, "v1.0.0..broken", LATENCY)
    assert found["latency-4"]["verdict"] == "broken"
    assert "POST /optimize was answered with 500, not 200" in errors


@pytest.mark.parametrize(
    ("path", "told"),
    [("/die", "the service ended: exit status 7"), ("/hang", "timed out")],
)
def test_a_service_that_dies_or_hangs(service: Sandbox, path: str, told: str) -> None:
    write_requests(service.workspace.targets, [{"name": "bad", "path": path}])
    target = TARGET.replace("request_timeout_s = 5", "request_timeout_s = 1")
    only = benchmark("bad", 'measure = "latency"')
    _, errors = measured(service, "v1.0.0..v1.0.0", only, status=4, target=target)
    assert told in errors
    until = time.monotonic() + 60  # another test's service of the same environment ends by itself
    while left := [
        one for one in psutil.process_iter(["cmdline"]) if _is_small(one, service.cache)
    ]:
        assert time.monotonic() < until, left
        time.sleep(0.5)


def test_a_service_that_is_never_ready(service: Sandbox) -> None:
    target = (
        TARGET.replace('health = "/health"', 'health = "/hang"')
        .replace("ready_timeout_s = 20", "ready_timeout_s = 1")
        .replace("request_timeout_s = 5", "request_timeout_s = 0.5")
    )
    _, errors = measured(service, "v1.0.0..v1.0.0", COLD, status=4, target=target)
    assert "/hang was not answered with 200 within 1 s" in errors


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (benchmark("one", 'measure = "latency", only = ["nothing"]'), "only names 'nothing'"),
        (benchmark("one", 'measure = "size"'), "Invalid enum value 'size'"),
        (
            '\n[[benchmark]]\nname = "one"\nservice = { measure = "cpu" }\nscript = "x"\n',
            "exactly one",
        ),
    ],
)
def test_declarations_that_make_no_sense(service: Sandbox, text: str, told: str) -> None:
    _, errors = measured(service, "v1.0.0..v1.0.0", text, status=2)
    assert told in errors


def test_a_requests_file_that_is_not_there(service: Sandbox) -> None:
    (service.workspace.targets / "small.requests.json").unlink()
    _, errors = measured(service, "v1.0.0..v1.0.0", CPU, status=2)
    assert "small.requests.json: the requests of [service] cannot be read" in errors


def _is_small(process: psutil.Process, cache: Path) -> bool:
    words = process.info["cmdline"] or []
    return any(str(cache) in word and word.endswith("small-service") for word in words)
