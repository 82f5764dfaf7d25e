"""What a recipe proposes: changes made of sites, and the texts of files for any set of sites."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bench.explain.optimize.project import Project


@dataclass(frozen=True, kw_only=True)
class Site:
    """One place that a change touches: the least that can be left out of it.

    `file` is the path from the root of the repository and `line` the place at the revision that the
    proposal was made for; `words` say what is written there instead; `risks` what could break.
    """

    file: str
    line: int
    words: str
    names: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """`src/pkg/cli.py:12`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A cost that a change moves: what is imported later, for how long, and where that begins.

    `scenario` is one that pays it still, "" where none does; `where` are functions.
    """

    module: str
    takes_s: float
    scenario: str = ""
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One commit that could be made.

    `title` is its subject without `perf:`, in the imperative; `saves_s` are the CPU seconds that it
    is predicted to save, by scenario, on top of the changes before it (empty: not known before it
    is run). `why` says why nothing else than time changes, and `moved` where time went to.
    """

    recipe: str
    title: str
    sites: tuple[Site, ...]
    why: str
    saves_s: Mapping[str, float] = field(default_factory=dict)
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Left:
    """Something that costs time and that the recipe does not change, and why."""

    what: str
    why: str
    costs_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What a recipe found at one revision: changes, the most promising first.

    `rewrite` gives path → new text for any collection of the sites, of one change or of several;
    files that stay as they are are not in it. `saves` predicts the CPU seconds that any of the
    sites save together, by scenario; None: there are only the changes' own predictions. `dropped`
    are sites that were not proposed for a danger seen beforehand, with the reason.
    """

    changes: tuple[Change, ...]
    rewrite: Callable[[Collection[Site]], Mapping[str, str]]
    saves: Callable[[Collection[Site]], Mapping[str, float]] | None = None
    dropped: tuple[tuple[Site, str], ...] = ()
    left: tuple[Left, ...] = ()


class Recipe(Protocol):
    """A kind of change: how it is found, and how it is written."""

    name: str  # as on the command line and on pages: `defer-imports`
    summary: str  # one sentence for `optimize --recipes`

    def propose(self, project: Project) -> Proposal:
        """What could be changed at the project's revision; raises `BenchError`."""
