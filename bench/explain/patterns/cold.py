"""Functions with shapes that are cheap to change but which hardly run: not worth the trouble."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bench.engine.statistics.binomial import clopper_pearson
from bench.explain.patterns.shapes import all_functions, functions_of, shapes_of
from bench.explain.profile.folded import Stacks, total
from bench.explain.profile.frames import Frame
from bench.explain.rank.analysis import Pattern
from bench.explain.rank.sources import Source
from bench.formats.text import counted, seconds

_NAMED = 3
_LEVEL = 0.10  # of both limits together: the upper one holds in 95% of cases
_MS = 1000.0


@dataclass(frozen=True)
class Samples:
    """Sampled stacks in milliseconds, of each run, and how many samples they are."""

    runs: Sequence[Stacks]
    count: int


@dataclass(frozen=True)
class Shaped:
    """A function with shapes. `ran`: a line of it was carried out; `spares_calls` as in `Shape`."""

    place: int
    name: str
    ran: bool
    spares_calls: bool


def cold_paths(
    samples: Samples,
    sources: Mapping[str, Source],
    stored: Collection[str],
    ran: Collection[tuple[str, int]],
    least_s: float,
) -> Iterator[Pattern]:
    """All functions that can't save `least_s`, in one pattern; nothing where there are none.

    Only files with lines that were carried out (`ran`) are read. `stored` as in `shapes_of`.
    """
    shaped = _shaped(sources, stored, ran)
    of_frame = _finder(sources, shaped)
    spent: dict[Shaped, float] = defaultdict(float)
    parts = [
        (_could_save(stack, of_frame), taken_ms)
        for stacks in samples.runs
        for stack, taken_ms in stacks.items()
    ]
    for found, taken_ms in parts:
        for one in found:
            spent[one] += taken_ms
    most_ms = least_s * _MS * len(samples.runs)
    cold = {one for one in shaped.values() if spent[one] < most_ms}
    pooled_ms = sum(taken_ms for found, taken_ms in parts if found & cold)
    if cold and samples.count:
        at_most_s = _at_most_s(samples, pooled_ms)
        yield _pattern(
            sorted(cold, key=lambda one: (not one.ran, -spent[one], one.name)), at_most_s, samples
        )


def _shaped(
    sources: Mapping[str, Source], stored: Collection[str], ran: Collection[tuple[str, int]]
) -> dict[int, Shaped]:
    """By the identity of the function's node."""
    lines: dict[str, set[int]] = defaultdict(set)
    for file, line in ran:
        lines[file].add(line)
    found: dict[int, Shaped] = {}
    for module, source in sorted(sources.items()):
        known = lines.get(str(source.file))
        for name, node in all_functions(source) if known else ():
            shapes = list(shapes_of(source, node, stored))
            if shapes:
                body = range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
                did_run = not known.isdisjoint(body) if known else False
                spares = any(one.spares_calls for one in shapes)
                found[id(node)] = Shaped(len(found), f"{module}: {name}", did_run, spares)
    return found


def _finder(
    sources: Mapping[str, Source], shaped: Mapping[int, Shaped]
) -> Callable[[Frame], frozenset[Shaped]]:
    """What may be a frame's function; several where only their last names are known."""

    @cache
    def of_frame(frame: Frame) -> frozenset[Shaped]:
        source = sources.get(frame.module)
        if source is None or frame.is_module:
            return frozenset()
        nodes = functions_of(source, frame.name.removesuffix("()"))
        return frozenset(shaped[id(node)] for node in nodes if id(node) in shaped)

    return of_frame


def _could_save(
    stack: Sequence[Frame], of_frame: Callable[[Frame], frozenset[Shaped]]
) -> frozenset[Shaped]:
    """Functions whose change could save this stack's time."""
    below = (one for frame in stack for one in of_frame(frame) if one.spares_calls)
    return frozenset(below) | (of_frame(stack[-1]) if stack else frozenset())


def _at_most_s(samples: Samples, taken_ms: float) -> float:
    """The upper limit of what so much of all sampled time is of one run, in seconds."""
    whole_ms = sum(map(total, samples.runs))
    seen = min(samples.count, round(samples.count * taken_ms / whole_ms))
    upper = clopper_pearson(seen, samples.count, _LEVEL)[1]
    return upper * whole_ms / len(samples.runs) / _MS


def _pattern(cold: Sequence[Shaped], at_most_s: float, samples: Samples) -> Pattern:
    ran = sum(one.ran for one in cold)
    names = [f"`{one.name}`" for one in cold[:_NAMED]]
    more = f" and {len(cold) - len(names)} more" if len(cold) > len(names) else ""
    return Pattern(
        "cold paths",
        counted(len(cold), "function"),
        f"cheap to change, but {_how_often(ran, len(cold) - ran, seconds(at_most_s))}: "
        f"{', '.join(names)}{more}",
        "leave them",
        f"{samples.count:,} samples, upper 95% limit",
        cost_s=at_most_s if ran else 0.0,
        pays=False,
    )


def _how_often(ran: int, never: int, at_most: str) -> str:
    if not ran:
        return "never run here"
    if not never:
        return f"hardly ever run here, together at most {at_most}"
    return f"run hardly ever here ({ran}, together at most {at_most}) or never ({never})"
