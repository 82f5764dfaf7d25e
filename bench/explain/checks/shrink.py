"""The largest part of a change that works: delta debugging over its sites.

What a breakage blames (files, names) is left out first, until the rest works. Then what was left
out is put back, in halves where nothing is known of it: the divide and conquer of A. Zeller and
R. Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*, IEEE TSE 28(2), 2002. As what
breaks a part also breaks the whole, their general `ddmin` is not needed: a half that works is back
for good, and n sites take at most 2n trials. The result is 1-minimal: no single excluded site can
be put back; those of which a check knows for sure (a file's name that is gone) are not tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

from bench.core.errors import BenchError
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
    reasons: dict[int, Breakage] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)  # those that a breakage blamed by file and name

    def run(self) -> Shrunk[One]:
        everything = frozenset(range(len(self.units)))
        exhausted = False
        try:
            left_out = self._guided(everything) - self.reasons.keys()
            self._put_back(sorted(left_out & self.named), singly=True)
            self._put_back(sorted(left_out - self.named))
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
        """Leave out what is blamed until the rest works: enough is left out, if not the least."""
        out: frozenset[int] = frozenset()
        while (found := self._failure(everything - out)) is not None:
            left = everything - out
            out |= self._blamed(found, left) or left
        return out

    def _blamed(self, found: Breakage, units: frozenset[int]) -> frozenset[int]:
        """Those that surely are; else of a blamed file and name; else of one of both."""
        certain = self._certain(found, units)
        if certain:
            return certain

        def having(way: Callable[[One], bool]) -> frozenset[int]:
            return frozenset(n for n in units if any(map(way, self.units[n])))

        in_file = having(lambda one: one.file in found.files)
        of_name = having(lambda one: not set(one.names).isdisjoint(found.names))
        self.named |= in_file & of_name
        return in_file & of_name or in_file or of_name

    def _certain(self, found: Breakage, units: frozenset[int]) -> frozenset[int]:
        """Those that a check names with what is wrong: that is the reason."""
        for cause in found.causes:
            for unit in units - self.reasons.keys():
                if any(
                    site.file == cause.file and not set(site.names).isdisjoint(cause.names)
                    for site in self.units[unit]
                ):
                    self.reasons[unit] = replace(found, words=cause.words, causes=(cause,))
        return units & self.reasons.keys()

    def _put_back(self, units: Sequence[int], *, singly: bool = False) -> None:
        if not units:
            return
        if len(units) == 1 or not singly:
            found = self._failure(self.working | set(units))
            if found is not None and len(units) == 1:
                self.reasons[units[0]] = found
            if found is None or len(units) == 1:
                return
        middle = len(units) // 2
        self._put_back(units[:middle], singly=singly)
        self._put_back(units[middle:], singly=singly)

    def _reason(self, unit: int) -> Breakage:
        """What breaks with it, at best when it alone was put back."""
        if unit in self.reasons:
            return self.reasons[unit]
        failed = {chosen: found for chosen, found in self.known.items() if found and unit in chosen}
        wanted = self.working | {unit}
        return failed[min(failed, key=lambda chosen: (len(chosen ^ wanted), sorted(chosen)))]


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

    def judge(chosen: Collection[One], *, whole: bool) -> Breakage | None:
        try:
            texts = rewrite(chosen)
        except BenchError as error:
            return Breakage(check="rewriting", words=error.message)
        return checks.failure(texts, whole=whole)

    quick = shrink(
        sites,
        partial(judge, whole=False),
        together=groups,
        most_trials=most_trials,
    )
    whole = shrink(
        quick.kept,
        partial(judge, whole=True),
        together=groups,
        most_trials=most_trials,
    )
    return Shrunk(
        kept=whole.kept,
        excluded=(*quick.excluded, *whole.excluded),
        trials=quick.trials + whole.trials,
        exhausted=quick.exhausted or whole.exhausted,
    )
