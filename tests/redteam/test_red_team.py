"""Head tries to win without being faster: it fails, or what it did is named beside the verdict.

`pytest -m slow tests/redteam` runs each attack in a session of its own; the suite runs a few of
them in one.
"""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.sandbox import Sandbox, by_name, target_text

from bench.core.result import CONTROL
from bench.engine.sandbox.isolation import isolate

PROGRAM = Path(__file__).with_name("attacks.py").read_text(encoding="utf-8")
HELPERS = {"work", "append", "site_packages", "skip_once_done"}
ATTACKS = [
    one.name
    for one in ast.parse(PROGRAM).body
    if isinstance(one, ast.FunctionDef) and one.name not in HELPERS
]
SOME = (
    "own_environment", "temporary_files", "link_to_secret", "kill_parent", "keep_a_server",
    "nothing_at_all", "fail_early",
)  # fmt: skip
MARK = "hunter2-0123456789abcdef"


def attacked(sandbox: Sandbox, folder: Path, *names: str) -> tuple[dict[str, Any], list[str]]:
    """The document of a run with these attacks, and what was changed or read that must not be."""
    secret, uv = folder / "secret", folder / "uv"
    secret.write_text(f"{MARK}\n", encoding="utf-8")
    uv.mkdir()
    sandbox.workspace.results.mkdir(parents=True, exist_ok=True)
    own = replace(sandbox, extra={"API_TOKEN": MARK, "UV_CACHE_DIR": str(uv)})
    places = {
        "data": own.workspace.data, "results": own.workspace.results, "cache": own.cache,
        "repository": own.repository, "uv": uv, "secret_file": secret, "mark": MARK[::-1],
    }  # fmt: skip
    told = json.dumps({name: str(place) for name, place in places.items()})
    tables = [
        f"name = {json.dumps(name.replace('_', '-'))}\n"
        f"command = {json.dumps(['python', '-c', PROGRAM, name, told])}"
        for name in names
    ]
    own.write_target(target_text(*tables))
    done = own.run("v1.0.0..v1.0.1", "--json", "--budget", "3", status=None)
    canaries = [*own.workspace.results.glob("canary"), uv / "canary",
                own.repository / ".git" / "canary"]  # fmt: skip
    wrong = [f"{one} was written" for one in canaries if one.exists()]
    texts = [done.stdout, done.stderr]
    texts += [one.read_text(errors="replace") for one in own.workspace.data.rglob("*.jsonl")]
    wrong += ["the secret was told"] if any(MARK in text for text in texts) else []
    for one in canaries:
        one.unlink(missing_ok=True)
    return json.loads(done.stdout)[0] if done.stdout.strip() else {}, wrong


def wins(document: dict[str, Any], name: str) -> bool:
    """Whether an attack is called faster and nothing beside the verdict says why."""
    found = by_name(document)[name.replace("_", "-")]
    aside = found.get("outputs") or {}
    named = aside.get("differs") or found.get("left_running") or found.get("only_inside")
    return found["verdict"] == "faster" and not named


@pytest.fixture
def isolated(own_cache: Sandbox) -> Sandbox:
    isolation = isolate(own_cache.workspace)
    if isolation.sandbox is None:
        pytest.skip(isolation.description)
    return own_cache


def test_no_attack_wins(isolated: Sandbox, tmp_path: Path) -> None:
    document, wrong = attacked(isolated, tmp_path, *SOME)
    assert wrong == []
    assert [name for name in SOME if wins(document, name)] == []
    assert by_name(document)[CONTROL]["available"]
    assert by_name(document)["fail-early"]["verdict"] == "broken"
    assert by_name(document)["keep-a-server"]["left_running"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_attack(own_cache: Sandbox, tmp_path: Path, name: str) -> None:
    document, wrong = attacked(own_cache, tmp_path, name)
    assert wrong == []
    assert not document or not wins(document, name)
    assert not document or by_name(document)[CONTROL]["verdict"] is not None
