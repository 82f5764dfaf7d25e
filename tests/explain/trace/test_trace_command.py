"""`python -m bench trace` as a user calls it, with real processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.sandbox import EXTRA, PYTHON, Sandbox, target_text

from bench.engine.store.accounts import StackRecord, read_accounts

WORK = 'name = "work"\ncommand = ["sample", "work"]'
HASTY = 'name = "hasty"\ncommand = ["sample", "work"]\ntimeout_s = 0.4'


@pytest.fixture
def traced(sandbox: Sandbox) -> Sandbox:
    script = 'name = "script"\nscript = "sample"\ndefault = false'
    folder = sandbox.workspace.suites / "bm_sample"
    folder.mkdir(parents=True)
    (folder / "run_benchmark.py").write_text("", encoding="utf-8")
    sandbox.write_target(target_text(WORK, HASTY, EXTRA, script))
    return sandbox


def trace(sandbox: Sandbox, revisions: str, *options: str, status: int = 0) -> str:
    words = ("trace", "sample", revisions, "--repo", sandbox.repository, "--runs", "1")
    done = sandbox.bench(*words, *options, status=status)
    return done.stdout + done.stderr


def folder_of(sandbox: Sandbox, label: str, scenario: str) -> Path:
    pattern = f"cross-boundary/sample/{label}/py{PYTHON}/{scenario}"
    (folder,) = sandbox.workspace.profiles.glob(pattern)
    return folder


def test_one_revision(traced: Sandbox) -> None:
    said = trace(traced, "v1.0.0", "--scenario", "work")
    folder = folder_of(traced, "*", "work")
    assert ".." not in folder.parents[1].name
    assert str(folder / "README.md") in said
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "# `sample work`: where the time goes" in page
    assert "| **wall time**" in page
    assert "with the recorder" in page
    assert str(traced.folder) not in page
    assert (folder / "timeline.svg").exists()
    document = json.loads((folder / "trace.json").read_text(encoding="utf-8"))
    assert document["traceEvents"]
    assert str(traced.folder) not in json.dumps(document)
    (account,) = read_accounts(traced.workspace.data)
    assert isinstance(account, StackRecord)
    assert "cold start" in {one.rule for one in account.findings}
    assert str(traced.folder) not in str(account.findings)


def test_a_pair(traced: Sandbox) -> None:
    trace(traced, "v1.0.0..v1.1.0", "--scenario", "work", "--scenario", "extra")
    page = (folder_of(traced, "*..*", "work") / "README.md").read_text(encoding="utf-8")
    assert "what changed" in page
    assert "difference" in page
    assert "base-timeline.svg" in page
    assert "head-timeline.svg" in page
    assert (folder_of(traced, "*..*", "extra") / "head-trace.json").exists()


def test_a_run_that_fails_is_shown_as_far_as_it_went(traced: Sandbox) -> None:
    said = trace(traced, "fails", "--scenario", "work", status=4)
    assert "cannot work today" in said
    page = (folder_of(traced, "*", "work") / "README.md").read_text(encoding="utf-8")
    assert "Not all runs succeeded" in page
    assert "| **wall time**" in page


def test_a_run_that_hangs_leaves_nothing_behind(traced: Sandbox) -> None:
    said = trace(traced, "hangs", "--scenario", "hasty", status=4)
    assert "still running" in said
    page = (folder_of(traced, "*", "hasty") / "README.md").read_text(encoding="utf-8")
    assert "Not all runs succeeded" in page
    assert not _alive("4243")


def _alive(word: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words:
            found.append(file.parent.name)
    return found


@pytest.mark.parametrize(
    ("revisions", "options", "words", "status"),
    [
        ("v1.0.0", ["--scenario", "nothing"], "matches nothing", 2),
        ("v1.2.0", ["--scenario", "extra", "--scenario", "script"], "commands are traced", 4),
    ],
)
def test_mistakes(
    traced: Sandbox, revisions: str, options: list[str], words: str, status: int
) -> None:
    assert words in trace(traced, revisions, *options, status=status)
