"""From a revision to a branch: record, propose, prove, measure, keep or drop, until a plateau."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from bench.core.errors import BenchError, NothingMeasuredError
from bench.core.variants import numbers
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder
from bench.engine.session.watcher import Watcher
from bench.explain.optimize.branch import Workshop, branch_of_step
from bench.explain.optimize.change import Change, Proposal, Recipe, Site
from bench.explain.optimize.forms import FIRST_LAZY
from bench.explain.optimize.guard.test_text import FILE as GUARD_FILE
from bench.explain.optimize.guarding import MESSAGE as GUARD_MESSAGE
from bench.explain.optimize.guarding import Guarding
from bench.explain.optimize.journal import DANGER, Journal, key_of
from bench.explain.optimize.levels import next_level
from bench.explain.optimize.measuring import Measured, Measuring, why_dropped
from bench.explain.optimize.message import candidate_message, message
from bench.explain.optimize.project import Form, Project, Scenario
from bench.explain.optimize.proving import Proved, Prover, site_record
from bench.explain.optimize.record import (
    BaselineRecord,
    BranchRecord,
    CandidateRecord,
    ExcludedSite,
    FirstUse,
    Gain,
    ImportsRecord,
    LeftRecord,
    Optimization,
    Progress,
    StepRecord,
    WholeRecord,
)
from bench.explain.optimize.request import Request
from bench.explain.optimize.scenarios import Recorded, Recorder
from bench.formats.text import change as change_words
from bench.formats.text import counted, duration, joined


@dataclass(kw_only=True)
class OptimizeSession:
    """One optimisation on its way. What was done before an interruption is in its journal."""

    request: Request
    watcher: Watcher
    journal: Journal
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
            self._run()
        except BaseException as error:
            words = str(error) if isinstance(error, BenchError) else ""
            self.journal.stand(Progress.INTERRUPTED, words)
            raise
        finally:
            if self._opened is not None:
                self._opened.close()
        return self.journal.kept_on_disk

    def _run(self) -> None:
        self._go_on_with_candidate()
        while self._kept_something():
            pass
        if not self.journal.kept:
            self.journal.stand(Progress.NOTHING)
            return
        self._add_guard()
        self._measure_whole()
        if self.request.separate:
            self._make_separate()
        self.journal.stand(Progress.PLATEAU)

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
    def _measured_tip(self) -> str:
        """The commit of the same content whose environments were built to measure it."""
        return self.journal.kept[-1].measured if self.journal.kept else self._base

    @property
    def _base(self) -> str:
        return self.request.revision.identity

    @cached_property
    def _workshop(self) -> Workshop:
        return Workshop(self.request.clone)

    @cached_property
    def _measuring(self) -> Measuring:
        return Measuring(request=self.request, watcher=self.watcher)

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
        commit = self._measured_tip
        if commit not in self._recorded:
            self._sweep += 1
            self._recorded = {commit: self._record(commit)}
        return self._recorded[commit]

    def _record(self, commit: str) -> Project:
        request = self.request
        self.watcher.say(f"recording {commit[:10]} on Python {self._main.version}")
        began = time.monotonic()
        environment = self._environment(commit)
        recorded = Recorder(
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

    def _note_recorded(self, commit: str, recorded: Recorded) -> None:
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
        found = counted(len(proposal.changes), "change")
        self.watcher.say(f"{recipe.name}: {found if proposal.changes else 'nothing to change'}")
        return proposal

    def _try_all(self, proposal: Proposal, project: Project, left: list[LeftRecord]) -> bool:
        """Try the changes of a proposal, each on top of those kept; whether one was kept."""
        left += [
            LeftRecord(what=one.what, why=one.why, costs_s=dict(one.costs_s))
            for one in proposal.left
        ]
        kept: list[Site] = []
        small: list[Change] = []
        for change in proposal.changes:
            if not self._is_worth_it(change, project):
                left.append(_too_small(change, self.request.least))
            elif not self._was_tried(change):
                kept += self._try(change, proposal, project, kept)
                if self.journal.steps[-1].is_undecided:
                    small.append(change)
        together = _together(small)
        if together is not None and not self._was_tried(together):
            kept += self._try(together, proposal, project, kept)
        return bool(kept)

    def _was_tried(self, change: Change) -> bool:
        return self.journal.was_tried(frozenset(key_of(site_record(one)) for one in change.sites))

    def _is_worth_it(self, change: Change, project: Project) -> bool:
        """Whether it is predicted to save the least that is worth a commit somewhere, or no one
        knows.
        """
        whole = {
            one.benchmark.name: one.imports.timed.scenario.process_s for one in project.scenarios
        }
        return not change.saves_s or any(
            saved >= self.request.least * whole.get(name, float("inf"))
            for name, saved in change.saves_s.items()
        )

    def _try(
        self, change: Change, proposal: Proposal, project: Project, kept: Sequence[Site]
    ) -> tuple[Site, ...]:
        """Prove and measure one change; returns the sites that were kept."""
        began = time.monotonic()
        number = len(self.journal.steps) + 1
        self.watcher.say(f"step {number}: {change.title}{_predicted(change, project)}")
        self.watcher.phase(f"step {number}: proving")
        proved = self._prover.prove(proposal, change, kept, project.commit)
        step = _step(number, change, proved, self._sweep, proposal)
        if not proved.sites:
            self._drop(step, proved.reason, began)
            return ()
        affected = _affected(proved.texts, project)
        if not affected:
            self._drop(step, "no scenario loads what it changes", began)
            return ()
        base = self._measured_tip
        commit = self._workshop.commit(base, proved.texts, candidate_message(change.title))
        if self.request.separate and project.commit == self._base:
            texts = proposal.rewrite(proved.sites)
            alone = self._workshop.commit(self._base, texts, candidate_message(change.title))
            step = msgspec.structs.replace(step, alone=alone)
        step = msgspec.structs.replace(
            step, measured=commit, alpha=self._level(), took_s=time.monotonic() - began
        )
        candidate = CandidateRecord(step=step, base=base, affected=affected)
        for one in change.moved:
            self.journal.write(
                FirstUse(
                    module=one.module,
                    takes_s=one.takes_s,
                    scenario=one.scenario,
                    where=one.where,
                    step=number,
                )
            )
        self.journal.write(candidate)
        return proved.sites if self._measure(candidate) else ()

    def _level(self) -> float:
        """The error rate of each run of the next step: Pythons share it evenly."""
        alpha = next_level(self.journal.spent, self.request.alpha)
        return alpha / len(self.request.interpreters)

    def _go_on_with_candidate(self) -> None:
        candidate = self.journal.candidate
        if candidate is not None:
            self.watcher.say(f"step {candidate.step.number}: {candidate.step.title}: going on")
            self._measure(candidate)

    def _measure(self, candidate: CandidateRecord) -> bool:
        """Measure a step, and keep or drop it; whether it was kept."""
        step, began = candidate.step, time.monotonic()
        try:
            measured = self._measuring.measure(
                candidate.base, step.measured, candidate.affected, step.alpha
            )
        except BenchError as error:
            self._drop(step, f"not measured: {error.message}", began)
            return False
        step = msgspec.structs.replace(
            step,
            gains=measured.gains,
            runs=measured.runs,
            took_s=round(step.took_s + time.monotonic() - began, 1),
        )
        reason = why_dropped(measured, self._pythons_to_gain())
        if reason:
            self._drop(step, reason)
            return False
        self._keep(step, measured)
        return True

    def _pythons_to_gain(self) -> list[str]:
        """Those on which a change has to be faster: all, or those that the form is for."""
        versions = [one.version for one in self.request.interpreters]
        if self.request.form not in {Form.LAZY, Form.LAZY_MODULES}:
            return versions
        return [one for one in versions if numbers(one) >= FIRST_LAZY] or versions

    def _drop(self, step: StepRecord, reason: str, began: float | None = None) -> None:
        if began is not None:
            took_s = round(step.took_s + time.monotonic() - began, 1)
            step = msgspec.structs.replace(step, took_s=took_s)
        self.journal.write(msgspec.structs.replace(step, kept=False, reason=reason))
        self.watcher.say(f"step {step.number}: dropped: {reason}")

    def _keep(self, step: StepRecord, measured: Measured) -> None:
        text = message(step, measured, self.request, step.alpha)
        parent = self._tip
        commit = self._workshop.commit_tree(step.measured, parent, text)
        before = self._workshop.find(self.request.branch)
        step = msgspec.structs.replace(step, kept=True, commit=commit, parent=parent)
        self.journal.write(step)
        self._workshop.point(self.request.branch, commit, before=before)
        self.watcher.say(f"step {step.number}: kept: {_best(step.gains)}")

    # The whole, and each by itself.

    def _add_guard(self) -> None:
        """A test that keeps the branch as it is, as its last commit, where that can be made."""
        done = self.journal.kept_on_disk
        if done.guard is not None and (not done.guard.commit or done.guard.commit == done.tip):
            return
        made = Guarding(self.request, self.watcher).make(done, self._measured_tip)
        if not made.text:
            self.journal.write(made.record)
            self.watcher.say(f"no guard test: {made.record.reason}")
            return
        tip = self._tip
        commit = self._workshop.commit(tip, {made.record.file: made.text}, GUARD_MESSAGE)
        self.journal.write(msgspec.structs.replace(made.record, commit=commit))
        self._workshop.point(self.request.branch, commit, before=tip)
        self.watcher.say(f"guard test: {made.record.file}")

    def _measure_whole(self) -> None:
        tip = self._tip
        self._workshop_points_at(tip)
        known = self.journal.kept_on_disk.whole
        if known is None or known.commit != tip:
            self.watcher.say(f"measuring the whole: {self._base[:10]}..{tip[:10]}")
            alpha = self.request.alpha / len(self.request.interpreters)
            names = [one.declaration.name for one in self.request.planned]
            measured = self._measuring.measure(self._base, tip, names, alpha, tests=True)
            tests_fail = self._without_guard(measured.tests_fail)
            tip = self._tip
            whole = WholeRecord(
                commit=tip,
                gains=measured.gains,
                runs=measured.runs,
                alpha=alpha,
                tests_fail=tests_fail,
            )
            self.journal.write(whole)
        numbers_ = tuple(one.number for one in self.journal.kept)
        self.journal.write(BranchRecord(name=self.request.branch, commit=tip, steps=numbers_))

    def _without_guard(self, failing: tuple[str, ...]) -> tuple[str, ...]:
        """Take a guard test off the branch that fails where the project's tests run."""
        others = tuple(one for one in failing if GUARD_FILE not in one)
        guard = self.journal.kept_on_disk.guard
        if guard is not None and len(others) < len(failing):
            reason = "it fails where the project's own tests are run"
            self.journal.write(msgspec.structs.replace(guard, commit="", reason=reason))
            self._workshop_points_at(self._tip)
            self.watcher.say(f"the guard test is taken back: {reason}")
        return others

    def _workshop_points_at(self, tip: str) -> None:
        """Where an interruption came between a commit and its branch, the branch is pointed now."""
        there = self._workshop.find(self.request.branch)
        if there != tip:
            self._workshop.point(self.request.branch, tip, before=there)

    def _make_separate(self) -> None:
        done = {one.steps for one in self.journal.kept_on_disk.branches if one.separate}
        for step in self.journal.kept:
            if (step.number,) not in done:
                self.journal.write(self._separate(step))

    def _separate(self, step: StepRecord) -> BranchRecord:
        """A branch with one step alone, off the revision, measured with the tests as gate."""
        name = branch_of_step(step.title)
        told = BranchRecord(name=name, commit="", steps=(step.number,), separate=True)
        alone = step.alone or self._workshop.moved(step.commit, self._base, "alone")
        if alone is None:
            reason = "it needs a step before it: alone it does not apply"
            self.watcher.say(f"{name}: not made: {reason}")
            return msgspec.structs.replace(told, reason=reason)
        self.watcher.say(f"{name}: measuring step {step.number} by itself")
        alpha = self.request.alpha / len(self.request.interpreters)
        try:
            measured = self._measuring.measure(
                self._base, alone, [one.scenario for one in step.gains], alpha, tests=True
            )
        except BenchError as error:
            return msgspec.structs.replace(told, reason=error.message)
        reason = why_dropped(measured, self._pythons_to_gain())
        if measured.tests_fail:
            reason = f"tests fail: {', '.join(measured.tests_fail[:3])}"
        told = msgspec.structs.replace(told, gains=measured.gains, runs=measured.runs)
        if reason:
            self.watcher.say(f"{name}: not made: alone it does not hold: {reason}")
            return msgspec.structs.replace(told, reason=reason)
        text = message(step, measured, self.request, alpha)
        commit = self._workshop.commit_tree(alone, self._base, text)
        there = self._workshop.find(name)
        if there is not None and self._workshop.tree(there) != self._workshop.tree(commit):
            return msgspec.structs.replace(
                told, reason="a branch of that name exists, and is not overwritten"
            )
        self._workshop.point(name, commit, before=there)
        return msgspec.structs.replace(told, commit=commit)


def _step(
    number: int, change: Change, proved: Proved, sweep: int, proposal: Proposal
) -> StepRecord:
    files = {one.file for one in change.sites}
    dangers = tuple(
        ExcludedSite(site=site_record(site), check=DANGER, failure=why)
        for site, why in proposal.dropped
        if site.file in files
    )
    return StepRecord(
        number=number,
        recipe=change.recipe,
        title=change.title,
        why=change.why,
        kept=False,
        sites=tuple(map(site_record, proved.sites or change.sites)),
        sweep=sweep,
        excluded=(*proved.excluded, *dangers),
        predicted_s=dict(change.saves_s),
        checks=proved.checks,
    )


def _affected(paths: Collection[str], project: Project) -> tuple[str, ...]:
    """The scenarios that load a file which is changed; all where a changed file is no module.

    Others run the same code before and after: nothing can be said of them by measuring.
    """
    by_path = {path: file for file, path in project.files.items()}
    names = tuple(one.benchmark.name for one in project.scenarios)
    if any(path not in by_path for path in paths):
        return names
    changed = {str(by_path[path]) for path in paths}
    return tuple(
        one.benchmark.name
        for one in project.scenarios
        if changed & set(one.imports.graph.recording.modules.values())
    )


def _together(changes: Sequence[Change]) -> Change | None:
    """Changes that may each save less than can be told, as one: its saving is the sum of theirs."""
    if len(changes) < 2:
        return None
    first, *others = changes
    names = {name for one in changes for name in one.saves_s}
    return Change(
        recipe=first.recipe,
        title=f"{first.title}, and {counted(len(others), 'smaller change')}",
        sites=tuple(dict.fromkeys(site for one in changes for site in one.sites)),
        why=f"{first.why} Together: {'; '.join(one.title for one in changes)}.",
        saves_s={name: sum(one.saves_s.get(name, 0.0) for one in changes) for name in names},
        moved=tuple(dict.fromkeys(moved for one in changes for moved in one.moved)),
    )


def _too_small(change: Change, least: float) -> LeftRecord:
    return LeftRecord(
        what=change.title,
        why=f"predicted to save less than {least * 100:g}% of every scenario",
        costs_s=dict(change.saves_s),
    )


def _predicted(change: Change, project: Project) -> str:
    """The largest share of a scenario that is predicted to be saved, in words."""
    whole = {one.benchmark.name: one.imports.timed.scenario.process_s for one in project.scenarios}
    shares = {name: saved / whole[name] for name, saved in change.saves_s.items() if name in whole}
    if not shares:
        return ""
    most = max(shares, key=lambda name: shares[name])
    return f" (predicted: {shares[most] * 100:.1f}% of {most})"


def _best(gains: Sequence[Gain]) -> str:
    """What became faster, most first, at most three."""
    sized = [one for one in gains if one.interval is not None]
    ordered = sorted(sized, key=lambda one: one.interval.ratio if one.interval else 1.0)
    return joined([f"{one.scenario} {change_words(one.interval)}" for one in ordered[:3]])
