"""From a revision to a branch: record, propose, prove, measure, keep or drop, until a plateau."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from bench.core.errors import BenchError, DataError, NothingMeasuredError
from bench.core.lock import exclusive
from bench.core.variants import numbers
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder
from bench.engine.session.watcher import Watcher
from bench.explain.optimize.branch import Workshop
from bench.explain.optimize.bugs import keep_bug
from bench.explain.optimize.change import Change, Proposal, Recipe, Site
from bench.explain.optimize.ending import OptimizeEnding
from bench.explain.optimize.journal import StepJournal, key_of
from bench.explain.optimize.measuring import PairMeasuring
from bench.explain.optimize.project import Form, Project, Scenario
from bench.explain.optimize.proving import Prover, site_record
from bench.explain.optimize.record import (
    BaselineRecord,
    ImportsRecord,
    LeftRecord,
    Optimization,
    Progress,
)
from bench.explain.optimize.request import OptimizeRequest
from bench.explain.optimize.scenarios import RecordedScenarios, ScenarioRecorder, stored_traces
from bench.explain.optimize.steps import (
    is_small,
    is_worth_it,
    joined_small,
    too_small,
    what_is_left,
)
from bench.explain.optimize.trying import StepTrying
from bench.formats.text import counted, duration


@dataclass(kw_only=True)
class OptimizeSession:
    """One optimisation on its way. What was done before an interruption is in its journal."""

    request: OptimizeRequest
    watcher: Watcher
    journal: StepJournal
    _recorded: dict[str, Project] = field(default_factory=dict)
    _sweep: int = 0
    _opened: Prover | None = None

    def run(self) -> Optimization:
        """Do what is still to be done; raises `BenchError`, and keeps what it has done."""
        if self.journal.is_over:
            self.watcher.say("this optimisation is done: it is shown, and nothing is done again")
            return self.journal.kept_on_disk
        if self.journal.kept_on_disk.events:
            self._tell_resumed()
        try:
            with exclusive(self.journal.kept_on_disk.folder / "lock"):
                self._run()
        except DataError:  # another process is at it, or nothing can be written
            raise
        except BaseException as error:
            words = str(error) if isinstance(error, BenchError) else ""
            self.journal.stand(Progress.INTERRUPTED, words)
            raise
        finally:
            if self._opened is not None:
                self._opened.close()
        return self.journal.kept_on_disk

    def _run(self) -> None:
        self._sweep = max((one.sweep for one in self.journal.steps), default=0)
        while not self._is_plateau() and self._kept_something():
            pass
        self._note_what_failed_before()
        if not self.journal.kept:
            self.journal.stand(Progress.NOTHING)
            return
        ending = OptimizeEnding(
            request=self.request,
            watcher=self.watcher,
            journal=self.journal,
            measuring=self._measuring,
            workshop=self._workshop,
        )
        ending.add_guard()
        ending.measure_whole()
        ending.compare_lazily()
        if self.request.separate:
            ending.make_separate()
        self.journal.stand(Progress.PLATEAU)

    def _is_plateau(self) -> bool:
        """Whether an earlier session found nothing more for this tip: it measured the whole."""
        whole = self.journal.kept_on_disk.whole
        return whole is not None and whole.commit == self._tip

    def _tell_resumed(self) -> None:
        kept, tried = len(self.journal.kept), len(self.journal.steps)
        self.watcher.say(
            f"going on with the optimisation {self.journal.kept_on_disk.asked.id}: "
            f"{counted(tried, 'step')} done, {kept} kept"
        )

    # What the tip is, and what it is measured as.

    @property
    def _tip(self) -> str:
        """The branch's last commit, or the revision."""
        return self.journal.kept_on_disk.tip

    @property
    def _base(self) -> str:
        return self.request.revision.identity

    @cached_property
    def _workshop(self) -> Workshop:
        return Workshop(self.request.clone)

    @cached_property
    def _measuring(self) -> PairMeasuring:
        return PairMeasuring(request=self.request, watcher=self.watcher)

    @property
    def _prover(self) -> Prover:
        if self._opened is None:
            self._opened = Prover(
                request=self.request,
                interpreter=self._main,
                environment=self._environment(self._base),
                say=self.watcher.say,
                phase=self.watcher.phase,
            )
        return self._opened

    @cached_property
    def _main(self) -> Interpreter:
        """The Python that scenarios are recorded on: the newest, where the form is for it."""
        pythons = self.request.interpreters
        if self.request.form in {Form.LAZY, Form.LAZY_MODULES}:
            return max(pythons, key=lambda one: numbers(one.version))
        return pythons[0]

    # Recording.

    def _project(self) -> Project:
        """The tip as recipes see it; raises `BenchError` where no scenario works."""
        commit = self.journal.measured_tip
        if commit not in self._recorded:
            self._sweep += 1
            self._recorded = {commit: self._record(commit)}
        return self._recorded[commit]

    def _record(self, commit: str) -> Project:
        request = self.request
        self.watcher.say(f"recording {commit[:10]} on Python {self._main.version}")
        began = time.monotonic()
        environment = self._environment(commit)
        recorded = ScenarioRecorder(
            target=request.target,
            workspace=request.workspace,
            interpreter=self._main,
            environment=environment,
            clone=request.clone,
            planned=request.planned,
            say=self.watcher.say,
            phase=self.watcher.phase,
            lanes=request.lanes,
        ).record()
        self._note_recorded(commit, recorded)
        self.watcher.say(f"recorded in {duration(time.monotonic() - began)}")
        return Project(
            target=request.target,
            clone=request.clone,
            commit=commit,
            python=self._main.version,
            environment=environment,
            scenarios=recorded.scenarios,
            files=recorded.files,
            form=request.form,
            least=request.least,
            traces=stored_traces(request.workspace, request.target),
        )

    def _environment(self, commit: str) -> Environment:
        request = self.request
        return Builder(
            target=request.target,
            pair=request.pair(commit, commit),
            workspace=request.workspace,
            announce=self.watcher.say,
            repo=request.repo,
            date=request.date,
        ).build_one(self._main)

    def _note_recorded(self, commit: str, recorded: RecordedScenarios) -> None:
        if not recorded.scenarios:
            raise NothingMeasuredError(
                f"No scenario of {self.request.target.name} works at {commit[:10]}.",
                "The reasons are above.",
            )
        own = set(map(str, recorded.files))
        loaded = (one.imports.graph.recording.modules.values() for one in recorded.scenarios)
        if not any(own.intersection(files) for files in loaded):
            raise NothingMeasuredError(
                f"No scenario imports a module of {self.request.target.name}: there is nothing of "
                "the project in what they do.",
                "Choose others with --scenario, or declare one in the target's file.",
            )
        if not self.journal.kept:
            self.journal.write(
                BaselineRecord(
                    python=self._main.version,
                    modules=len(recorded.files),
                    left_out=dict(recorded.failed),
                )
            )
        for one in recorded.scenarios:
            self.journal.write(self._imports_record(one, commit))

    def _note_what_failed_before(self) -> None:
        """Add what the checks have found out of the revision as it was."""
        known = next((one for one in self.journal.kept_on_disk.baselines), None)
        if self._opened is None or known is None:
            return
        found = self._opened.already_failing
        told = msgspec.structs.replace(
            known,
            failing=found.tests or known.failing,
            tests_reason=found.tests_reason or known.tests_reason,
            not_imported={**known.not_imported, **found.modules},
        )
        if told != known:
            self.journal.write(told)

    def _imports_record(self, one: Scenario, commit: str) -> ImportsRecord:
        timed, graph = one.imports.timed, one.imports.graph
        return ImportsRecord(
            scenario=one.benchmark.name,
            python=self._main.version,
            commit=commit,
            after=len(self.journal.kept),
            process_s=timed.scenario.process_s,
            bare_s=timed.bare.process_s,
            modules={
                name: (timed.scenario.own_s.get(name, 0.0), timed.scenario.under.get(name, ""))
                for name in sorted(graph.modules)
            },
        )

    # One change after the other.

    def _kept_something(self) -> bool:
        """Try what recipes propose for the tip; whether anything was kept, so that it is a new one.

        The first recipe of which something is kept ends it: the sources of the others' proposals
        are no longer those of the tip.
        """
        project = self._project()
        left: list[LeftRecord] = []
        for recipe in self.request.recipes:
            proposal = self._proposal(recipe, project)
            if proposal is None:
                continue
            if self._try_all(proposal, project, left):
                return True
        for one in left:
            self.journal.write(one)
        return False

    def _proposal(self, recipe: Recipe, project: Project) -> Proposal | None:
        self.watcher.phase(f"looking for changes: {recipe.name}")
        try:
            proposal = recipe.propose(project)
        except BenchError as error:
            self.watcher.say(f"{recipe.name}: {error.message}")
            return None
        except Exception as error:  # noqa: BLE001 - other recipes may do all the same
            self.watcher.say(f"a bug in the recipe {recipe.name}: {keep_bug(error, self.request)}")
            return None
        found = counted(len(proposal.changes), "change")
        self.watcher.say(f"{recipe.name}: {found if proposal.changes else 'nothing to change'}")
        return proposal

    def _try_all(self, proposal: Proposal, project: Project, left: list[LeftRecord]) -> bool:
        """Try the changes of a proposal, each on top of those kept; whether one was kept.

        What may be too little to be told by itself is tried last, together.
        """
        left += [
            LeftRecord(what=one.what, why=one.why, costs_s=dict(one.costs_s))
            for one in proposal.left
        ]
        trying = self._trying(self._prover.in_house_style(proposal), project)
        kept: list[Site] = []
        small: list[Change] = []
        for proposed in proposal.changes:
            # It was predicted on top of all before it, some of which may not have been kept.
            change = what_is_left(proposed, proposal, kept, proposed.sites)
            if not is_worth_it(proposed, project):
                left.append(too_small(proposed, self.request.least))
            elif is_small(change, project):
                small.append(change)  # also what saves on top of one that was not kept
            elif not self._was_tried(change):
                kept += trying.attempt(change, kept)
                if self.journal.steps[-1].is_undecided:
                    small.append(change)
        together = joined_small(small)
        if together is not None and not self._was_tried(together):
            together = what_is_left(together, proposal, kept, together.sites)
            if is_worth_it(together, project):
                kept += trying.attempt(together, kept)
            else:
                left.append(too_small(together, self.request.least))
        return bool(kept)

    def _trying(self, proposal: Proposal, project: Project) -> StepTrying:
        return StepTrying(
            request=self.request,
            watcher=self.watcher,
            journal=self.journal,
            prover=self._prover,
            measuring=self._measuring,
            workshop=self._workshop,
            project=project,
            proposal=proposal,
            sweep=self._sweep,
        )

    def _was_tried(self, change: Change) -> bool:
        return self.journal.was_tried(frozenset(key_of(site_record(one)) for one in change.sites))
