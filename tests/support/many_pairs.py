"""A `data/` of a thousand pairs, for how long a report takes: `python many_pairs.py DATA [1000]`.

Each pair is one committed run under another head, some days later, so that pages are as full as
real ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from bench.engine.store.manifest import Manifest
from bench.engine.store.run import Journal, Run, create_run, pair_folder, read_run

COMMITTED = Path(__file__).parents[2] / "data/codeflash/0.20.5..0.20.6/py3.13"


def write_pairs(data: Path, numbers: range, model: Run | None = None) -> Iterator[Path]:
    """Write a run for each number; yields its folder."""
    model = model or read_run(sorted(COMMITTED.glob("intel-*/*/"))[-1])
    for number in numbers:
        manifest = _numbered(model.manifest, number)
        pair = manifest.pair
        folder = pair_folder(data, manifest.target, pair, manifest.python, manifest.machine)
        run = create_run(folder, manifest)
        with Journal(run) as journal:
            for event in model.events:
                journal.write(event)
        yield run.folder


def _numbered(manifest: Manifest, number: int) -> Manifest:
    """The same run of another head, an hour later for each number."""
    replace = msgspec.structs.replace
    name = f"0.21.{number}"
    head = replace(manifest.pair.head, name=name, identity=name)
    started = datetime.fromisoformat(manifest.started_at) + timedelta(hours=number)
    return replace(
        manifest,
        run_id=f"{started:%Y%m%dT%H%M%SZ}-{number:04x}",
        pair=replace(manifest.pair, head=head),
        head=replace(
            manifest.head, revision=head, recipe=replace(manifest.head.recipe, identity=name)
        ),
        started_at=started.isoformat(),
    )


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print(len(list(write_pairs(Path(sys.argv[1]), range(count)))), "pairs")
