"""`python -m bench claims`, from outside, on a repository with claims that are true and are not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.sample_project import Repository, sample_files
from support.sandbox import IMPORT, WORK, Sandbox, target_text


@pytest.fixture
def claiming(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """Slow at v1.0; then a commit that is as fast as it says, and one that changes nothing."""
    made = Repository.create(tmp_path / "clone")
    made.commit(sample_files("1.0.0", units=6), "First", tag="v1.0")
    faster = sample_files("1.0.0", units=1)
    made.commit(faster, "perf: fewer units\n\n`sample work` is 4x faster", tag="true")
    idle = sample_files("1.0.0", units=1, comment="# Nothing.\n")
    made.commit(idle, "perf: 3x faster units", tag="unclear")
    made.commit(faster, "docs: nothing is claimed", tag="quiet")
    sandbox.write_target(target_text(WORK, IMPORT))
    return replace(sandbox, repository=made.path)


def test_a_dry_run_lists_claims_and_what_would_test_them(claiming: Sandbox) -> None:
    done = claiming.bench(
        "claims", "sample", "v1.0..main", "--dry-run", "--repo", claiming.repository, status=0
    )
    assert "benchmark work" in done.stdout
    assert "it names no command, import or function" in done.stdout
    assert "2 claims in 3 commits, of which 1 can be tested." in done.stdout
    assert not claiming.workspace.data.exists()


def test_a_claim_is_tested_and_shown(claiming: Sandbox) -> None:
    words = ("claims", "sample", "v1.0..main", "--repo", claiming.repository, "--json")
    done = claiming.bench(*words, status=0)
    first, second = json.loads(done.stdout)["claims"]
    assert first["measured"]["verdict"] == "faster"
    assert first["verdict"] in {"holds", "more", "less"}
    assert second["verdict"] == "not testable here"
    page = next((claiming.workspace.results / "claims" / "sample").glob("*.md"))
    assert "sample work" in page.read_text()
    index = (claiming.workspace.results / "all.md").read_text()
    assert "## Claims" in index
    assert f"claims/sample/{page.name}" in index
    again = claiming.bench(*words, status=0)
    assert json.loads(again.stdout) == json.loads(done.stdout)
    assert "measuring" not in again.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("unclear..quiet",), "No message of"),
        (("v1.0..main", "--author", "nobody"), "No message of"),
        (("main..v1.0",), "is no ancestor of"),
        (("main..main",), "is one revision"),
        (("v1.0..main", "--message-of", "gone"), "there is no such commit"),
        (("v1.0..main", "--message-of", "quiet"), "That message of"),
    ],
)
def test_what_cannot_be_tested_is_said(
    claiming: Sandbox, words: tuple[str, ...], told: str
) -> None:
    done = claiming.bench("claims", "sample", *words, "--repo", claiming.repository, status=2)
    assert told in done.stderr
