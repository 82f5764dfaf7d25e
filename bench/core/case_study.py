"""A case study as a target's file declares it: what it is about, and not what came of it."""

from __future__ import annotations

from typing import Annotated

import msgspec

_NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
_Range = Annotated[str, msgspec.Meta(pattern=r"^$|^[^\s.]\S*\.\.[^\s.]\S*$")]


class OptimizedRevision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A revision that `optimize` started from; `note` says what it is: `the head of main`.

    `branch` is the branch that was made of it; "": the one that is called after the revision, or
    else any.
    """

    revision: _NonEmpty
    note: str = ""
    branch: str = ""


class CaseStudy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a target's case study is about: names of what was measured, and no figures.

    `about` says what the project is. `range` is the pair of what people changed, `attributed` the
    range that was split among its commits and whose claims were tested ("": `range`).
    `optimized` are revisions that were optimised, the most important first. `benchmarks` are the
    rows of the first table (all, where there are none); `traced` is the scenario whose layers are
    shown.
    """

    title: _NonEmpty
    about: str = ""
    range: _Range = ""
    attributed: _Range = ""
    optimized: tuple[OptimizedRevision, ...] = ()
    benchmarks: tuple[_NonEmpty, ...] = ()
    traced: str = ""

    def __post_init__(self) -> None:
        if not (self.range or self.optimized):
            raise ValueError("a case study has a range or optimized revisions")

    @property
    def commits(self) -> str:
        """The range whose commits are told of one by one."""
        return self.attributed or self.range
