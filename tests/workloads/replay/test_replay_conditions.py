"""Distance, size and failure, on purpose."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest
from support.replaying import replaying

from bench.core.errors import UsageError
from bench.workloads.journal import read_journal
from bench.workloads.replay.conditions import Condition, Conditions, filled_up, read_conditions

FILE = """
seed = 3
[[endpoint]]
path = "/ai/rank"
latency_s = 0.05
jitter_s = 0.05
payload_bytes = 5000
bandwidth_bytes_s = 100000
[[endpoint]]
path = "/cfapi/*"
error_rate = 1
[[endpoint]]
path = "/ai/explain"
error_rate = 1
error = "garbage"
[[endpoint]]
path = "/ai/optimize"
error_rate = 1
error = "close"
[[endpoint]]
path = "/ai/refinement"
error_rate = 1
error = "hang"
[[endpoint]]
path = "/ai/log_features"
error_rate = 1
error = "die"
"""


def test_what_is_asked_for_happens(tmp_path: Path) -> None:
    (tmp_path / "conditions.toml").write_text(FILE, encoding="utf-8")
    with replaying(tmp_path, "--conditions", str(tmp_path / "conditions.toml")) as service:
        status, ranking = service.ask("POST", "/ai/rank", {"diffs": ["a"]})
        assert (status, ranking["ranking"]) == (200, [0])
        assert service.ask("GET", "/cfapi/cli-get-user")[0] == 503
        with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
            service.ask("POST", "/ai/explain", {})
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            service.ask("POST", "/ai/optimize", {})
        with pytest.raises(TimeoutError):
            service.ask("POST", "/ai/refinement", [], timeout_s=0.3)
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            service.ask("POST", "/ai/log_features", {})
        assert service.process.wait(timeout=10) == 70
    told = {one.path: one for one in read_journal(service.journal)}
    rank = told["/ai/rank"]
    assert rank.response_bytes == pytest.approx(5000, abs=20)
    assert rank.simulated_s > 0.05 + 5000 / 100000
    assert rank.own_s < rank.simulated_s
    assert told["/cfapi/cli-get-user"].error
    assert told["/ai/explain"].error
    assert (told["/ai/refinement"].status, told["/ai/optimize"].status) == (0, 0)
    assert told["/ai/refinement"].simulated_s > 0.1
    assert "/ai/log_features" not in told


def test_chance_is_the_same_each_time() -> None:
    given = (Condition(path="/ai/*", jitter_s=1.0, error_rate=0.5),)
    first, again = Conditions(given, 7), Conditions(given, 7)
    met = [first.meet("POST", "/ai/rank") for _ in range(40)]
    assert [again.meet("POST", "/ai/rank") for _ in range(40)] == met
    assert len({one.wait_s for one in met}) == 40
    assert 5 < sum(one.failure is not None for one in met) < 35
    assert [Conditions(given, 8).meet("POST", "/ai/rank") for _ in range(40)] != met
    assert first.meet("GET", "/cfapi/x").wait_s == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[endpoint]]\nlatency = 1", "latency"),
        ("not toml", "c.toml"),
        ("[[endpoint]]\njitter_s = -1", ">= 0"),
    ],
)
def test_conditions_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_conditions(file)


@pytest.mark.parametrize("body", [b'{"a":1}', b"{}", b'{"a": {}}\n'])
def test_padding_leaves_an_object_an_object(body: bytes) -> None:
    filled = filled_up(body, 500)
    assert {**json.loads(filled), "padding": ""} == {**json.loads(body), "padding": ""}
    assert 500 <= len(filled) <= 520


def test_padding_leaves_the_rest_alone() -> None:
    assert filled_up(b"true", 100) == b"true"
    assert filled_up(b'{"a":1}', 3) == b'{"a":1}'
