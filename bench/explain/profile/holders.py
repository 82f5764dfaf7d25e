"""Which modules keep objects alive: of the types that grew most, and by which references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.core.sample import Side
from bench.explain.profile.objects import Growth, Population
from bench.explain.profile.tables import number_words, weight
from bench.formats.markdown import code, heading, table

_TYPES = 8
_PATHS = 4  # of each type
_LEAST = 0.05  # of a type's objects
_CHANGED = 0.5
_NOTHING = Population(0, 0)


@dataclass(frozen=True)
class Hold:
    """References by which a module holds objects of a type, and how many in each side."""

    type_: str
    module: str
    words: str
    counts: tuple[float, ...]


def holders_section(sides: Mapping[Side, Growth]) -> Iterator[str]:
    """The table; nothing where references were not followed."""
    holds = most_held([one.kinds for one in sides.values()])
    if not holds:
        return
    yield heading(3, "What keeps them alive")
    yield (
        "By objgraph: a shortest chain of references from a module to an object, for up to 50 of "
        "each type, scaled to all of them. Types that grew most are shown"
        + (", of the pair those that changed most" if len(sides) > 1 else "")
        + "; built-in types and what every import creates are left out."
    )
    columns = [str(side) for side in sides] if len(sides) > 1 else ["objects"]
    yield table(
        ("type", *columns, "held by", "through"),
        [
            [
                code(one.type_),
                *map(number_words, one.counts),
                code(one.module) or "–",
                code(one.words),
            ]
            for one in holds
        ],
        numbers=False,
    )


def most_held(sides: Sequence[Mapping[str, Population]]) -> list[Hold]:
    """Of the types that grew (or, of two sides, changed) most, what holds most of them."""
    names = {name for found in sides for name, one in found.items() if one.paths}
    counts = {name: [found.get(name, _NOTHING).count for found in sides] for name in names}
    changed = [name for name in names if weight(counts[name])]
    most = sorted(changed, key=lambda name: (-weight(counts[name]), name))[:_TYPES]
    return [hold for name in most for hold in _holds(name, sides)]


def _holds(name: str, sides: Sequence[Mapping[str, Population]]) -> Iterator[Hold]:
    """What holds most (or changed most) comes first; the rest is one line."""
    counts: dict[tuple[str, tuple[str, ...]], list[float]] = defaultdict(lambda: [0.0] * len(sides))
    words: dict[tuple[str, tuple[str, ...]], str] = {}
    for at, kinds in enumerate(sides):
        for path in kinds.get(name, _NOTHING).paths:
            key = path.module, path.kinds
            if path.count >= max(counts[key]):
                words[key] = path.words
            counts[key][at] += path.count
    ordered = sorted(counts, key=lambda key: (-weight(counts[key]), -max(counts[key]), key))
    least = _LEAST * sum(map(max, counts.values())) if len(sides) == 1 else _CHANGED
    shown = sum(weight(counts[key]) >= least for key in ordered[:_PATHS])
    if len(ordered) == shown + 1:
        shown += 1  # a line for one rest has room for the path itself
    for key in ordered[:shown]:
        yield Hold(name, key[0], words[key], tuple(counts[key]))
    rest = [counts[key] for key in ordered[shown:]]
    if rest:
        yield Hold(name, "", f"{len(rest)} other paths", tuple(map(sum, zip(*rest, strict=True))))
