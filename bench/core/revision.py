"""Names for versions of a target."""

from __future__ import annotations

import enum

import msgspec

from bench.core.sample import Side

SHORTEST_HASH = 7


class Source(enum.StrEnum):
    """Where a revision is installed from."""

    GIT = "git"
    PYPI = "pypi"
    TREE = "tree"


class Revision(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One version of a target: a commit, a release of the package index, or a working tree.

    `name` is what the user typed, `identity` the commit's full hash, the release's version, or the
    hash of the tree (that of the commit which is made of it: `git rev-parse COMMIT^{tree}`).
    `date` is the committer's or the upload date (ISO 8601, UTC). `distribution` is the name of a
    release of a project that had several; `parent` the commit that a working tree was changed from.
    """

    source: Source
    name: str
    identity: str
    date: str
    subject: str = ""
    distribution: str = ""
    parent: str = ""

    @property
    def label(self) -> str:
        """A short, path-safe name: the version, or ten digits of the commit or the tree."""
        if self.source is Source.PYPI:
            return self.identity
        return f"{'tree-' * (self.source is Source.TREE)}{self.identity[:10]}"

    def is_called(self, name: str) -> bool:
        """Whether a name means it: as typed, its identity, or the first seven digits of that."""
        is_short = len(name) >= SHORTEST_HASH and self.identity.startswith(name)
        return is_short or name in {self.identity, self.name}

    @property
    def content(self) -> str:
        """All that an installation of it follows from: a version may be computed from commits."""
        return f"{self.identity} on {self.parent}" if self.parent else self.identity


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
    def typed(self) -> str:
        """The range as a command line takes it: a working tree has no name."""
        return f"{self.base.label}.." if self.head.source is Source.TREE else self.label

    @property
    def shown(self) -> str:
        """The range for the reader: of a working tree, how many files differ from HEAD."""
        is_tree = self.head.source is Source.TREE
        return f"{self.base.label}..{self.head.name if is_tree else self.head.label}"

    @property
    def is_same(self) -> bool:
        """Whether a revision is compared with itself (an A/A run)."""
        return (self.base.source, self.base.identity) == (self.head.source, self.head.identity)

    def side(self, side: Side) -> Revision:
        """The revision of one side."""
        return self.base if side is Side.BASE else self.head
