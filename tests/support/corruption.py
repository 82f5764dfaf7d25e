"""A hundred ways in which stored data goes bad: by a disk, by hand, on a foreign machine."""

from __future__ import annotations

import functools
import json
import random
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

Damage = Callable[[Path], object]
Lines = list[bytes]

ROUNDS, MANIFEST = "rounds.jsonl", "run.json"


def on_lines(change: Callable[[Lines], Lines]) -> Damage:
    """Change the lines of the journal."""

    def damage(folder: Path) -> None:
        file = folder / ROUNDS
        file.write_bytes(b"\n".join(change(file.read_bytes().splitlines())) + b"\n")

    return damage


def on_round(number: int, **changes: object) -> Damage:
    """Change members of a round, written `base__wall_s` where they lie deeper."""

    def change(lines: Lines) -> Lines:
        places = [place for place, line in enumerate(lines) if b'"event":"round"' in line]
        place = places[number]
        told = json.loads(lines[place])
        for path, value in changes.items():
            *outer, last = path.split("__")
            inside = told["round"]
            for key in outer:
                inside = inside[key]
            inside[last] = value
        lines[place] = json.dumps(told, separators=(",", ":")).encode()
        return lines

    return on_lines(change)


def on_manifest(*path: str, value: object) -> Damage:
    """Change a member of the manifest, and leave its digest as it is."""

    def damage(folder: Path) -> None:
        told = json.loads((folder / MANIFEST).read_bytes())
        inside = told
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = value
        (folder / MANIFEST).write_text(json.dumps(told, indent=1) + "\n")

    return damage


def replaced(name: str, old: bytes, new: bytes) -> Damage:
    """Replace text in a file, once."""

    def damage(folder: Path) -> None:
        content = (folder / name).read_bytes()
        assert old in content
        (folder / name).write_bytes(content.replace(old, new, 1))

    return damage


def flip(file: Path, seed: int) -> None:
    """Flip one bit somewhere before the last line's end."""
    content = bytearray(file.read_bytes())
    chance = random.Random(seed)
    content[chance.randrange(len(content) - 1)] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def flipped(name: str, seed: int) -> Damage:
    return lambda folder: flip(folder / name, seed)


def as_a_folder(file: Path) -> None:
    """Put a folder in the place of a file."""
    file.unlink()
    file.mkdir()


def as_a_link(file: Path) -> None:
    """Put the file elsewhere, and a link to it in its place."""
    away = file.with_name(f"{file.parent.name}-away.{file.name}")
    file.rename(away.with_suffix(".away"))
    file.symlink_to(away.with_suffix(".away"))


def swapped(one: int, other: int) -> Damage:
    def change(lines: Lines) -> Lines:
        lines[one], lines[other] = lines[other], lines[one]
        return lines

    return on_lines(change)


def with_sides_swapped(line: bytes) -> bytes:
    told = json.loads(line)
    if told["event"] == "round":
        taken = told["round"]
        taken["base"], taken["head"] = taken["head"], taken["base"]
    return json.dumps(told, separators=(",", ":")).encode()


def moved(levels: int, name: str) -> Damage:
    """Give a folder above the run (or its own, 0) another name."""

    def damage(folder: Path) -> None:
        parts = list(folder.parts)
        parts[len(parts) - 1 - levels] = name
        target = Path(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)

    return damage


def linked_folder(folder: Path) -> None:
    """Put the whole run outside `data/`, and a link to it in its place."""
    away = folder.parents[5] / "outside" / folder.name
    away.parent.mkdir(exist_ok=True)
    shutil.move(folder, away)
    folder.symlink_to(away)


def foreign(others: Sequence[Path]) -> dict[str, Damage]:
    """What comes from another run: `others` has one."""
    (other,) = others
    theirs = (other / ROUNDS).read_bytes().splitlines()
    a_round = next(line for line in theirs if b'"event":"round"' in line)

    def take(name: str) -> Damage:
        return lambda folder: shutil.copy(other / name, folder / name)

    return {
        "a round of another run": on_lines(lambda lines: [*lines[:9], a_round, *lines[9:]]),
        "rounds of another run": take(ROUNDS),
        "manifest of another run": take(MANIFEST),
        "second half of another run": on_lines(lambda lines: lines[:20] + theirs[20:]),
    }


_LEFT_RUNNING = b'{"event":"left-running","benchmark":"nobody","names":["x"]}'
LINES: dict[str, Damage] = {
    "two rounds swapped": swapped(10, 11),
    "rounds far apart swapped": swapped(8, 30),
    "first and last line swapped": swapped(0, -1),
    "sides of all rounds swapped": on_lines(lambda all_: [with_sides_swapped(one) for one in all_]),
    "sides of one round swapped": on_lines(
        lambda all_: [*all_[:12], with_sides_swapped(all_[12]), *all_[13:]]
    ),
    "a line twice": on_lines(lambda all_: [*all_[:10], all_[9], *all_[10:]]),
    "left running by nobody": on_lines(
        lambda all_: [*all_[:12], _LEFT_RUNNING, *all_[12:]]
    ),
    "all lines twice": on_lines(lambda all_: all_ * 2),
    "the last line twice": on_lines(lambda all_: [*all_, all_[-1]]),
    "first line gone": on_lines(lambda all_: all_[1:]),
    "a round gone": on_lines(lambda all_: all_[:15] + all_[16:]),
    "ten lines gone": on_lines(lambda all_: all_[:15] + all_[25:]),
    "all but the last gone": on_lines(lambda all_: all_[-1:]),
    "reversed": on_lines(lambda all_: all_[::-1]),
    "an empty line": on_lines(lambda all_: [*all_[:7], b"", *all_[7:]]),
    "two lines in one": on_lines(lambda all_: [*all_[:7], all_[7] + all_[8], *all_[9:]]),
    "a line in two": on_lines(lambda all_: [*all_[:7], all_[7][:50], all_[7][50:], *all_[8:]]),
    "half a line in the middle": on_lines(lambda all_: [*all_[:7], all_[7][:50], *all_[8:]]),
    "digest gone": on_lines(lambda all_: [*all_[:7], all_[7][:-44] + b"}", *all_[8:]]),
    "digest of zeros": on_lines(lambda all_: [*all_[:7], all_[7][:-34] + b"0" * 32 + b'"}',
                                              *all_[8:]]),
    "space in a line": replaced(ROUNDS, b'"round":{', b'"round": {'),
    "carriage returns": on_lines(lambda all_: [one + b"\r" for one in all_]),
    "BOM": on_lines(lambda all_: [b"\xef\xbb\xbf" + all_[0], *all_[1:]]),
    "UTF-16": on_lines(lambda all_: [b"\n".join(all_).decode().encode("utf-16")]),
    "invalid UTF-8": replaced(ROUNDS, b'"benchmark":"', b'"benchmark":"\xff'),
    "NUL bytes": on_lines(lambda all_: [*all_[:9], bytes(200), *all_[9:]]),
    "NUL in a name": replaced(ROUNDS, b'"benchmark":"', b'"benchmark":"\\u0000'),
    "zeros at the end": on_lines(lambda all_: [*all_, bytes(300)]),
    "a conflict of git": on_lines(lambda all_: [*all_[:9], b"<<<<<<< HEAD", *all_[9:]]),
    "a list": on_lines(lambda all_: [*all_[:9], b"[]", *all_[9:]]),
    "deeply nested": on_lines(lambda all_: [*all_[:9], b"[" * 100_000, *all_[9:]]),
    "unknown event": replaced(ROUNDS, b'"event":"round"', b'"event":"party"'),
    "not JSON": on_lines(lambda _: [b"hello"]),
}  # fmt: skip
FIGURES: dict[str, Damage] = {
    "faster by hand": on_round(3, head__user_s=0.001),
    "slower by hand": on_round(3, head__user_s=9.0),
    "negative time": on_round(3, base__wall_s=-0.1),
    "no time at all": on_round(3, base__user_s=0.0, base__system_s=0.0),
    "zero wall time": on_round(3, base__wall_s=0.0),
    "a huge time": on_round(3, base__wall_s=1e300),
    "NaN": on_round(3, base__wall_s=float("nan")),
    "infinity": on_round(3, base__wall_s=float("inf")),
    "beyond infinity": replaced(ROUNDS, b'"wall_s":', b'"wall_s":1e999,"was":'),
    "time in words": on_round(3, base__wall_s="0.1"),
    "no time": on_round(3, base__wall_s=None),
    "true": on_round(3, base__wall_s=True),
    "negative memory": on_round(3, head__peak_rss_bytes=-1),
    "more memory than there is": on_round(3, head__peak_rss_bytes=10**30),
    "half a page fault": on_round(3, head__minor_faults=0.5),
    "values without a script": on_round(3, head__values_s=[0.1, 0.2]),
    "time alone without a duet": on_round(3, head__alone_s=0.001),
    "negative time alone": on_round(3, head__alone_s=-0.001),
    "index too high": on_round(3, index=99),
    "index twice": on_round(3, index=0),
    "negative index": on_round(3, index=-1),
    "another benchmark": on_round(3, benchmark="stranger"),
    "another design": on_round(3, design="duet"),
    "unknown design": on_round(3, design="trio"),
    "another order": on_round(3, first="neither"),
    "another seed": on_round(3, hash_seed=1),
    "another core": on_round(3, cpu=77),
    "moment before time": on_round(3, started_at=-5.0),
    "a side missing": on_round(3, head=None),
}
MANIFESTS: dict[str, Damage] = {
    "empty": lambda folder: (folder / MANIFEST).write_bytes(b""),
    "truncated": lambda folder: (folder / MANIFEST).write_bytes(
        (folder / MANIFEST).read_bytes()[:700]
    ),
    "a list": lambda folder: (folder / MANIFEST).write_text("[]"),
    "gone": lambda folder: (folder / MANIFEST).unlink(),
    "a folder": lambda folder: as_a_folder(folder / MANIFEST),
    "BOM": replaced(MANIFEST, b"{", b"\xef\xbb\xbf{"),
    "invalid UTF-8": replaced(MANIFEST, b'"target": "', b'"target": "\xff'),
    "another target": on_manifest("target", value="other"),
    "target with dots": on_manifest("target", value="../../../etc"),
    "target that is absolute": on_manifest("target", value="/etc"),
    "target with NUL": on_manifest("target", value="a\0b"),
    "long target": on_manifest("target", value="x" * 5000),
    "machine with dots": on_manifest("machine", "name", value="../../x"),
    "another Python": on_manifest("python", value="3.11"),
    "Python with dots": on_manifest("python", value="../3.13"),
    "another id": on_manifest("run_id", value="20260101T000000Z-0000"),
    "a bad date": on_manifest("started_at", value="yesterday"),
    "a date that is none": on_manifest("started_at", value="2026-02-31T00:00:00+00:00"),
    "a date without zone": on_manifest("started_at", value="2026-02-01T00:00:00"),
    "a date as a number": on_manifest("started_at", value=17),
    "another seed": on_manifest("seed", value=1),
    "negative seed": on_manifest("seed", value=-1),
    "format in words": on_manifest("format", value="two"),
    "format of old": on_manifest("format", value=1),
    "format zero": on_manifest("format", value=0),
    "format of the future": on_manifest("format", value=99),
    "another kernel": on_manifest("machine", "kernel", value="9.9"),
    "another alpha": on_manifest("options", "alpha", value=0.9),
    "alpha above one": on_manifest("options", "alpha", value=7.0),
    "no rounds": on_manifest("options", "rounds", value=0),
    "a negative budget": on_manifest("options", "budget_s", value=-1.0),
    "no benchmarks": on_manifest("benchmarks", value=[]),
    "other cores": on_manifest("cpus", value=[5]),
    "head is base": lambda folder: _swap_sides(folder / MANIFEST),
}
PLACES: dict[str, Damage] = {
    "another run's name": moved(0, "20260101T000000Z-0000"),
    "a name that is no text": moved(0, "2026\udcff"),
    "a name of two lines": moved(0, "2026\n# x"),
    "another machine": moved(1, "other-machine"),
    "another Python": moved(2, "py3.9"),
    "no Python": moved(2, "backup"),
    "another pair": moved(3, "1.0..2.0"),
    "another target": moved(4, "other"),
    "linked rounds": lambda folder: as_a_link(folder / ROUNDS),
    "linked manifest": lambda folder: as_a_link(folder / MANIFEST),
    "linked folder": linked_folder,
    "rounds that are a folder": lambda folder: as_a_folder(folder / ROUNDS),
}
FLIPS: dict[str, Damage] = {
    **{f"{ROUNDS}, bit {seed}": flipped(ROUNDS, seed) for seed in range(20)},
    **{f"{MANIFEST}, bit {seed}": flipped(MANIFEST, seed) for seed in range(10)},
}


def _swap_sides(file: Path) -> None:
    told = json.loads(file.read_bytes())
    pair = told["pair"]
    pair["base"], pair["head"] = pair["head"], pair["base"]
    file.write_text(json.dumps(told))


def _figure_by_hand(file: Path) -> None:
    content = file.read_text()
    changed = re.sub(r'(?<=": )(\d+\.\d+)', "0.000123", content, count=1)
    if changed == content:
        changed = re.sub(r'(?<=": )(\d+)(?=,\n)', lambda one: one[1] + "1", content, count=2)
    assert changed != content
    file.write_text(changed)


DOCUMENTS: dict[str, Damage] = {
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-300]),
    "BOM": lambda file: file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes()),
    "invalid UTF-8": lambda file: file.write_bytes(
        file.read_bytes().replace(b'": "', b'": "\xff', 1)
    ),
    "zeros": lambda file: file.write_bytes(bytes(4000)),
    "a list": lambda file: file.write_text("[]"),
    "deeply nested": lambda file: file.write_text('{"a":' + "[" * 100_000),
    "a figure by hand": _figure_by_hand,
    "a folder": as_a_folder,
    "a link": as_a_link,
    "another name": lambda file: file.rename(file.with_name(f"x{file.name}")),
    "another folder": lambda file: shutil.move(
        file.parent, file.parent.with_name(f"x{file.parent.name}")
    ),
    **{f"bit {seed}": functools.partial(flip, seed=seed) for seed in range(8)},
}
