"""What an attribution says of each scenario: for its page, the screen and scripts alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.core.verdict import Interval
from bench.engine.statistics.products import product_of, quotient
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.record import Attribution, ReachRecord, StretchRecord
from bench.explain.attribute.search import Finding, Part, Stretch, together
from bench.formats.text import before_after, change, counted, magnitude_with_direction

SIDES = 2  # processes of a round
_SUBJECTS = 3


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """One part of a range: the commits in it that may matter, by number from 1, and the finding.

    `paths` are those that they change and that are read.
    """

    numbers: tuple[int, ...]
    commits: tuple[RangeCommit, ...]
    finding: Finding
    record: StretchRecord | None
    paths: tuple[str, ...] = ()

    @property
    def own_commits(self) -> tuple[RangeCommit, ...]:
        """Without detours to and from the branch of an opened merge."""
        return tuple(one for one in self.commits if not one.detour)

    @property
    def detour(self) -> str:
        """What the step is, where it is a detour by itself."""
        return "" if self.own_commits else self.commits[0].detour

    @property
    def is_step(self) -> bool:
        """Whether it names a commit that changed the time."""
        named = self.finding is Finding.STEP and self.interval is not None
        return named and not self.detour

    @property
    def interval(self) -> Interval | None:
        """What was measured of it."""
        return self.record.gain.interval if self.record and self.record.gain else None

    @property
    def size(self) -> float:
        """How far it is from none, as a ratio from 1 on."""
        ratio = self.interval.ratio if self.interval else 1.0
        return max(ratio, 1 / ratio)

    @property
    def label(self) -> str:
        """The commit, or how many and which are the first and the last."""
        return label_of(self.commits)

    @property
    def finding_word(self) -> str:
        """The finding; of a named commit whether it made the scenario faster or slower."""
        if self.detour:
            return "detour"
        if not self.is_step or self.interval is None:
            return str(self.finding)
        return "faster" if self.interval.ratio < 1 else "slower"

    @property
    def subject(self) -> str:
        """What its commits say they do; several as a list."""
        told = [one.detour or one.revision.subject for one in self.commits]
        return "; ".join(told[:_SUBJECTS]) + ("; …" if len(told) > _SUBJECTS else "")

    @property
    def words(self) -> str:
        """The change with its interval, or why there is none."""
        if self.interval is not None:
            return change(self.interval)
        return (self.record.seen.reason if self.record else "") or str(self.finding)


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """One scenario on one Python. `product` is that of all parts, where all were measured.

    `rest` is what the steps that are named leave of the whole, as a ratio.
    """

    scenario: str
    python: str
    reach: ReachRecord
    whole: StretchRecord | None
    parts: tuple[Contribution, ...]
    product: Interval | None
    rest: Interval | None
    work: SearchWork | None
    born: LifeEnd | None = None
    died: LifeEnd | None = None

    @property
    def steps(self) -> list[Contribution]:
        """The parts that are named, the largest first."""
        return sorted(
            (one for one in self.parts if one.is_step), key=lambda one: one.size, reverse=True
        )

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


@dataclass(frozen=True, kw_only=True)
class LifeEnd:
    """Where a scenario begins or ends to work inside the range.

    `commit` is the first at which it works, or the first at which it does not; `reason` says what
    it does beyond, at `known` (*does not work: …*). `unknown` counts the commits in between that
    can't be installed; `unbuilt`: so it is with `known` itself.
    """

    commit: RangeCommit
    known: str
    reason: str
    unknown: int
    unbuilt: bool


@dataclass(frozen=True, kw_only=True)
class SearchWork:
    """What a search took, and what measuring every commit against its parent would have taken.

    `measured` are processes of rounds (the control's and those that warm up left out on both
    sides), `observed` those that told what is read or counted work. `each` is the mean number of
    rounds of the commits that were measured by themselves (of all pairs where there is none): with
    as many for each of `commits`, their intervals would be as wide as those. `is_whole`: nothing is
    left to measure.
    """

    pairs: int
    measured: int
    observed: int
    commits: int
    each: float
    is_whole: bool

    @property
    def every(self) -> float:
        """Processes, had every commit been measured."""
        return self.commits * self.each * SIDES

    @property
    def share(self) -> float:
        """All of the search's processes, as a fraction of that."""
        return (self.measured + self.observed) / self.every


def _work(
    reach: ReachRecord, measured: Iterable[StretchRecord], commits: int, *, is_whole: bool
) -> SearchWork | None:
    done = [one for one in measured if one.gain is not None and one.gain.rounds]
    rounds = {one.stretch: one.gain.rounds for one in done if one.gain}
    alone = [count for stretch, count in rounds.items() if stretch.is_single]
    if not rounds:
        return None
    return SearchWork(
        pairs=len(rounds),
        measured=SIDES * sum(rounds.values()),
        observed=reach.processes,
        commits=len(reach.living(commits)),
        each=fmean(alone or rounds.values()),
        is_whole=is_whole,
    )


def contributions_of(attribution: Attribution) -> tuple[Contributions, ...]:
    """Every scenario on every Python that was looked at, as asked for."""
    found = []
    for (scenario, python), reach in attribution.reached.items():
        measured = attribution.measured(scenario, python)
        parts = [] if reach.failure else attribution.parts(scenario, python)
        whole = measured.get(Stretch(0, len(reach.steps))) if reach.steps else None
        interval = whole.gain.interval if whole and whole.gain else None
        told = tuple(_contribution(attribution, reach, one, measured) for one in parts)
        found.append(
            Contributions(
                scenario=scenario,
                python=python,
                reach=reach,
                whole=whole,
                parts=told,
                product=together(parts) if parts else None,
                rest=_rest(told, interval),
                work=_work(
                    reach,
                    measured.values(),
                    len(attribution.asked.commits),
                    is_whole=all(part.finding is not Finding.OPEN for part in parts),
                ),
                born=_born(attribution, reach),
                died=_died(attribution, reach),
            )
        )
    return tuple(found)


def _born(attribution: Attribution, reach: ReachRecord) -> LifeEnd | None:
    before = None if reach.failure else reach.birth
    if before is None:
        return None
    return _life_end(attribution, reach, before, reach.states[0], reach.states[0] - before - 1)


def _died(attribution: Attribution, reach: ReachRecord) -> LifeEnd | None:
    after = None if reach.failure else reach.death
    if after is None or reach.end is None:
        return None
    return _life_end(attribution, reach, after, reach.end + 1, after - reach.end - 1)


def _life_end(
    attribution: Attribution, reach: ReachRecord, beyond: int, number: int, unknown: int
) -> LifeEnd:
    return LifeEnd(
        commit=attribution.asked.commits[number - 1],
        known=attribution.asked.revision(beyond).label,
        reason=reach.outside[beyond],
        unknown=unknown,
        unbuilt=beyond in reach.unbuilt,
    )


def _rest(parts: Sequence[Contribution], whole: Interval | None) -> Interval | None:
    """What the steps that are named leave of the whole."""
    if whole is None:
        return None
    named = product_of(one.interval for one in parts if one.is_step and one.interval)
    return quotient(whole, named)


def _contribution(
    attribution: Attribution,
    reach: ReachRecord,
    part: Part,
    measured: dict[Stretch, StretchRecord],
) -> Contribution:
    steps = reach.steps[part.stretch.first : part.stretch.last]
    numbers = tuple(number for step in steps for number in step)
    paths = reach.paths[part.stretch.first : part.stretch.last]
    return Contribution(
        numbers=numbers,
        commits=tuple(attribution.asked.commits[number - 1] for number in numbers),
        finding=part.finding,
        record=measured.get(part.stretch),
        paths=tuple(
            sorted({path for step in paths for path in step}),
        ),
    )


def outcome(one: Contributions) -> str:
    """In a line: what the whole range did, and how many of its commits did it."""
    words = whole_words(one)
    return words if one.whole_interval is None else f"{words}; {named_words(one)}"


def whole_words(one: Contributions) -> str:
    """What the whole range did, or why that is not known."""
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
    return words


def named_words(one: Contributions) -> str:
    """How many commits are named, and which contributed most."""
    steps = one.steps
    if not steps:
        return "no commit is named"
    size = steps[0].interval.ratio if steps[0].interval else 1.0
    largest = f"`{steps[0].label}`, {magnitude_with_direction(size)}"
    if len(steps) == 1:
        return f"one commit is named: {largest}"
    return f"{counted(len(steps), 'commit')} are named, the largest is {largest}"


def levels_of(one: Contributions) -> list[float]:
    """Seconds at the base and after each part; 1.0 at the base where its time is not known.

    A part that was not measured leaves the level as it is.
    """
    gain = one.whole.gain if one.whole else None
    levels = [(gain.base_s if gain else None) or 1.0]
    for part in one.parts:
        levels.append(levels[-1] * (part.interval.ratio if part.interval else 1.0))
    return levels


def life_words(one: Contributions) -> list[str]:
    """Sentences that say where a scenario begins or ends inside the range; commits in backticks."""
    return [*_life(one.born, "born", "first"), *_life(one.died, "died", "no longer")]


def _life(end: LifeEnd | None, what: str, when: str) -> list[str]:
    if end is None:
        return []
    name, known = f"`{end.commit.revision.label}`", f"`{end.known}`"
    if end.unbuilt:
        return [f"The project can {when} be installed at {name}: at {known} it {end.reason}."]
    words = f"The benchmark {'was ' * (what == 'born')}{what} at {name}"
    if end.unknown:
        words += f" or at one of {counted(end.unknown, 'commit')} beside it that can't be installed"
    return [f"{words}: at {known} it {end.reason}."]


def label_of(commits: Sequence[RangeCommit]) -> str:
    """The commit, or how many and which are the first and the last."""
    first, last = commits[0].revision.label, commits[-1].revision.label
    if len(commits) == 1:
        return first
    return f"{counted(len(commits), 'commit')}, {first} … {last}"


def work_words(work: SearchWork) -> str:
    """What the search took, beside what measuring every commit would have taken."""
    took = (
        f"{work.measured:,} process runs in {counted(work.pairs, 'pair')} and {work.observed:,} "
        "that observe and count"
    )
    if not work.is_whole:
        return f"So far the search took {took}."
    return (
        f"The search took {took}: {work.share:.0%} of the {work.every:,.0f} that measuring each of "
        f"the {counted(work.commits, 'commit')} against its parent takes, in {work.each:.0f} "
        "rounds as those that were measured alone."
    )
