"""Imports whose deferring is promised much and saves nothing: others import the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bench.explain.rank.analysis import Pattern
from bench.explain.rank.candidates import Candidate
from bench.explain.rank.costs import where
from bench.explain.rank.found import Found
from bench.explain.rank.recording import MAIN

_NOTHING_S = 0.0001
_OTHERS = 3


def in_vain(found: Found, least_s: float, most: int) -> Iterator[Pattern]:
    """Statements outside the best set that `-X importtime` promises so much for, dearest first.

    Of those that import the same modules the first one stands for all.
    """
    chosen = [one.skip for one in found.best]
    saved_s = found.graph.saving(chosen)
    remaining = found.graph.reached(chosen)
    places = {one.place for one in chosen}
    rest = [one for one in found.judgement.candidates if one.place not in places]
    seen: set[frozenset[str]] = set()
    for one in sorted(rest, key=lambda one: -found.promised_s([one])):
        promised_s = found.promised_s([one])
        wanted = frozenset(found.got(one) & remaining)
        if promised_s < max(least_s, _NOTHING_S) or len(seen) == most:
            return
        if not wanted or wanted in seen:
            continue  # gone with the set already, or told
        if found.graph.saving([*chosen, one.skip]) - saved_s < _NOTHING_S:
            seen.add(wanted)
            yield Pattern(
                "deferring in vain",
                where(found.graph.recording.places[one.place]),
                f"`-X importtime` shows {promised_s * 1e3:.1f} ms for it, but on top of the set "
                f"above it saves nothing: {_why(found, one, remaining)}",
                "leave it",
                "the import graph",
                pays=False,
            )


def _why(found: Found, one: Candidate, remaining: Collection[str]) -> str:
    wanted = found.got(one)
    others = sorted(
        where(place)
        for number, place in enumerate(found.graph.recording.places)
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
