"""A calibration in claims and rows, for the screen and its page alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from bench.core.machine import Machine, Neighbour, Noise
from bench.core.sample import Design, Metric
from bench.engine.statistics.precision import Precision
from bench.engine.store.run import Run
from bench.formats.tables import detectable_words, render
from bench.formats.text import DETECTABLE_COLUMN, seconds, share
from bench.report.pair.notes import neighbour_words
from bench.validate.calibration.analysis import Calibrated, Calibration
from bench.validate.claims import Claim, at_most

COLUMNS = ("benchmark", "median", "wrong", "noise per round", DETECTABLE_COLUMN, "±1% by duet",
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
    clock = "CPU time" if one.metric is Metric.CPU else f"{one.metric}"
    if len(one.designs) < 2 or one.better is one.design:
        return f"{one.design}, {clock}"
    return f"{one.design}, {clock} ({one.better} would be faster here)"


def calibration_summary(run: Run) -> str:
    """A calibration for the screen."""
    calibration = Calibration(run)
    manifest = run.manifest
    title = f"{manifest.target} {manifest.pair.head.label} against itself, Python {manifest.python}"
    lines = [title, render(COLUMNS, calibration_rows(calibration), "simple"), ""]
    claim = error_rate_claim(calibration)
    lines.append(f"{claim.outcome}: {claim.claim}: {claim.measured}")
    return "\n".join([*lines, *state_sentences(calibration)])


def error_rate_claim(calibration: Calibration) -> Claim:
    """Whether unchanged benchmarks are called changed no more often than is allowed."""
    manifest = calibration.run.manifest
    alpha = manifest.options.alpha
    what = f"{manifest.target}, Python {manifest.python}"
    claim = f"At most {alpha:.0%} of unchanged benchmarks are called changed ({what})"
    wrong = calibration.wrong
    return at_most(claim, wrong, alpha, f"{wrong.count} of {wrong.total} called changed")


def state_sentences(calibration: Calibration) -> list[str]:
    """Whether the machine was quiet, and if not, why; and what is missing."""
    causes = [f"Noisy: {cause}" for cause in _causes(calibration)]
    return [*(causes or ["The machine was quiet."]), *_missing(calibration)]


def _missing(calibration: Calibration) -> list[str]:
    run = calibration.run
    missing = [
        f"{name}: not calibrated: {gone.reason}"
        for one in run.manifest.benchmarks
        if (gone := run.unavailable(name := one.declaration.name)) is not None
    ]
    unfinished = ["Not complete: the same command resumes it."] if run.closed is None else []
    return missing + unfinished


def _causes(calibration: Calibration) -> Iterator[str]:
    """Why the machine was noisy, each cause with what helps."""
    noise = [one for result in calibration.results.values() for one in result.noise]
    if noise:
        closed = calibration.run.closed
        yield from _others(noise, closed.neighbours if closed else ())
        yield from _steal(noise)
        yield from _wandering(calibration, calibration.run.manifest.machine)


def _beyond(values: Sequence[float], limit: float) -> str:
    """Median and maximum, where they are more than a quiet machine has; else nothing."""
    usual, most = median(values), max(values)
    noisy = usual > limit or most > 4 * limit
    return f"{share(usual)} (median; at most {share(most)})" if noisy else ""


def _others(noise: Sequence[Noise], neighbours: Sequence[Neighbour]) -> Iterator[str]:
    used = _beyond([one.others for one in noise], _NOISY_OTHERS)
    if used:
        yield (
            f"other processes used {used} of the machine{neighbour_words(neighbours)}: stop them, "
            "or measure on a dedicated machine (`make provision`)."
        )


def _steal(noise: Sequence[Noise]) -> Iterator[str]:
    used = _beyond([one.steal for one in noise], _NOISY_STEAL)
    if used:
        yield (
            f"the hypervisor gave {used} of the machine's time to others: take a machine type that "
            "does not share cores, or another hour."
        )


def _wandering(calibration: Calibration, machine: Machine) -> Iterator[str]:
    control = calibration.control
    if control is None or control.drift <= _DRIFTING:
        return
    governed = machine.governor not in {"not available", "performance"}
    remedy = (
        f"the clock follows the load (governor {machine.governor}); set the governor to "
        "performance (the `pin` role does)"
        if governed
        else "likely because of neighbours on the host; absolute times of different runs cannot be "
        "compared, ratios within a round can"
    )
    yield (
        f"the bare interpreter's time changed by {control.drift - 1:.0%} between stretches: "
        f"{remedy}."
    )
