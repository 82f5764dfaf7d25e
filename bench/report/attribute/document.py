"""An attribution for scripts: what `--json` prints, and what lies beside its page."""

from __future__ import annotations

import msgspec

from bench.core.revision import Revision
from bench.core.verdict import Interval
from bench.explain.attribute.record import Attribution
from bench.explain.attribute.search import Finding
from bench.explain.attribute.standing import AttributionProgress
from bench.explain.optimize.record import RunReference
from bench.report.attribute.contributions import (
    Contribution,
    Contributions,
    LifeEnd,
    SearchWork,
    contributions_of,
)
from bench.report.attribute.sums import PartsSum, by_author, by_group, by_path

FORMAT = 1


class AttributedCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit of the range, in order; `detour` says of a step that it is no commit's own."""

    commit: str
    author: str
    subject: str
    merge: bool
    detour: str


class AttributedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a range: one commit, or several that were left together.

    `interval` is the ratio after / before, None where it was not measured. `level` is the error
    rate at which a commit was tested. `paths` are those that the commits change and that are read.
    """

    commits: tuple[str, ...]
    finding: Finding
    interval: Interval | None
    level: float | None
    paths: tuple[str, ...]
    run: RunReference | None


class AttributedEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The commit at which a benchmark was born or died; `reason` is why it does not work beyond."""

    commit: str
    reason: str


class AttributedWork(msgspec.Struct, frozen=True, kw_only=True):
    """Processes that the search took, and what measuring every commit would have taken.

    `share` is None while something is left to measure.
    """

    pairs: int
    measured: int
    observed: int
    every_commit: float
    share: float | None


class AttributedContribution(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark on one Python.

    `whole` is the range as measured directly, `product` that of all parts, `not_attributed` the
    ratio that the named steps leave. `proved` has the commits that contribute exactly nothing, with
    the proof, `left_out` those at which nothing works, with the reason.
    """

    benchmark: str
    python: str
    failure: str
    born: AttributedEnd | None
    died: AttributedEnd | None
    whole: Interval | None
    product: Interval | None
    agrees: bool | None
    not_attributed: float | None
    work: AttributedWork | None
    proved: dict[str, str]
    left_out: dict[str, str]
    parts: tuple[AttributedPart, ...]
    by_author: tuple[PartsSum, ...]
    by_path: tuple[PartsSum, ...]


class AttributedGroupPart(msgspec.Struct, frozen=True, kw_only=True):
    """Commits that all benchmarks of a group tell from those around them."""

    commits: tuple[str, ...]
    interval: Interval | None


class AttributedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of benchmarks on one Python: geometric means of what each commit did to them."""

    group: str
    python: str
    benchmarks: tuple[str, ...]
    left_out: tuple[str, ...]
    whole: Interval | None
    parts: tuple[AttributedGroupPart, ...]


class AttributionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What each commit of a range contributed. A ratio is after / before."""

    format: int
    target: str
    base: Revision
    head: Revision
    least: float
    alpha: float
    progress: AttributionProgress
    machine: str
    commits: tuple[AttributedCommit, ...]
    contributions: tuple[AttributedContribution, ...]
    by_group: tuple[AttributedGroup, ...]


def attribution_document(attribution: Attribution) -> AttributionDocument:
    """All that is said of it."""
    asked, found = attribution.asked, contributions_of(attribution)
    names = [one.revision.identity for one in asked.commits]
    return AttributionDocument(
        format=FORMAT,
        target=asked.target,
        base=asked.pair.base,
        head=asked.pair.head,
        least=asked.least,
        alpha=asked.alpha,
        progress=attribution.progress,
        machine=asked.machine.name,
        commits=tuple(
            AttributedCommit(
                commit=one.revision.identity,
                author=one.author,
                subject=one.revision.subject,
                merge=one.merge,
                detour=one.detour,
            )
            for one in asked.commits
        ),
        contributions=tuple(_contribution(one, names) for one in found),
        by_group=tuple(
            AttributedGroup(
                group=one.group,
                python=one.python,
                benchmarks=one.benchmarks,
                left_out=one.left_out,
                whole=one.whole,
                parts=tuple(
                    AttributedGroupPart(
                        commits=tuple(names[number - 1] for number in part.numbers),
                        interval=part.interval,
                    )
                    for part in one.parts
                ),
            )
            for one in by_group(attribution, found)
        ),
    )


def _contribution(one: Contributions, names: list[str]) -> AttributedContribution:
    reach = one.reach
    return AttributedContribution(
        benchmark=one.scenario,
        python=one.python,
        failure=reach.failure,
        born=_end(one.born),
        died=_end(one.died),
        whole=one.whole_interval,
        product=one.product,
        agrees=one.agrees,
        not_attributed=one.rest.ratio if one.rest else None,
        work=_work(one.work) if one.work else None,
        proved={names[number - 1]: str(proof) for number, proof in reach.proved.items()},
        left_out={names[number - 1]: reason for number, reason in reach.left_out.items()},
        parts=tuple(_part(part) for part in one.parts),
        by_author=by_author(one),
        by_path=by_path(one),
    )


def _end(one: LifeEnd | None) -> AttributedEnd | None:
    return AttributedEnd(commit=one.commit.revision.identity, reason=one.reason) if one else None


def _work(one: SearchWork) -> AttributedWork:
    return AttributedWork(
        pairs=one.pairs,
        measured=one.measured,
        observed=one.observed,
        every_commit=one.every,
        share=one.share if one.is_whole else None,
    )


def _part(part: Contribution) -> AttributedPart:
    return AttributedPart(
        commits=tuple(commit.revision.identity for commit in part.commits),
        finding=part.finding,
        interval=part.interval,
        level=part.record.level if part.record else None,
        paths=part.paths,
        run=part.record.run if part.record else None,
    )
