"""`prior-art/<name>.toml`: what was published, and which revisions of which history show it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from bench.core.errors import UsageError
from bench.core.revision import SHORTEST_HASH, Pair
from bench.core.series import Selection
from bench.core.target import NonEmpty, Positive
from bench.engine.revisions.ranges import is_range, parse_range


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where figures were published, and what they were measured with, as far as it says."""

    title: NonEmpty
    url: Annotated[str, msgspec.Meta(pattern="^https://")]
    measured_with: NonEmpty


class PublishedFigure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A figure of one benchmark as it was published.

    `source` names a publication of the file; "" is the history itself: a commit's message, or the
    project's news. `python` is "" where none is named. `speedup` (before/after) is given where it
    is of the very commits measured here and of what the benchmark times: then the two are compared.
    `memory`: the figure is one of memory, not of time. `not_compared` says why a figure without a
    `speedup` is not compared with the measured one.
    """

    benchmark: NonEmpty
    figure: NonEmpty
    source: str = ""
    python: str = ""
    speedup: Annotated[float, msgspec.Meta(gt=0)] | None = None
    memory: bool = False
    not_compared: str = ""


class PublishedComparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Two revisions, what is measured of them, and what was published about them.

    `text` and `title` are Markdown. `memory` has the peak memory of a process shown beside its
    time.
    """

    title: NonEmpty
    range: NonEmpty
    benchmarks: Annotated[tuple[NonEmpty, ...], msgspec.Meta(min_length=1)]
    text: str = ""
    published: tuple[PublishedFigure, ...] = ()
    counters: bool = False
    memory: bool = False

    def __post_init__(self) -> None:
        unknown = sorted({one.benchmark for one in self.published} - set(self.benchmarks))
        if unknown:
            raise ValueError(f"published names {unknown[0]!r}, which is not among the benchmarks")
        spec = parse_range(self.range)
        if spec.base is None or spec.head.is_tree:
            raise ValueError(f"{self.range!r} does not name both ends: write base..head")

    def is_of(self, pair: Pair) -> bool:
        """Whether a pair is what the range means: by version, tag, or the beginning of a hash."""
        return is_range(self.range, pair)


class SeriesOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A series of revisions against its first one; `every` 0 means tags or releases."""

    range: NonEmpty
    benchmarks: Annotated[tuple[NonEmpty, ...], msgspec.Meta(min_length=1)]
    every: Annotated[int, msgspec.Meta(ge=0)] = 0
    pythons: tuple[NonEmpty, ...] = ()
    text: str = ""

    @property
    def selection(self) -> Selection:
        """Which revisions of the range become points."""
        return Selection(self.every)


class PublishedStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was published of one commit by itself; `commit` is the beginning of its hash."""

    commit: Annotated[str, msgspec.Meta(min_length=SHORTEST_HASH)]
    benchmark: NonEmpty
    figure: NonEmpty


class AttributionOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A range that was attributed to its commits, and what its author said of single ones."""

    range: NonEmpty
    breakdown: Annotated[tuple[PublishedStep, ...], msgspec.Meta(min_length=1)]
    text: str = ""

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Those that something was said of, in order."""
        return tuple(dict.fromkeys(one.benchmark for one in self.breakdown))

    def is_of(self, pair: Pair) -> bool:
        """Whether a pair is what the range means."""
        return PublishedComparison(title="range", range=self.range, benchmarks=("any",)).is_of(pair)


class PriorArt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One project's published work.

    `repository` is cloned to `repos/<clone>` where the history is not the target's own; without it
    revisions are releases or those of the target's clone. `budget_s`: seconds for a benchmark;
    `same_commits`: whether what is measured are the very commits that figures were published of.
    """

    target: NonEmpty
    title: NonEmpty
    introduction: NonEmpty
    repository: str = ""
    clone: str = ""
    budget_s: Positive = 10.0
    same_commits: bool = True
    source: dict[str, Publication] = {}
    whole: Annotated[tuple[PublishedComparison, ...], msgspec.Meta(min_length=1)]
    pattern: tuple[PublishedComparison, ...] = ()
    series: tuple[SeriesOf, ...] = ()
    attribution: tuple[AttributionOf, ...] = ()
    lessons: str = ""

    def __post_init__(self) -> None:
        sources = {one.source for each in self.comparisons for one in each.published}
        unknown = sorted(sources - {"", *self.source})
        if unknown:
            raise ValueError(f"published names the source {unknown[0]!r}, which is not declared")

    @property
    def comparisons(self) -> tuple[PublishedComparison, ...]:
        """All pairs, the whole ones first."""
        return *self.whole, *self.pattern


def declared_names(folder: Path) -> list[str]:
    """The names of everything declared."""
    return sorted(file.stem for file in folder.glob("*.toml"))


def load_prior_art(name: str, folder: Path) -> PriorArt:
    """Read one declaration; raises `UsageError` naming the file and what is wrong in it."""
    file = folder / f"{name}.toml"
    if name not in declared_names(folder):
        known = ", ".join(declared_names(folder)) or "none"
        raise UsageError(f"There is no prior art {name!r}.", f"Declared under {folder}: {known}.")
    try:
        return msgspec.toml.decode(file.read_bytes(), type=PriorArt)
    except (msgspec.ValidationError, ValueError) as error:
        raise UsageError(f"{file}: {error}") from error
