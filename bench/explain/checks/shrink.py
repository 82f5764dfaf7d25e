"""The largest part of a change that works: delta debugging over its sites.

What a breakage blames (files, names) is left out first, until the rest works. Then what was left
out is put back, in halves where nothing is known of it: the divide and conquer of A. Zeller and
R. Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*, IEEE TSE 28(2), 2002. As what
breaks a part also breaks the whole, their general `ddmin` is not needed: a half that works is back
for good, and n sites take at most 2n trials. The result is 1-minimal: no single excluded site can
be put back; those of which a check knows for sure (a file's name that is gone) are not tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    most_trials: int = MOST_TRIALS,
) -> Shrunk[One]:
    """The largest part of `sites` for which `failure` finds nothing.

    `failure` is asked at most `most_trials` times, once for each set; nothing is asked of the empty
    set, which works.
    """
    return _Shrinking(tuple(dict.fromkeys(sites)), failure, most_trials).run()


class _OutOfTrialsError(Exception):
    pass


@dataclass
class _Shrinking(Generic[One]):
    sites: tuple[One, ...]
    ask: Callable[[Collection[One]], Breakage | None]
    most_trials: int
    known: dict[frozenset[int], Breakage | None] = field(default_factory=dict)
    working: frozenset[int] = frozenset()  # the largest set that was seen to work
    reasons: dict[int, Breakage] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)  # those that a breakage blamed by file and name

    def run(self) -> Shrunk[One]:
        everything = frozenset(range(len(self.sites)))
        exhausted = False
        try:
            left_out = self._guided(everything) - self.reasons.keys()
            self._put_back(sorted(left_out & self.named), singly=True)
            self._put_back(sorted(left_out - self.named))
        except _OutOfTrialsError:
            exhausted = True
        out = everything - self.working
        return Shrunk(
            kept=tuple(self.sites[n] for n in sorted(self.working)),
            excluded=tuple((self.sites[n], self._reason(n)) for n in sorted(out)),
            trials=len(self.known),
            exhausted=exhausted,
        )

    def _failure(self, chosen: frozenset[int]) -> Breakage | None:
        if not chosen:
            return None
        if chosen not in self.known:
            if len(self.known) >= self.most_trials:
                raise _OutOfTrialsError
            self.known[chosen] = self.ask([self.sites[n] for n in sorted(chosen)])
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

    def _blamed(self, found: Breakage, left: frozenset[int]) -> frozenset[int]:
        """Those that surely are; else of a blamed file and name; else of one of both."""
        certain = self._certain(found, left)
        if certain:
            return certain
        found_names = frozenset(found.names)
        in_file = frozenset(n for n in left if self.sites[n].file in found.files)
        of_name = frozenset(n for n in left if not found_names.isdisjoint(self.sites[n].names))
        self.named |= in_file & of_name
        return in_file & of_name or in_file or of_name

    def _certain(self, found: Breakage, left: frozenset[int]) -> frozenset[int]:
        """Those that a check names with what is wrong: that is the reason."""
        for cause in found.causes:
            for number in left - self.reasons.keys():
                site = self.sites[number]
                if site.file == cause.file and not set(site.names).isdisjoint(cause.names):
                    self.reasons[number] = replace(found, words=cause.words, causes=(cause,))
        return left & self.reasons.keys()

    def _put_back(self, out: Sequence[int], *, singly: bool = False) -> None:
        if not out:
            return
        if len(out) == 1 or not singly:
            found = self._failure(self.working | set(out))
            if found is not None and len(out) == 1:
                self.reasons[out[0]] = found
            if found is None or len(out) == 1:
                return
        middle = len(out) // 2
        self._put_back(out[:middle], singly=singly)
        self._put_back(out[middle:], singly=singly)

    def _reason(self, number: int) -> Breakage:
        """What breaks with it, at best when it alone was put back."""
        if number in self.reasons:
            return self.reasons[number]
        failed = {tried: found for tried, found in self.known.items() if found and number in tried}
        wanted = self.working | {number}
        return failed[min(failed, key=lambda chosen: (len(chosen ^ wanted), sorted(chosen)))]


def passing(
    sites: Sequence[One],
    rewrite: Callable[[Collection[One]], Mapping[str, str]],
    checks: Checking,
    *,
    whole: bool,
) -> Shrunk[One]:
    """Shrink by what is quick, or by everything; `rewrite` gives the texts for sites."""

    def judge(chosen: Collection[One]) -> Breakage | None:
        try:
            texts = rewrite(chosen)
        except BenchError as error:
            return Breakage(check="rewriting", words=error.message)
        return checks.failure(texts, whole=whole)

    return shrink(sites, judge)


def largest_passing(
    sites: Sequence[One],
    rewrite: Callable[[Collection[One]], Mapping[str, str]],
    checks: Checking,
) -> Shrunk[One]:
    """Shrink by what is quick first, then by everything."""
    quick = passing(sites, rewrite, checks, whole=False)
    whole = passing(quick.kept, rewrite, checks, whole=True)
    return Shrunk(
        kept=whole.kept,
        excluded=(*quick.excluded, *whole.excluded),
        trials=quick.trials + whole.trials,
        exhausted=quick.exhausted or whole.exhausted,
    )
