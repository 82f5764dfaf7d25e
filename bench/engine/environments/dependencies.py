"""How the third-party packages of two environments differ: they confound the pair."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from packaging.utils import canonicalize_name

from bench.core.environment import EnvironmentRecord


class DependencyChange(msgspec.Struct, frozen=True):
    """One package that the two sides do not have in the same version; None: not installed."""

    package: str
    base: str | None
    head: str | None


def compare_packages(
    base: Mapping[str, str], head: Mapping[str, str], measured: Collection[str]
) -> tuple[DependencyChange, ...]:
    """Differences by name, the measured distributions themselves left out."""
    names = sorted((set(base) | set(head)).difference(measured))
    return tuple(
        DependencyChange(name, base.get(name), head.get(name))
        for name in names
        if base.get(name) != head.get(name)
    )


def changed_packages(
    base: EnvironmentRecord, head: EnvironmentRecord
) -> tuple[DependencyChange, ...]:
    """Third-party packages that are not the same on both sides."""
    own = {*base.provenance.local, *head.provenance.local}
    own |= {canonicalize_name(side.distribution) for side in (base, head)}
    return compare_packages(base.provenance.packages, head.provenance.packages, own)
