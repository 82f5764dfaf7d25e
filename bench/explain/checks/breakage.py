"""What a check found, and what every check is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from bench.explain.checks.overlay import Overlay


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """How a rewritten package is not what it was.

    `check` is the check's name; `words` name module, file and what differs, in one line. What may
    be to blame: `files` from the root of the repository, and `names` that are missing or changed.
    `said` is what was printed, where that tells more.
    """

    check: str
    words: str
    files: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    said: str = ""

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
