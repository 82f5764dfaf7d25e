"""How a project is installed where the repository's root alone does not say it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_Word = Annotated[str, msgspec.Meta(min_length=1)]


class Installation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `[install]` table of a target's file; the same for both sides and for the tests.

    `subfolder` holds the project, in a repository of several. `extras` and `groups` are those of
    the project, left out of a revision that does not declare them. `requirements` are installed
    besides. `build_constraints` limit what builds the project; packages named there are taken
    whatever their date.
    """

    subfolder: str = ""
    extras: tuple[_Word, ...] = ()
    groups: tuple[_Word, ...] = ()
    requirements: tuple[_Word, ...] = ()
    build_constraints: tuple[_Word, ...] = ()

    def __post_init__(self) -> None:
        path = PurePosixPath(self.subfolder)
        if path.is_absolute() or ".." in path.parts or (self.subfolder and str(path) == "."):
            raise ValueError(
                f"subfolder {self.subfolder!r} is not a path below the repository's root, such as "
                "packages/name"
            )
        for word in self.build_constraints:
            try:
                Requirement(word)
            except ValueError as error:
                raise ValueError(f"{word!r} is not a requirement: {error}") from error

    @property
    def folder(self) -> str:
        """`subfolder` as git spells it; "" for the root."""
        return str(PurePosixPath(self.subfolder)) if self.subfolder else ""

    @property
    def constrained(self) -> tuple[str, ...]:
        """Names of the packages in `build_constraints`."""
        return tuple(Requirement(word).name for word in self.build_constraints)

    def with_requirements(self, names: Iterable[str]) -> Installation:
        """The same with packages that are needed besides, in any version unless it says which."""
        known = {canonicalize_name(_name(one)) for one in self.requirements}
        missing = tuple(one for one in names if canonicalize_name(one) not in known)
        return msgspec.structs.replace(self, requirements=(*self.requirements, *missing))

    def with_tests(
        self,
        subfolder: str,
        *,
        extras: tuple[str, ...],
        groups: tuple[str, ...],
        requirements: tuple[str, ...],
    ) -> Installation:
        """The same with what tests need besides."""
        return msgspec.structs.replace(
            self,
            subfolder=subfolder,
            extras=_union(self.extras, extras),
            groups=_union(self.groups, groups),
            requirements=_union(self.requirements, requirements),
        )


def _name(requirement: str) -> str:
    """The package that a requirement names; itself where it is none, such as a URL."""
    try:
        return Requirement(requirement).name
    except ValueError:
        return requirement


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))
