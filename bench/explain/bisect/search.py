"""What a bisection asks next, and what follows from the answers: pure decisions.

States are the contents that a benchmark has along a range, 0 the base; candidate k leads from
state k - 1 to state k. A question compares two states as an ordinary pair: first the ends; then a
state with the base, whether it is like the base or like the head; at last a candidate with its own
neighbour. Each next question is the one whose answer is least foreseen, by the posterior over the
candidates (`step_posterior`). It ends when one candidate has all but the probability of error, and
was measured by itself. What comes next follows from the answers alone, so that a bisection goes on
after an interruption as if there had been none.
"""

from __future__ import annotations

import enum
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.core.verdict import Interval, Verdict
from bench.engine.statistics.step_posterior import StateComparison, StepModel, StepPosterior
from bench.engine.statistics.steps import change_between, standard_error

# The standard deviation, in ln, of what two runs of one pair differ by beyond their rounds.
_BETWEEN_RUNS = 0.002
# All candidates together drift by this part of the change of the ends.
_DRIFT = 0.1
# A question is as precise as this part of the change of the ends asks for: while one step explains
# all, and where there are several.
_COARSE, _FINE = 0.5, 0.2
# How often a pair is measured, and how many in all: so many times the halvings that it takes.
_MOST_ASKED = 3
_MOST_HALVINGS = 3
_LIKELY = 0.5


class WantedWay(enum.StrEnum):
    """Which steps are looked for; "" for those that go the way of the ends."""

    EITHER = ""
    SLOWER = "slower"
    FASTER = "faster"


class Purpose(enum.StrEnum):
    """Why two states are compared."""

    ENDS = "do the ends differ?"
    SIDE = "like the base or like the head?"
    NEIGHBOURS = "against its own neighbour"


@dataclass(frozen=True)
class StateQuestion:
    """Two states to compare; `precision` is the change that matters for it, as a fraction."""

    first: int
    last: int
    purpose: Purpose
    precision: float


@dataclass(frozen=True, kw_only=True)
class StateAnswer:
    """What was measured; `level` is the error rate of its interval.

    Without an interval `reason` says why, and `at_fault` is the state that does not work, if so.
    """

    first: int
    last: int
    interval: Interval | None
    verdict: Verdict | None
    level: float
    reason: str = ""


class BisectEnding(enum.StrEnum):
    """How a bisection stands."""

    NAMED = "named"
    SEVERAL = "one of several"
    OPEN = "not measured"
    SAME = "the ends do not differ"
    VANISHED = "the ends differed once, and no more when measured again"
    OTHER_WAY = "the ends differ the other way"
    UNDECIDED = "it is not decided whether the ends differ"
    NOTHING = "no commit of the range can matter"


@dataclass(frozen=True, kw_only=True)
class OtherStep:
    """A further step, at one of some candidates (from 1); `ratio` is what is expected of it."""

    candidates: tuple[int, ...]
    probability: float
    ratio: float


@dataclass(frozen=True, kw_only=True)
class BisectOutcome:
    """What is known: the candidates (from 1) that hold the `probability` that is asked for.

    `whole` is the range as measured, `step` the candidate by itself, `rest` what the whole has
    besides it.
    """

    ending: BisectEnding
    candidates: tuple[int, ...] = ()
    probability: float = 0.0
    whole: Interval | None = None
    step: Interval | None = None
    rest: Interval | None = None
    others: tuple[OtherStep, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bisection:
    """A search; `prior` says how probable each candidate is before anything is measured.

    `least` is the change that matters, as a fraction, `error` the probability that the candidate
    that is named is another one.
    """

    prior: tuple[float, ...]
    least: float
    error: float
    wanted: WantedWay = WantedWay.EITHER

    def known(self, answers: Sequence[StateAnswer]) -> BisectKnown:
        """What these answers say."""
        return BisectKnown(self, tuple(answers))


@dataclass(frozen=True)
class BisectKnown:
    """A bisection after some answers."""

    search: Bisection
    answers: tuple[StateAnswer, ...]

    @property
    def last(self) -> int:
        """The state of the head."""
        return len(self.search.prior)

    @cached_property
    def next(self) -> StateQuestion | None:
        """What to ask now; None when nothing is left that would change what is known."""
        if not self.last:
            return None
        if self._ends is None:
            return StateQuestion(0, self.last, Purpose.ENDS, self.search.least)
        if self._fault or self._is_gone or len(self.answers) >= self._most:
            return None
        pair, share = self._leader
        if share < 1 - self.search.error:
            return self._most_open()
        if any((one.first, one.last) == pair for one in self.answers):
            return None
        return StateQuestion(*pair, Purpose.NEIGHBOURS, self.search.least)

    @cached_property
    def usable(self) -> tuple[int, ...]:
        """The states that can be measured, as far as is known."""
        return tuple(one for one in range(self.last + 1) if one not in self.unusable)

    @cached_property
    def unusable(self) -> dict[int, str]:
        """The states that cannot be measured, and why: what they led to is one candidate more."""
        worked = {0, self.last}
        worked |= {at for one in self.answers if one.interval for at in (one.first, one.last)}
        found = {}
        for one in self.answers:
            fault = next((at for at in (one.last, one.first) if at not in worked), None)
            if one.interval is None and fault is not None:
                found[fault] = one.reason
        return found

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """The probability of each candidate; what cannot be told apart shares it by the prior."""
        if self._posterior is None:
            return self.search.prior
        found = []
        for (first, last), share in zip(self._groups, self._posterior.largest, strict=True):
            own = self.search.prior[first:last]
            found += [float(share) * one / math.fsum(own) for one in own]
        return tuple(found)

    @cached_property
    def outcome(self) -> BisectOutcome:
        """How it stands."""
        if not self.last:
            return BisectOutcome(ending=BisectEnding.NOTHING)
        if self._ends is None:
            return BisectOutcome(ending=BisectEnding.OPEN)
        whole = self._ends.interval
        if self._posterior is None or whole is None:
            return BisectOutcome(ending=self._fault or BisectEnding.UNDECIDED, whole=whole)
        if self._is_gone:
            return BisectOutcome(ending=BisectEnding.VANISHED, whole=whole)
        if self.next is None and self._posterior.none > self.search.error:
            return BisectOutcome(ending=BisectEnding.UNDECIDED, whole=whole)
        return self._placed(whole)

    def _placed(self, whole: Interval) -> BisectOutcome:
        """With ends that differ: who did it."""
        held = self._held
        group = self._group_of(held[0])
        step = self._measured(*group) if held[-1] <= group[1] else None
        probability = math.fsum(self.shares[one - 1] for one in held)
        is_named = step is not None and probability >= 1 - self.search.error
        return BisectOutcome(
            ending=BisectEnding.NAMED if is_named else BisectEnding.SEVERAL,
            candidates=tuple(range(group[0] + 1, group[1] + 1)) if is_named else held,
            probability=probability,
            whole=whole,
            step=step if is_named else None,
            rest=change_between(step, whole) if is_named and step is not None else None,
            others=tuple(self._others(held)),
        )

    @property
    def _most(self) -> int:
        """After how many answers it is given up."""
        return 2 * _MOST_ASKED + _MOST_HALVINGS * self.last.bit_length()

    @property
    def _is_gone(self) -> bool:
        """Whether the difference of the ends was chance."""
        return self._posterior is not None and self._posterior.none >= 1 - self.search.error

    def _others(self, held: Sequence[int]) -> Iterator[OtherStep]:
        """Steps that there are besides, where their places are as good as known."""
        assert self._posterior is not None
        for cell in self._posterior.cells:
            first, last = self._groups[cell.first][0], self._groups[cell.last - 1][1]
            candidates = tuple(range(first + 1, last + 1))
            if cell.probability > _LIKELY and not set(candidates) & set(held):
                yield OtherStep(
                    candidates=candidates,
                    probability=cell.probability,
                    ratio=math.exp(cell.size),
                )

    @cached_property
    def _held(self) -> tuple[int, ...]:
        """The fewest candidates, most probable first, that hold all but the error; in order."""
        order = sorted(range(self.last), key=lambda one: -self.shares[one])
        sums = itertools.accumulate(self.shares[one] for one in order)
        wanted = (1 - self.search.error) * math.fsum(self.shares)
        needed = next(number for number, total in enumerate(sums, 1) if total >= wanted - 1e-12)
        return tuple(sorted(one + 1 for one in order[:needed]))

    @property
    def _ends(self) -> StateAnswer | None:
        found = (one for one in self.answers if (one.first, one.last) == (0, self.last))
        return next(found, None)

    @property
    def _change(self) -> float:
        """ln of what the ends differ by: the mean of all times they were measured."""
        found = [
            _estimate(one.interval, one.level)
            for one in self.answers
            if (one.first, one.last) == (0, self.last) and one.interval is not None
        ]
        weights = [error**-2 for _, error in found]
        total = math.fsum(w * value for w, (value, _) in zip(weights, found, strict=True))
        return total / math.fsum(weights)

    @property
    def _fault(self) -> BisectEnding | None:
        """Why there is nothing to look for."""
        ends = self._ends
        assert ends is not None
        if ends.verdict not in {Verdict.FASTER, Verdict.SLOWER}:
            is_known = ends.verdict in {Verdict.SAME, Verdict.BELOW_MEI}
            return BisectEnding.SAME if is_known else BisectEnding.UNDECIDED
        if self.search.wanted not in {WantedWay.EITHER, str(ends.verdict)}:
            return BisectEnding.OTHER_WAY
        return None

    @cached_property
    def _groups(self) -> tuple[tuple[int, int], ...]:
        """From each usable state to the next: what leads there can only be told together."""
        return tuple(itertools.pairwise(self.usable))

    def _group_of(self, candidate: int) -> tuple[int, int]:
        return next(one for one in self._groups if one[0] < candidate <= one[1])

    @cached_property
    def _posterior(self) -> StepPosterior | None:
        ends = self._ends
        if ends is None or self._fault is not None or ends.interval is None:
            return None
        change = self._change
        prior = tuple(math.fsum(self.search.prior[first:last]) for first, last in self._groups)
        model = StepModel(
            prior=prior,
            scale=max(abs(change), math.log1p(self.search.least)),
            drift=_DRIFT * abs(change) / math.sqrt(len(prior)),
            sign=1 if change > 0 else -1,
        )
        place = {state: number for number, state in enumerate(self.usable)}
        return model.posterior(
            [
                StateComparison(place[one.first], place[one.last], *_estimate(interval, one.level))
                for one in self.answers
                if (interval := one.interval) is not None
            ]
        )

    @property
    def _leader(self) -> tuple[tuple[int, int], float]:
        """The most probable candidate, as its two states, and its probability."""
        assert self._posterior is not None
        largest = self._posterior.largest.tolist()
        number = largest.index(max(largest))
        return self._groups[number], largest[number]

    def measured(self, candidate: int) -> Interval | None:
        """What a candidate (from 1) changed by itself, where it was measured."""
        return self._measured(*self._group_of(candidate))

    def _measured(self, first: int, last: int) -> Interval | None:
        """The most precise figure of a pair."""
        found = [
            one.interval
            for one in self.answers
            if (one.first, one.last) == (first, last) and one.interval is not None
        ]
        return min(found, key=lambda one: one.half_width, default=None)

    def _most_open(self) -> StateQuestion | None:
        """The question whose answer is least foreseen; None where none would tell anything."""
        asked = Counter((one.first, one.last) for one in self.answers[1:])
        failed = {(one.first, one.last) for one in self.answers if one.interval is None}
        found = [
            (openness / (2 ** asked[pair]), question)
            for openness, question in self._questions()
            if asked[pair := (question.first, question.last)] < _MOST_ASKED and pair not in failed
        ]
        openness, question = max(found, key=lambda one: one[0], default=(0.0, None))
        return question if openness > self.search.error / 4 else None

    def _questions(self) -> Iterator[tuple[float, StateQuestion]]:
        """All that could be asked, and the probability of the less probable answer.

        Where one step explains all, a state is like the base or like the head. With several the
        largest lies on one side of a state that was never asked about, or a candidate is the
        largest or is not, which only its own size tells.
        """
        assert self._posterior is not None
        none = self._posterior.none
        ends = StateQuestion(0, self.last, Purpose.ENDS, self.search.least)
        yield min(none, 1 - none), ends
        alone, among = self._posterior.alone.tolist(), self._posterior.among.tolist()
        part = _COARSE if math.fsum(alone) > math.fsum(among) else _FINE
        precision = max(self.search.least, round(math.expm1(part * abs(self._change)), 2))
        for cell in self._posterior.cells:
            for place in range(cell.first + 1, min(cell.last + 1, len(alone))):
                openness = _less(alone[:place], alone[place:])
                openness += _less(among[cell.first : place], among[place : cell.last])
                yield openness, StateQuestion(0, self.usable[place], Purpose.SIDE, precision)
        for number, (first, last) in enumerate(self._groups):
            rest = [math.fsum(part) - part[number] for part in (alone, among)]
            openness = min(alone[number], rest[0]) + min(among[number], rest[1])
            yield openness, StateQuestion(first, last, Purpose.NEIGHBOURS, self.search.least)


def _less(one: Sequence[float], other: Sequence[float]) -> float:
    return min(math.fsum(one), math.fsum(other))


def _estimate(interval: Interval, level: float) -> tuple[float, float]:
    """ln of a ratio and its standard error, that of differences between runs included."""
    error = math.hypot(standard_error(interval, level), _BETWEEN_RUNS)
    return math.log(interval.ratio), error
