"""Give blocks to hosts: a new fleet, or the gaps of one that was begun."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.core.errors import UsageError
from bench.core.revision import Pair
from bench.engine.fleet.record import (
    FLEET_FORMAT,
    Block,
    Fleet,
    missing_blocks,
    read_fleets,
)


def plan_fleet(
    data: Path,
    target: str,
    pair: Pair,
    pythons: Sequence[str],
    hosts: Sequence[str],
    blocks: int | None,
    words: Sequence[str],
) -> Fleet:
    """The newest fleet of the same pair and options that has gaps, or a new one.

    `blocks`: how many a Python; None is one for each host, or as many as the fleet with gaps has.
    Block i of a Python goes to host i modulo their number. Gaps whose
    host is not among the `hosts` any more go to the one that has least to do. Raises `UsageError`
    without hosts.
    """
    if not hosts:
        raise UsageError(
            "A fleet needs hosts.", "Add machines to the group bench of the inventory."
        )
    for known in read_fleets(data, target, pair):
        same = _is_same(known, pythons, blocks, words)
        if same and missing_blocks(data, known):
            return reassigned(known, data, hosts)
    wanted = [python for python in pythons for _ in range(blocks or len(hosts))]
    now = datetime.now(UTC)
    return Fleet(
        format=FLEET_FORMAT,
        fleet_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        target=target,
        pair=pair,
        words=tuple(words),
        blocks=tuple(
            Block(index, python, hosts[index % len(hosts)]) for index, python in enumerate(wanted)
        ),
        created_at=now.isoformat(timespec="seconds"),
    )


def _is_same(
    known: Fleet, pythons: Sequence[str], blocks: int | None, words: Sequence[str]
) -> bool:
    counts = Counter(block.python for block in known.blocks)
    if counts.keys() != set(pythons) or known.words != tuple(words):
        return False
    return blocks is None or set(counts.values()) == {blocks}


def reassigned(fleet: Fleet, data: Path, hosts: Sequence[str]) -> Fleet:
    """The same fleet with the missing blocks of hosts that are gone given to others.

    A host that is still there keeps its blocks: it may have half of one.
    """
    missing = missing_blocks(data, fleet)
    load = Counter(dict.fromkeys(hosts, 0))
    load.update(block.host for block in missing if block.host in hosts)
    moved: dict[int, str] = {}
    for block in missing:
        if block.host not in hosts:
            moved[block.index] = min(hosts, key=lambda host: load[host])
            load[moved[block.index]] += 1
    return msgspec.structs.replace(
        fleet,
        blocks=tuple(
            Block(block.index, block.python, moved.get(block.index, block.host))
            for block in fleet.blocks
        ),
    )
