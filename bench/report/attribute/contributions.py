"""What an attribution says of each scenario: for its page, the screen and scripts alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.core.verdict import Interval
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.record import Attribution, ReachRecord, StretchRecord
from bench.explain.attribute.search import Finding, Part, Stretch, together, unattributed
from bench.formats.tables import render
from bench.formats.text import before_after, change, counted, magnitude_with_direction

DOCUMENT_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """One part of a range: the commits in it that may matter, by number from 1, and the finding."""

    numbers: tuple[int, ...]
    commits: tuple[RangeCommit, ...]
    finding: Finding
    record: StretchRecord | None

    @property
    def interval(self) -> Interval | None:
        """What was measured of it."""
        return self.record.gain.interval if self.record and self.record.gain else None

    @property
    def label(self) -> str:
        """The commit, or how many and which are the first and the last."""
        first, last = self.commits[0].revision.label, self.commits[-1].revision.label
        if len(self.commits) == 1:
            return first
        return f"{counted(len(self.commits), 'commit')}, {first} … {last}"

    @property
    def words(self) -> str:
        """The change with its interval, or why there is none."""
        if self.interval is not None:
            return change(self.interval)
        return (self.record.seen.reason if self.record else "") or str(self.finding)


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """One scenario on one Python. `product` is that of all parts, where all were measured."""

    scenario: str
    python: str
    reach: ReachRecord
    whole: StretchRecord | None
    parts: tuple[Contribution, ...]
    product: Interval | None
    rest: float | None
    rounds: int
    pairs: int

    @property
    def steps(self) -> list[Contribution]:
        """The parts that are named, the largest first."""
        named = [one for one in self.parts if one.finding is Finding.STEP and one.interval]
        return sorted(named, key=_size, reverse=True)

    @property
    def whole_interval(self) -> Interval | None:
        """The range as it was measured itself."""
        return self.whole.gain.interval if self.whole and self.whole.gain else None

    @property
    def agrees(self) -> bool | None:
        """Whether the product of the parts and the range itself may be the same."""
        if self.product is None or self.whole_interval is None:
            return None
        return (
            self.product.low <= self.whole_interval.high
            and self.whole_interval.low <= self.product.high
        )


def _size(one: Contribution) -> float:
    ratio = one.interval.ratio if one.interval else 1.0
    return max(ratio, 1 / ratio)


def contributions_of(attribution: Attribution) -> tuple[Contributions, ...]:
    """Every scenario on every Python that was looked at, as asked for."""
    found = []
    for (scenario, python), reach in attribution.reached.items():
        measured = attribution.measured(scenario, python)
        parts = [] if reach.failure else attribution.parts(scenario, python)
        whole = measured.get(Stretch(0, len(reach.steps))) if reach.steps else None
        interval = whole.gain.interval if whole and whole.gain else None
        found.append(
            Contributions(
                scenario=scenario,
                python=python,
                reach=reach,
                whole=whole,
                parts=tuple(_contribution(attribution, reach, one, measured) for one in parts),
                product=together(parts) if parts else None,
                rest=unattributed(parts, interval),
                rounds=sum(one.gain.rounds for one in measured.values() if one.gain),
                pairs=len(measured),
            )
        )
    return tuple(found)


def _contribution(
    attribution: Attribution,
    reach: ReachRecord,
    part: Part,
    measured: dict[Stretch, StretchRecord],
) -> Contribution:
    steps = reach.steps[part.stretch.first : part.stretch.last]
    numbers = tuple(number for step in steps for number in step)
    return Contribution(
        numbers=numbers,
        commits=tuple(attribution.asked.commits[number - 1] for number in numbers),
        finding=part.finding,
        record=measured.get(part.stretch),
    )


def by_author(one: Contributions) -> dict[str, tuple[float, int]]:
    """The product of the steps of each author, and how many steps; of several in one: all."""
    found = defaultdict[str, list[float]](list)
    for step in one.steps:
        name = " and ".join(sorted({commit.author for commit in step.commits}))
        if step.interval:
            found[name].append(step.interval.ratio)
    return {name: (_product(ratios), len(ratios)) for name, ratios in sorted(found.items())}


def _product(ratios: list[float]) -> float:
    product = 1.0
    for ratio in ratios:
        product *= ratio
    return product


def screen_lines(attribution: Attribution) -> Iterator[str]:
    """For a terminal."""
    for one in contributions_of(attribution):
        yield f"\n{one.scenario}, Python {one.python}: {outcome(one)}"
        rows = [[part.label, part.words, _subject(part), str(part.finding)] for part in one.parts]
        if rows:
            columns = ("commits", "contribution", "subject", "finding")
            yield from render(columns, rows, "simple", align="left").splitlines()
        if one.reach.proved:
            yield f"Proved to contribute nothing: {counted(len(one.reach.proved), 'commit')}."
    yield f"\nThe attribution is {attribution.progress}."


def _subject(part: Contribution) -> str:
    return part.commits[0].revision.subject[:60] if len(part.commits) == 1 else ""


def outcome(one: Contributions) -> str:
    """In a line: the whole, and the parts beside it."""
    if one.reach.failure:
        return one.reach.failure
    if not one.reach.steps:
        return "no commit of the range can matter"
    if one.whole_interval is None:
        return "the range as a whole was not measured"
    gain = one.whole.gain if one.whole else None
    words = change(one.whole_interval)
    if gain is not None and gain.base_s and gain.head_s:
        words = f"{before_after(gain.base_s, gain.head_s)}, {words}"
    if one.product is not None:
        words += f"; product of the parts {change(one.product)}"
    if one.rest is not None and one.steps:
        named = counted(len(one.steps), "step")
        words += f"; not explained by the {named} named: {magnitude_with_direction(one.rest)}"
    return words


def attribution_document(attribution: Attribution) -> dict[str, Any]:
    """What `--json` prints."""
    asked = attribution.asked
    return {
        "format": DOCUMENT_FORMAT,
        "target": asked.target,
        "base": msgspec.to_builtins(asked.pair.base),
        "head": msgspec.to_builtins(asked.pair.head),
        "least": asked.least,
        "alpha": asked.alpha,
        "progress": str(attribution.progress),
        "commits": [
            {"commit": one.revision.identity, "author": one.author, "merge": one.merge}
            for one in asked.commits
        ],
        "contributions": [_document(attribution, one) for one in contributions_of(attribution)],
    }


def _document(attribution: Attribution, one: Contributions) -> dict[str, Any]:
    commits = attribution.asked.commits
    return {
        "benchmark": one.scenario,
        "python": one.python,
        "failure": one.reach.failure,
        "whole": msgspec.to_builtins(one.whole_interval),
        "product": msgspec.to_builtins(one.product),
        "not_attributed": one.rest,
        "pairs": one.pairs,
        "rounds": one.rounds,
        "proved": {
            commits[number - 1].revision.identity: str(proof)
            for number, proof in one.reach.proved.items()
        },
        "parts": [
            {
                "commits": [commit.revision.identity for commit in part.commits],
                "finding": str(part.finding),
                "interval": msgspec.to_builtins(part.interval),
                "level": part.record.level if part.record else None,
                "run": msgspec.to_builtins(part.record.run) if part.record else None,
            }
            for part in one.parts
        ],
    }
