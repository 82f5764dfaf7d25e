"""Secrets planted in variables, URLs and outputs are found nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sandbox import Sandbox

from bench.core.errors import UsageError
from bench.core.secrets import without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:hunter2@localhost/x.git", "https://localhost/x.git"),
        ("https://ghp_0123456789@localhost/x", "https://localhost/x"),
        ("ssh://git@localhost/x.git", "ssh://git@localhost/x.git"),
        ("git@localhost:x.git is not changed", "git@localhost:x.git is not changed"),
        ("the key is s3cr3t-value, twice s3cr3t-value",
         "the key is [value of MY_API_KEY], twice [value of MY_API_KEY]"),
        ("short stays", "short stays"),
    ],
)  # fmt: skip
def test_what_is_shown(monkeypatch: pytest.MonkeyPatch, text: str, shown: str) -> None:
    monkeypatch.setenv("MY_API_KEY", "s3cr3t-value")
    monkeypatch.setenv("OTHER_TOKEN", "short")
    assert without_secrets(text) == shown


def test_errors_hold_none() -> None:
    error = UsageError("https://me:hunter2@localhost failed", "git clone https://me:hunter2@x")
    assert "hunter2" not in f"{error} {error.args} {error.message} {error.hint}"


def test_url_with_a_password_reaches_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clone's own address, and what git says of it."""
    monkeypatch.setenv("DEPLOY_TOKEN", "planted-4711")
    made = sandbox.bench(
        "run", "sample", "v1.0.0..v1.0.1", "--repo", sandbox.repository, "--rounds", "1",
        "--benchmark", "work", "--no-tests", "--no-counters", "--json", status=0,
    )  # fmt: skip
    target = sandbox.workspace.targets / "sample.toml"
    lines = [line for line in target.read_text().splitlines() if not line.startswith("clone")]
    target.write_text("\n".join(['clone = "https://me:planted-4711@localhost:9/x.git"', *lines]))
    failed = sandbox.bench("run", "sample", "main~1..main", status=2)
    said = made.stdout + made.stderr + failed.stdout + failed.stderr
    assert "could not be cloned" in failed.stderr
    assert "planted-4711" not in said
    assert not list(_holding(sandbox.folder, "planted-4711", target))


def _holding(folder: Path, secret: str, but: Path) -> list[Path]:
    files = (file for file in folder.rglob("*") if file.is_file() and file != but)
    return [file for file in files if secret.encode() in file.read_bytes()]
