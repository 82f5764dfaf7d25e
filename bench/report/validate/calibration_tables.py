"""A calibration in rows and sentences, for the screen and its page alike."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.core.machine import Machine, Neighbour, Noise
from bench.core.sample import Design
from bench.engine.statistics.precision import Precision
from bench.engine.store.run import Run
from bench.formats.tables import detectable_words, render
from bench.formats.text import counted, seconds, share
from bench.report.pair.notes import neighbour_words
from bench.validate.calibration.analysis import Calibrated, Calibration

COLUMNS = ("benchmark", "median", "wrong", "noise per round", "finds from", "±1% by duet",
           "±1% by pairs", "measured in")  # fmt: skip
_NOISY_OTHERS = 0.05
_NOISY_STEAL = 0.01
_DRIFTING = 1.15


def calibration_rows(calibration: Calibration) -> list[list[str]]:
    """One row a benchmark, in the columns of `COLUMNS`."""
    options = calibration.run.manifest.options
    return [
        [
            one.benchmark,
            seconds(one.median_s),
            f"{one.wrong.count} of {one.wrong.total}",
            share(one.designs[one.design].sd) if one.design in one.designs else "–",
            detectable_words(one.smallest(options, options.alpha)),
            _to_1_percent(one.designs.get(Design.DUET)),
            _to_1_percent(one.designs.get(Design.PAIRS)),
            _design_words(one),
        ]
        for one in calibration.results.values()
    ]


def _to_1_percent(one: Precision | None) -> str:
    return seconds(one.seconds_to_1_percent) if one is not None else "–"


def _design_words(one: Calibrated) -> str:
    if len(one.designs) < 2 or one.better is one.design:
        return f"{one.design}, {one.metric}"
    return f"{one.design}, {one.metric} ({one.better} would be faster here)"


def calibration_summary(run: Run) -> str:
    """A calibration for the screen."""
    calibration = Calibration(run)
    manifest = run.manifest
    title = f"{manifest.target} {manifest.pair.head.label} against itself, Python {manifest.python}"
    lines = [title, render(COLUMNS, calibration_rows(calibration), "simple"), ""]
    return "\n".join([*lines, rate_sentence(calibration), *state_sentences(calibration)])


def rate_sentence(calibration: Calibration) -> str:
    """How often the engine was wrong."""
    rate = calibration.wrong
    low, high = rate.limits
    return (
        f"{counted(rate.total, 'run')} of the engine on unchanged benchmarks, {rate.count} called "
        f"changed: an error rate of {share(rate.value)} (95% limits {share(low)} to {share(high)}; "
        f"{calibration.run.manifest.options.alpha:.0%} is what each is allowed)."
    )


def state_sentences(calibration: Calibration) -> list[str]:
    """Whether the machine was quiet; if not, the likely causes, each with what helps."""
    found = [*_causes(calibration), *_missing(calibration)]
    if not _causes(calibration):
        found.insert(0, "The machine was quiet.")
    return found


def _missing(calibration: Calibration) -> list[str]:
    run = calibration.run
    missing = [
        f"{name}: not calibrated: {gone.reason}"
        for one in run.manifest.benchmarks
        if (gone := run.unavailable(name := one.declaration.name)) is not None
    ]
    unfinished = ["Not complete: the same command goes on with it."] if run.closed is None else []
    return missing + unfinished


def _causes(calibration: Calibration) -> list[str]:
    noise = [one for result in calibration.results.values() for one in result.noise]
    if not noise:
        return []
    closed = calibration.run.closed
    machine = calibration.run.manifest.machine
    causes = [
        *_others(noise, closed.neighbours if closed else ()),
        *_steal(noise),
        *_wandering(calibration, machine),
    ]
    return [f"Noisy: {cause}" for cause in causes]


def _others(noise: Sequence[Noise], neighbours: Sequence[Neighbour]) -> list[str]:
    usual, most = (find([one.others for one in noise]) for find in (median, max))
    if usual <= _NOISY_OTHERS and most <= 4 * _NOISY_OTHERS:
        return []
    return [
        f"other processes used {share(usual)} of the machine (median; at most {share(most)})"
        f"{neighbour_words(neighbours)}. Stop them, or measure on a machine of its own "
        "(`make provision`)."
    ]


def _steal(noise: Sequence[Noise]) -> list[str]:
    usual, most = (find([one.steal for one in noise]) for find in (median, max))
    if usual <= _NOISY_STEAL and most <= 4 * _NOISY_STEAL:
        return []
    return [
        f"the hypervisor gave {share(usual)} of the machine's time to others (median; at most "
        f"{share(most)}). Take a machine type that does not share cores, or another hour."
    ]


def _wandering(calibration: Calibration, machine: Machine) -> list[str]:
    control = calibration.control
    if control is None or control.drift <= _DRIFTING:
        return []
    governed = machine.governor not in {"not available", "performance"}
    cause, remedy = (
        (f"the clock follows the load (governor {machine.governor})",
         "Set the governor to performance (the `pin` role does).")
        if governed
        else ("neighbours on the same host, or its clock, which a guest cannot see",
              "Nothing on this machine helps; verdicts allow for it, since both sides of a round "
              "see the same machine, but absolute times of different runs cannot be compared.")
    )  # fmt: skip
    return [
        f"the bare interpreter's time wandered by {control.drift - 1:.0%} between stretches; the "
        f"likely cause is {cause}. {remedy}"
    ]
