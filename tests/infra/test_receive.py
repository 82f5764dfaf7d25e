"""infra/receive.py: what a machine's archive may do to data/, and what it may not."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.infrastructure import ROOT, archive_of

PLACE = "rich/1.0..2.0/py3.13/box/20261123T064157Z-0001"
HALF = '{"event":"round","index":0}\n'
CLOSED = '{"event":"closed"}\n'


def run_files(
    place: str = PLACE, rounds: str = HALF + CLOSED, block: str = "", **told: object
) -> dict[str, str]:
    """A run as a machine would send it."""
    parts = place.split("/")
    manifest: dict[str, object] = {"target": parts[0], "run_id": parts[-1]}
    manifest |= {"machine": {"name": parts[3]}, "options": {"block": block}} | told
    return {f"{place}/run.json": json.dumps(manifest), f"{place}/rounds.jsonl": rounds}


def receive(folder: Path, content: bytes, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "archive").write_bytes(content)
    program = [sys.executable, "-I", str(ROOT / "infra" / "receive.py"), str(folder / "archive")]
    return subprocess.run(
        [*program, "--data", str(folder / "data"), "--target", "rich", *more],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def everything(folder: Path) -> dict[str, str]:
    """All files below a folder, with their text."""
    files = [one for one in folder.rglob("*") if one.is_file()]
    return {str(one.relative_to(folder)): one.read_text(encoding="utf-8") for one in files}


def special(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """An archive with a good run and one member that nobody asked for."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in run_files().items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, link
        archive.addfile(entry)
    return buffer.getvalue()


def test_new_runs_arrive_and_a_second_time_change_nothing(tmp_path: Path) -> None:
    place = "calibration/box/rich-py3.13/20261123T064157Z-0002"
    files = run_files() | run_files(place, target="rich", machine={"name": "box"})
    first = receive(tmp_path, archive_of(files))
    assert (first.returncode, first.stderr) == (0, "")
    assert "2 new" in first.stdout
    assert everything(tmp_path / "data") == files
    assert "0 new, 0 continued, 2 already here" in receive(tmp_path, archive_of(files)).stdout
    assert everything(tmp_path / "data") == files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (special(f"{PLACE}/base.json", tarfile.SYMTYPE, "/etc/passwd"), "not a plain file"),
        (special(f"{PLACE}/base.json", tarfile.LNKTYPE, "/etc/passwd"), "not a plain file"),
        (special("rich/out", tarfile.SYMTYPE, "/"), "not a plain file"),
        (special(f"{PLACE}/base.json", tarfile.FIFOTYPE), "not a plain file"),
        (special("/etc/cron.d/x"), "not a path below data/"),
        (special("../../x"), "not a path below data/"),
        (special("rich/1.0..2.0/py3.13/box/../x"), "not a path below data/"),
        (special("./../x", tarfile.DIRTYPE), "not a path below data/"),
        (special(f"{PLACE}/.hidden"), "not a path below data/"),
        (special(f"{PLACE}/run.json"), "is in it twice"),
        (special("results/README.md"), "no file of a run of rich"),
        (special("README.md"), "no file of a run of rich"),
        (special("calibration/box/pip-py3.13/1/run.json"), "no file of a run of rich"),
        (special("rich/1.0..2.0/py3.13/box/other/rounds.jsonl"), "no run.json"),
        (archive_of(run_files("pip/1.0..2.0/py3.13/box/1")), "no file of a run of rich"),
        (archive_of(run_files(target="pip")), "is of another run"),
        (archive_of(run_files(run_id="other")), "is of another run"),
        (archive_of(run_files(machine={"name": "other"})), "is of another run"),
        (archive_of({f"{PLACE}/run.json": "[" * 100_000}), "no run.json that can be read"),
        (archive_of(run_files(rounds=HALF * 9999))[:-9], "did not arrive whole"),
        (b"no archive", "did not arrive whole"),
    ],
)
def test_one_bad_member_refuses_the_archive(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "data").mkdir()
    done = receive(tmp_path, content)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "nothing here was changed" in done.stderr
    assert {one.name for one in tmp_path.rglob("*")} == {"data", "archive"}


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(archive_of(run_files(rounds="0" * 2_000_000)))
    limited = "import receive, sys; receive.LIMIT_BYTES = 1_000_000; sys.exit(receive.main())"
    words = [f"{tmp_path}/archive", "--data", f"{tmp_path}/data", "--target", "rich"]
    done = subprocess.run(
        [sys.executable, "-c", limited, *words], env={"PYTHONPATH": str(ROOT / "infra")},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "more than 1,000,000 bytes" in done.stderr
    assert not list((tmp_path / "data").iterdir())


def changed(files: Mapping[str, str], name: str, text: str) -> dict[str, str]:
    return {**files, f"{PLACE}/{name}": text}


@pytest.mark.parametrize(
    ("here", "arriving", "reason"),
    [
        (run_files(), run_files(rounds=HALF), "differs from the one here"),
        (run_files(), run_files(rounds=HALF + CLOSED + HALF), "is complete"),
        (run_files(), changed(run_files(), "base.json", "{}"), "is complete"),
        (run_files(rounds=HALF), run_files(rounds="{}\n" + HALF), "differs from the one here"),
        (run_files(rounds=HALF), run_files(layer="other"), "run.json differs"),
        (changed(run_files(), "notes.txt", "mine"), run_files(), "did not arrive"),
    ],
)
def test_another_run_of_the_same_name_is_never_written_over(
    tmp_path: Path, here: dict[str, str], arriving: dict[str, str], reason: str
) -> None:
    assert receive(tmp_path, archive_of({**run_files(), **here})).returncode in {0, 1}
    for name, text in here.items():
        (tmp_path / "data" / name).write_text(text, encoding="utf-8")
    fresh = run_files(PLACE[:-1] + "2")
    done = receive(tmp_path, archive_of(arriving | fresh))
    assert done.returncode == 1
    assert reason in done.stderr
    assert everything(tmp_path / "data") == here | fresh  # what is new arrives all the same


def test_a_run_that_was_fetched_half_done_goes_on(tmp_path: Path) -> None:
    receive(tmp_path, archive_of(run_files(rounds=HALF + '{"event":"rou')))
    whole = changed(run_files(rounds=HALF * 2 + CLOSED), "base.json", "{}")
    done = receive(tmp_path, archive_of(whole))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 continued" in done.stdout
    assert everything(tmp_path / "data") == whole


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_no_link_here_is_followed(tmp_path: Path, depth: int) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link = tmp_path.joinpath("data", *PLACE.split("/")[:depth])
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    done = receive(tmp_path, archive_of(run_files()))
    assert done.returncode == 1
    assert "is a link, which is not followed" in done.stderr
    assert not everything(outside)


def test_a_fleet_host_brings_its_own_blocks_only(tmp_path: Path) -> None:
    own, other = run_files(block="f/1"), run_files(PLACE[:-1] + "2", block="f/2")
    done = receive(tmp_path, archive_of(own | other), "--block", "f/1", "--block", "f/3")
    assert done.returncode == 1
    assert "block 'f/2', which this host was not given" in done.stderr
    assert not everything(tmp_path / "data")
    assert receive(tmp_path, archive_of(own), "--block", "f/1").returncode == 0
    assert everything(tmp_path / "data") == own
