"""Which run a session goes on with, and what it says of one it leaves."""

from __future__ import annotations

from pathlib import Path

from support.sandbox import Sandbox

COMMAND = ("run", "sample", "v1.0.0..v1.1.0", "--benchmark", "work", "--no-tests", "--no-counters",
           "--rounds", "2", "--no-report")  # fmt: skip


def unclose(folder: Path) -> list[bytes]:
    """Leave a run as if it had been killed before its end."""
    file = folder / "rounds.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]))
    return lines[:-1]


def test_a_damaged_unfinished_run_is_said_and_a_new_one_is_begun(sandbox: Sandbox) -> None:
    sandbox.bench(*COMMAND, "--repo", sandbox.repository, status=0)
    (run,) = sandbox.runs
    rounds = len(run.rounds("work"))
    lines = unclose(run.folder)
    done = sandbox.bench(*COMMAND, "--repo", sandbox.repository, status=0)
    assert "going on with the unfinished run" in done.stdout + done.stderr
    (run,) = sandbox.runs
    assert run.closed
    assert len(run.rounds("work")) == rounds, "nothing is measured twice"

    lines[-2] = lines[-2].replace(b":1", b":2", 1)
    (run.folder / "rounds.jsonl").write_bytes(b"".join(lines))
    done = sandbox.bench(*COMMAND, "--repo", sandbox.repository, status=0)
    said = " ".join((done.stdout + done.stderr).split())
    assert f"rounds.jsonl, line {len(lines) - 1} is not the line that was written" in said
    assert "It is left as it is, and nothing of it is used." in said
    folders = {folder for folder in run.folder.parent.iterdir() if folder.is_dir()}
    assert len(folders) == 2
    assert (run.folder / "rounds.jsonl").read_bytes() == b"".join(lines)
