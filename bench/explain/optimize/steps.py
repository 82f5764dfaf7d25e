"""What is said and stored of a change before and after it is tried: pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import msgspec

from bench.core.verdict import Verdict
from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.journal import DANGER
from bench.explain.optimize.project import Project
from bench.explain.optimize.proving import Proved, site_record
from bench.explain.optimize.record import ExcludedSite, Gain, LeftRecord, StepRecord
from bench.formats.text import change as change_words
from bench.formats.text import counted, joined

_SURELY_TOLD = 2.0  # times the least


def new_step(
    number: int, change: Change, proved: Proved, sweep: int, proposal: Proposal
) -> StepRecord:
    """A step as it is stored before it is measured."""
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


def with_whole(step: StepRecord, whole: Proved) -> StepRecord:
    """A step with what all checks say of it."""
    return msgspec.structs.replace(
        step, excluded=(*step.excluded, *whole.excluded), checks=whole.checks
    )


def affected_scenarios(paths: Collection[str], project: Project) -> tuple[str, ...]:
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


def joined_small(changes: Sequence[Change]) -> Change | None:
    """Changes that may each save less than can be told, as one: its saving is the sum of theirs."""
    if len(changes) < 2:
        return next(iter(changes), None)
    first, *others = sorted(changes, key=lambda one: -max(one.saves_s.values(), default=0.0))
    names = {name for one in changes for name in one.saves_s}
    return Change(
        recipe=first.recipe,
        title=f"{first.title}, and {counted(len(others), 'smaller change')}",
        sites=tuple(dict.fromkeys(site for one in changes for site in one.sites)),
        why=f"{first.why} Together: {'; '.join(one.title for one in changes)}.",
        saves_s={name: sum(one.saves_s.get(name, 0.0) for one in changes) for name in names},
        moved=tuple(dict.fromkeys(moved for one in changes for moved in one.moved)),
    )


def what_is_left(
    change: Change, proposal: Proposal, kept: Collection[Site], sites: Collection[Site]
) -> Change:
    """A change of which only these sites passed, with what they save on top of those kept before.

    The prediction stays where the recipe tells none of parts.
    """
    change = replace(change, sites=tuple(sites))
    if proposal.saves is None or not sites:
        return change
    before, after = saved_before(proposal, kept), proposal.saves([*kept, *sites])
    saved = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
    return replace(change, saves_s={name: max(0.0, one) for name, one in saved.items()})


def saved_before(proposal: Proposal, kept: Collection[Site]) -> Mapping[str, float]:
    """What the sites that were kept are predicted to save, by scenario, where that is known."""
    return proposal.saves(list(kept)) if proposal.saves is not None and kept else {}


def too_small(change: Change, least: float) -> LeftRecord:
    """What is not tried, as it is stored."""
    return LeftRecord(
        what=change.title,
        why=f"predicted to save less than {least * 100:g}% of every scenario",
        costs_s=dict(change.saves_s),
    )


def predicted_words(change: Change, project: Project, before_s: Mapping[str, float]) -> str:
    """The largest share of a scenario that is predicted to be saved, in words.

    Of what the scenario takes once `before_s` are saved, as it is measured.
    """
    whole = {
        one.benchmark.name: one.imports.timed.scenario.process_s
        - before_s.get(one.benchmark.name, 0.0)
        for one in project.scenarios
    }
    shares = {
        name: saved / whole[name]
        for name, saved in change.saves_s.items()
        if whole.get(name, 0.0) > 0
    }
    if not shares:
        return ""
    most = max(shares, key=lambda name: shares[name])
    return f" (predicted: {shares[most] * 100:.1f}% of {most})"


def best_words(gains: Sequence[Gain]) -> str:
    """What became faster, most first, at most three."""
    sized = [one for one in gains if one.verdict is Verdict.FASTER and one.interval is not None]
    ordered = sorted(sized, key=lambda one: one.interval.ratio if one.interval else 1.0)
    return joined([f"{one.scenario} {change_words(one.interval)}" for one in ordered[:3]])


def is_worth_it(change: Change, project: Project) -> bool:
    """Whether the least that is worth a commit is predicted to be saved somewhere, or not known."""
    return not change.saves_s or most_share(change, project) >= project.least


def is_small(change: Change, project: Project) -> bool:
    """Whether so little is predicted that a measurement may well not tell it from nothing."""
    return bool(change.saves_s) and most_share(change, project) < _SURELY_TOLD * project.least


def most_share(change: Change, project: Project) -> float:
    """The largest share of a scenario's time that is predicted to be saved."""
    whole = {one.benchmark.name: one.imports.timed.scenario.process_s for one in project.scenarios}
    shares = (saved / whole.get(name, math.inf) for name, saved in change.saves_s.items())
    return max(shares, default=0.0)
