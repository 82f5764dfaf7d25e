"""What a scenario imported before and imports now, as a flame graph above another.

Drawn from what was recorded on the way. A module that both import is drawn with the time it took
before: how it differs between two recordings is noise of these, and no effect of any step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bench.explain.optimize.record import ImportsRecord
from bench.explain.profile.flame import Caption, Totals, shift
from bench.explain.profile.frames import Frame, Namer
from bench.explain.profile.tree import build_tree
from bench.explain.profile.words import alternative, headline, ratio_words
from bench.formats.figure_style import MARKER
from bench.formats.text import counted, seconds

Stacks = dict[tuple[Frame, ...], float]


def draw_shift(
    target: str, words: str, own: Collection[str], before: ImportsRecord, after: ImportsRecord
) -> tuple[bytes, str]:
    """The picture, and what it says for those who cannot see it."""
    namer = Namer(target, own)
    times = {**_times(after), **_times(before)}
    stacks = [_stacks(one.modules, times, namer) for one in (before, after)]
    totals = Totals(*(sum(one.values()) for one in stacks))
    root = build_tree(stacks[:1], stacks[1:])
    # A module that both import was there before, whoever was first to import it.
    same = frozenset(map(namer.module, before.modules.keys() & after.modules.keys()))
    caption = Caption(
        f"{words}: imports {seconds(totals.base / 1000)} → {seconds(totals.head / 1000)}"
        f"{ratio_words(totals)}",
        f"{target}, Python {before.python}: {counted(len(before.modules), 'module')} before, "
        f"{len(after.modules)} after. Width is CPU time on one scale; what a module imports first "
        "is below it. Modules that both import have the time they took before.",
        marker=MARKER,
    )
    told = headline(root, totals, same)
    return shift(root, caption, totals, same, told), alternative(caption, told)


def _times(record: ImportsRecord) -> dict[str, float]:
    return {name: own_s * 1000 for name, (own_s, _) in record.modules.items()}


def _stacks(
    modules: Mapping[str, tuple[float, str]], times_ms: Mapping[str, float], namer: Namer
) -> Stacks:
    """Milliseconds by chain of importers; the outermost is whom the program itself imports."""
    found: Stacks = {}
    for name in modules:
        chain = [name]
        while (above := modules[chain[-1]][1]) in modules and above not in chain:
            chain.append(above)
        stack = tuple(namer.module(one) for one in reversed(chain))
        found[stack] = found.get(stack, 0.0) + times_ms[name]
    return found
