"""`run --watch`: a line a benchmark at each save, and what Ctrl-C leaves."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.sample_project import Repository
from support.sandbox import Sandbox

_PATIENCE_S = 120.0


@pytest.fixture
def mine(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """A clone at v1.0.0 without any change."""
    shutil.copytree(sandbox.repository, tmp_path / "mine")
    Repository(tmp_path / "mine").git("checkout", "--quiet", "v1.0.0")
    return Sandbox(sandbox.folder, sandbox.cache, tmp_path / "mine")


@contextmanager
def watching(mine: Sandbox, *options: str) -> Iterator[subprocess.Popen[str]]:
    how = ("--watch", "--rounds", "10", *options)
    with mine.start("run", "sample", "--repo", mine.repository, *how) as process:
        limit = threading.Timer(_PATIENCE_S, process.kill)
        limit.start()
        try:
            yield process
        finally:
            limit.cancel()
            process.kill()


def lines_until(process: subprocess.Popen[str], words: str, stream: str = "stdout") -> list[str]:
    """What is said up to a line with these words."""
    lines: list[str] = []
    for line in getattr(process, stream):
        lines.append(line.rstrip("\n"))
        if words in line:
            return lines
    raise AssertionError(f"{words!r} was not said: {lines}")


def save(mine: Sandbox, text: str) -> None:
    """As editors do: nobody sees half a file."""
    half = mine.folder / "half"
    half.write_text(text, encoding="utf-8")
    half.replace(mine.repository / "sample" / "behaviour.py")


def test_each_save_is_measured_and_kept(mine: Sandbox) -> None:
    with watching(mine) as process:
        lines_until(process, "nothing is changed yet", "stderr")
        save(mine, 'UNITS = 4\nHOW = ""\n')
        first = lines_until(process, "after the save")
        assert first[0].endswith("HEAD + 1 file: sample/behaviour.py")
        assert any("work" in line and "slower" in line for line in first)
        assert not any("against the last save" in line for line in first)
        save(mine, "UNITS = (\n")
        lines_until(process, "SyntaxError", "stderr")
        save(mine, 'UNITS = 4\nHOW = ""\n')
        lines_until(process, "as measured before")
        process.send_signal(signal.SIGINT)
        assert "2 saves measured; kept in" in lines_until(process, "kept in")[-1]
        assert process.wait(timeout=_PATIENCE_S) == 0
    assert [run.is_complete for run in mine.runs] == [True, True]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("v1.0.0..main",), "names another head"),
        (("--json",), "--watch and --json exclude each other"),
        (("--dry-run",), "--watch and --dry-run exclude each other"),
        (("main..", "--worktree", "--every", "2"), "--watch and a history exclude each other"),
    ],
)
def test_what_excludes_watching(mine: Sandbox, words: tuple[str, ...], why: str) -> None:
    done = mine.bench("run", "sample", *words, "--watch", "--repo", mine.repository, status=2)
    assert why in done.stderr
