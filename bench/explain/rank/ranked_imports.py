"""The imports of a scenario as ranked before anything is run, and which changes are tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.explain.rank.candidates import Candidate, Judgement
from bench.explain.rank.graph import Graph
from bench.explain.rank.opportunities import shown_file
from bench.explain.rank.recording import Times
from bench.explain.rank.rewriting.rewrite import rewritten
from bench.explain.rank.sets import Worth
from bench.explain.rank.sources import ModuleSource


@dataclass(frozen=True)
class ScenarioTimes:
    """What was timed: the scenario's modules, a bare interpreter, top-level lines of own files."""

    scenario: Times
    bare: Times
    top: Mapping[tuple[str, int], float]

    def part(self, saving_s: float) -> float:
        """So many seconds as a part of what the process takes beyond a bare interpreter."""
        return saving_s / (self.scenario.process_s - self.bare.process_s)


@dataclass(frozen=True)
class Trial:
    """Statements that are deferred together in a copy; `words` say which."""

    words: str
    candidates: tuple[Candidate, ...]

    def vanished(self, graph: Graph) -> frozenset[str]:
        """The modules that are no longer imported; the rewriting itself imports some."""
        brings = {name for one in self.candidates for name in one.brings}
        return graph.vanished([one.skip for one in self.candidates], brings)

    def texts(self, graph: Graph) -> dict[Path, str]:
        """The rewritten files; raises `RewriteError`."""
        wanted = [name for one in self.candidates for name in one.wanted]
        return rewritten(wanted, graph.recording.lines)


@dataclass(frozen=True, kw_only=True)
class RankedImports:
    """A scenario's graph, what its sources say, and the best set with the worth of each statement.

    `sources` are the own modules that were imported, by name.
    """

    graph: Graph
    judgement: Judgement
    timed: ScenarioTimes
    sources: Mapping[str, ModuleSource]
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


def usual_trials(ranked: RankedImports) -> list[Trial]:
    """The best set, and its statement that saves most alone."""
    if not ranked.best:
        return []
    found = [Trial(f"all {len(ranked.best)} statements", ranked.best)]
    pairs = zip(ranked.best, ranked.worths, strict=True)
    most, worth = max(pairs, key=lambda pair: pair[1].alone)
    if worth.alone > 0 and len(ranked.best) > 1:
        place = f"{shown_file(most.source.file)}:{most.statement.line}"
        found.append(Trial(f"only {place}", (most,)))
    return found
