"""Which modules keep objects alive, of the types that grew most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.core.sample import Side
from bench.explain.profile.objects import Growth, Population
from bench.explain.profile.tables import number_words, weight
from bench.formats.markdown import code, heading, table
from bench.formats.text import counted, joined

_TYPES = 8
_MODULES = 4  # of each type
_NAMES = 3  # of each module
_LEAST = 0.5  # objects: what remains of rounding
_NOTHING = Population(0, 0)


def holders_section(sides: Mapping[Side, Growth]) -> Iterator[str]:
    """The table; nothing where references were not followed."""
    rows = holder_rows([one.kinds for one in sides.values()])
    if not rows:
        return
    yield heading(3, "What keeps them alive")
    yield (
        "By objgraph: a shortest chain of references from a module to an object, for up to 50 of "
        "each type, scaled to all of them. Types that grew most are shown"
        + (", of the pair those that changed most" if len(sides) > 1 else "")
        + "; built-in types and what every import creates are left out."
    )
    columns = [str(side) for side in sides] if len(sides) > 1 else ["objects"]
    yield table(("type", *columns, "module", "through"), rows)


def holder_rows(sides: Sequence[Mapping[str, Population]]) -> list[list[str]]:
    """Of the types that grew (or, of two sides, changed) most, the modules that hold most."""
    names = {name for found in sides for name, one in found.items() if one.held}
    counts = {name: [found.get(name, _NOTHING).count for found in sides] for name in names}
    changed = [name for name in names if weight(counts[name])]
    most = sorted(changed, key=lambda name: (-weight(counts[name]), name))[:_TYPES]
    return [row for name in most for row in _rows(name, sides)]


def _rows(name: str, sides: Sequence[Mapping[str, Population]]) -> Iterator[list[str]]:
    """What holds most (or changed most) comes first; the rest is one line."""
    counts: dict[str, list[float]] = {}
    through: dict[str, dict[str, None]] = {}
    for at, kinds in enumerate(sides):
        for one in kinds.get(name, _NOTHING).held:
            counts.setdefault(one.module, [0.0] * len(sides))[at] = one.count
            through.setdefault(one.module, {}).update(dict.fromkeys(one.names))
    ordered = sorted(counts, key=lambda module: (-weight(counts[module]), module))
    worth = [module for module in ordered if weight(counts[module]) >= _LEAST]
    shown = worth[: _MODULES + (len(worth) == _MODULES + 1)]  # no line for a rest of one
    for module in shown:
        held_by = code(module) or "none found"
        yield [code(name), *map(number_words, counts[module]), held_by, _words(through[module])]
    if len(worth) > len(shown):
        rest = [counts[module] for module in worth[len(shown) :]]
        sums = [sum(one) for one in zip(*rest, strict=True)]
        yield [code(name), *map(number_words, sums), f"{len(rest)} other modules", ""]


def _words(names: Mapping[str, None]) -> str:
    """The attributes through which a module holds objects; of many the first."""
    found = list(names)
    shown = [code(name) for name in found[:_NAMES]]
    rest = len(found) - len(shown)
    return joined([*shown, counted(rest, "other")] if rest else shown)
