"""The part of a set of statements that works, and what is left of its worth."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.explain.checks.checks import Checks
from bench.explain.checks.shrink import largest_passing
from bench.explain.rank.candidates import Candidate
from bench.explain.rank.graph import Graph
from bench.explain.rank.ranked_imports import Trial
from bench.explain.rank.ranking import Excluded, PassedCheck

Choose = Callable[[Sequence[Candidate]], tuple[Candidate, ...]]


@dataclass(frozen=True)
class Proven:
    """The statements that work together, what was looked at, and what was taken out."""

    candidates: tuple[Candidate, ...]
    proofs: tuple[PassedCheck, ...] = ()
    excluded: tuple[Excluded, ...] = ()


@dataclass(frozen=True)
class _Place:
    """A statement as a site that can be left out."""

    file: str
    line: int
    names: tuple[str, ...]
    candidate: Candidate = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class SetProver:
    """Takes out of a set what breaks something, and then what saves nothing any more.

    `choose` gives those of some candidates that are worth it.
    """

    checks: Checks
    graph: Graph
    choose: Choose

    def prove(self, candidates: Sequence[Candidate]) -> Proven:
        """The rest works: it has been looked at whole. Raises `BenchError`."""
        found = largest_passing([self._place(one) for one in candidates], self._texts, self.checks)
        excluded = tuple(
            Excluded(
                file=one.file, line=one.line, names=one.names, check=why.check, words=why.words
            )
            for one, why in found.excluded
        )
        kept = self._worthwhile([one.candidate for one in found.kept])
        texts = self._texts([self._place(one) for one in kept]) if kept else {}
        passed = self.checks.passed(texts, whole=True)
        return Proven(kept, tuple(PassedCheck(one.name, one.words) for one in passed), excluded)

    def _worthwhile(self, kept: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Without what saves nothing beside the others, if that works as well."""
        fewer = self.choose(kept)
        if not fewer or len(fewer) == len(kept):
            return tuple(kept) if fewer else ()
        failed = self.checks.failure(self._texts([self._place(one) for one in fewer]), whole=True)
        return tuple(kept) if failed else fewer

    def _place(self, candidate: Candidate) -> _Place:
        return _Place(
            self.checks.files[candidate.source.file],
            candidate.statement.line,
            tuple(one.name.bound for one in candidate.deferrals),
            candidate,
        )

    def _texts(self, places: Collection[_Place]) -> Mapping[str, str]:
        texts = Trial("", tuple(one.candidate for one in places)).texts(self.graph)
        return {self.checks.files[file]: text for file, text in texts.items()}


def files_in_clone(folders: Sequence[Path], path_of: Callable[[Path], str]) -> dict[Path, str]:
    """The modules below the own packages' folders → what `path_of` says."""
    files = [
        file
        for folder in folders
        for file in (sorted(folder.rglob("*.py")) if folder.is_dir() else [folder])
    ]
    return {file: path_of(file) for file in files}
