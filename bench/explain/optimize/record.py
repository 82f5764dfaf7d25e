"""What an optimisation did: stored as it goes on, so that it can be resumed and shown.

`data/optimize/<target>/<twelve digits of the commit>/<id>/` holds `optimize.json`, what was asked,
written once, and `events.jsonl`, appended to and flushed event by event. Nothing of the project's
code is in either: files, lines, modules and words of ours. What was measured are ordinary runs,
which are referred to; their ratios are repeated here, so that a page needs no more than this.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.core.machine import Machine
from bench.core.revision import Revision
from bench.core.verdict import Interval, Verdict
from bench.engine.store.journals import AskedRecord, Told
from bench.explain.rank.rewriting.wanted import Form

FORMAT = 1
ASKED = "optimize.json"
_DIGITS = 12


class Progress(enum.StrEnum):
    """How far an optimisation is, or how it ended."""

    UNDER_WAY = "under way"
    INTERRUPTED = "interrupted"
    PLATEAU = "plateau"  # something was kept, and nothing is left that is predicted to be worth it
    NOTHING = "nothing worth it"


def usual_branch(revision: Revision) -> str:
    """The stacked branch of a revision, where none is named."""
    return f"perf/optimize-{revision.identity[:10]}"


class OptimizationAsked(AskedRecord, frozen=True, kw_only=True):
    """What was asked: written once, before anything is done.

    `scenarios` are names of benchmarks, `words` what each runs, for a reader (`codeflash --help`);
    `least` is the share of a scenario's time that is worth a commit; `branch` is the name of the
    stacked branch; `separate` asks for one more branch a change. `requires_python` is the
    project's own, "" where it says nothing; `repeat` is the command line that asks the same.
    """

    format: int
    id: str
    target: str
    revision: Revision
    scenarios: tuple[str, ...]
    words: dict[str, str]
    pythons: tuple[str, ...]
    form: str
    least: float
    alpha: float
    branch: str
    separate: bool
    recipes: tuple[str, ...]
    machine: Machine
    harness: dict[str, str]
    started_at: str
    requires_python: str = ""
    distribution: str = ""
    own: tuple[str, ...] = ()  # the project's own top-level packages
    origin: str = ""  # where the clone came from, for others to clone it; "" where not known
    repeat: str = ""

    @property
    def place(self) -> Path:
        """Where it lies in the folder of its kind."""
        return Path(self.target, self.revision.identity[:_DIGITS], self.id, ASKED)

    @property
    def is_usual_form(self) -> bool:
        """Whether deferred imports are written as every Python knows them."""
        return self.form in {"auto", str(Form.FUNCTION)}

    @property
    def is_usual_branch(self) -> bool:
        """Whether the stacked branch is called after the revision, as it is unless one is named."""
        return self.branch == usual_branch(self.revision)

    @property
    def question(self) -> tuple[object, ...]:
        """What two optimisations must share for one to go on with the other."""
        revision = self.revision.source, self.revision.identity
        asked = self.scenarios, self.pythons, self.form, self.least, self.alpha, self.recipes
        return self.target, revision, asked, self.branch, self.separate, self.machine.name


class SiteRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A place that was changed, from the root of the repository, and what is written there now."""

    file: str
    line: int
    words: str
    names: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """`src/pkg/cli.py:12`."""
        return f"{self.file}:{self.line}"


class ExcludedSite(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A place that was left as it is, and why.

    `check` names what it did not pass (as in `CheckRecord`), "danger" where it was not tried for a
    danger seen beforehand; `failure` tells it in one line.
    """

    site: SiteRecord
    check: str
    failure: str


class CheckRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One proof of a step: `compile`, `imports`, `names`, `scenarios`, `tests`, `ruff`.

    `words` say what was looked at ("312 tests pass as before"), or what failed.
    """

    name: str
    passed: bool
    words: str
    took_s: float = 0.0


class RunReference(msgspec.Struct, frozen=True):
    """An ordinary run: `data/<target>/<pair>/py<python>/<machine>/<run_id>/`."""

    pair: str
    python: str
    machine: str
    run_id: str


class Gain(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of one scenario on one Python, head over base.

    `interval` is None where nothing could be said, and `reason` says why. `base_s` and `head_s` are
    medians in seconds of what the interval rests on (`metric`: CPU or wall time).
    """

    scenario: str
    python: str
    verdict: Verdict | None = None
    interval: Interval | None = None
    base_s: float | None = None
    head_s: float | None = None
    rounds: int = 0
    metric: str = ""
    reason: str = ""


class BaselineRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="baseline"):
    """The revision as it is, on one Python: what no step is blamed for.

    `tests_reason` says why the project's tests are not part of the proof, where they are not;
    `failing` are those that fail before anything is changed; `not_imported` modules that cannot be
    imported alone, with the reason; `left_out` scenarios that do not work, with the reason.
    """

    python: str
    failing: tuple[str, ...] = ()
    tests_reason: str = ""
    modules: int = 0
    not_imported: dict[str, str] = {}
    left_out: dict[str, str] = {}


class ImportsRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="imports"):
    """What a scenario imports at a commit: the base's, and those of each new tip.

    `modules` → CPU seconds of a module's own and the module that was first to import it ("" for the
    program itself); those of the bare interpreter are not among them. `after` counts the kept steps
    that are in the commit: 0 for the revision that was asked for.
    """

    scenario: str
    python: str
    commit: str
    after: int
    process_s: float
    bare_s: float
    modules: dict[str, tuple[float, str]]

    @property
    def imports_s(self) -> float:
        """CPU seconds of all modules."""
        return sum(own for own, _ in self.modules.values())


class StepRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="step"):
    """A change that was tried. Steps are numbered from 1, in the order they were tried.

    `kept`: it is on the branch as `commit`, on top of `parent`. Else `reason` says why not
    ("slower: …", "no faster", "tests: …"). `measured` is the commit of the same content that was
    measured, whose message had no figures yet; `alone` the change by itself on the revision, where
    that was written. `predicted_s` are CPU seconds by scenario, on top of the
    steps before. `alpha` is the part of the run's error rate that measuring it took.
    `sweep` counts recordings: 1 for what was proposed for the revision as it was.
    """

    number: int
    recipe: str
    title: str
    why: str
    kept: bool
    sites: tuple[SiteRecord, ...]
    sweep: int = 1
    reason: str = ""
    excluded: tuple[ExcludedSite, ...] = ()
    predicted_s: dict[str, float] = {}
    checks: tuple[CheckRecord, ...] = ()
    commit: str = ""
    parent: str = ""
    measured: str = ""
    alone: str = ""
    gains: tuple[Gain, ...] = ()
    runs: tuple[RunReference, ...] = ()
    alpha: float = 0.0
    took_s: float = 0.0

    @property
    def is_undecided(self) -> bool:
        """Whether it was dropped and harms nothing: it may save less than could be told."""
        harmless = {Verdict.UNDECIDED, Verdict.FASTER, Verdict.BELOW_MEI, Verdict.SAME}
        told = [one.verdict for one in self.gains]
        return not self.kept and Verdict.UNDECIDED in told and harmless.issuperset(told)


class CandidateRecord(
    msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="candidate"
):
    """A step that is proved and about to be measured: an interrupted run goes on with it.

    `step` is what will be recorded, without figures. Its commit `measured` is in the clone;
    `base` is what it is measured against, on the scenarios `affected`.
    """

    step: StepRecord
    base: str
    affected: tuple[str, ...]


class FirstUse(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="first use"):
    """The cost that moved: where a deferred module is imported now, and for how long.

    `scenario` is the one that pays, "" where no scenario uses the module; `where` the function that
    does it.
    """

    module: str
    takes_s: float
    scenario: str = ""
    where: str = ""
    step: int = 0


class WholeRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="whole"):
    """The branch's tip against the revision that was asked for, on all Pythons.

    `tests_fail` are tests of the project that pass on the revision and not on the tip.
    """

    commit: str
    gains: tuple[Gain, ...]
    runs: tuple[RunReference, ...] = ()
    alpha: float = 0.0
    tests_fail: tuple[str, ...] = ()


class LazySwitchRecord(
    msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="lazy switch"
):
    """Python's own lazy imports, on Pythons that have them, in processes side by side.

    `everything`: the revision as it is with all imports lazy, against itself. `own`: the branch
    `commit` as it is, against itself with none of its own imports lazy; empty where its form is not
    a lazy one. `alpha` is the error rate of each interval; there are no verdicts.
    """

    commit: str
    alpha: float
    everything: tuple[Gain, ...] = ()
    own: tuple[Gain, ...] = ()


class BranchRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="branch"):
    """A branch that was made in the clone: the stacked one, or (`separate`) of one step.

    `steps` are those on it, by number. `gains` and `runs` of a separate branch: off the revision.
    `reason` says why there is none, e.g. that the step needs another.
    """

    name: str
    commit: str
    steps: tuple[int, ...]
    separate: bool = False
    gains: tuple[Gain, ...] = ()
    runs: tuple[RunReference, ...] = ()
    reason: str = ""


class LeftRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="left"):
    """Something that still costs time and is not changed: CPU seconds by scenario, and why."""

    what: str
    why: str
    costs_s: dict[str, float] = {}


class GuardRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="guard"):
    """The test that keeps it so: its file in the repository, and the commit it is in, if any.

    `modules` by scenario are those that it says must not be imported.
    """

    file: str
    modules: dict[str, tuple[str, ...]]
    commit: str = ""
    reason: str = ""


class Stood(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="stood"):
    """How the run ended or was left; the last one counts. `words` say why, where that helps."""

    progress: Progress
    at: str
    words: str = ""


OptimizationEvent = (
    BaselineRecord | ImportsRecord | CandidateRecord | StepRecord | FirstUse | WholeRecord
    | LazySwitchRecord | BranchRecord | LeftRecord | GuardRecord | Stood
)  # fmt: skip
_Event = TypeVar("_Event", bound=OptimizationEvent)


@dataclass(frozen=True)
class Optimization(Told[OptimizationAsked, OptimizationEvent]):
    """An optimisation as read: what was asked, and the events in the order they were written.

    Of what is told several times (a step that was done again, the whole, what is left) the last
    counts: so a run that goes on after an interruption only appends.
    """

    def of(self, kind: type[_Event]) -> tuple[_Event, ...]:
        """All events of a kind."""
        return tuple(one for one in self.events if isinstance(one, kind))

    @property
    def progress(self) -> Progress:
        """Under way where nothing says how it ended, or it went on since."""
        last = self.events[-1] if self.events else None
        return last.progress if isinstance(last, Stood) else Progress.UNDER_WAY

    @property
    def baselines(self) -> tuple[BaselineRecord, ...]:
        """One a Python."""
        return tuple({one.python: one for one in self.of(BaselineRecord)}.values())

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """All that were tried, by number."""
        found = {one.number: one for one in self.of(StepRecord)}
        return tuple(found[number] for number in sorted(found))

    @property
    def kept(self) -> tuple[StepRecord, ...]:
        """The commits of the branch, the oldest first."""
        return tuple(one for one in self.steps if one.kept)

    @property
    def dropped(self) -> tuple[StepRecord, ...]:
        """What was tried and is not on the branch."""
        return tuple(one for one in self.steps if not one.kept)

    @property
    def whole(self) -> WholeRecord | None:
        """The branch's tip against the revision, once that was measured."""
        return next(reversed(self.of(WholeRecord)), None)

    @property
    def lazy_switch(self) -> LazySwitchRecord | None:
        """What Python's own lazy imports give, once that was measured."""
        return next(reversed(self.of(LazySwitchRecord)), None)

    @property
    def branches(self) -> tuple[BranchRecord, ...]:
        """The stacked branch first."""
        found = {one.name: one for one in self.of(BranchRecord)}
        return tuple(sorted(found.values(), key=lambda one: (one.separate, one.steps)))

    @property
    def left(self) -> tuple[LeftRecord, ...]:
        """What remains, the most expensive first."""
        found = {one.what: one for one in self.of(LeftRecord)}
        return tuple(
            sorted(
                found.values(), key=lambda one: (-max(one.costs_s.values(), default=0), one.what)
            )
        )

    @property
    def first_uses(self) -> tuple[FirstUse, ...]:
        """The cost that moved with the kept steps, the largest first."""
        kept = {0, *(one.number for one in self.kept)}
        found = {
            (one.module, one.scenario, one.where): one
            for one in self.of(FirstUse)
            if one.step in kept
        }
        return tuple(sorted(found.values(), key=lambda one: (-one.takes_s, one.module)))

    @property
    def guard(self) -> GuardRecord | None:
        """The guard test, once it was made."""
        return next(reversed(self.of(GuardRecord)), None)

    @property
    def tip(self) -> str:
        """The branch's last commit: that of the last step, or of the guard test on top of it."""
        last = found = self.asked.revision.identity
        for one in self.events:
            if isinstance(one, StepRecord) and one.kept:
                last = found = one.commit
            elif isinstance(one, GuardRecord):
                found = one.commit or last
        return found

    def imports(self, scenario: str, python: str) -> tuple[ImportsRecord, ...]:
        """The recordings of a scenario: the revision's first, the newest tip's last."""
        found = {
            one.after: one
            for one in self.of(ImportsRecord)
            if (one.scenario, one.python) == (scenario, python)
        }
        return tuple(found[after] for after in sorted(found))
