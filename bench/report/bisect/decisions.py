"""What a bisection says: for its page, the screen and scripts alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.core.revision import Revision
from bench.core.verdict import Interval, Verdict
from bench.explain.attribute.standing import AttributionProgress
from bench.explain.bisect.record import AnswerRecord, BisectionTold
from bench.explain.bisect.search import BisectEnding, BisectKnown, BisectOutcome, Purpose, WantedWay
from bench.explain.optimize.record import RunReference
from bench.formats.tables import render
from bench.formats.text import (
    before_after,
    change,
    counted,
    joined,
    magnitude_with_direction,
    share,
)

DOCUMENT_FORMAT = 1
# A level this near to one of the ends', as a part of their change, is like it.
_NEAR = 0.25
_LISTED, _MANY = 12, 4
COLUMNS = ("", "compared", "question", "change", "rounds", "answer", "left")


class OtherStepDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A further step: at one of these commits; `ratio` is what is expected of it."""

    commits: tuple[str, ...]
    probability: float
    ratio: float


class DecisionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A question and its answer; `first` and `last` are commits.

    `left` are the commits of which one did it, with `probability`, once this answer is known.
    """

    first: str
    last: str
    purpose: Purpose
    precision: float
    level: float
    interval: Interval | None
    verdict: Verdict | None
    rounds: int
    reason: str
    run: RunReference | None
    left: int
    probability: float


class BisectionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What `bisect --json` prints.

    `commits` hold the `probability`; with the ending *named* they are one commit, or several that
    cannot be told apart. Intervals are ratios, the later state over the earlier one: `whole` is
    the range, `step` what is named, `rest` the range without it. `stepped_around` and `proved`
    say of commits why they could not be measured, and why they cannot matter.
    """

    format: int
    target: str
    base: Revision
    head: Revision
    benchmark: str
    python: str
    least: float
    error: float
    wanted: WantedWay
    progress: AttributionProgress
    ending: BisectEnding
    commits: tuple[str, ...]
    probability: float
    whole: Interval | None
    step: Interval | None
    rest: Interval | None
    others: tuple[OtherStepDocument, ...]
    stepped_around: dict[str, str]
    proved: dict[str, str]
    decisions: tuple[DecisionDocument, ...]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A question as it was answered, and what is left after it: commits by number from 1."""

    record: AnswerRecord
    first: Revision
    last: Revision
    answer: str
    left: tuple[int, ...]
    probability: float

    @property
    def left_words(self) -> str:
        """`5 commits, 97.2%`."""
        return f"{counted(len(self.left), 'commit')}, {share(self.probability)}"

    def row(self, number: int) -> list[str]:
        """Cells of `COLUMNS`."""
        answer = self.record.answer
        rounds = self.record.gain.rounds if self.record.gain else 0
        return [
            str(number),
            f"{self.first.label}..{self.last.label}",
            str(self.record.purpose),
            change(answer.interval),
            str(rounds or "–"),
            self.answer,
            self.left_words if self.left else "–",
        ]


def decisions_of(bisection: BisectionTold) -> tuple[Decision, ...]:
    """All questions in order, each with what was known after it."""
    found = []
    for number, record in enumerate(bisection.measured, 1):
        known = bisection.known(number)
        outcome = known.outcome
        found.append(
            Decision(
                record=record,
                first=_state(bisection, record.first),
                last=_state(bisection, record.last),
                answer=_answered(record, known),
                left=bisection.commits(outcome.candidates),
                probability=outcome.probability,
            )
        )
    return tuple(found)


def _state(bisection: BisectionTold, state: int) -> Revision:
    reach = bisection.reach
    assert reach is not None
    asked = bisection.asked
    index = reach.index_of(state, len(asked.commits))
    return asked.pair.head if index == len(asked.commits) else asked.revision(index)


def _answered(record: AnswerRecord, known: BisectKnown) -> str:
    answer, whole = record.answer, known.outcome.whole
    if answer.interval is None:
        return answer.reason
    if record.purpose is not Purpose.SIDE or whole is None:
        return str(answer.verdict)
    part = math.log(answer.interval.ratio) / math.log(whole.ratio)
    if abs(part) <= _NEAR:
        return "like the base"
    return "like the head" if abs(part - 1) <= _NEAR else "in between"


def stepped_around(bisection: BisectionTold) -> dict[int, str]:
    """The commits (from 1) that could not be measured, and why."""
    reach = bisection.reach
    if reach is None or reach.failure:
        return {}
    unusable = bisection.known().unusable
    return reach.left_out | {reach.states[state]: why for state, why in unusable.items()}


def subject_of(bisection: BisectionTold, numbers: Sequence[int]) -> str:
    """The commits, by label: `1a2b3c4 Make it fast`, or the first and the last of several."""
    commits = [bisection.asked.commits[number - 1].revision for number in numbers]
    if len(commits) == 1:
        return f"{commits[0].label} {commits[0].subject}"
    labels = [one.label for one in commits]
    shown = joined(labels, "or") if len(labels) < _MANY else f"{labels[0]} to {labels[-1]}"
    return f"one of {counted(len(commits), 'commit')}, {shown}"


def found_words(bisection: BisectionTold) -> str:
    """What was found, in a sentence without a full stop."""
    if bisection.reach is None:
        return "the range was not observed yet"
    if bisection.reach.failure:
        return f"{bisection.asked.benchmark} {bisection.reach.failure}"
    outcome = bisection.known().outcome
    if not outcome.candidates:
        return _without(bisection, outcome)
    who = subject_of(bisection, bisection.commits(outcome.candidates))
    if outcome.ending is not BisectEnding.NAMED or outcome.step is None:
        return (
            f"{who}, with probability {share(outcome.probability)}; "
            f"the range as a whole {change(outcome.whole)}"
        )
    return f"{who}: {change(outcome.step)}, the range as a whole {change(outcome.whole)}"


def _without(bisection: BisectionTold, outcome: BisectOutcome) -> str:
    """Why no commit is told."""
    words = str(outcome.ending)
    if outcome.whole is not None:
        words += f": {change(outcome.whole)}"
    if outcome.ending is BisectEnding.OTHER_WAY:
        words += f", and {bisection.asked.wanted} was asked for"
    if outcome.ending is BisectEnding.SAME:
        words += "; steps that cancel would not be seen, which attribute splits where counts move"
    return words


def others_words(bisection: BisectionTold) -> list[str]:
    """That there are other steps, where there are: sentences."""
    outcome = bisection.known().outcome
    found = []
    measured = suspects(bisection)
    if outcome.ending is BisectEnding.SEVERAL and len(measured) > 1 and all(measured.values()):
        found.append("Each of them was measured by itself; which is the largest is not decided.")
    rest, band = outcome.rest, 1 + bisection.asked.least
    if rest is not None and (rest.low > band or rest.high < 1 / band):
        found.append(
            f"It is not all of the change: the range without it is {change(rest)}. "
            "attribute splits that among the other commits."
        )
    for one in outcome.others:
        who = subject_of(bisection, bisection.commits(one.candidates))
        size = magnitude_with_direction(one.ratio)
        found.append(f"Another step, of about {size}: {who} ({share(one.probability)}).")
    return found


def screen_lines(bisection: BisectionTold) -> Iterator[str]:
    """For a terminal."""
    asked = bisection.asked
    rows = [one.row(number) for number, one in enumerate(decisions_of(bisection), 1)]
    if rows:
        yield ""
        yield from render(COLUMNS, rows, "simple", align="left").splitlines()
    around = stepped_around(bisection)
    if around:
        labels = joined([asked.revision(number).label for number in sorted(around)])
        yield f"Stepped around, as they could not be measured: {labels}."
    yield f"\n{asked.benchmark}, Python {asked.python}: {found_words(bisection)}."
    if bisection.reach is not None and not bisection.reach.failure:
        yield from _several(bisection)
        yield from others_words(bisection)
        proved = len(bisection.reach.proved)
        if proved:
            yield f"Proved to contribute nothing: {counted(proved, 'commit')}."
    if bisection.progress is AttributionProgress.OUT_OF_BUDGET:
        yield "The budget is used up; the same command goes on."


def _several(bisection: BisectionTold) -> Iterator[str]:
    """The commits of which one did it, where they are several and few enough to look at."""
    found = suspects(bisection)
    if 1 < len(found) <= _LISTED:
        for number, words in found.items():
            yield f"  {subject_of(bisection, [number])}" + f": {words}" * bool(words)


def suspects(bisection: BisectionTold) -> dict[int, str]:
    """The commits (from 1) of which one did it, each with what it changed by itself, or ""."""
    known = bisection.known()
    return {
        number: change(interval) if interval is not None else ""
        for candidate in known.outcome.candidates
        for interval in [known.measured(candidate)]
        for number in bisection.commits((candidate,))
    }


def times_words(bisection: BisectionTold) -> str:
    """The median times at both ends, once they were measured; "" before."""
    ends = next((one.gain for one in bisection.measured if one.purpose is Purpose.ENDS), None)
    if ends is None or not ends.base_s or not ends.head_s:
        return ""
    return before_after(ends.base_s, ends.head_s)


def bisection_document(bisection: BisectionTold) -> Any:  # noqa: ANN401 - what msgspec makes of it
    """What `--json` prints."""
    asked, reach, outcome = bisection.asked, bisection.reach, bisection.known().outcome
    assert reach is not None
    return msgspec.to_builtins(
        BisectionDocument(
            format=DOCUMENT_FORMAT,
            target=asked.target,
            base=asked.pair.base,
            head=asked.pair.head,
            benchmark=asked.benchmark,
            python=asked.python,
            least=asked.least,
            error=asked.error,
            wanted=asked.wanted,
            progress=bisection.progress,
            ending=outcome.ending,
            commits=_identities(bisection, outcome.candidates),
            probability=outcome.probability,
            whole=outcome.whole,
            step=outcome.step,
            rest=outcome.rest,
            others=tuple(
                OtherStepDocument(
                    commits=_identities(bisection, one.candidates),
                    probability=one.probability,
                    ratio=one.ratio,
                )
                for one in outcome.others
            ),
            stepped_around={
                asked.revision(number).identity: why
                for number, why in stepped_around(bisection).items()
            },
            proved={
                asked.revision(number).identity: str(why) for number, why in reach.proved.items()
            },
            decisions=tuple(map(_document, decisions_of(bisection))),
        )
    )


def _identities(bisection: BisectionTold, candidates: tuple[int, ...]) -> tuple[str, ...]:
    numbers = bisection.commits(candidates)
    return tuple(bisection.asked.revision(number).identity for number in numbers)


def _document(one: Decision) -> DecisionDocument:
    record, answer = one.record, one.record.answer
    return DecisionDocument(
        first=one.first.identity,
        last=one.last.identity,
        purpose=record.purpose,
        precision=record.precision,
        level=record.level,
        interval=answer.interval,
        verdict=answer.verdict,
        rounds=record.gain.rounds if record.gain else 0,
        reason=answer.reason,
        run=record.run,
        left=len(one.left),
        probability=one.probability,
    )
