"""Put the runs in a machine's archive into data/: `receive.py ARCHIVE --data data --target NAME`.

The machine ran other people's code, so its archive is not trusted. Every member is looked at first:
a link, a path that leads out, or anything but run folders of the target (with `--block`, of those
blocks) refuses the whole archive, and nothing is changed. A run that is here already stays as it
is, unless what arrives is the same run with more rounds. Needs the standard library only.

Exit statuses: 0 everything asked for is here, 1 something was refused, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Any

# A run has some hundred kilobytes; this is what a machine may fill the disk with.
LIMIT_BYTES = 2 << 30
_LIMIT_FILES = 100_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!~@=-]*")


class Refused(Exception):  # noqa: N818 - what happened to the archive, not an error of this program
    """Why an archive, or one run of it, was not taken."""


class _Limited:
    """A stream that ends with a reason instead of filling memory and disk."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._left = LIMIT_BYTES

    def read(self, size: int) -> bytes:
        content = self._stream.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise Refused(f"it unpacks to more than {LIMIT_BYTES:,} bytes")
        return content


def main() -> int:
    """Receive one archive; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, help="a .tar.gz of run folders")
    parser.add_argument("--data", type=Path, required=True, help="the data/ they go to")
    parser.add_argument("--target", required=True, help="the target whose runs were asked for")
    parser.add_argument("--block", action="append", help="a fleet's block; other runs are refused")
    options = parser.parse_args()
    try:
        options.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=options.data) as stage:
            folders = unpack(options.archive, Path(stage), options.target)
            for folder in folders:
                _check_manifest(Path(stage), folder, options.target, options.block)
            return _place_all(Path(stage), folders, options.data)
    except Refused as reason:
        print(f"receive: refused the archive: {reason}; nothing here was changed", file=sys.stderr)
    except OSError as error:
        print(f"receive: {error}", file=sys.stderr)
    return 1


def unpack(archive: Path, stage: Path, target: str) -> list[PurePosixPath]:
    """Unpack an archive member by member; returns its run folders. Raises `Refused`."""
    found: dict[PurePosixPath, None] = {}
    count = 0
    try:
        with gzip.open(archive) as whole:
            stream: Any = _Limited(whole)
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    count += 1
                    if count > _LIMIT_FILES:
                        raise Refused(f"it has more than {_LIMIT_FILES} files")
                    file = checked_path(member, target)
                    if file is not None:
                        found[file.parent] = None
                        _write(tar.extractfile(member), stage / file)
            while stream.read(1 << 20):  # to the end, where the checksum is
                pass
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Refused(f"it did not arrive whole ({error})") from error
    return list(found)


def checked_path(member: tarfile.TarInfo, target: str) -> PurePosixPath | None:
    """Where a member goes below data/, None for a folder. Raises `Refused`."""
    name = member.name.removeprefix("./").removeprefix("data/")
    parts = name.split("/")
    if member.type == tarfile.DIRTYPE:
        if name in {".", "data"} or all(map(_NAME.fullmatch, parts)):
            return None
    elif member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
        raise Refused(f"{member.name!r} is not a plain file")
    if not all(map(_NAME.fullmatch, parts)):
        raise Refused(f"{member.name!r} is not a path below data/")
    if not _is_of(target, parts):
        raise Refused(f"{member.name!r} is no file of a run of {target}")
    return PurePosixPath(*parts)


def _is_of(target: str, parts: list[str]) -> bool:
    """Whether these are `<target>/<pair>/py<version>/<machine>/<run>/<file>`, the same of a history
    (`<target>/history/<range>/<machine>/<series>/`), or a calibration with the target."""
    if parts[0] == "calibration":
        return len(parts) == 5 and parts[2].rpartition("-py")[0] == target
    return len(parts) == 6 and parts[0] == target


def _write(source: IO[bytes] | None, file: Path) -> None:
    assert source is not None  # it is a regular file
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("xb") as here:
            while block := source.read(1 << 20):
                here.write(block)
    except FileExistsError as error:
        raise Refused(f"{file.name} of {file.parent.name} is in it twice") from error


def _check_manifest(
    stage: Path, folder: PurePosixPath, target: str, blocks: list[str] | None
) -> None:
    """A folder's manifest is of the run that its path names, and of a block that was asked for."""
    history = folder.parts[1] == "history"
    file = stage / folder / ("series.json" if history else "run.json")
    try:
        told = json.loads(file.read_bytes())
        fields = told["target"], told["machine"]["name"], told["series_id" if history else "run_id"]
        block = told["options"].get("block", "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"{folder} has no {file.name} that can be read ({error})") from error
    machine = folder.parts[1 if folder.parts[0] == "calibration" else 3]
    if fields != (target, machine, folder.name):
        raise Refused(f"{folder}/{file.name} is of another run: {', '.join(map(str, fields))}")
    if blocks is not None and (history or block not in blocks):
        raise Refused(f"{folder} is block {block!r}, which this host was not given")


def _place_all(stage: Path, folders: list[PurePosixPath], data: Path) -> int:
    """Put the folders where they belong, say what became of them, and return the exit status."""
    counts = {"new": 0, "continued": 0, "already here": 0}
    refused = 0
    for folder in folders:
        try:
            counts[_place(stage / folder, data, folder)] += 1
        except Refused as reason:
            refused += 1
            print(f"receive: left out {folder}: {reason}", file=sys.stderr)
    print("runs: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return 1 if refused else 0


def _place(arrived: Path, data: Path, folder: PurePosixPath) -> str:
    """Put one folder into data/; returns what it is. Raises `Refused`."""
    here = data
    for part in folder.parts:
        here /= part
        if here.is_symlink():
            raise Refused(f"{here} is a link, which is not followed")
    if not here.exists():
        here.parent.mkdir(parents=True, exist_ok=True)
        arrived.rename(here)
        return "new"
    changed = [one for one in sorted(arrived.iterdir()) if _is_changed(one, here / one.name)]
    missing = [one.name for one in here.iterdir() if not (arrived / one.name).exists()]
    if missing:
        raise Refused(f"the one here has {', '.join(missing)}, which did not arrive")
    if changed and _is_complete(here):
        raise Refused("the one here is complete, and is kept")
    # The rounds last: they say whether the run is complete.
    for file in sorted(changed, key=lambda one: one.name == "rounds.jsonl"):
        file.replace(here / file.name)
    return "continued" if changed else "already here"


def _is_complete(folder: Path) -> bool:
    """Whether a run's last line says that everything was measured."""
    journal = folder / "rounds.jsonl"
    lines = journal.read_bytes().splitlines() if journal.exists() else []
    return bool(lines) and b'"event":"closed"' in lines[-1]


def _is_changed(arrived: Path, here: Path) -> bool:
    """Whether a file is new or a longer journal. Raises `Refused` when it would overwrite one."""
    if here.is_symlink():
        raise Refused(f"{here} is a link, which is not followed")
    if not here.exists():
        return True
    there, ours = arrived.read_bytes(), here.read_bytes()
    if there == ours:
        return False
    # Half a line at the end was never a round; whoever goes on with the run drops it.
    kept = ours[: ours.rfind(b"\n") + 1]
    if here.suffix == ".jsonl" and there.startswith(kept):
        return True
    raise Refused(f"{here.name} differs from the one here, which is kept")


if __name__ == "__main__":
    sys.exit(main())
