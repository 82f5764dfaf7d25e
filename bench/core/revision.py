"""Names for versions of a target."""

from __future__ import annotations

import enum

import msgspec

from bench.core.sample import Side


class Source(enum.StrEnum):
    """Where a revision is installed from."""

    GIT = "git"
    PYPI = "pypi"


class Revision(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One version of a target: a commit of a clone or a release of the package index.

    `name` is what the user typed, `identity` the commit's full hash or the release's version.
    `date` is the committer's or the upload date (ISO 8601, UTC). `distribution` is the name of a
    release of a project that had several.
    """

    source: Source
    name: str
    identity: str
    date: str
    subject: str = ""
    distribution: str = ""

    @property
    def label(self) -> str:
        """A short, path-safe name: the version, or ten digits of the commit."""
        return self.identity if self.source is Source.PYPI else self.identity[:10]


class Pair(msgspec.Struct, frozen=True):
    """The two revisions that are compared, and where they were looked up."""

    base: Revision
    head: Revision
    origin: str

    @property
    def label(self) -> str:
        """`base..head` with short names; also the folder's name under `data/`."""
        return f"{self.base.label}..{self.head.label}"

    @property
    def is_same(self) -> bool:
        """Whether a revision is compared with itself (an A/A run)."""
        return (self.base.source, self.base.identity) == (self.head.source, self.head.identity)

    def side(self, side: Side) -> Revision:
        """The revision of one side."""
        return self.base if side is Side.BASE else self.head
