"""What a check found, and what every check is given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

from bench.explain.checks.overlay import Overlay

_NAME = re.compile(r"'([A-Za-z_][\w.]*)'|\b(?:attribute|name) '?([A-Za-z_]\w*)")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What is wrong in one file, with the names that it is about."""

    file: str
    names: tuple[str, ...]
    words: str


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """How a rewritten package is not what it was.

    `check` is the check's name; `words` name module, file and what differs, in one line. What may
    be to blame: `files` from the root of the repository, and `names` that are missing or changed.
    `said` is what was printed, where that tells more. `causes` are all that is wrong, where a check
    knows for sure what is: a site of that file and name is to blame.
    """

    check: str
    words: str
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    said: str = ""
    causes: tuple[Cause, ...] = ()

    @classmethod
    def of(cls, check: str, causes: Sequence[Cause], *, sure: bool = True) -> Self:
        """All that a check found, the first in words; `sure`: these sites are to blame."""
        return cls(
            check=check,
            words=causes[0].words,
            files=tuple(one.file for one in causes),
            names=tuple(name for one in causes for name in one.names),
            causes=tuple(causes) if sure else (),
        )

    def __str__(self) -> str:
        return f"{self.check}: {self.words}"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """New texts of some files, by path from the root of the repository; `make` makes a copy.

    `whole`: everything is to be looked at; else what is quick and likely to fail.
    """

    texts: Mapping[str, str]
    whole: bool
    make: Callable[[], Overlay]

    @cached_property
    def copy(self) -> Overlay:
        """The project's own packages with these texts; raises `BuildError`."""
        return self.make()


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A check that found nothing: what was looked at ("312 tests pass as before"), and how long."""

    name: str
    words: str
    took_s: float


class Check(Protocol):
    """One thing that must hold."""

    @property
    def name(self) -> str:
        """One word for pages and messages."""

    @property
    def seen(self) -> str:
        """What was looked at the last time, when nothing was found."""

    def failure(self, attempt: Attempt) -> Breakage | None:
        """What is wrong with an attempt; None where nothing is. Raises `BenchError`."""


def names_in(said: str) -> tuple[str, ...]:
    """Names that messages are about, whole and in parts."""
    found = [one or other for one, other in _NAME.findall(said)]
    return tuple(dict.fromkeys(part for name in found for part in (name, *name.split("."))))
