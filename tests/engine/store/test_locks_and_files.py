"""Locks that end with their holder, files that are whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.sandbox import ROOT

from bench.core.errors import DataError
from bench.core.files import write_atomically
from bench.core.lock import exclusive

HOLD = """
import sys, time
from pathlib import Path
from bench.core.lock import exclusive
with exclusive(Path(sys.argv[1]), shared=len(sys.argv) > 2):
    print("held", flush=True)
    time.sleep(600)
"""


def holder(file: Path, *shared: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, file, *shared], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "lock"
    with holder(file) as process:
        with pytest.raises(DataError, match=f"in use by process {process.pid}"), exclusive(file):
            pass
        process.kill()
        process.wait()
        with exclusive(file):
            assert file.read_text(encoding="utf-8").startswith(f"{os.getpid()} (")


def test_shared_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with holder(file, "shared") as process:
        with exclusive(file, shared=True):
            pass
        with pytest.raises(DataError, match="in use by process"), exclusive(file):
            pass
        process.kill()


def test_lock_is_given_back_when_something_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), exclusive(tmp_path / "lock"):
        raise KeyError
    with exclusive(tmp_path / "lock"):
        pass


def test_writing_is_all_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "new" / "file"
    write_atomically(file, "one")
    write_atomically(file, b"two")
    assert file.read_bytes() == b"two"
    assert file.stat().st_mode & 0o777 == 0o644
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "folder", b"three")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "new"]
