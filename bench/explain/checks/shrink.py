"""The largest part of a change that works: delta debugging over its sites.

The set to leave out is made small: `ddmin` of A. Zeller and R. Hildebrandt, *Simplifying and
Isolating Failure-Inducing Input*, IEEE TSE 28(2), 2002, where what is "interesting" is that the
rest works. Its result is 1-minimal: no single excluded site can be put back. The search begins
with what a breakage blames (files, names), which usually is right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

from bench.explain.checks.breakage import Breakage

MOST_TRIALS = 60


class Blamable(Hashable, Protocol):
    """A place that a change touches, see `bench.explain.optimize.change.Site`."""

    @property
    def file(self) -> str:
        """Its path from the root of the repository."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names that it binds otherwise."""


One = TypeVar("One", bound=Blamable)


class Checking(Protocol):
    """What judges texts: `bench.explain.checks.checks.Checks`, or several of them."""

    def failure(self, texts: Mapping[str, str], *, whole: bool) -> Breakage | None:
        """What is wrong with them."""


@dataclass(frozen=True, kw_only=True)
class Shrunk(Generic[One]):
    """The part that works, and each excluded site with what breaks when it is put back.

    `trials` were made; `exhausted`: the limit was reached, so that more sites than necessary may be
    excluded.
    """

    kept: tuple[One, ...]
    excluded: tuple[tuple[One, Breakage], ...]
    trials: int
    exhausted: bool = False


def shrink(
    sites: Sequence[One],
    failure: Callable[[Collection[One]], Breakage | None],
    *,
    together: Iterable[Collection[One]] = (),
    most_trials: int = MOST_TRIALS,
) -> Shrunk[One]:
    """The largest part of `sites` for which `failure` finds nothing.

    Sites of one collection of `together` are kept or left out as one. `failure` is asked at most
    `most_trials` times, once for each set; nothing is asked of the empty set, which works.
    """
    return _Shrinking(_units(sites, together), failure, most_trials).run()


class _OutOfTrialsError(Exception):
    pass


_Unit = tuple[One, ...]


@dataclass
class _Shrinking(Generic[One]):
    units: tuple[_Unit[One], ...]
    ask: Callable[[Collection[One]], Breakage | None]
    most_trials: int
    known: dict[frozenset[int], Breakage | None] = field(default_factory=dict)
    working: frozenset[int] = frozenset()  # the largest set that was seen to work

    def run(self) -> Shrunk[One]:
        everything = frozenset(range(len(self.units)))
        exhausted = False
        try:
            out = self._guided(everything)
            self._minimal(everything, out)
        except _OutOfTrialsError:
            exhausted = True
        out = everything - self.working
        return Shrunk(
            kept=tuple(site for unit in sorted(self.working) for site in self.units[unit]),
            excluded=tuple(
                (site, self._reason(unit)) for unit in sorted(out) for site in self.units[unit]
            ),
            trials=len(self.known),
            exhausted=exhausted,
        )

    def _failure(self, chosen: frozenset[int]) -> Breakage | None:
        if not chosen:
            return None
        if chosen not in self.known:
            if len(self.known) >= self.most_trials:
                raise _OutOfTrialsError
            sites = [site for unit in sorted(chosen) for site in self.units[unit]]
            self.known[chosen] = self.ask(sites)
        found = self.known[chosen]
        if found is None and len(chosen) > len(self.working):
            self.working = chosen
        return found

    def _guided(self, everything: frozenset[int]) -> frozenset[int]:
        """Leave out what is blamed until the rest works: a set that is enough, if not the least."""
        out: frozenset[int] = frozenset()
        while (found := self._failure(everything - out)) is not None:
            left = everything - out
            out |= self._blamed(found, left) or left
        return out

    def _blamed(self, found: Breakage, units: frozenset[int]) -> frozenset[int]:
        """Those with a blamed name in a blamed file; else in such a file; else with such a name."""
        ways: tuple[Callable[[One], bool], ...] = (
            lambda one: one.file in found.files and not set(one.names).isdisjoint(found.names),
            lambda one: one.file in found.files,
            lambda one: not set(one.names).isdisjoint(found.names),
        )
        for way in ways:
            blamed = frozenset(n for n in units if any(map(way, self.units[n])))
            if blamed:
                return blamed
        return frozenset()

    def _minimal(self, everything: frozenset[int], out: frozenset[int]) -> None:
        """Zeller's ddmin, on what is left out."""
        parts = 2
        while len(out) > 1:
            pieces = _split(sorted(out), min(parts, len(out)))
            smaller = next((one for one in pieces if self._is_enough(everything, one)), None)
            if smaller is not None:
                out, parts = smaller, 2
                continue
            rests = (out - one for one in pieces)
            fewer = next((one for one in rests if self._is_enough(everything, one)), None)
            if fewer is not None:
                out, parts = fewer, max(parts - 1, 2)
            elif parts >= len(out):
                return
            else:
                parts = min(2 * parts, len(out))
        if out:
            self._failure(everything)  # of a single one: leaving out nothing fails, as is known

    def _is_enough(self, everything: frozenset[int], out: frozenset[int]) -> bool:
        return self._failure(everything - out) is None

    def _reason(self, unit: int) -> Breakage:
        """What breaks with it: of the sets that failed with it, the nearest to what works."""
        failed = {chosen: found for chosen, found in self.known.items() if found and unit in chosen}
        nearest = min(
            failed, key=lambda chosen: (len(chosen ^ (self.working | {unit})), sorted(chosen))
        )
        return failed[nearest]


def _split(units: Sequence[int], parts: int) -> list[frozenset[int]]:
    edges = [round(n * len(units) / parts) for n in range(parts + 1)]
    return [frozenset(units[a:b]) for a, b in pairwise(edges) if b > a]


def _units(
    sites: Sequence[One], together: Iterable[Collection[One]]
) -> tuple[tuple[One, ...], ...]:
    """Sites that stay together, in the order of their first one."""
    group: dict[One, int] = {site: n for n, site in enumerate(sites)}
    for collection in together:
        joined = {group[site] for site in collection if site in group}
        if joined:
            first = min(joined)
            group = {site: first if n in joined else n for site, n in group.items()}
    found: dict[int, list[One]] = {}
    for site in sites:
        found.setdefault(group[site], []).append(site)
    return tuple(tuple(unit) for _, unit in sorted(found.items()))


def largest_passing(
    sites: Sequence[One],
    rewrite: Callable[[Collection[One]], Mapping[str, str]],
    checks: Checking,
    *,
    together: Iterable[Collection[One]] = (),
    most_trials: int = MOST_TRIALS,
) -> Shrunk[One]:
    """Shrink by what is quick first, then by everything; `rewrite` gives the texts for sites."""
    groups = [tuple(one) for one in together]
    quick = shrink(
        sites,
        lambda chosen: checks.failure(rewrite(chosen), whole=False),
        together=groups,
        most_trials=most_trials,
    )
    whole = shrink(
        quick.kept,
        lambda chosen: checks.failure(rewrite(chosen), whole=True),
        together=groups,
        most_trials=most_trials,
    )
    return Shrunk(
        kept=whole.kept,
        excluded=(*quick.excluded, *whole.excluded),
        trials=quick.trials + whole.trials,
        exhausted=quick.exhausted or whole.exhausted,
    )
