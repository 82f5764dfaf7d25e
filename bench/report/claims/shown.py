"""What a test of claims says: for its page, the screen and scripts alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.core.revision import Revision
from bench.core.verdict import Interval
from bench.explain.claims.choosing import ChosenBy, ClaimBenchmark
from bench.explain.claims.judging import ClaimVerdict
from bench.explain.claims.record import ClaimsTest, JudgedClaim, SpeedClaim, TriedRecord
from bench.explain.optimize.record import RunReference
from bench.formats.tables import render
from bench.formats.text import before_after, change, counted, joined, magnitude

DOCUMENT_FORMAT = 1
NOT_MEASURED = frozenset({ClaimVerdict.NOT_TESTABLE, ClaimVerdict.OPEN})


@dataclass(frozen=True, kw_only=True)
class ShownClaim:
    """A claim on one Python, with what became of it; `tests` are the project's that were run."""

    number: int
    python: str
    claim: SpeedClaim
    judged: JudgedClaim

    @property
    def candidate(self) -> ClaimBenchmark | None:
        """What tested it, or would."""
        test = self.judged.test
        candidates = self.claim.candidates
        return candidates[test.candidate if test else 0] if candidates else None

    @property
    def what(self) -> str:
        """What was measured, or what the claim is of: a command, an import, a function."""
        candidate, test = self.candidate, self.judged.test
        if candidate is None or test is None or test.candidate == 0:
            return self.claim.what
        return candidate.what("")

    @property
    def interval(self) -> Interval | None:
        """The change as measured against the parent."""
        return _interval(self.judged.test)

    @property
    def measured(self) -> str:
        """The measured times and the change with its interval; a dash where there is none."""
        return _measured(self.judged.test)

    @property
    def measured_older(self) -> str:
        """The same against where the branch began."""
        return _measured(self.judged.older)


def shown_claims(test: ClaimsTest) -> tuple[ShownClaim, ...]:
    """Every claim on every Python it is tested on, in the order of the history."""
    return tuple(
        ShownClaim(
            number=number,
            python=python,
            claim=test.asked.claims[number],
            judged=test.judged(number, python),
        )
        for number, python in test.keys
    )


def claimed(claim: SpeedClaim) -> str:
    """A claim's figures in our words: `4.22x faster (1.00 s → 237 ms)`, `faster`."""
    if claim.ratio is None:
        return "faster"
    size = f"{magnitude(1 / claim.ratio, in_times=True)} faster"
    if claim.before_s is None or claim.after_s is None:
        return size
    return f"{size} ({before_after(claim.before_s, claim.after_s)})"


def tested_by(candidate: ClaimBenchmark | None) -> str:
    """The benchmark that tests a claim, for a reader."""
    if candidate is None:
        return ""
    benchmark = candidate.benchmark
    if candidate.chosen_by is ChosenBy.TESTS:
        return f"tests `{benchmark.pytest}`"
    if candidate.declared:
        return f"benchmark `{benchmark.name}`"
    return candidate.chosen_by.value


def tally(found: tuple[ShownClaim, ...]) -> str:
    """How many of each verdict, those that say most first: `5 hold, 2 less than claimed`."""
    counts = {one: sum(each.judged.verdict is one for each in found) for one in ClaimVerdict}
    words = {
        ClaimVerdict.HOLDS: ("holds", "hold"),
        ClaimVerdict.MORE: ("is more than claimed", "are more than claimed"),
        ClaimVerdict.LESS: ("is less than claimed", "are less than claimed"),
        ClaimVerdict.NO_EFFECT: ("has no effect", "have no effect"),
        ClaimVerdict.SLOWER: ("is slower", "are slower"),
        ClaimVerdict.ELSEWHERE: ("holds elsewhere", "hold elsewhere"),
        ClaimVerdict.UNDECIDED: ("is undecided", "are undecided"),
        ClaimVerdict.NOT_TESTABLE: ("cannot be tested here", "cannot be tested here"),
        ClaimVerdict.OPEN: ("is not measured yet", "are not measured yet"),
    }
    told = [f"{number} {words[one][number != 1]}" for one, number in counts.items() if number]
    return joined(told)


def screen_lines(test: ClaimsTest) -> Iterator[str]:
    """For a terminal: what was tested, then why the rest was not."""
    found = shown_claims(test)
    rows = [
        [_label(one), one.python, one.what, claimed(one.claim), one.measured,
         _verdict(one)]
        for one in found
        if one.judged.verdict not in NOT_MEASURED
    ]  # fmt: skip
    if rows:
        columns = ("commit", "Python", "what", "claimed", "measured", "verdict")
        yield from render(columns, rows, "simple", align="left").splitlines()
    yield from _others(found)
    yield f"\n{counted(len(found), 'claim')}: {tally(found)}. The test is {test.progress.words}."


def plan_lines(test: ClaimsTest) -> Iterator[str]:
    """What `--dry-run` shows: the claims, and what would test each."""
    found = shown_claims(test)
    rows = [
        [_label(one), one.what, claimed(one.claim), one.python,
         tested_by(one.candidate).replace("`", "")]
        for one in found
        if one.claim.candidates
    ]  # fmt: skip
    if rows:
        columns = ("commit", "what", "claimed", "Python", "would be tested by")
        yield from render(columns, rows, "simple", align="left").splitlines()
    yield from _others(found)
    yield (
        f"\n{counted(len(found), 'claim')} in {counted(test.asked.commits, 'commit')}, of which "
        f"{len(rows)} can be tested."
    )


def _others(found: tuple[ShownClaim, ...]) -> Iterator[str]:
    rows = [
        [_label(one), claimed(one.claim), one.what, str(one.judged.reason)]
        for one in found
        if one.judged.verdict is ClaimVerdict.NOT_TESTABLE
    ]
    if rows:
        yield "\nNot testable here:"
        columns = ("commit", "claimed", "what", "why")
        yield from render(columns, rows, "simple", align="left").splitlines()


def _label(one: ShownClaim) -> str:
    return one.claim.commit.label


def _verdict(one: ShownClaim) -> str:
    reason = f" {one.judged.reason}" if one.judged.reason else ""
    return f"{one.judged.verdict}{reason}"


def _interval(test: TriedRecord | None) -> Interval | None:
    return test.gain.interval if test and test.gain else None


def _measured(test: TriedRecord | None) -> str:
    interval = _interval(test)
    if test is None or test.gain is None or interval is None:
        return "–"
    return f"{change(interval)}, {before_after(test.gain.base_s, test.gain.head_s)}"


class MeasuredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured: `base` is the commit it is against; times are medians in seconds."""

    base: str
    interval: Interval
    base_s: float | None
    head_s: float | None
    rounds: int
    verdict: str
    run: RunReference | None


class ClaimDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A claim on one Python. `ratio` is before / after as claimed, null for "faster" alone.

    `told_by` is the commit whose message has the figure. `benchmark` is as declared, or as made for
    the claim; `chosen_by` says how. `measured` is against the parent, `older` against where the
    branch began.
    """

    commit: str
    parent: str
    author: str
    told_by: str
    kind: str
    what: str
    ratio: float | None
    before_s: float | None
    after_s: float | None
    claimed_python: str
    python: str
    benchmark: str
    tests: str
    chosen_by: str
    verdict: ClaimVerdict
    reason: str
    measured: MeasuredDocument | None
    older: MeasuredDocument | None


class ClaimsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What `claims --json` prints: all claims of a range. Intervals are ratios head / base."""

    format: int
    target: str
    base: Revision
    head: Revision
    least: float
    alpha: float
    commits: int
    progress: str
    claims: tuple[ClaimDocument, ...]


def claims_document(test: ClaimsTest) -> Any:  # noqa: ANN401 - what msgspec makes of it
    """The same as plain values."""
    asked = test.asked
    document = ClaimsDocument(
        format=DOCUMENT_FORMAT,
        target=asked.target,
        base=asked.pair.base,
        head=asked.pair.head,
        least=asked.least,
        alpha=asked.alpha,
        commits=asked.commits,
        progress=str(test.progress),
        claims=tuple(map(_document, shown_claims(test))),
    )
    return msgspec.to_builtins(document)


def _document(one: ShownClaim) -> ClaimDocument:
    claim, candidate = one.claim, one.candidate
    return ClaimDocument(
        commit=claim.commit.identity,
        parent=claim.base.identity,
        author=claim.author,
        told_by=claim.told_by or claim.commit.identity,
        kind=claim.kind,
        what=one.what,
        ratio=claim.ratio,
        before_s=claim.before_s,
        after_s=claim.after_s,
        claimed_python=claim.python,
        python=one.python,
        benchmark=candidate.benchmark.name if candidate else "",
        tests=candidate.benchmark.pytest if candidate else "",
        chosen_by=str(candidate.chosen_by) if candidate else "",
        verdict=one.judged.verdict,
        reason=one.judged.reason,
        measured=_measured_document(claim.base, one.judged.test),
        older=_measured_document(claim.older, one.judged.older),
    )


def _measured_document(base: Revision | None, test: TriedRecord | None) -> MeasuredDocument | None:
    interval = _interval(test)
    if base is None or test is None or test.gain is None or interval is None:
        return None
    return MeasuredDocument(
        base=base.identity,
        interval=interval,
        base_s=test.gain.base_s,
        head_s=test.gain.head_s,
        rounds=test.gain.rounds,
        verdict=str(test.gain.verdict),
        run=test.run,
    )
