"""Record mode, in front of a backend: here another replay service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.replaying import Replay, await_port, free_ports, replaying
from support.sandbox import ROOT

from bench.workloads.replay.recorder import REMOVED, cleaned

KEY = "cf-replay-small"
SECRETS = {
    "source_code": "def f(): return 'cf-abcdefghijklmnop1234'",
    "api_key": "something",
    "nested": [{"accessToken": "x", "note": "mail me at jo@example.org", "n": 5}],
    "url": "https://jo:hunter2@example.org/repo.git",
    "header": "Bearer abcdefghijklmnop",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
}


def test_what_is_recorded_is_replayed_without_secrets(tmp_path: Path) -> None:
    ports = free_ports(2)
    recorded = tmp_path / "recorded" / "mine"
    with replaying(tmp_path) as backend:
        command = [
            *(sys.executable, "-m", "bench", "replay", "record", str(recorded)),
            *("--ai", f"http://127.0.0.1:{backend.ai}", "--cf", f"http://127.0.0.1:{backend.cf}"),
            *("--ai-port", str(ports[0]), "--cf-port", str(ports[1])),
            *("--journal", str(tmp_path / "recorder.jsonl")),
        ]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            await_port(ports[0], process)
            from_recorder = Replay(ports[0], ports[1], tmp_path / "recorder.jsonl", process)
            first = from_recorder.ask("POST", "/ai/optimize", SECRETS)
            other = from_recorder.ask("POST", "/ai/optimize", {"source_code": "other"})
            user = from_recorder.ask("GET", "/cfapi/cli-get-user")
            assert from_recorder.ask("POST", "/ai/unknown", {})[0] == 501
            process.terminate()
        assert first == backend.ask("POST", "/ai/optimize", SECRETS)  # passed on unchanged
    assert first[0] == 200
    kept = [one for one in recorded.rglob("*") if one.is_file()]
    names = sorted(one.relative_to(recorded).parts[0] for one in kept)
    assert names == ["GET", "POST", "POST", "asked", "asked", "asked"]  # the 501 is not kept
    text = "\n".join(one.read_text() for one in kept)
    for secret in ("abcdefghijklmnop", "hunter2", "jo@", "eyJ", '"something"', KEY, '"bench"'):
        assert secret not in text
    with replaying(tmp_path, answers=tmp_path / "recorded") as service:
        again = {**SECRETS, "trace_id": "new each time"}
        assert service.ask("POST", "/ai/optimize", again, key="cf-mine") == first
        assert service.ask("POST", "/ai/optimize", {"source_code": "other"}, key="k") == other
        assert service.ask("POST", "/ai/optimize", {"source_code": "new"}, key="k")[0] == 501
        status, answer = service.ask("GET", "/cfapi/cli-get-user", key="k")
        assert (status, answer["min_version"]) == (user[0], user[1]["min_version"])
        assert answer["userId"] == REMOVED


def test_a_backend_that_is_not_there(tmp_path: Path) -> None:
    ai, cf, nobody = free_ports(3)
    command = [
        *(sys.executable, "-m", "bench", "replay", "record", str(tmp_path / "x")),
        *("--ai", f"http://127.0.0.1:{nobody}", "--cf", f"http://127.0.0.1:{nobody}"),
        *("--ai-port", str(ai), "--cf-port", str(cf)),
    ]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        await_port(ai, process)
        asked = Replay(ai, cf, tmp_path / "none", process)
        status, answer = asked.ask("POST", "/ai/rank", {})
        process.terminate()
    assert status == 502
    assert "can't be asked" in answer["error"]


def test_cleaning() -> None:
    told = json.loads(cleaned(json.dumps(SECRETS).encode()))
    assert told["api_key"] == told["nested"][0]["accessToken"] == REMOVED
    assert told["nested"][0]["n"] == 5
    assert told["source_code"] == f"def f(): return '{REMOVED}'"
    assert told["url"] == f"https://{REMOVED}@example.org/repo.git"
    assert cleaned(b"token ghp_abcdefghijklmnopqrstuvwxyz0123") == b"token removed"
