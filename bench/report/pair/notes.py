"""What a reader has to know before believing a table."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.core.machine import Neighbour
from bench.core.options import PACKAGES
from bench.core.result import Evaluation, Result
from bench.core.verdict import Verdict
from bench.engine.environments.dependencies import DependencyChange, changed_packages
from bench.engine.store.run import Run
from bench.formats.text import joined, share
from bench.report.pair.asides import aside_notes, output_notes
from bench.report.pair.control import control_warning
from bench.report.pair.floor_notes import floor_warnings
from bench.report.pair.pythons import differing_effects
from bench.report.select_runs import Evaluated
from bench.validate.calibration.lookup import Fitting

NOISY_OTHERS = 0.10
_NOISY_STEAL = 0.02


def warnings(one: Evaluated, fitting: Fitting | None, all_: Sequence[Evaluated]) -> list[str]:
    """All that the page of a pair warns of; `all_` are the runs it shows beside this one."""
    found = [*notes(one.run, one.evaluation), *floor_warnings(one.run, fitting)]
    differing = differing_effects(all_)
    if differing:
        names = joined([f"`{name}`" for name in differing])
        found.append(f"The effect differs between Pythons (intervals do not overlap): {names}.")
    return found


def dependency_changes(run: Run) -> tuple[DependencyChange, ...]:
    """Third-party packages that are not the same on both sides."""
    return changed_packages(run.manifest.base, run.manifest.head)


def notes(run: Run, evaluation: Evaluation) -> list[str]:
    """Remarks on a run: what was left out, what confounds it, what disturbed it."""
    found = [words] if (words := control_warning(run, evaluation)) else []
    found += [words for result in evaluation.results if (words := _left_out(result))]
    if run.closed is None:
        found.append("This run is not complete; the same command goes on with it.")
    found += [*output_notes(evaluation.results), *aside_notes(evaluation.results)]
    found += [*_own_tests(run), *_dependencies(run)]
    found += _noise(evaluation, run.closed.neighbours if run.closed else ())
    manifest = run.manifest
    if not manifest.machine.can_pin:
        found.append("This system can't pin processes to a core: pairs instead of duets.")
    if not manifest.network.startswith("cut off"):
        found.append(f"The network of measured processes was {manifest.network}.")
    in_containers = manifest.base.image is not None  # which keep to themselves what is measured
    if manifest.sandbox.startswith("not sandboxed") and not in_containers:
        found.append(
            f"Measured code was {manifest.sandbox}. It could read and write what its account can."
        )
    if manifest.uncompiled:
        found.append(manifest.uncompiled.describe(manifest.base.provenance.base_executable))
    return found


def _left_out(result: Result) -> str:
    """Why a benchmark has no figures; "" where it has some."""
    if result.verdict is Verdict.BROKEN:
        return f"{result.name} is broken: it works on base and fails on {result.reason}"
    if result.works_on_head_only:
        return f"{result.name} works on head only; {result.reason}"
    return f"{result.name} was not measured: {result.reason}" if result.verdict is None else ""


def _own_tests(run: Run) -> list[str]:
    declared = [one.declaration for one in run.manifest.benchmarks]
    names = [one.name for one in declared if one.is_suite and one.tests_of == "own"]
    if not names:
        return []
    return [
        f"Each side ran its own tests (`tests_of`): what differs between them is part of the change"
        f" of {', '.join(names[:6])}{' and others' * (len(names) > 6)}."
    ]


def _dependencies(run: Run) -> list[str]:
    changed = dependency_changes(run)
    if not changed or run.manifest.options.dependencies == PACKAGES:
        return []  # there they are what is measured
    listed = ", ".join(
        f"{one.package} {one.base or 'not installed'} → {one.head or 'not installed'}"
        for one in changed[:6]
    )
    more = f" and {len(changed) - 6} more" if len(changed) > 6 else ""
    what_helps = "" if run.manifest.base.image else " `--deps base` installs one set for both."
    return [
        f"Third-party packages differ between the sides and may be part of the change: {listed}"
        f"{more}.{what_helps}"
    ]


def _noise(evaluation: Evaluation, neighbours: Sequence[Neighbour]) -> list[str]:
    seen = [result.disturbance for result in evaluation.results if result.disturbance]
    if not seen:
        return []
    others, steal = max(one.others for one in seen), max(one.steal for one in seen)
    usual = median(one.others for one in seen)
    found = []
    if others > NOISY_OTHERS:
        found.append(
            f"Noisy: other processes used at most {others:.0%} of the machine (median over "
            f"benchmarks: {usual:.0%}) while this was measured{neighbour_words(neighbours)}. "
            "Verdicts allow for it, with more rounds."
        )
    if steal > _NOISY_STEAL:
        found.append(f"Noisy: the hypervisor took up to {steal:.0%} of the machine's time.")
    return found


def neighbour_words(neighbours: Sequence[Neighbour]) -> str:
    """Who the other processes were, in words to go on with; nothing where none is known."""
    if not neighbours:
        return ""
    return f", mostly {joined([f'{one.name} ({share(one.share)})' for one in neighbours])}"
