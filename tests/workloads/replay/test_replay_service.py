"""The replay service as a client of its sees it."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.replaying import PROGRAM, Replay, free_ports, replaying
from support.sandbox import ROOT

from bench.workloads.journal import Exchange, read_journal
from bench.workloads.replay.answers import PLACE, read_answers

TESTS = {
    "generated_tests": "import shelf\n",
    "instrumented_behavior_tests": f"tell('{PLACE}')\n",
    "instrumented_perf_tests": f"time('{PLACE}')\n",
    "raw_generated_tests": "import shelf\n",
}


def journal(service: Replay, count: int) -> tuple[Exchange, ...]:
    """The exchanges, once there are so many: a line comes after its answer."""
    deadline = time.monotonic() + 10
    while len(found := read_journal(service.journal)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def hand_in(service: Replay, version: str, text: str = "") -> tuple[int, object]:
    tests = [{**TESTS, "generated_tests": text or TESTS["generated_tests"]}]
    told = {"scenario": "small", "codeflash_version": version, "tests": tests}
    return service.ask("PUT", "/replay/tests", told)


def test_answers_are_those_of_the_scenario_that_the_key_names(tmp_path: Path) -> None:
    with replaying(tmp_path) as service:
        _, small = service.ask("POST", "/ai/optimize", {})
        _, typed = service.ask("POST", "/ai/optimize", {}, key="cf-replay-typed")
        assert [len(one["optimizations"]) for one in (small, typed)] == [1, 3]
        assert service.ask("GET", "/cfapi/is-github-app-installed?repo=a&owner=b") == (200, "true")
        assert service.ask("POST", "/ai/rank", {"diffs": ["a", "b"]})[1] == {"ranking": [0, 1]}
        asked = [{"optimization_id": one} for one in ("typed-2", "typed-4", "other")]
        _, refined = service.ask("POST", "/ai/refinement", asked, key="cf-replay-typed")
        parents = [one["parent_id"] for one in refined["refinements"]]
        assert parents == ["typed-2", "typed-4"]


def test_what_is_not_known_is_refused_and_told(tmp_path: Path) -> None:
    with replaying(tmp_path) as service:
        status, answer = service.ask("POST", "/ai/quantum", {})
        assert status == 501
        assert "no answer to POST /ai/quantum" in answer["error"]
        assert service.ask("GET", "/", key="cf-replay-nobody")[0] == 501
        told = journal(service, 2)
        assert [one.status for one in told] == [501, 501]
        assert "quantum" in told[0].error
        service.process.terminate()
        assert service.process.stderr is not None
        assert "no answer to POST /ai/quantum" in service.process.stderr.read()


def test_tests_are_those_that_the_clients_version_handed_in(tmp_path: Path) -> None:
    asked = {
        "codeflash_version": "1",
        "test_index": 0,
        "test_module_path": "tests.test_f__unit_test_0",
    }
    with replaying(tmp_path) as service:
        status, answer = service.ask("POST", "/ai/testgen", asked)
        assert (status, "handed in by codeflash 1" in answer["error"]) == (501, True)
        assert hand_in(service, "1")[0] == 200
        assert hand_in(service, "2", "other\n")[0] == 200
        _, first = service.ask("POST", "/ai/testgen", asked)
        _, second = service.ask("POST", "/ai/testgen", {**asked, "codeflash_version": "2"})
        assert first["instrumented_behavior_tests"] == "tell('tests.test_f__unit_test_0')\n"
        assert first["instrumented_perf_tests"] == "time('tests.test_f__perf_test_0')\n"
        assert second["generated_tests"] == "other\n"
        assert hand_in(service, "1")[0] == 200  # once more the same
        status, answer = hand_in(service, "1", "not the same\n")
        assert status == 409
        assert isinstance(answer, dict)
        assert "can't be told apart" in answer["error"]


def test_a_request_that_makes_no_sense(tmp_path: Path) -> None:
    with replaying(tmp_path) as service:
        status, answer = service.ask("POST", "/ai/rank", [1])
        assert status == 500
        assert service.ask("POST", "/ai/rank", {"diffs": []})[0] == 200
        assert "no answer to this request" in answer["error"]
        assert "TypeError" in journal(service, 2)[0].error


def test_a_client_that_found_nothing_is_doubtful(tmp_path: Path) -> None:
    with replaying(tmp_path) as service:
        for found in (True, False):
            told = {"trace_id": "t", "is_optimization_found": found}
            assert service.ask("POST", "/cfapi/mark-as-success", told)[0] == 200
        assert [bool(one.error) for one in journal(service, 2)] == [False, True]


def test_connections_and_bytes_are_counted(tmp_path: Path) -> None:
    with replaying(tmp_path) as service:
        for _ in range(3):
            service.ask("POST", "/ai/log_features", {"a": 1})
        kept = http.client.HTTPConnection("127.0.0.1", service.ai)
        for _ in range(3):
            service.ask("POST", "/ai/log_features", {"a": 1}, connection=kept)
        kept.close()
        service.ask("GET", "/cfapi/cli-get-user")
        told = journal(service, 7)
    assert len({one.connection for one in told[:3]}) == 3
    assert len({one.connection for one in told[3:6]}) == 1
    assert len({one.client_port for one in told[3:6]}) == 1
    assert [one.service for one in told] == ["ai"] * 6 + ["cf"]
    assert {one.request_bytes for one in told[:6]} == {len(json.dumps({"a": 1}))}
    assert len({one.request_header_bytes for one in told[:6]}) == 1
    assert all(one.request_header_bytes > 50 < one.response_header_bytes for one in told)
    for one in told:
        assert one.received_ns <= one.body_ns <= one.handled_ns <= one.sent_ns
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert told[-1].sent_ns < now < told[-1].sent_ns + 60e9  # one clock for all processes


def test_bodies_are_kept_on_demand(tmp_path: Path) -> None:
    with replaying(tmp_path, "--keep-bodies") as service:
        service.ask("POST", "/ai/log_features", {"a": "é"})
        assert json.loads(journal(service, 1)[0].request_body) == {"a": "é"}


def test_port_in_use(tmp_path: Path) -> None:
    with replaying(tmp_path) as service:
        (other,) = free_ports(1)
        second = [*(sys.executable, "-m", "bench", "replay", "serve"), "--ai-port", str(service.ai)]
        tried = subprocess.run(
            [*second, "--cf-port", str(other)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert tried.returncode == 2
    assert f"Port {service.ai} is in use" in tried.stderr
    assert f"(process {service.process.pid})" in tried.stderr
    assert "Traceback" not in tried.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serve", "{tmp}/nothing"], "There are no answers in"),
        (["serve", "--scenario", "smal"], "Scenarios: large, small, typed"),
        (["serve", "--error-rate", "2"], "error_rate"),
        (["serve", "--conditions", "{tmp}/none.toml"], "The conditions cannot be read"),
        (["record", "{tmp}/x", "--ai", "nonsense", "--cf", "http://x"], "is not the address"),
    ],
)
def test_what_a_user_can_get_wrong(arguments: list[str], message: str, tmp_path: Path) -> None:
    words = [one.replace("{tmp}", str(tmp_path)) for one in arguments]
    tried = subprocess.run(
        [sys.executable, "-m", "bench", "replay", *words],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert tried.returncode == 2
    assert message in tried.stderr
    assert "Traceback" not in tried.stderr


def test_program_says_what_is_wrong(tmp_path: Path) -> None:
    tried = subprocess.run(
        [sys.executable, "-I", PROGRAM, tmp_path, "1"], capture_output=True, text=True, check=False
    )
    assert tried.returncode == 2
    assert tried.stderr.startswith(f"There are no answers in {tmp_path}.")


def test_every_scenario_is_read() -> None:
    answers = read_answers(ROOT / "bench" / "workloads" / "replay" / "answers")
    assert {"small", "typed", "large"} < answers.files.keys()
