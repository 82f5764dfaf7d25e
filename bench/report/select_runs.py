"""Which runs the write-up shows of a pair, sorted by machine, dependencies and Python.

Runs of other machines or of other dependencies (`--deps`) have sections of their own; nothing is
ever pooled. Of several runs of one Python the newest complete one is shown; one that took all
benchmarks goes before one that was told to take some (`--benchmark`, `--group`), so that a quick
look at one benchmark does not hide the whole. What only another run has measured is shown after it,
as far as no run before has it. What was decided has no part in the choice.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from bench.core.errors import DataError
from bench.core.machine import Machine
from bench.core.options import Options
from bench.core.result import Evaluation, Result
from bench.core.revision import Pair
from bench.core.variants import python_order
from bench.core.verdict import Interval
from bench.engine.evaluation import evaluate
from bench.engine.store.events import Counted
from bench.engine.store.run import Run, read_manifest, read_placed
from bench.formats.text import is_bounded

_HINT = "Look at the file, or move this run's folder away."
_OWN = Options().dependencies
_Item = TypeVar("_Item")
_Key = TypeVar("_Key")


def _as_file(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", words)


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
        return f"{manifest.target} {manifest.pair.shown}, Python {manifest.whole_python}"

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

    @property
    def is_counted(self) -> bool:
        """Whether anything was counted beside time."""
        return any(isinstance(event, Counted) for event in self.run.events)

    @property
    def plan(self) -> Options:
        """How a verdict is come to: what was chosen besides which benchmarks, and counting."""
        usual = Options()
        return msgspec.structs.replace(
            self.run.manifest.options,
            benchmarks=usual.benchmarks,
            groups=usual.groups,
            counters=usual.counters,
            allocated=usual.allocated,
            block=usual.block,
        )


@dataclass(frozen=True)
class Shown(Evaluated):
    """A run that is shown of a pair on one Python, machine and set of dependencies.

    `others` are those it stands for. `part` names the groups of one that is shown after another,
    and is "" otherwise; `elsewhere` are its benchmarks that a run before it shows. `setting` tells
    its dependencies where runs of other ones are shown too.
    """

    others: tuple[Evaluated, ...] = ()
    part: str = ""
    elsewhere: frozenset[str] = frozenset()
    setting: str = ""

    @property
    def name(self) -> str:
        """Its Python; its dependencies and groups where those tell it from others on the page."""
        return ", ".join(filter(None, (f"Python {self.python}", self.setting, self.part)))

    @property
    def slug(self) -> str:
        """The same in names of files."""
        return _as_file(self.name.removeprefix("Python "))

    @property
    def results(self) -> tuple[Result, ...]:
        """The results that no run before it shows, without the control."""
        return tuple(one for one in super().results if one.name not in self.elsewhere)

    @property
    def shown_results(self) -> tuple[Result, ...]:
        """All results, the control last; of a part without: the first run's control is shown."""
        control = self.evaluation.control
        return self.results if self.part or control is None else (*self.results, control)

    @cached_property
    def counted_in(self) -> Evaluated:
        """The run its counters are of: the newest one that counted and differs in nothing else."""
        if self.is_counted:
            return self
        alike = (one for one in self.others if one.is_counted and _is_alike(self, one))
        return max(alike, key=_moment, default=self)


@dataclass(frozen=True)
class OnMachine:
    """What was measured of a pair on one machine with one way of choosing dependencies."""

    machine: Machine
    shown: tuple[Shown, ...]
    setting: str = ""

    @property
    def dependencies(self) -> str:
        """How third-party packages were chosen (`--deps`)."""
        return self.shown[0].run.manifest.options.dependencies

    @property
    def name(self) -> str:
        """The machine, and the dependencies where others are shown too."""
        return ", ".join(filter(None, (self.machine.name, self.setting)))

    @property
    def folder(self) -> str:
        """Where its pictures lie, beside the pair's page."""
        return _as_file(self.name)


@dataclass(frozen=True)
class Unreadable:
    """A run's folder that could not be read, and why; `place` is its path below `data/`."""

    folder: Path
    error: DataError
    place: Path


@dataclass(frozen=True)
class PairRuns:
    """All that is shown of a pair: by machine, the project's own dependencies first."""

    target: str
    pair: Pair
    machines: tuple[OnMachine, ...]
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The runs of all machines."""
        return tuple(one for on in self.machines for one in on.shown)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of what was measured."""
        return tuple(dict.fromkeys(layer for one in self.shown for layer in one.layers))

    @property
    def newest(self) -> Shown:
        """The shown run that was begun last."""
        return max(self.shown, key=_moment)

    @property
    def newest_on(self) -> OnMachine:
        """The machine, and the way of choosing dependencies, of the run that was begun last."""
        newest = self.newest
        return next(on for on in self.machines if any(one is newest for one in on.shown))


def read_pair(
    folders: Iterable[Path], data: Path, series: Collection[str] = ()
) -> tuple[PairRuns | None, tuple[Unreadable, ...]]:
    """A pair by the folders of its runs, without those that are points of one of these series.

    What is damaged does not keep the rest from being read. None where no run can be shown.
    """
    runs: list[Evaluated] = []
    unreadable: list[Unreadable] = []
    for own in folders:
        try:
            if not (series and _is_point(own, series)):
                runs.append(evaluated(own))
        except DataError as error:
            unreadable.append(Unreadable(own, error, own.relative_to(data)))
    return (pair_of(runs, unreadable) if runs else None), tuple(unreadable)


def _is_point(folder: Path, series: Collection[str]) -> bool:
    """Whether a run belongs to one of these series; one that can't be read belongs to none."""
    try:
        return read_manifest(folder).options.series in series
    except DataError:
        return False


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


def pair_of(runs: Sequence[Evaluated], unreadable: Iterable[Unreadable] = ()) -> PairRuns:
    """At least one run of one pair, sorted."""
    manifest = max(runs, key=_moment).run.manifest
    machines = _grouped(runs, _section)
    ways = {one.run.manifest.options.dependencies for one in runs}
    found = [_on_machine(group, named=len(ways) > 1) for _, group in sorted(machines.items())]
    return PairRuns(manifest.target, manifest.pair, tuple(found), tuple(unreadable))


def _section(one: Evaluated) -> tuple[str, bool, str]:
    way = one.run.manifest.options.dependencies
    return one.run.manifest.machine.name, way != _OWN, way


def _on_machine(runs: list[Evaluated], *, named: bool) -> OnMachine:
    setting = f"--deps {runs[0].run.manifest.options.dependencies}" if named else ""
    by_python = _grouped(runs, lambda one: one.python).values()
    shown = [one for group in by_python for one in _choose(group, setting)]
    shown.sort(key=lambda one: python_order(one.python))  # stable: parts stay behind their first
    newest = max(shown, key=_moment)
    return OnMachine(newest.run.manifest.machine, tuple(shown), setting)


def _choose(runs: list[Evaluated], setting: str) -> Iterator[Shown]:
    """The best run first, then those that have a benchmark which none before them has."""
    ranked = sorted(
        runs, key=lambda one: (one.is_complete, not one.is_selective, _moment(one)), reverse=True
    )
    taken: dict[int, frozenset[str]] = {}
    seen: frozenset[str] = frozenset()
    for number, one in enumerate(ranked):
        if not number or _names(one) - seen:
            taken[number] = seen & _names(one)
            seen |= _names(one)
    parts: set[str] = set()
    for number, elsewhere in taken.items():
        best = ranked[number]
        others = [
            one
            for other, one in enumerate(ranked)
            if other not in taken and not _names(best).isdisjoint(_names(one))
        ]
        others.sort(key=_moment, reverse=True)
        made = Shown(best.run, best.evaluation, tuple(others), "", elsewhere, setting)
        yield dataclasses.replace(made, part=_part(made, parts)) if number else made


def _part(one: Shown, parts: set[str]) -> str:
    """The groups of a run that is shown after another; with day and number where it takes them."""
    groups = "-".join(sorted(one.groups))
    dated = f"{groups} of {one.run.manifest.started_at[:10]}"
    numbered = (f"{dated}-{number}" for number in itertools.count(2))
    name = next(name for name in itertools.chain((groups, dated), numbered) if name not in parts)
    parts.add(name)
    return name


def _names(one: Evaluated) -> frozenset[str]:
    return frozenset(result.name for result in one.results)


def _is_alike(one: Evaluated, other: Evaluated) -> bool:
    """Whether two runs measured the same benchmarks of the same environments in the same way."""
    ours, theirs = one.run.manifest, other.run.manifest
    return (
        one.plan == other.plan
        and (ours.base.key, ours.head.key) == (theirs.base.key, theirs.head.key)
        and ours.variables == theirs.variables
        and all(one in theirs.benchmarks for one in ours.benchmarks)
    )


def _moment(one: Evaluated) -> tuple[str, str]:
    return one.run.manifest.started_at, one.run.manifest.run_id


def _grouped(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[_Key, list[_Item]]:
    groups: dict[_Key, list[_Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
