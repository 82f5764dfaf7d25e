"""Runs on disk: half-written, damaged, newer, full."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from support.runs import manifest, probed, revision, rounds, whole, written

from bench.core.errors import DataError
from bench.core.machine import Pinning
from bench.core.options import Options
from bench.core.revision import Pair
from bench.engine.store.events import Closed, Measured
from bench.engine.store.manifest import FORMAT, Manifest
from bench.engine.store.place import run_folders
from bench.engine.store.run import Journal, create_run, pair_folder, read_run, unfinished_run


def at_home(data: Path) -> Path:
    """Where the runs of `manifest()` lie."""
    return data / "sample" / "1.0..1.1" / "py3.13" / "box"


def journal(folder: Path) -> Path:
    return folder / "rounds.jsonl"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = written(tmp_path, whole(), "work")
    run = read_run(made.folder)
    assert run.events == tuple(whole())
    assert run.manifest == made.manifest
    assert run.dropped == 0
    assert len(run.rounds("work")) == 20
    assert run.closed


def test_options_of_every_kind_survive(tmp_path: Path) -> None:
    options = Options(benchmarks=("a*",), groups=("g",), rounds=1, alpha=1e-9, budget_s=1e9)
    made = create_run(tmp_path, manifest("work", options=options))
    assert read_run(made.folder).manifest.options == options


def test_layout(tmp_path: Path) -> None:
    pair = Pair(revision("1.0"), revision("1.1"), "")
    folder = pair_folder(tmp_path, "sample", pair, "3.13", manifest().machine)
    assert folder == tmp_path / "sample" / "1.0..1.1" / "py3.13" / "box"
    made = written(folder, whole(), "work")
    assert list(run_folders(tmp_path)) == [made.folder]


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_half_a_line_at_the_end_is_dropped(tmp_path: Path, cut: int) -> None:
    made = written(tmp_path, whole()[:6], "work")
    content = journal(made.folder).read_bytes()
    journal(made.folder).write_bytes(content[:-cut])
    run = read_run(made.folder)
    assert run.events == tuple(whole()[:5])
    assert run.dropped == len(content.splitlines()[-1]) + 1 - cut
    with Journal(run) as going_on:
        going_on.write(whole()[5])
    assert journal(made.folder).read_bytes() == content


def test_run_without_a_journal_or_with_an_empty_one(tmp_path: Path) -> None:
    made = create_run(tmp_path, manifest("work"))
    assert read_run(made.folder).events == ()
    journal(made.folder).touch()
    assert read_run(made.folder).events == ()


def replaced(line: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [*lines[:3], line, *lines[4:]]


DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "no JSON": replaced(b"\xf0\x28\x8c"),
    "zeros, as after a power cut": replaced(bytes(300)),
    "bad text in a string": replaced(b'{"event":"unavailable","benchmark":"\xff","sides":[]}'),
    "half of one": replaced(b'{"event":"round","round":{"bench'),
    "empty": replaced(b""),
    "unknown event": replaced(b'{"event":"party"}'),
    "missing figures": replaced(b'{"event":"round","round":{"benchmark":"work"}}'),
    "no event": replaced(b"[1]"),
    "two events": lambda lines: [*lines[:3], lines[3] + lines[4], *lines[5:]],
    "not a number": lambda lines: [*lines[:3], lines[3].replace(b'"user_s":', b'"user_s":NaN'),
                                   *lines[4:]],
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_line_is_named(tmp_path: Path, case: str) -> None:
    made = written(tmp_path, whole(), "work")
    lines = journal(made.folder).read_bytes().splitlines()
    journal(made.folder).write_bytes(b"\n".join(DAMAGE[case](lines)) + b"\n")
    with pytest.raises(DataError, match="line 4 is damaged") as raised:
        read_run(made.folder)
    assert str(journal(made.folder)) in raised.value.message
    assert "Restore the file" in raised.value.hint


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "newer": (lambda good: good | {"format": 99, "new": 1}, "newer version .format 99; this reads"),
    "no format": (lambda good: {k: v for k, v in good.items() if k != "format"}, "is damaged"),
    "format in words": (lambda good: good | {"format": "one"}, "is damaged"),
    "key missing": (
        lambda good: {k: v for k, v in good.items() if k != "pair"},
        "is damaged.*pair",
    ),
    "a list": (lambda _: [], "is damaged"),
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_manifest_that_cannot_be_used(tmp_path: Path, case: str) -> None:
    change, message = MANIFESTS[case]
    made = written(tmp_path, whole(), "work")
    file = made.folder / "run.json"
    file.write_bytes(msgspec.json.encode(change(msgspec.json.decode(file.read_bytes()))))
    with pytest.raises(DataError, match=message) as raised:
        read_run(made.folder)
    assert str(file) in raised.value.message


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 1, "run_id": "\xff"}', bytes(100)])
def test_manifest_that_is_no_json(tmp_path: Path, content: bytes) -> None:
    made = written(tmp_path, whole(), "work")
    (made.folder / "run.json").write_bytes(content)
    with pytest.raises(DataError, match="is damaged"):
        read_run(made.folder)


def test_folder_without_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        read_run(tmp_path)


def test_unfinished_run_is_the_newest_of_the_same_kind(tmp_path: Path) -> None:
    folder = at_home(tmp_path)
    wanted = manifest("work")
    for run_id in ("r1", "r2", "r3"):
        create_run(folder, manifest("work", run_id=run_id))
    create_run(folder, manifest("work", "more", run_id="r4"))
    create_run(folder, manifest("work", options=Options(rounds=9), run_id="r5"))
    damaged = create_run(folder, manifest("work", run_id="r6"))
    journal(damaged.folder).write_bytes(b"{\n")
    newer = create_run(folder, manifest("work", run_id="r8")).folder / "run.json"
    newer.write_text(newer.read_text().replace(f'"format": {FORMAT}', '"format": 99'))
    found, words = unfinished_run(folder, wanted)
    assert found is not None
    assert found.manifest.run_id == "r3"
    assert len(words) == 2
    assert f"{newer} was written by a newer version" in words[0]
    assert f"{journal(damaged.folder)}, line 1 is damaged" in words[1]
    complete = create_run(folder, manifest("work", run_id="r7"))
    with Journal(complete) as closing:
        closing.write(Closed(1.0, 1.0, 1.0))
    found, words = unfinished_run(folder, wanted)
    assert found is not None
    assert found.manifest.run_id == "r3"
    assert len(words) == 1, "what is older than a complete run is not told of again and again"
    assert unfinished_run(folder, manifest("another"))[0] is None
    assert unfinished_run(tmp_path / "nowhere", wanted) == (None, [])


def with_machine(**changes: object) -> Manifest:
    plain = manifest("work")
    return replace(plain, machine=replace(plain.machine, **changes))


def test_paths_in_the_home_directory_are_no_change(tmp_path: Path) -> None:
    """They are stored as `~/…`."""
    folder, home = at_home(tmp_path), {"SETTINGS": f"{Path.home()}/settings"}
    begun = create_run(folder, replace(manifest("work"), variables=home))
    found, words = unfinished_run(folder, replace(manifest("work"), variables=home))
    assert (found and found.folder, words) == (begun.folder, [])


CHANGES = {
    "the kernel (k before, 6.2 now)": with_machine(kernel="6.2"),
    "the CPU governor (g before, powersave now)": with_machine(governor="powersave"),
    "the clock source (c before, hpet now)": with_machine(clock_source="hpet"),
    "address space randomisation (2 before, 0 now)": with_machine(aslr="0"),
    "the cores (not pinned before, not pinned of isolated 1 now)": with_machine(isolated_cpus=(1,)),
    "the cores (not pinned before, 0,1 now)": replace(manifest("work"), cpus=(0, 1)),
    "simultaneous multithreading (not recorded before, off now)": with_machine(smt="off"),
    "the sandbox (none before, bubblewrap now)": replace(manifest("work"), sandbox="bubblewrap"),
    "the harness (not known before, abc-dirty now)": replace(
        manifest("work"), harness={"commit": "abc-dirty"}
    ),
    "the network (cut off before, open now)": replace(manifest("work"), network="open"),
    "the pinning of the machine": replace(
        manifest("work"), pinning=Pinning(pinned=True, checked="", this_boot=True)
    ),
    "the declaration of work": replace(
        manifest("work"), benchmarks=tuple(
            replace(one, digest="new") if one.declaration.name == "work" else one
            for one in manifest("work").benchmarks
        ),
    ),
    f"the format of data ({FORMAT} before, 1 now)": replace(manifest("work"), format=1),
}  # fmt: skip


@pytest.mark.parametrize("said", CHANGES)
def test_what_decides_must_not_change_between_sessions(tmp_path: Path, said: str) -> None:
    folder = at_home(tmp_path)
    create_run(folder, manifest("work"))
    found, words = unfinished_run(folder, CHANGES[said])
    assert found is None
    assert words == [
        f"the unfinished run r1 is not gone on with, because something changed since: {said}"
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("no permission to mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk_keeps_what_was_measured(small_disk: Path) -> None:
    made = create_run(small_disk, manifest("work"))
    events = [probed("work"), *rounds("work", [0.1] * 1000, [0.2] * 1000)]
    taken = 0
    with (  # noqa: PT012
        pytest.raises(DataError, match=r"No space left for .*rounds\.jsonl"),
        Journal(made) as writing,
    ):
        for event in events:
            writing.write(event)
            taken += 1
    run = read_run(made.folder)
    assert len(run.events) == taken > 20
    assert run.events == tuple(events[:taken])


def test_no_room_for_a_run(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * 60_000)
    with pytest.raises(DataError, match="No space left"):
        create_run(small_disk, manifest(*(f"benchmark-{i}" for i in range(200))))
    assert not list(small_disk.glob("*/run.json"))


def test_journal_that_cannot_be_opened(tmp_path: Path) -> None:
    made = create_run(tmp_path, manifest("work"))
    journal(made.folder).mkdir()
    with pytest.raises(DataError, match="can't be written"):
        Journal(made)


def test_lines_are_on_disk_before_the_next_thing_happens(tmp_path: Path) -> None:
    made = create_run(tmp_path, manifest("work"))
    with Journal(made) as writing:
        for count, event in enumerate(whole(), start=1):
            writing.write(event)
            assert len(read_run(made.folder).events) == count


def test_rounds_are_in_order(tmp_path: Path) -> None:
    run = read_run(written(tmp_path, whole(), "work").folder)
    measured = [event.round for event in run.events if isinstance(event, Measured)]
    assert run.rounds("work") == measured
    assert run.rounds("gone") == []


def test_run_is_two_files(tmp_path: Path) -> None:
    made = written(tmp_path, whole(), "work")
    assert {file.name for file in made.folder.iterdir()} == {"rounds.jsonl", "run.json"}
