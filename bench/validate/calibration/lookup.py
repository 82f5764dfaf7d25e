"""Which calibration speaks for a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bench.core.errors import DataError
from bench.core.machine import Machine
from bench.engine.store.place import CALIBRATION, calibration_folders
from bench.engine.store.run import Run, read_placed
from bench.validate.calibration.analysis import Calibrated, Calibration

STALE_AFTER = timedelta(days=30)
# The reference speed of one shared virtual machine was seen to vary by 1.32 times in a minute.
_OTHER_SPEED = 1.5


@dataclass(frozen=True)
class Fitting:
    """The calibration that fits a run best; `age` is negative when it was made after the run.

    `benchmarks` are those of the run that it measured as they are declared now. `slower` tells how
    many times as slow the machine was in the run as in the calibration, where it is another machine
    by that: the calibration then speaks for nothing.
    """

    calibration: Calibration
    age: timedelta
    benchmarks: dict[str, Calibrated]
    other_kernel: bool
    slower: float | None = None

    @property
    def is_stale(self) -> bool:
        """Whether too much time lies between the two, or the system was changed."""
        return abs(self.age) > STALE_AFTER or self.other_kernel

    def detectable(self, run: Run, level: float) -> dict[str, float]:
        """The smallest effect, as a fraction, that the run could find in 4 of 5 cases."""
        options = run.manifest.options
        return {name: one.smallest(options, level) for name, one in self.benchmarks.items()}


def calibration_folder(data: Path, machine: Machine, target: str, python: str) -> Path:
    """Where calibrations of a target lie: `calibration/<machine>/<target>-py<version>`."""
    return data / CALIBRATION / machine.name / f"{target}-py{python}"


def read_calibrations(data: Path, target: str) -> list[Calibration]:
    """All calibrations of a target, oldest first; damaged ones are left out."""
    folders = (one for one in calibration_folders(data) if _target_of(one) == target)
    found = (one for one in _calibrations(folders) if not isinstance(one, DataError))
    return sorted(found, key=lambda one: one.at)


def _target_of(folder: Path) -> str:
    return folder.parent.name.rpartition("-py")[0]


def all_calibrations(data: Path) -> Iterator[Calibration | DataError]:
    """All calibrations under `data/`; an error for each that is damaged or was refused."""
    yield from _calibrations(calibration_folders(data))


def _calibrations(folders: Iterable[Path]) -> Iterator[Calibration | DataError]:
    for folder in folders:
        try:
            calibration = Calibration(read_placed(folder))
            if calibration.run.refused is None:
                _ = calibration.results
                yield calibration
            else:
                reason = calibration.run.refused.reason
                yield DataError(f"{folder} was refused and is not used: {reason}")
        except DataError as error:
            yield error
        except (ValueError, ArithmeticError, LookupError) as error:
            yield DataError(f"{folder} can't be evaluated: {error}", "Move the folder away.")


def fitting(run: Run, calibrations: Sequence[Calibration]) -> Fitting | None:
    """The newest calibration before a run on its machine and Python, else the first one after.

    One of a machine of the same name and another speed is chosen only where there is no other.
    """
    manifest = run.manifest
    same = [
        one
        for one in calibrations
        if one.run.manifest.machine.name == manifest.machine.name
        and one.run.manifest.python == manifest.python
        and one.run.manifest.target == manifest.target
        and one.results
    ]
    started = datetime.fromisoformat(manifest.started_at)
    same = [one for one in same if _other_speed(run, one) is None] or same
    before = [one for one in same if one.at <= started]
    if not same:
        return None
    chosen = before[-1] if before else same[0]
    slower = _other_speed(run, chosen)
    return Fitting(
        chosen,
        started - chosen.at,
        _same_benchmarks(run, chosen) if slower is None else {},
        chosen.run.manifest.machine.kernel != manifest.machine.kernel,
        slower,
    )


def _other_speed(run: Run, calibration: Calibration) -> float | None:
    """How many times as slow the machine is in a run; None where that is about the same."""
    slower = run.manifest.machine.times_as_slow_as(calibration.run.manifest.machine)
    return slower if slower and not 1 / _OTHER_SPEED <= slower <= _OTHER_SPEED else None


def _same_benchmarks(run: Run, calibration: Calibration) -> dict[str, Calibrated]:
    digests = {one.declaration.name: one.digest for one in calibration.run.manifest.benchmarks}
    return {
        one.declaration.name: calibration.results[one.declaration.name]
        for one in run.manifest.benchmarks
        if digests.get(one.declaration.name) == one.digest
        and one.declaration.name in calibration.results
    }
