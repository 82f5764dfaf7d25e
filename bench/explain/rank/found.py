"""What was found of a scenario before anything is tried, and what is to be tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.explain.rank.candidates import Candidate, Judgement
from bench.explain.rank.findings import shown_file
from bench.explain.rank.graph import Graph
from bench.explain.rank.recording import Times
from bench.explain.rank.sets import Worth
from bench.explain.rank.sources import Source


@dataclass(frozen=True)
class Timed:
    """What was timed: the scenario's modules, a bare interpreter, top-level lines of own files."""

    scenario: Times
    bare: Times
    top: Mapping[tuple[str, int], float]


@dataclass(frozen=True)
class Trial:
    """Statements that are deferred together in a copy; `words` say which."""

    words: str
    candidates: tuple[Candidate, ...]

    @property
    def bound(self) -> frozenset[str]:
        """The names that are not bound any more, as `module:name`."""
        return frozenset(
            f"{one.source.module}:{deferral.name.bound}"
            for one in self.candidates
            for deferral in one.deferrals
        )

    def vanished(self, graph: Graph) -> frozenset[str]:
        """The modules that go, next to those that the rewriting brings."""
        brings = {name for one in self.candidates for name in one.brings}
        return graph.vanished([one.skip for one in self.candidates], brings)


@dataclass(frozen=True)
class Found:
    """A scenario's graph, what its sources say, and the best set; `best` and `worths` go together.

    `sources` are the own modules that were imported, by name.
    """

    graph: Graph
    judgement: Judgement
    timed: Timed
    sources: Mapping[str, Source]
    best: tuple[Candidate, ...]
    worths: tuple[Worth, ...]

    def got(self, candidate: Candidate) -> set[str]:
        """The modules that a statement had imported."""
        return {one.got for one in self.graph.recording.places[candidate.place].asked}

    def promised_s(self, candidates: Sequence[Candidate]) -> float:
        """What `-X importtime` shows for the modules of these statements, each counted once.

        Its cumulative column, in CPU seconds, as somebody would add it up who knows which of the
        modules came with another.
        """
        times = self.timed.scenario
        named = {name for one in candidates for name in self.got(one)}
        tops = (name for name in named if not named.intersection(times.above(name)))
        return sum(times.whole_s.get(name, 0.0) for name in tops)

    @property
    def whole(self) -> Trial:
        """The best set."""
        return Trial(f"all {len(self.best)} statements", self.best)


def usual_trials(found: Found) -> list[Trial]:
    """The best set, its statement that saves most alone, and one that saves nothing alone."""
    if not found.best:
        return []
    pairs = list(zip(found.best, found.worths, strict=True))
    most, worth = max(pairs, key=lambda pair: pair[1].alone)
    single = [most] if worth.alone > 0 and len(pairs) > 1 else []
    single += [one for one, worth in pairs if worth.alone == 0][:1]
    words = (f"only {shown_file(one.source.file)}:{one.statement.line}" for one in single)
    return [found.whole, *(Trial(said, (one,)) for said, one in zip(words, single, strict=True))]
