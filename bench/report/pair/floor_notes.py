"""What the calibration of this machine says of a run, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bench.core.program import COMMAND, session
from bench.core.target import READ
from bench.engine.statistics.precision import POWER
from bench.engine.store.run import Run
from bench.formats.text import DETECTABLE, joined
from bench.validate.calibration.lookup import STALE_AFTER, Fitting


def floor_notes(run: Run, fitting: Fitting | None) -> list[str]:
    """Which calibration the minimum detectable effects come from, and what is wrong with it."""
    if fitting is None or fitting.slower is not None:
        return floor_warnings(run, fitting)
    rate = fitting.calibration.wrong
    words = (
        f"{DETECTABLE.capitalize()}: {POWER:.0%} of runs like this one find a change of this size "
        f"on this machine, by its calibration of {fitting.calibration.at:%Y-%m-%d} "
        f"({age_words(fitting.age)}), in which {rate.count} of {rate.total} unchanged "
        "benchmarks were called changed."
    )
    return [words, *floor_warnings(run, fitting)]


def floor_warnings(run: Run, fitting: Fitting | None) -> list[str]:
    """That there is no calibration, or what it does not cover."""
    target, python = run.manifest.target, run.manifest.python
    again = f"`{session('calibrate', target)}`"
    if target.endswith(READ):
        return [f"Not calibrated: that takes a target's file (`{COMMAND} init PATH` writes one)."]
    if fitting is None:
        return [
            f"Not calibrated: the {DETECTABLE} of {target} on Python {python} is not known on this "
            f"machine. {again} measures it."
        ]
    if fitting.slower is not None:
        times = max(fitting.slower, 1 / fitting.slower)
        how = "slow" if fitting.slower > 1 else "fast"
        return [
            f"The calibration of {fitting.calibration.at:%Y-%m-%d} does not speak for this run: "
            f"by its reference speed the machine is {times:.1f} times as {how} as it was then. "
            f"{again} makes a new one."
        ]
    found = []
    if fitting.is_stale:
        reason = (
            "the kernel has changed"
            if fitting.other_kernel
            else f"more than {STALE_AFTER.days} days older or newer"
        )
        found.append(f"The calibration is stale ({reason}); {again} makes a new one.")
    return [*found, *_not_calibrated(run, fitting)]


def _not_calibrated(run: Run, fitting: Fitting) -> Iterator[str]:
    """Benchmarks the calibration says nothing of, and why."""
    names = [one.declaration.name for one in run.manifest.benchmarks]
    missing = [name for name in names if name not in fitting.benchmarks]
    known = {one.declaration.name for one in fitting.calibration.run.manifest.benchmarks}
    for words, listed in (
        ("Declared differently in the calibration", [one for one in missing if one in known]),
        ("Not part of the calibration", [one for one in missing if one not in known]),
    ):
        if listed:
            yield f"{words}, so without a {DETECTABLE}: {joined(listed)}."


def age_words(age: timedelta) -> str:
    """How long before a run a calibration was made, e.g. `3 hours before`."""
    seconds = abs(age.total_seconds())
    when = "before" if age >= timedelta(0) else "after"
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' * (count > 1)} {when}"
    return f"just {when}"
