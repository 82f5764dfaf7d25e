"""Whether base and head print the same and end alike: less work looks faster."""

from __future__ import annotations

import dataclasses
import difflib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Self

from bench.core.files import read_plain
from bench.core.result import Outputs
from bench.core.sample import Side
from bench.core.secrets import without_secrets
from bench.engine.measure.client import Invocation
from bench.engine.measure.invocations import Subject

_READ_BYTES = 4 << 20
_READ_IN_ROUNDS = 256 << 10
_FEW = 0.1  # of rounds: so many do not move a verdict, and some programs vary now and then
_RUNS = 2  # of each side: the first runs may set something up
_STATUS = "exit status"
_ONCE = " (one run of each side)"
_LINES, _LINE_LENGTH = 6, 100  # of an excerpt
_WINDOW = 40

Names = Sequence[tuple[re.Pattern[str], str]]

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_UNIT = r"(?:ns|[uµμ]s|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?)"
# What is another one in each run of the same program, and what stands for it.
_PASSING = [
    (re.compile(pattern), name)
    for pattern, name in (
        (r"(?:/private)?/(?:tmp|var/tmp|var/folders)/[^\s'\"`:,;)\]}>]+", "<temporary path>"),
        (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<uuid>"),
        (r"\b0x[0-9a-fA-F]{4,}\b", "<address>"),
        (
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?(?!\d)",
            "<date>",
        ),
        (
            rf"\b(?:{_DAY},? +)?(?:\d\d? {_MONTH}|{_MONTH} +\d\d?)(?:,? \d{{4}})?\b",
            "<date>",
        ),
        (r"\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\b", "<time>"),
        (rf"\b\d+(?:[.,]\d+)?(?:e-?\d+)? ?{_UNIT}\b", "<duration>"),
        (r"\b1[6-9]\d{8}(?:\.\d+)?\b", "<time>"),
        (r"(?i)\b(?:pid|process)[ =:#]+\d+\b", "<process>"),
    )
]


def normalised(text: str, names: Names) -> str:
    """The text without times, dates, addresses and process ids; `names` are replaced first."""
    for pattern, name in (*names, *_PASSING):
        text = pattern.sub(name, text)
    return text


def names_of(base: Subject, head: Subject) -> Names:
    """What each side has of its own: paths, versions and commits."""
    found = [*base.own_names, *head.own_names]
    return [(re.compile(pattern), name) for pattern, name in found]


@dataclass(frozen=True)
class _Printed:
    """One process: its exit status and, by name, its streams."""

    status: int
    streams: dict[str, str]

    @classmethod
    def of(cls, invocation: Invocation, status: int, most_bytes: int) -> Self:
        """What its files hold, as far as it is read."""
        files = {"standard output": invocation.stdout, "standard error": invocation.stderr}
        return cls(status, {name: _read(file, most_bytes) for name, file in files.items()})

    def normalised(self, names: Names) -> Self:
        """The same without what changes from run to run."""
        streams = {name: normalised(text, names) for name, text in self.streams.items()}
        return dataclasses.replace(self, streams=streams)


@dataclass
class OutputsSeen:
    """Takes note of every process that a probe runs; told by the round taker after each."""

    names: Names
    printed: dict[Side, list[_Printed]] = field(default_factory=lambda: {side: [] for side in Side})

    def note(self, side: Side, invocation: Invocation, status: int) -> None:
        """A process has ended; its output is in its files."""
        printed = _Printed.of(invocation, status, _READ_BYTES).normalised(self.names)
        self.printed[side].append(printed)

    def compared(self) -> Outputs | None:
        """What is to be said of the last runs of each side; None where a side has none."""
        last = {side: found[-_RUNS:] for side, found in self.printed.items()}
        if not all(last.values()):
            return None
        statuses = [{one.status for one in found} for found in last.values()]
        differs = [_STATUS] if statuses[0] != statuses[1] else []
        excerpt = f"{_listed(statuses[0])} → {_listed(statuses[1])}" if differs else ""
        varying: set[Side] = set()
        for name in last[Side.BASE][0].streams:
            texts = {side: {one.streams[name] for one in found} for side, found in last.items()}
            several = {side for side, found in texts.items() if len(found) > 1}
            varying |= several
            if not several and texts[Side.BASE] != texts[Side.HEAD]:
                differs.append(name)
                (base,), (head,) = texts.values()
                excerpt = excerpt or first_difference(base, head)
        once = all(len(found) == 1 for found in last.values())
        return Outputs(
            differs=tuple(name + _ONCE * once for name in differs),
            varying=tuple(side for side in Side if side in varying),
            excerpt=excerpt,
        )


@dataclass
class _Tally:
    """How many rounds were looked at, in how many each stream differed, and where base varies."""

    tried: int = 0
    differing: dict[str, int] = field(default_factory=dict)
    base: _Printed | None = None
    varying: set[str] = field(default_factory=set)
    excerpt: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class RoundOutputs:
    """Holds the two sides of each round against each other, and base against itself.

    A program could behave as long as it is looked at, and do less when it is timed. And what a
    probe saw in a single run of each side (`doubted`) may be what base does by itself, such as the
    frames of a spinner.
    """

    names: Names
    doubted: bool = False
    _tally: _Tally = field(default_factory=_Tally)
    _first: dict[Side, _Printed] = field(default_factory=dict)
    _last: tuple[_Printed, _Printed] | None = None  # what base printed, and the same normalised

    def elsewhere(self) -> Self:
        """The same for rounds that are taken in another place at the same time."""
        return dataclasses.replace(self, _first={})

    def note(self, side: Side, invocation: Invocation, status: int) -> None:
        """A process of a round has ended."""
        self._first[side] = _Printed.of(invocation, status, _READ_IN_ROUNDS)
        if len(self._first) == len(Side):
            base, head = self._first[Side.BASE], self._first[Side.HEAD]
            self._first.clear()
            self._compare(base, head)

    def forget(self) -> None:
        """The round under way has failed."""
        self._first.clear()

    def _compare(self, base: _Printed, head: _Printed) -> None:
        told = self._normalised(base)
        other = told if base == head else head.normalised(self.names)
        found = _differing(told, other)
        with self._tally.lock:
            self._tally.tried += 1
            for name in found:
                self._tally.differing[name] = self._tally.differing.get(name, 0) + 1
            if found and not self._tally.excerpt and found[0] in told.streams:
                texts = told.streams[found[0]], other.streams[found[0]]
                self._tally.excerpt = first_difference(*texts)
            self._tally.base = self._tally.base or told
            self._tally.varying.update(_differing(self._tally.base, told))

    def _normalised(self, base: _Printed) -> _Printed:
        """That of the round before, where base prints the same to the letter, as most do."""
        if self._last is None or self._last[0] != base:
            self._last = base, base.normalised(self.names)
        return self._last[1]

    def compared(self) -> Outputs | None:
        """What differed in more than a few rounds and is the same in all of base's.

        None where that adds nothing to what the probe saw.
        """
        tally = self._tally
        often = {name: n for name, n in tally.differing.items() if n > _FEW * tally.tried}
        if (not often and not self.doubted) or tally.tried < _RUNS * self.doubted:
            return None
        differs = {name: n for name, n in often.items() if name not in tally.varying}
        return Outputs(
            differs=tuple(
                f"{name} (in {n} of {tally.tried} rounds)" for name, n in differs.items()
            ),
            varying=(Side.BASE,) if len(differs) < len(often) else (),
            excerpt=tally.excerpt if differs else "",
        )


def _differing(one: _Printed, other: _Printed) -> list[str]:
    """The streams in which two processes differ, and the exit status."""
    if one is other:
        return []
    found = [name for name, text in one.streams.items() if other.streams[name] != text]
    return found + [_STATUS] * (one.status != other.status)


def watcher_of_rounds(seen: Outputs | None, names: Names) -> RoundOutputs | None:
    """What looks at rounds after `seen` in a probe; None where they can tell nothing more."""
    doubted = seen is not None and all(name.endswith(_ONCE) for name in seen.differs)
    if seen is None or seen.varying or not doubted:
        return None
    return RoundOutputs(names, doubted=bool(seen.differs))


def first_difference(base: str, head: str) -> str:
    """The first lines that differ, as a unified diff without its heads."""
    sides = base.splitlines(), head.splitlines()
    start = next((i for i, (one, two) in enumerate(zip_longest(*sides)) if one != two), 0)
    windows = [lines[start : start + _WINDOW] for lines in sides]
    return "\n".join(list(_changed(*windows))[:_LINES])


def _changed(base: list[str], head: list[str]) -> Iterator[str]:
    for line in difflib.unified_diff(base, head, n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            shown = "".join(one if one.isprintable() else " " for one in line)
            yield shown[:_LINE_LENGTH] + "…" * (len(shown) > _LINE_LENGTH)


def _listed(statuses: set[int]) -> str:
    return ", ".join(map(str, sorted(statuses)))


def _read(file: Path, most_bytes: int) -> str:
    try:
        return without_secrets(read_plain(file, most_bytes).decode(errors="replace"))
    except OSError:
        return ""
