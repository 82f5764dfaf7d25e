"""The record of an optimisation that is going on: events are written, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bench.core.errors import UsageError
from bench.core.verdict import Verdict
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.session.preparation import harness
from bench.engine.store.documents import moment
from bench.explain.optimize.branch import Workshop
from bench.explain.optimize.guard.programs import words_of
from bench.explain.optimize.levels import Spent
from bench.explain.optimize.record import (
    FORMAT,
    CandidateRecord,
    Optimization,
    OptimizationAsked,
    OptimizationEvent,
    Progress,
    SiteRecord,
    StepRecord,
    Stood,
)
from bench.explain.optimize.request import OptimizeRequest
from bench.explain.optimize.stored import OPTIMIZATIONS

DANGER = "danger"  # the check of a site that was not tried for what was seen beforehand
_OVER = (Progress.PLATEAU, Progress.NOTHING)


@dataclass
class StepJournal:
    """An optimisation on disk, one event after the other."""

    kept_on_disk: Optimization

    def write(self, event: OptimizationEvent) -> None:
        """Append an event, to the disk; raises `DataError`."""
        self.kept_on_disk = OPTIMIZATIONS.append(self.kept_on_disk, event)

    def stand(self, progress: Progress, words: str = "") -> None:
        """Note how far it is, or how it ended."""
        self.write(Stood(progress=progress, at=_now(), words=words))

    @property
    def is_over(self) -> bool:
        """Whether it came to its end."""
        return self.kept_on_disk.progress in _OVER

    @property
    def steps(self) -> tuple[StepRecord, ...]:
        """All that were tried."""
        return self.kept_on_disk.steps

    @property
    def kept(self) -> tuple[StepRecord, ...]:
        """Those that are on the branch."""
        return self.kept_on_disk.kept

    @property
    def measured_tip(self) -> str:
        """The commit of the tip's content whose environments were built to measure it."""
        return self.kept[-1].measured if self.kept else self.kept_on_disk.asked.revision.identity

    @property
    def spent(self) -> list[Spent]:
        """What the steps that were measured, or begun to, had of the error rate."""
        pythons = len(self.kept_on_disk.asked.pythons)
        begun = {one.step.number: one.step for one in self.kept_on_disk.of(CandidateRecord)}
        steps = begun | {one.number: one for one in self.steps if one.alpha}
        return [
            Spent(steps[number].alpha * pythons, free=_all_rejected(steps[number]))
            for number in sorted(steps)
        ]

    @property
    def candidate(self) -> CandidateRecord | None:
        """The step that was being measured when the record ends."""
        done = {one.number for one in self.steps}
        begun = self.kept_on_disk.of(CandidateRecord)
        return begun[-1] if begun and begun[-1].step.number not in done else None

    def was_tried(self, sites: frozenset[tuple[str, str]]) -> bool:
        """Whether a change of just these sites was tried before, or each of them failed a check."""
        failed = frozenset[tuple[str, str]]()
        for step in self.steps:
            out = frozenset(key_of(one.site) for one in step.excluded if one.check != DANGER)
            failed |= out
            if sites in (frozenset(map(key_of, step.sites)), out.union(map(key_of, step.sites))):
                return True
        return bool(sites) and sites <= failed


def _all_rejected(step: StepRecord) -> bool:
    told = {Verdict.FASTER, Verdict.BELOW_MEI}
    return step.kept and bool(step.gains) and all(one.verdict in told for one in step.gains)


def key_of(site: SiteRecord) -> tuple[str, str]:
    """What tells a site apart whatever its line, which earlier steps move."""
    return site.file, f"{site.words} {' '.join(site.names)}"


def open_journal(request: OptimizeRequest, repeat: str) -> StepJournal:
    """Go on with what was asked the same, or begin; raises `BenchError`.

    Raises `UsageError` where the branch exists and is not what this optimisation left.
    """
    asked = _asked(request, repeat)
    known = OPTIMIZATIONS.latest(request.workspace.data, asked)
    journal = StepJournal(known) if known is not None else None
    _check_branch(request, journal)
    return journal or StepJournal(OPTIMIZATIONS.create(request.workspace.data, asked))


def _check_branch(request: OptimizeRequest, journal: StepJournal | None) -> None:
    there = Workshop(request.clone).find(request.branch)
    ours = set[str | None]()
    if journal is not None:  # an interruption may have come before the branch was moved
        ours = {journal.kept_on_disk.tip, *(one.commit for one in journal.kept)}
    if there is not None and there not in ours:
        raise UsageError(
            f"Branch {request.branch} exists in {request.clone.path} and points at {there[:10]}, "
            "which is not what this optimisation left there: it is not overwritten.",
            f"Name another one with --branch, or remove it: git branch -D {request.branch}",
        )


def _asked(request: OptimizeRequest, repeat: str) -> OptimizationAsked:
    started_at = _now()
    return OptimizationAsked(
        format=FORMAT,
        id=moment(started_at),
        target=request.target.name,
        revision=request.revision,
        scenarios=tuple(one.declaration.name for one in request.planned),
        words={
            one.declaration.name: words_of(one.declaration, request.target.modules[0])
            for one in request.planned
        },
        pythons=tuple(one.version for one in request.interpreters),
        form=str(request.form),
        least=request.least,
        alpha=request.alpha,
        branch=request.branch,
        separate=request.separate,
        recipes=tuple(one.name for one in request.recipes),
        machine=describe_machine(),
        harness=harness(),
        started_at=started_at,
        requires_python=request.requires_python,
        distribution=request.target.distributions[0],
        own=tuple(dict.fromkeys(name.partition(".")[0] for name in request.target.modules)),
        origin=_reachable(request.target.clone),
        repeat=repeat,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _reachable(clone: str) -> str:
    """Where others can clone it from; "" for a folder, which is on this machine alone."""
    return "" if clone.startswith(("/", ".", "~", "file:")) else clone
