"""What is stored of an attribution as it goes on, so that it can be resumed and shown.

`data/attribute/<target>/<base>..<head>/<id>/` holds `attribute.json`, what was asked, written once,
and `events.jsonl`, appended to event by event. What was measured are ordinary runs, which are
referred to; their ratios are repeated here, so that a page needs no more than this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from bench.core.machine import Machine
from bench.core.revision import Pair, Revision
from bench.engine.statistics.spending import weighted_levels
from bench.engine.store.journals import AskedRecord
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.reach import NoEffectProof
from bench.explain.attribute.search import Part, Search, Seen, Stretch
from bench.explain.attribute.standing import AttributionStood, ToldInSessions
from bench.explain.optimize.record import Gain, RunReference

FORMAT = 2
ASKED = "attribute.json"


class AttributionAsked(AskedRecord, frozen=True, kw_only=True):
    """What was asked; `commits` are those of the range, oldest first.

    `words` are what each scenario runs, for a reader, `groups` the groups they are of; `least` is
    the change that matters, `alpha` the chance that any commit is named which contributes nothing;
    `repeat` is the command line.
    """

    format: int
    id: str
    target: str
    pair: Pair
    commits: tuple[RangeCommit, ...]
    scenarios: tuple[str, ...]
    words: dict[str, str]
    pythons: tuple[str, ...]
    least: float
    alpha: float
    machine: Machine
    harness: dict[str, str]
    started_at: str
    repeat: str
    groups: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind."""
        return Path(self.target, self.pair.label, self.id, ASKED)

    @property
    def question(self) -> tuple[object, ...]:
        """What two attributions must share for one to go on with the other."""
        commits = tuple(one.revision.identity for one in self.commits)
        asked = self.scenarios, self.pythons, self.least, self.alpha
        return self.target, self.pair.base.identity, commits, asked, self.machine.name

    def revision(self, index: int) -> Revision:
        """The revision after so many commits of the range."""
        return self.commits[index - 1].revision if index else self.pair.base


class CountRecord(msgspec.Struct, frozen=True, kw_only=True, tag="count"):
    """ln of the instructions of a scenario at a state, by the state's index in the range."""

    scenario: str
    python: str
    index: int
    work: float


class ReachRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="reach"):
    """Which commits can matter to a scenario on a Python, and what was counted at each state.

    `states` are indexes into the range (0: the base, n: after n commits), `steps` the commits that
    lead from each to the next, `proved` why others contribute nothing, `left_out` those at which
    nothing works. `work` is ln of the instructions at each state, `modules` how many came and how
    many went at each step, `paths` those that its commits change and that are read before or after
    it; `package` is the folder that all modules lie in which the first state reads. `built_files`
    were made by the build, `unobserved` are programs that are started and were not observed.

    `end` is the last state at which the scenario works, None for the head. `outside` says why it
    does not work at the nearest states before and behind that were looked at. `processes` were
    started to observe it and to count its work. `failure`: why nothing can be said. `unbuilt` are
    those of the states outside (or, with a failure, of all that were tried) that could not be
    installed.
    """

    scenario: str
    python: str
    states: tuple[int, ...] = ()
    steps: tuple[tuple[int, ...], ...] = ()
    proved: dict[int, NoEffectProof] = {}
    left_out: dict[int, str] = {}
    work: tuple[float | None, ...] = ()
    modules: tuple[tuple[int, int], ...] = ()
    built_files: tuple[str, ...] = ()
    unobserved: tuple[str, ...] = ()
    failure: str = ""
    paths: tuple[tuple[str, ...], ...] = ()
    package: str = ""
    end: int | None = None
    outside: dict[int, str] = {}
    processes: int = 0
    unbuilt: tuple[int, ...] = ()

    @property
    def birth(self) -> int | None:
        """The state before its first at which it was seen not to work, None where it is the base's.

        It was born by the next commit, or by one of those behind that can't be installed.
        """
        return next((one for one in self.outside if one < self.states[0]), None)

    @property
    def death(self) -> int | None:
        """The state behind its last at which it was seen not to work, None where it lives on."""
        end = self.end
        return next((one for one in self.outside if end is not None and one > end), None)

    def living(self, commits: int) -> range:
        """The commits, counted from 1, between its first and its last state, of so many in all."""
        return range(self.states[0] + 1, (commits if self.end is None else self.end) + 1)

    def index_of(self, state: int, commits: int) -> int:
        """The index of the revision that is measured for a state: at the last the end itself."""
        if state < len(self.states) - 1:
            return self.states[state]
        return commits if self.end is None else self.end

    def search(self, least: float) -> Search:
        """The search among its steps."""
        return Search(self.work, tuple(map(any, self.modules)), least)


class StretchRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="stretch"):
    """A stretch as it was measured, or why it was not; `first` and `last` are its states.

    `level` is the error rate it had.
    """

    scenario: str
    python: str
    first: int
    last: int
    level: float
    gain: Gain | None = None
    run: RunReference | None = None
    reason: str = ""

    @property
    def stretch(self) -> Stretch:
        """Its states."""
        return Stretch(self.first, self.last)

    @property
    def seen(self) -> Seen:
        """What the search goes by."""
        if self.gain is None:
            return Seen(None, None, self.reason)
        return Seen(self.gain.interval, self.gain.verdict, self.gain.reason or self.reason)


AttributionEvent = CountRecord | ReachRecord | StretchRecord | AttributionStood


@dataclass(frozen=True)
class Attribution(ToldInSessions[AttributionAsked, AttributionEvent]):
    """One as read."""

    @cached_property
    def reached(self) -> dict[tuple[str, str], ReachRecord]:
        """By scenario and Python, in the order that was asked for."""
        found = {(one.scenario, one.python): one for one in self.events
                 if isinstance(one, ReachRecord)}  # fmt: skip
        keys = [(name, python) for name in self.asked.scenarios for python in self.asked.pythons]
        return {key: found[key] for key in keys if key in found}

    def counts(self, python: str) -> dict[tuple[int, str], float]:
        """What was counted on a Python, by index and scenario: also before an interruption."""
        return {
            (one.index, one.scenario): one.work
            for one in self.events
            if isinstance(one, CountRecord) and one.python == python
        }

    def measured(self, scenario: str, python: str) -> dict[Stretch, StretchRecord]:
        """The stretches of a scenario."""
        return {
            one.stretch: one
            for one in self.events
            if isinstance(one, StretchRecord) and (one.scenario, one.python) == (scenario, python)
        }

    def seen(self, scenario: str, python: str) -> dict[Stretch, Seen]:
        """The same as the search wants it."""
        return {key: one.seen for key, one in self.measured(scenario, python).items()}

    @cached_property
    def levels(self) -> dict[tuple[str, str, int], float]:
        """The error rate of each step by itself, by scenario, Python and number (from 0).

        They add up to alpha over the whole attribution.
        """
        keys, weights = list[tuple[str, str, int]](), list[float]()
        for (scenario, python), one in self.reached.items():
            if not one.failure:
                found = one.search(self.asked.least).weights
                keys += [(scenario, python, number) for number in range(len(found))]
                weights += found
        return dict(zip(keys, weighted_levels(weights, self.asked.alpha), strict=True))

    def level(self, scenario: str, python: str, stretch: Stretch) -> float:
        """That of a stretch: only a step by itself can name a commit, and has a share of alpha."""
        if stretch.is_single:
            return self.levels[scenario, python, stretch.first]
        return self.asked.alpha

    def parts(self, scenario: str, python: str) -> list[Part]:
        """What is known of a scenario, in the order of the history."""
        search = self.reached[scenario, python].search(self.asked.least)
        return search.parts(self.seen(scenario, python))
