"""pip's vendored ``packaging`` on versions: read, sort, hold against specifiers.

One call reads 161 version strings in all forms of PEP 440, half of them spelled unlike their
normal form, sorts them, and has nine specifier sets choose from them, with and without
pre-releases. Objects are made anew in each call, so what they remember of themselves starts empty;
the ``functools`` caches that the work fills are emptied before each call, outside the clock.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyperf
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.version import Version

sys.path.append(str(Path(__file__).resolve().parents[1]))
from suitekit.caches import Cache, find_caches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MINORS = 20
FORMS = (
    ("1.{}.dev3", "1.{}.DEV-3"),
    ("1.{}a1", "v1.{}-alpha.1"),
    ("1.{}b2", "1.{}_beta2"),
    ("1.{}rc1", "1.{}.c1"),
    ("1.{}", "v1.{}"),
    ("1.{}+local.1", "1.{}+LOCAL-1"),
    ("1.{}.post1.dev2", "1.{}-1.dev2"),
    ("1.{}.post1", "1.{}-r1"),
)
"""The versions of one minor release in their order: normal form, and another way to write it."""
FINAL = 4
EARLY = {0, 1, 2, 3, 6}
EPOCH = (MINORS, 0)

Place = tuple[int, int]
"""Which minor release, and which of its forms."""
Choice = tuple[str, bool, frozenset[str]]
"""A specifier set, whether pre-releases are let through, and the versions it has to choose."""

RULES: tuple[tuple[str, Callable[[Place], bool]], ...] = (
    (">=1.10", lambda place: place >= (10, FINAL)),
    ("<1.10", lambda place: place < (10, 0)),
    (">1.10", lambda place: place >= (11, 0)),
    ("<=1.10rc1", lambda place: place <= (10, 3)),
    ("~=1.10", lambda place: (10, FINAL) <= place < EPOCH),
    ("==1.10.*", lambda place: (10, 0) <= place < (11, 0)),
    ("!=1.10", lambda place: place not in {(10, FINAL), (10, FINAL + 1)}),
    ("==1!0.1", lambda place: place == EPOCH),
    (">=1.5,<1.16,!=1.7.*", lambda place: place[0] != 7 and (5, FINAL) <= place < (16, 0)),
)
"""Specifiers, and what PEP 440 makes of them, in terms of places."""


def places() -> list[Place]:
    """Return all versions' places, the lowest version first."""
    return [(minor, form) for minor in range(MINORS) for form in range(len(FORMS))] + [EPOCH]


def normal(place: Place) -> str:
    """Return a version in its normal form."""
    minor, form = place
    return "1!0.1" if place == EPOCH else FORMS[form][0].format(minor)


def build_spellings() -> list[str]:
    """Return the version strings, mixed; every second one is spelled in another way."""
    ordered = places()
    mixed = [ordered[n * 101 % len(ordered)] for n in range(len(ordered))]
    return [
        FORMS[form][1].format(minor) if n % 2 and (minor, form) != EPOCH else normal((minor, form))
        for n, (minor, form) in enumerate(mixed)
    ]


def build_choices() -> list[Choice]:
    """Return what each specifier set has to choose."""
    return [
        (
            text,
            early,
            frozenset(
                normal(place)
                for place in places()
                if rule(place) and (early or place[1] not in EARLY or place == EPOCH)
            ),
        )
        for text, rule in RULES
        for early in (True, False)
    ]


def work(
    spellings: Sequence[str], choices: Sequence[Choice]
) -> tuple[list[Version], list[list[Version]]]:
    """Do what is timed: return the sorted versions, and those that each set lets through."""
    versions = sorted(Version(text) for text in spellings)
    chosen = [
        list(SpecifierSet(text).filter(versions, prereleases=early)) for text, early, _ in choices
    ]
    return versions, chosen


def check(spellings: Sequence[str], choices: Sequence[Choice]) -> None:
    """Refuse to time a library that reads, sorts or chooses wrongly."""
    versions, chosen = work(spellings, choices)
    if [str(version) for version in versions] != [normal(place) for place in places()]:
        msg = "pip reads or sorts versions wrongly"
        raise RuntimeError(msg)
    for (text, early, expected), found in zip(choices, chosen, strict=True):
        different = expected ^ {str(version) for version in found}
        if different:
            msg = f"{text!r} (pre-releases: {early}) is wrong about {sorted(different)[:5]}"
            raise RuntimeError(msg)


def time_work(
    loops: int, spellings: Sequence[str], choices: Sequence[Choice], caches: Sequence[Cache]
) -> float:
    """Return the seconds that ``loops`` calls took, each with empty caches."""
    total = 0.0
    for _ in range(loops):
        for cache in caches:
            cache.cache_clear()
        start = time.perf_counter()
        work(spellings, choices)
        total += time.perf_counter() - start
    return total


def main() -> None:
    """Check, then time."""
    spellings, choices = build_spellings(), build_choices()
    check(spellings, choices)
    runner = pyperf.Runner()
    runner.metadata["description"] = (
        f"pip: read and sort {len(spellings)} versions, {len(choices)} times choose from them"
    )
    runner.bench_time_func("pip_version", time_work, spellings, choices, find_caches("pip"))


if __name__ == "__main__":
    main()
