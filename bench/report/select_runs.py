"""Which runs the write-up shows: all of `data/`, sorted by pair, machine and Python.

Of several runs of one pair on one Python and machine the newest complete one is shown; one that
took all benchmarks goes before one that was told to take some (`--benchmark`, `--group`), so that
a quick look at one benchmark does not hide the whole. A run that has no benchmark in common with
it (another group, measured by itself) is shown after it. Nothing is ever pooled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench.core.errors import DataError
from bench.core.machine import Machine
from bench.core.result import Evaluation, Result
from bench.core.revision import Pair
from bench.core.variants import python_order
from bench.core.verdict import Interval
from bench.engine.evaluation import evaluate
from bench.engine.store.place import run_folders
from bench.engine.store.run import Run, read_placed
from bench.formats.text import is_bounded

_HINT = "Look at the file, or move this run's folder away."
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Evaluated:
    """A run with what can be said of it."""

    run: Run
    evaluation: Evaluation

    @classmethod
    def of(cls, run: Run) -> Evaluated:
        """Estimate and decide all of a run: once, then the value is passed on."""
        with np.errstate(all="ignore"):  # what is not finite is refused, with a message
            return Evaluated(run, evaluate(run))

    @property
    def title(self) -> str:
        """The pair and Python, for pictures."""
        manifest = self.run.manifest
        return f"{manifest.target} {manifest.pair.label}, Python {manifest.whole_python}"

    @property
    def results(self) -> tuple[Result, ...]:
        """The results without the control."""
        return tuple(one for one in self.evaluation.results if not one.is_control)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of its benchmarks; a benchmark can belong to another than its target's."""
        found = dict.fromkeys(one.layer for one in self.results)
        return tuple(found) or (self.run.manifest.layer,)

    @property
    def groups(self) -> set[str]:
        """The groups of its benchmarks."""
        return {one.benchmark.group for one in self.results}

    @property
    def python(self) -> str:
        """The Python version asked for, e.g. `3.13`."""
        return self.run.manifest.python

    @property
    def mei(self) -> float:
        """The minimum effect of interest."""
        return self.run.manifest.options.mei

    @property
    def is_complete(self) -> bool:
        """Whether the run came to its end."""
        return self.run.is_complete

    @property
    def is_selective(self) -> bool:
        """Whether only some benchmarks were asked for."""
        options = self.run.manifest.options
        return bool(options.benchmarks or options.groups)


@dataclass(frozen=True)
class Shown(Evaluated):
    """A run that is shown of a pair on one Python and machine, and those that it stands for.

    `part` names the groups of one that is shown after another, and is "" otherwise.
    """

    others: tuple[Evaluated, ...] = ()
    part: str = ""

    @property
    def name(self) -> str:
        """Its Python, and its groups where another run of that Python is shown before it."""
        return f"Python {self.python}, {self.part}" if self.part else f"Python {self.python}"

    @property
    def shown_results(self) -> tuple[Result, ...]:
        """All results, the control last; of a part without: the first run's control is shown."""
        control = self.evaluation.control
        return self.results if self.part or control is None else (*self.results, control)


@dataclass(frozen=True)
class OnMachine:
    """What was measured of a pair on one machine, by Python."""

    machine: Machine
    shown: tuple[Shown, ...]


@dataclass(frozen=True)
class Unreadable:
    """A run's folder that could not be read, and why; `place` is its path below `data/`."""

    folder: Path
    error: DataError
    place: Path

    @property
    def pair(self) -> tuple[str, ...]:
        """The names of target and pair, by the path."""
        return self.place.parts[:2]


@dataclass(frozen=True)
class PairRuns:
    """All that was measured of one pair."""

    target: str
    pair: Pair
    machines: tuple[OnMachine, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of all that is shown."""
        shown = (one for on in self.machines for one in on.shown)
        return tuple(dict.fromkeys(layer for one in shown for layer in one.layers))


@dataclass(frozen=True)
class Collection:
    """Pairs by themselves; `unreadable` holds every run that could not be read."""

    pairs: tuple[PairRuns, ...]
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True)
class AllRuns:
    """Every run under `data/`, evaluated, and those that could not be read."""

    runs: tuple[Evaluated, ...]
    unreadable: tuple[Unreadable, ...]


def read_all(data: Path) -> AllRuns:
    """Read and evaluate everything; what is damaged does not keep the rest from being read."""
    runs: list[Evaluated] = []
    unreadable: list[Unreadable] = []
    for folder in run_folders(data):
        try:
            runs.append(evaluated(folder))
        except DataError as error:
            unreadable.append(Unreadable(folder, error, folder.relative_to(data)))
    return AllRuns(tuple(runs), tuple(unreadable))


def collect(everything: AllRuns, series: Container[str] = ()) -> Collection:
    """Runs sorted into pairs, without those that are points of one of these series."""
    runs = [one for one in everything.runs if one.run.manifest.options.series not in series]
    unreadable = everything.unreadable
    by_pair = _grouped(runs, lambda one: f"{one.run.manifest.target}/{one.run.manifest.pair.label}")
    pairs = tuple(_pair(group, unreadable) for _, group in sorted(by_pair.items()))
    return Collection(pairs, unreadable)


def agreement(shown: Evaluated, other: Evaluated) -> tuple[int, int]:
    """How many of the intervals both runs have overlap, and how many both have.

    Unbounded ones, which overlap with everything, are left out.
    """
    ours, theirs = _bounded(shown), _bounded(other)
    overlaps = [_overlap(ours[name], theirs[name]) for name in ours if name in theirs]
    return sum(overlaps), len(overlaps)


def _bounded(one: Evaluated) -> dict[str, Interval]:
    return {
        result.name: result.interval
        for result in one.results
        if result.interval is not None and is_bounded(result.interval)
    }


def _overlap(one: Interval, other: Interval) -> bool:
    return one.low <= other.high and other.low <= one.high


def evaluated(folder: Path) -> Evaluated:
    """Read and evaluate one run.

    Raises `DataError` when it is damaged, was refused, or is not the run its folder is named for.
    """
    try:
        run = read_placed(folder)
        if run.refused is not None:
            raise DataError(f"{folder} was refused and is not shown: {run.refused.reason}")
        return Evaluated.of(run)
    except OSError as error:
        raise DataError(f"{folder} can't be read: {error.strerror}", _HINT) from error
    except (ValueError, ArithmeticError, LookupError) as error:
        raise DataError(f"{folder} can't be evaluated: {error}", _HINT) from error


def _pair(runs: list[Evaluated], unreadable: Iterable[Unreadable]) -> PairRuns:
    manifest = max(runs, key=_moment).run.manifest
    label = manifest.pair.label
    machines = _grouped(runs, lambda one: one.run.manifest.machine.name)
    return PairRuns(
        manifest.target,
        manifest.pair,
        tuple(_on_machine(group) for _, group in sorted(machines.items())),
        tuple(one for one in unreadable if one.pair == (manifest.target, label)),
    )


def _on_machine(runs: list[Evaluated]) -> OnMachine:
    by_python = _grouped(runs, lambda one: one.python).values()
    shown = [one for group in by_python for one in _choose(group)]
    shown.sort(key=lambda one: python_order(one.python))  # stable: parts stay behind their first
    newest = max(shown, key=_moment)
    return OnMachine(newest.run.manifest.machine, tuple(shown))


def _choose(runs: list[Evaluated]) -> Iterator[Shown]:
    """The best run first, then those that share no benchmark with what is shown already."""
    ranked = sorted(
        runs, key=lambda one: (one.is_complete, not one.is_selective, _moment(one)), reverse=True
    )
    part = ""
    parts: Counter[str] = Counter()
    while ranked:
        best = ranked[0]
        apart = [one for one in ranked[1:] if _names(best).isdisjoint(_names(one))]
        others = [one for one in ranked[1:] if not _names(best).isdisjoint(_names(one))]
        others.sort(key=_moment, reverse=True)
        yield Shown(best.run, best.evaluation, tuple(others), part)
        ranked = [one for one in apart if _names(one)]
        if ranked:
            groups = "-".join(sorted(ranked[0].groups))
            parts[groups] += 1
            part = groups if parts[groups] == 1 else f"{groups}-{parts[groups]}"


def _names(one: Evaluated) -> set[str]:
    return {result.name for result in one.results}


def _moment(one: Evaluated) -> tuple[str, str]:
    return one.run.manifest.started_at, one.run.manifest.run_id


def _grouped(items: Iterable[_Item], key: Callable[[_Item], str]) -> dict[str, list[_Item]]:
    groups: dict[str, list[_Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
