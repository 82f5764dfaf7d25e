"""What is done when nothing more is worth a commit: a guard, the whole, each step by itself."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from bench.core.errors import BenchError
from bench.engine.session.watcher import Watcher
from bench.explain.optimize.branch import Workshop, branch_of_step
from bench.explain.optimize.guard.test_text import FILE as GUARD_FILE
from bench.explain.optimize.guarding import MESSAGE as GUARD_MESSAGE
from bench.explain.optimize.guarding import Guarding
from bench.explain.optimize.journal import StepJournal
from bench.explain.optimize.lazy_switch import LazySwitchMeasuring
from bench.explain.optimize.measuring import PairMeasuring, why_dropped
from bench.explain.optimize.message import message
from bench.explain.optimize.record import BranchRecord, ImportsRecord, StepRecord, WholeRecord
from bench.explain.optimize.request import OptimizeRequest


@dataclass(frozen=True, kw_only=True)
class OptimizeEnding:
    """The end of an optimisation that has kept something; what is done already is left out."""

    request: OptimizeRequest
    watcher: Watcher
    journal: StepJournal
    measuring: PairMeasuring
    workshop: Workshop

    def add_guard(self) -> None:
        """A test that keeps the branch as it is, as its last commit, where that can be made."""
        done = self.journal.kept_on_disk
        if done.guard is not None and (not done.guard.commit or done.guard.commit == done.tip):
            return
        made = Guarding(self.request, self.watcher).make(done, self.journal.kept[-1].measured)
        if not made.text:
            self.journal.write(made.record)
            self.watcher.say(f"no guard test: {made.record.reason}")
            return
        tip = self.journal.kept_on_disk.tip
        commit = self.workshop.commit(tip, {made.record.file: made.text}, GUARD_MESSAGE)
        self.journal.write(msgspec.structs.replace(made.record, commit=commit))
        self.workshop.point(self.request.branch, commit, before=tip)
        self.watcher.say(f"guard test: {made.record.file}")

    def measure_whole(self) -> None:
        """The branch's tip against the revision, with the project's tests as gate."""
        tip = self.journal.kept_on_disk.tip
        self._point_at(tip)
        known = self.journal.kept_on_disk.whole
        if known is None or known.commit != tip:
            self.watcher.say(
                f"measuring the whole: {self.request.revision.identity[:10]}..{tip[:10]}"
            )
            alpha = self.request.alpha / len(self.request.interpreters)
            recorded = {one.scenario for one in self.journal.kept_on_disk.of(ImportsRecord)}
            planned = [one.declaration.name for one in self.request.planned]
            names = [one for one in planned if one in recorded] or planned
            measured = self.measuring.measure(
                self.request.revision.identity, tip, names, alpha, tests=True
            )
            tests_fail = self._without_guard(measured.tests_fail)
            tip = self.journal.kept_on_disk.tip
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

    def compare_lazily(self) -> None:
        """Beside it what Python's own lazy imports give, where a Python has them."""
        tip, known = self.journal.kept_on_disk.tip, self.journal.kept_on_disk.lazy_switch
        whole = self.journal.kept_on_disk.whole
        by_cpu = {one.scenario for one in (whole.gains if whole else ()) if one.metric == "cpu"}
        measuring = LazySwitchMeasuring(request=self.request, watcher=self.watcher, by_cpu=by_cpu)
        if measuring.interpreters and (known is None or known.commit != tip):
            recorded = {one.scenario for one in self.journal.kept_on_disk.of(ImportsRecord)}
            self.journal.write(measuring.measure(tip, recorded))

    def _without_guard(self, failing: tuple[str, ...]) -> tuple[str, ...]:
        """Take a guard test off the branch that fails where the project's tests run."""
        others = tuple(one for one in failing if GUARD_FILE not in one)
        guard = self.journal.kept_on_disk.guard
        if guard is not None and len(others) < len(failing):
            reason = "it fails where the project's own tests are run"
            self.journal.write(msgspec.structs.replace(guard, commit="", reason=reason))
            self._point_at(self.journal.kept_on_disk.tip)
            self.watcher.say(f"the guard test is taken back: {reason}")
        return others

    def _point_at(self, tip: str) -> None:
        """Where an interruption came between a commit and its branch, the branch is pointed now."""
        there = self.workshop.find(self.request.branch)
        if there != tip:
            self.workshop.point(self.request.branch, tip, before=there)

    def make_separate(self) -> None:
        """A branch for each step by itself, where it holds alone."""
        done = {one.steps for one in self.journal.kept_on_disk.branches if one.separate}
        for step in self.journal.kept:
            if (step.number,) not in done:
                self.journal.write(self._separate(step))

    def _separate(self, step: StepRecord) -> BranchRecord:
        """A branch with one step alone, off the revision, measured with the tests as gate."""
        name, base = branch_of_step(step.title), self.request.revision.identity
        told = BranchRecord(name=name, commit="", steps=(step.number,), separate=True)
        if step.parent == base:  # it was measured so already
            told = msgspec.structs.replace(told, gains=step.gains, runs=step.runs)
            return self._pointed(told, step.commit)
        alone = step.alone or self.workshop.moved(step.commit, base, "alone")
        if alone is None:
            return self._not_made(told, "it needs a step before it: alone it does not apply")
        self.watcher.say(f"{name}: measuring step {step.number} by itself")
        alpha = self.request.alpha / len(self.request.interpreters)
        scenarios = [one.scenario for one in step.gains]
        try:
            measured = self.measuring.measure(base, alone, scenarios, alpha, tests=True)
        except BenchError as error:
            return self._not_made(told, error.message)
        told = msgspec.structs.replace(told, gains=measured.gains, runs=measured.runs)
        reason = why_dropped(measured, self.request.pythons_to_gain)
        if measured.tests_fail:
            reason = f"tests fail: {', '.join(measured.tests_fail[:3])}"
        if reason:
            return self._not_made(told, f"alone it does not hold: {reason}")
        text = message(step, measured, self.request, alpha)
        return self._pointed(told, self.workshop.commit_tree(alone, base, text))

    def _pointed(self, told: BranchRecord, commit: str) -> BranchRecord:
        """The branch at a commit; one that is there already has to be the same change."""
        there = self.workshop.find(told.name)
        if there is None:
            self.workshop.point(told.name, commit, before=None)
            return msgspec.structs.replace(told, commit=commit)
        if self.workshop.tree(there) == self.workshop.tree(commit):
            return msgspec.structs.replace(told, commit=there)
        return self._not_made(told, "a branch of that name exists, and is not overwritten")

    def _not_made(self, told: BranchRecord, reason: str) -> BranchRecord:
        self.watcher.say(f"{told.name}: not made: {reason}")
        return msgspec.structs.replace(told, reason=reason)
