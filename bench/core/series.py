"""A series of revisions that are all compared with the same first one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bench.core.revision import Revision


class Selection(msgspec.Struct, frozen=True):
    """Which revisions of a range become points: every n-th commit, or (`every` 0) what has a tag.

    Of a range of releases, `tags` means the releases.
    """

    every: int = 0

    @property
    def label(self) -> str:
        """As the option that asks for it, and path-safe: `every-5`, `tags`."""
        return f"every-{self.every}" if self.every else "tags"

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the command line."""
        return ("--every", str(self.every)) if self.every else ("--tags",)


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """The revisions of a series in historical order, the last one being the end of the range.

    `between` is how many revisions the range holds of which the points were chosen.
    """

    anchor: Revision
    points: Annotated[tuple[Revision, ...], msgspec.Meta(min_length=1)]
    selection: Selection
    origin: str
    between: int

    @property
    def label(self) -> str:
        """Short and path-safe: `13.7.0..14.1.0-tags`."""
        return f"{self.anchor.label}..{self.points[-1].label}-{self.selection.label}"
