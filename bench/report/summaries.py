"""What the index says of a pair or a series, kept beside its page.

So the index is made without reading all rounds again. A summary is made from data, like its page,
and says by a digest from which: what lies in `data/` now, and the summary itself, are held against
it. One that does not fit is as good as none: its page is made anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.core.revision import Pair
from bench.formats.figure_style import MARKER

SUMMARY = "summary.json"
_FORMAT = 5  # raised where a page or its summary comes out otherwise from the same data
_DIGITS = 32


class PairRow(msgspec.Struct, frozen=True, kw_only=True):
    """A pair on one machine in one layer, as cells of the index; `is_bad` puts it on top."""

    layer: str
    name: str
    after: str
    slower: str
    faster: str
    other: str
    conditions: str
    is_bad: bool


class PairFigure(msgspec.Struct, frozen=True, kw_only=True):
    """The medians of a benchmark that was measured on head, in seconds, for the stack report."""

    benchmark: str
    python: str
    machine: str
    started_at: str
    base_s: float | None
    head_s: float


class PairBadge(msgspec.Struct, frozen=True, kw_only=True):
    """What the badge of a pair says; `kind` (worse, better or even) has a colour."""

    label: str
    words: str
    kind: str


class PairSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A pair. `layer` is its target's own; `newest` when the newest of the shown runs began.

    `why` is what counters say of its largest change, as Markdown; `badge` is of the machine that
    measured it last.
    """

    made: str = MARKER  # first, where it is looked for before a file is written over
    target: str
    layer: str
    pair: Pair
    newest: str
    rows: tuple[PairRow, ...]
    figures: tuple[PairFigure, ...] = ()
    badge: PairBadge | None = None
    why: str = ""
    unreadable: tuple[str, ...] = ()
    format: int = _FORMAT
    digest: str = ""

    @property
    def folder(self) -> str:
        """Where its pages lie, from `results/` on."""
        return f"{self.target}/{self.pair.label}"


class SeriesSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A series. `points` are seals of pairs, by label, that have no page because all are points."""

    made: str = MARKER
    target: str
    label: str
    ids: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    page: str
    triage: str = ""
    points: dict[str, str] = {}
    unreadable: tuple[str, ...] = ()
    format: int = _FORMAT
    digest: str = ""


_Summary = TypeVar("_Summary", PairSummary, SeriesSummary)


def encoded(summary: PairSummary | SeriesSummary, seal: str) -> bytes:
    """The file of a summary that was made from data with this seal."""
    whole = msgspec.structs.replace(summary, digest=_digest(summary, seal))
    return msgspec.json.format(_json(whole), indent=1) + b"\n"


def read_summary(file: Path, kind: type[_Summary], seal: str) -> _Summary | None:
    """A summary that is as it was written, from data that are as they were; None where not."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, ValueError, RecursionError):
        return None
    return found if found.format == _FORMAT and found.digest == _digest(found, seal) else None


def _digest(summary: PairSummary | SeriesSummary, seal: str) -> str:
    bare = msgspec.structs.replace(summary, digest="")
    return hashlib.sha256(seal.encode() + _json(bare)).hexdigest()[:_DIGITS]


def _json(summary: PairSummary | SeriesSummary) -> bytes:
    """Names of folders may hold bytes that are no text."""
    try:
        return msgspec.json.encode(summary)
    except UnicodeEncodeError:
        pass

    def plain(value: object) -> object:
        if isinstance(value, str):
            return value.encode(errors="backslashreplace").decode()
        if isinstance(value, dict):
            return {plain(key): plain(inner) for key, inner in value.items()}
        return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value

    return msgspec.json.encode(plain(msgspec.to_builtins(summary)))
