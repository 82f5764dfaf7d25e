"""One change: proved as far as that is quick, measured, proved wholly, kept or dropped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bench.core.errors import BenchError
from bench.engine.session.watcher import Watcher
from bench.explain.optimize.branch import Workshop
from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.journal import StepJournal
from bench.explain.optimize.levels import next_level
from bench.explain.optimize.measuring import MeasuredPair, PairMeasuring, why_dropped
from bench.explain.optimize.message import candidate_message, message
from bench.explain.optimize.project import Project
from bench.explain.optimize.proving import Proved, Prover
from bench.explain.optimize.record import CandidateRecord, FirstUse, StepRecord
from bench.explain.optimize.request import OptimizeRequest
from bench.explain.optimize.steps import (
    affected_scenarios,
    best_words,
    is_worth_it,
    new_step,
    predicted_words,
    saved_before,
    what_is_left,
    with_whole,
)


@dataclass(frozen=True, kw_only=True)
class StepTrying:
    """Tries changes of one proposal, made for `project` in sweep `sweep`, one after the other."""

    request: OptimizeRequest
    watcher: Watcher
    journal: StepJournal
    prover: Prover
    measuring: PairMeasuring
    workshop: Workshop
    project: Project
    proposal: Proposal
    sweep: int

    def attempt(self, change: Change, kept: Sequence[Site]) -> tuple[Site, ...]:
        """Prove and measure one change on top of the sites that were kept; returns those kept now.

        Most that is wrong the quick checks tell. All checks take minutes, so that only what is
        faster has to pass them; where a part does not, the rest is measured again.
        """
        began = time.monotonic()
        number = len(self.journal.steps) + 1
        before_s = saved_before(self.proposal, kept)
        words = predicted_words(change, self.project, before_s)
        self.watcher.say(f"step {number}: {change.title}{words}")
        self.watcher.phase(f"step {number}: quick checks")
        proved = self.prover.prove_quickly(self.proposal, change, kept, self.project.commit)
        if proved.excluded:
            change = what_is_left(change, self.proposal, kept, proved.sites)
        step = new_step(number, change, proved, self.sweep, self.proposal)
        reason = self._not_worth_measuring(change, proved)
        if reason:
            self._drop(step, reason, began)
            return ()
        step, measured = self._measure(self._candidate(step, change, proved))
        if measured is None or step.reason:
            self._drop(step, step.reason, began)
            return ()
        self.watcher.phase(f"step {number}: all checks")
        whole = self.prover.prove_wholly(self.proposal, proved.sites, kept, self.project.commit)
        step = with_whole(step, whole)
        if not whole.excluded:
            self._keep(step, measured, began)
            return proved.sites
        self._drop(step, f"{whole.excluded[0].check}: {whole.excluded[0].failure}", began)
        if not whole.sites:
            return ()
        return self.attempt(what_is_left(change, self.proposal, kept, whole.sites), kept)

    def _not_worth_measuring(self, change: Change, proved: Proved) -> str:
        """Why a change is dropped before it is measured; "" where it is not."""
        if not proved.sites:
            return proved.reason
        if not is_worth_it(change, self.project):
            return "what passes the checks saves too little by itself"
        if not affected_scenarios(proved.texts, self.project):
            return "no scenario loads what it changes"
        return ""

    def _candidate(self, step: StepRecord, change: Change, proved: Proved) -> CandidateRecord:
        """The step as it is measured: the one that an interruption has left, if it is the same."""
        base = self.journal.measured_tip
        commit = self.workshop.commit(base, proved.texts, candidate_message(change.title))
        left = self.journal.candidate
        if left is not None and left.base == base and self._is_same(left.step.measured, commit):
            return left
        if self.request.separate and self.project.commit == self.request.revision.identity:
            texts = self.proposal.rewrite(proved.sites)
            alone = self.workshop.commit(
                self.request.revision.identity, texts, candidate_message(change.title)
            )
            step = msgspec.structs.replace(step, alone=alone)
        step = msgspec.structs.replace(step, measured=commit, alpha=self._level())
        candidate = CandidateRecord(
            step=step, base=base, affected=affected_scenarios(proved.texts, self.project)
        )
        for one in change.moved:
            self.journal.write(
                FirstUse(
                    module=one.module,
                    takes_s=one.takes_s,
                    scenario=one.scenario,
                    where=one.where,
                    step=step.number,
                )
            )
        self.journal.write(candidate)
        return candidate

    def _is_same(self, one: str, other: str) -> bool:
        return self.workshop.tree(one) == self.workshop.tree(other)

    def _level(self) -> float:
        """The error rate of each run of the next step: Pythons share it evenly."""
        alpha = next_level(self.journal.spent, self.request.alpha)
        return alpha / len(self.request.interpreters)

    def _measure(self, candidate: CandidateRecord) -> tuple[StepRecord, MeasuredPair | None]:
        """The step with what was measured, and with the reason where that speaks against it."""
        step = candidate.step
        try:
            measured = self.measuring.measure(
                candidate.base, step.measured, candidate.affected, step.alpha
            )
        except BenchError as error:
            return msgspec.structs.replace(step, reason=f"not measured: {error.message}"), None
        reason = why_dropped(measured, self.request.pythons_to_gain)
        step = msgspec.structs.replace(
            step, gains=measured.gains, runs=measured.runs, reason=reason
        )
        return step, measured

    def _drop(self, step: StepRecord, reason: str, began: float) -> None:
        took_s = round(time.monotonic() - began, 1)
        self.journal.write(msgspec.structs.replace(step, kept=False, reason=reason, took_s=took_s))
        self.watcher.say(f"step {step.number}: dropped: {reason}")

    def _keep(self, step: StepRecord, measured: MeasuredPair, began: float) -> None:
        text = message(step, measured, self.request, step.alpha)
        parent = self.journal.kept_on_disk.tip
        commit = self.workshop.commit_tree(step.measured, parent, text)
        before = self.workshop.find(self.request.branch)
        took_s = round(time.monotonic() - began, 1)
        step = msgspec.structs.replace(step, kept=True, commit=commit, parent=parent, took_s=took_s)
        self.journal.write(step)
        self.workshop.point(self.request.branch, commit, before=before)
        self.watcher.say(f"step {step.number}: kept: {best_words(step.gains)}")
