"""Who holds what: the types that grew most, and by which way modules keep them alive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.core.sample import Side
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.objects import Growth, Population
from bench.formats.figure_style import picture
from bench.formats.layers_figure import LayeredArrow, LayeredBox, Layers, draw_layers
from bench.formats.markdown import code, heading, image, table

_TYPES = 8
_WAYS = 4  # of each type
_LEAST = 0.05  # of a type's objects
_CHANGED = 0.5
_BETWEEN = 0.4  # of a row
_NOTHING = Population(0, 0)


@dataclass(frozen=True)
class Hold:
    """A way by which a module holds objects of a type, and how many in each side."""

    type_: str
    module: str
    words: str
    counts: tuple[float, ...]

    @property
    def way(self) -> str:
        """What tells it from others."""
        return f"{self.type_}: {self.module}: {self.words}"


def holders_section(sides: Mapping[Side, Growth], artefacts: Artefacts) -> Iterator[str]:
    """The picture and the table; nothing where nobody looked."""
    holds = most_held([one.kinds for one in sides.values()])
    if not holds:
        return
    yield heading(3, "Who holds what")
    existing = artefacts.folder / "holders.svg"
    layers = holders_layers(holds, list(sides))
    content = picture(layers, draw_layers, existing, "made by python -m bench profile")
    yield image("Who holds what", artefacts.write("holders.svg", content))
    yield (
        "By objgraph: a shortest way from a module to an object, for up to 50 of each type, the "
        "numbers in proportion. What grew most is shown"
        + (", of the pair what changed most" if len(sides) > 1 else "")
        + "; built-in types and what every import makes are left out."
    )
    columns = [str(side) for side in sides] if len(sides) > 1 else ["objects"]
    yield table(
        ("type", *columns, "held by", "by way of"),
        [
            [code(one.type_), *map(_number, one.counts), code(one.module) or "–", code(one.words)]
            for one in holds
        ],
        numbers=False,
    )


def most_held(sides: Sequence[Mapping[str, Population]]) -> list[Hold]:
    """Of the types that grew (or, of two sides, changed) most, the ways that hold most of them."""
    names = {name for found in sides for name, one in found.items() if one.ways}
    counts = {name: [found.get(name, _NOTHING).count for found in sides] for name in names}
    changed = [name for name in names if _weight(counts[name])]
    most = sorted(changed, key=lambda name: (-_weight(counts[name]), name))[:_TYPES]
    return [hold for name in most for hold in _holds(name, sides)]


def _weight(counts: Sequence[float]) -> float:
    return counts[0] if len(counts) == 1 else abs(counts[1] - counts[0])


def _holds(name: str, sides: Sequence[Mapping[str, Population]]) -> Iterator[Hold]:
    """The ways to objects of a type, what is most (or changed most) first; the rest is one line."""
    counts: dict[tuple[str, tuple[str, ...]], list[float]] = defaultdict(lambda: [0.0] * len(sides))
    words: dict[tuple[str, tuple[str, ...]], str] = {}
    for at, kinds in enumerate(sides):
        for way in kinds.get(name, _NOTHING).ways:
            key = way.module, way.kinds
            if way.count >= max(counts[key]):
                words[key] = way.words
            counts[key][at] += way.count
    ordered = sorted(counts, key=lambda key: (-_weight(counts[key]), -max(counts[key]), key))
    least = _LEAST * sum(map(max, counts.values())) if len(sides) == 1 else _CHANGED
    shown = sum(_weight(counts[key]) >= least for key in ordered[:_WAYS])
    if len(ordered) == shown + 1:
        shown += 1  # a line for one rest has room for the way itself
    for key in ordered[:shown]:
        yield Hold(name, key[0], words[key], tuple(counts[key]))
    rest = [counts[key] for key in ordered[shown:]]
    if rest:
        yield Hold(name, "", f"{len(rest)} other ways", tuple(map(sum, zip(*rest, strict=True))))


def holders_layers(holds: Sequence[Hold], sides: Sequence[Side]) -> Layers:
    """Modules, ways, types, from left to right; ways stand in rows, the others beside theirs."""
    types = _sums((one.type_, one.counts) for one in holds)
    modules = _sums((one.module, one.counts) for one in holds if one.module)
    rows = _rows(holds)
    type_rows = _beside((one.type_, rows[one.way]) for one in holds)
    lightest_first = sorted(holds, key=lambda one: max(one.counts))
    heaviest = {one.module: rows[one.way] for one in lightest_first if one.module}
    module_rows = _beside(heaviest.items())
    boxes = [
        *(LayeredBox(f"module {name}", name, 0, filled=True, accent=_accent(modules[name]), row=row)
          for name, row in module_rows.items()),
        *(LayeredBox(one.way, one.words, 1, accent=_accent(one.counts), row=rows[one.way])
          for one in holds),
        *(LayeredBox(f"type {name}", f"{name}  {_both(types[name])}", 2, filled=True,
                     accent=_accent(types[name]), row=row) for name, row in type_rows.items()),
    ]  # fmt: skip
    arrows = [
        *(LayeredArrow(f"module {one.module}", one.way, accent=_accent(one.counts))
          for one in holds if one.module),
        *(LayeredArrow(one.way, f"type {one.type_}", _both(one.counts), _accent(one.counts))
          for one in holds),
    ]  # fmt: skip
    caption = ["Modules, the ways by which they hold objects, and the objects' types."]
    if len(sides) > 1:
        caption.append("Numbers: base → head. Violet: in base only. Orange: in head only.")
    return Layers("Who holds what", tuple(caption), tuple(boxes), tuple(arrows))


def _rows(holds: Sequence[Hold]) -> dict[str, float]:
    """A row for each way, in the order of the table, with room between types."""
    rows: dict[str, float] = {}
    row, type_ = -1.0, holds[0].type_
    for one in holds:
        row += 1.0 if one.type_ == type_ else 1.0 + _BETWEEN
        rows[one.way], type_ = row, one.type_
    return rows


def _beside(wanted: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The middle one of the rows that each wants to be beside, a row's distance at least."""
    found: dict[str, list[float]] = defaultdict(list)
    for name, row in wanted:
        found[name].append(row)
    rows: dict[str, float] = {}
    last = -1.0
    for name in sorted(found, key=lambda name: (median(found[name]), name)):
        last = rows[name] = max(last + 1.0, median(found[name]))
    return rows


def _sums(counted: Iterable[tuple[str, tuple[float, ...]]]) -> dict[str, tuple[float, ...]]:
    """Counts of each key, added up, in the order in which keys come."""
    found: dict[str, tuple[float, ...]] = {}
    for key, counts in counted:
        before = found.get(key, (0.0,) * len(counts))
        found[key] = tuple(map(sum, zip(before, counts, strict=True)))
    return found


def _accent(counts: Sequence[float]) -> str:
    if len(counts) == 1 or all(counts):
        return ""
    return "base" if counts[0] else "head"


def _both(counts: Sequence[float]) -> str:
    return " → ".join(map(_number, counts))


def _number(value: float) -> str:
    return f"{value:,.0f}"
