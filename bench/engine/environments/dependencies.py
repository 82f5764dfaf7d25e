"""How the third-party packages of two environments differ: they confound the pair."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec


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
