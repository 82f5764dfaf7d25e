"""Imports that `-X importtime` shows as expensive and whose deferring saves nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bench.explain.rank.candidates import Candidate
from bench.explain.rank.costs import where
from bench.explain.rank.ranked_imports import RankedImports
from bench.explain.rank.ranking import Pattern
from bench.explain.rank.recording import MAIN

IN_VAIN = "deferring in vain"
_NOTHING_S = 0.0001
_OTHERS = 3


def in_vain(ranked: RankedImports, least_s: float, most: int) -> Iterator[Pattern]:
    """Statements outside the best set for which `-X importtime` shows so much, in that order.

    Of those that import the same modules the first one stands for all.
    """
    chosen = [one.skip for one in ranked.best]
    saved_s = ranked.graph.saving(chosen)
    remaining = ranked.graph.reached(chosen)
    places = {one.place for one in chosen}
    rest = [one for one in ranked.judgement.candidates if one.place not in places]
    seen: set[frozenset[str]] = set()
    for one in sorted(rest, key=lambda one: -ranked.promised_s([one])):
        promised_s = ranked.promised_s([one])
        wanted = frozenset(ranked.got(one) & remaining)
        if promised_s < max(least_s, _NOTHING_S) or len(seen) == most:
            return
        if not wanted or wanted in seen:
            continue  # no longer imported with the set, or told already
        if ranked.graph.saving([*chosen, one.skip]) - saved_s < _NOTHING_S:
            seen.add(wanted)
            yield Pattern(
                kind=IN_VAIN,
                where=where(ranked.graph.recording.places[one.place]),
                evidence=f"`-X importtime` shows {promised_s * 1e3:.1f} ms for it, but deferring "
                f"it too saves nothing: {_why(ranked, one, remaining)}",
                change="keep it",
                backed_by="the import graph",
                pays=False,
            )


def _why(ranked: RankedImports, one: Candidate, remaining: Collection[str]) -> str:
    wanted = ranked.got(one)
    others = sorted(
        where(place)
        for number, place in enumerate(ranked.graph.recording.places)
        if number != one.place
        and (place.module in remaining or place.module == MAIN)
        and any(asked.got in wanted for asked in place.asked)
        and "-packages/" in place.file
    )
    shown = ", ".join(f"`{other}`" for other in others[:_OTHERS])
    more = f" and {len(others) - _OTHERS} more" if len(others) > _OTHERS else ""
    if shown:
        return f"also imported by {shown}{more}"
    return "others import it as well" if one.is_whole else "its other names are needed"
