"""Run a scenario with the recorder in it: its import graph, or the time of each module."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import NotRequired, TypedDict, TypeVar

from bench.core.process import run_tool
from bench.core.target import Benchmark
from bench.core.told import is_filled, read_literal
from bench.engine.measure.client import Invocation
from bench.engine.measure.invocations import Subject, control_benchmark
from bench.explain.checks.overlay import with_path
from bench.explain.counters.running import NotCountedError, Runner, scratch
from bench.explain.rank.collector import Afterwards, Collector

MAIN = "__main__"
_FOLDER = Path(__file__).parents[1] / "agents" / "import_graph"
_ACCOUNT = Path(__file__).with_name("account.py")


@dataclass(frozen=True)
class ImportedName:
    """One name of an import as it was carried out.

    `module` is what was asked for, by its absolute name; `name` what was taken from it ("" for the
    module itself); `got` the module that had to be there for it.
    """

    module: str
    name: str
    got: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line that imports. `function` is empty at the top level of a module or class.

    `accounts` are the modules whose top level was running when it was carried out; for a function
    that is its caller's, `__main__` once the program runs. Without a `file`: code in C.
    """

    module: str
    file: str
    line: int
    function: str
    asked: tuple[ImportedName, ...]
    accounts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One run: `before` are the modules of the bare interpreter, `modules` name → file the others.

    `appeared` are modules that others put in place (name → whose), without an import of their own;
    `lines` those lines of the project's own files that ran, `calls` how often functions of theirs
    were called, by the line where they begin (with decorators).
    """

    before: frozenset[str]
    modules: Mapping[str, str]
    appeared: Mapping[str, str]
    places: tuple[Place, ...]
    lines: frozenset[tuple[str, int]]
    calls: Mapping[tuple[str, int], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Times:
    """CPU seconds, medians over runs: of each module by itself, and of the whole process.

    `own_s` is what a module takes when it is imported, and its part of `afterwards`. `whole_s` is
    what `-X importtime` calls cumulative: a module with all it was first to import; `under` names
    the module that was first to import it, where that was one. `process_s` has the process's
    finalisation, and its children.
    """

    own_s: Mapping[str, float]
    whole_s: Mapping[str, float]
    process_s: float
    under: Mapping[str, str] = field(default_factory=dict)
    afterwards: Afterwards | None = None

    def without(self, recorder_s: float) -> Times:
        """The same without what the recorder takes of any process, to begin with and at its end."""
        return replace(self, process_s=self.process_s - recorder_s)

    def above(self, name: str) -> set[str]:
        """The modules that one came with: who was first to import it, and so on."""
        found: set[str] = set()
        while (name := self.under.get(name, "")) and name not in found:
            found.add(name)
        return found


_Line = tuple[str, str, int, str]


class _ToldGraph(TypedDict):
    """What the program in a process wrote (see `agents/import_graph/sitecustomize.py`)."""

    before: list[str]
    modules: dict[str, str]
    appeared: dict[str, str]
    places: list[tuple[_Line, list[tuple[str, str, str]], list[str]]]
    lines: list[tuple[str, int]]
    calls: list[tuple[str, int, int]]


class _ToldCollector(TypedDict):
    before: int
    made: int
    counts: tuple[int, int, int]
    thresholds: tuple[int, int, int]
    passes: list[tuple[int, int, int]]


class _ToldTimes(TypedDict):
    """`process_ns` is when the program had ended, `left_ns` when this was written."""

    own_ns: dict[str, int]
    whole_ns: dict[str, int]
    under: dict[str, str]
    objects: dict[str, int]
    collector: _ToldCollector
    process_ns: int
    children_ns: int
    left_ns: int
    top: NotRequired[list[tuple[str, int, int]]]


class _ToldAccount(TypedDict):
    cpu_ns: int


_Kind = TypeVar("_Kind", _ToldGraph, _ToldTimes)


def record(
    runner: Runner, benchmark: Benchmark, invocation: Invocation, own: Sequence[Path]
) -> Recording:
    """Run once, slowly; `own` are the folders of the project. Raises `NotCountedError`."""
    folders = "\n".join(map(str, own))
    told = _run(runner, benchmark, invocation, {"BENCH_RECORDER_OWN": folders}, _ToldGraph)
    return Recording(
        before=frozenset(told["before"]),
        modules=told["modules"],
        appeared=told["appeared"],
        places=tuple(_place(place, asked, accounts) for place, asked, accounts in told["places"]),
        lines=frozenset(told["lines"]),
        calls={(file, line): count for file, line, count in told["calls"]},
    )


def take_times(runner: Runner, benchmark: Benchmark, invocation: Invocation, runs: int) -> Times:
    """The median of several runs, after one that warms the disk. Raises `NotCountedError`."""
    return middle([_timed(runner, benchmark, invocation) for _ in range(runs + 1)][1:])


def take_process(runner: Runner, benchmark: Benchmark, invocation: Invocation, runs: int) -> float:
    """CPU seconds of the process without a recorder: the median of several runs, after one more.

    Raises `NotCountedError`.
    """
    taken = []
    for _ in range(runs + 1):
        with scratch(invocation) as folder:
            file = folder / "account"
            runner.run(benchmark, invocation, under=_accounting(file))
            taken.append(read_literal(file, _ToldAccount)["cpu_ns"] / 1e9)
    return median(taken[1:])


def time_bare(runner: Runner, subject: Subject, runs: int) -> tuple[Times, float]:
    """A bare interpreter, and what the recorder adds to any process in CPU seconds.

    Raises `NotCountedError`.
    """
    control = control_benchmark()
    invocation = subject.invocation(control)
    recorded = take_times(runner, control, invocation, runs)
    recorder_s = recorded.process_s - take_process(runner, control, invocation, runs)
    return recorded.without(recorder_s), recorder_s


def take_top_level(
    runner: Runner, benchmark: Benchmark, invocation: Invocation, own: Sequence[Path], runs: int
) -> dict[tuple[str, int], float]:
    """CPU seconds of each top-level statement of own files, without its imports: medians over runs.

    By file and the statement's line; what stands in `if`, `try` or `with` is by itself. Raises
    `NotCountedError`.
    """
    variables = {"BENCH_RECORDER_TOP": "\n".join(map(str, own))}
    found = defaultdict[tuple[str, int], list[float]](list)
    for _ in range(runs):
        told = _run(runner, benchmark, invocation, variables, _ToldTimes)
        for file, line, taken in told.get("top", []):
            found[file, line].append(taken / 1e9)
    return {key: median(taken) for key, taken in found.items()}


def middle(runs: Sequence[Times]) -> Times:
    """The median of each figure; a module counts 0 in a run that did not load it.

    The `own_s` of the runs are without `afterwards`, whose parts are put on here.
    """

    def each(parts: list[Mapping[str, float]]) -> dict[str, float]:
        names = {name for part in parts for name in part}
        return {name: median(part.get(name, 0.0) for part in parts) for name in names}

    later = [one.afterwards for one in runs if one.afterwards is not None]
    afterwards = None
    if later:
        afterwards = Afterwards(
            sorted((one.collector for one in later), key=lambda one: one.seconds)[len(later) // 2],
            each([one.objects for one in later]),
            median(one.finalisation_s for one in later),
        )
    parts_s = afterwards.parts_s() if afterwards else {}
    own_s = each([one.own_s for one in runs])
    return Times(
        {name: taken + parts_s.get(name, 0.0) for name, taken in own_s.items()},
        each([one.whole_s for one in runs]),
        median(one.process_s for one in runs),
        runs[-1].under,
        afterwards,
    )


def compile_recorder(python: Path, recorder: Path = _FOLDER) -> None:
    """Have the recorder compiled for an interpreter, before anything is recorded or counted.

    Measured processes write no compiled files, so each would compile it: 28 of 1,560 million
    instructions of `codeflash --help`, until any other process of that Python leaves the file
    there in the middle of the counting. Where it can't be written all of them compile it.
    """
    run_tool([python, "-I", "-S", "-m", "compileall", "-q", "-f", recorder])


def without_collections(invocation: Invocation) -> Invocation:
    """The same process with the garbage collector off, for instructions to be counted.

    Where collections fall is chance: in one run of Rich 164 objects more or fewer decided over one
    of 6 million instructions.
    """
    ours = {**with_path(invocation, _FOLDER), "BENCH_RECORDER_STILL": "1"}
    return replace(invocation, env={**invocation.env, **ours})


def _place(place: _Line, asked: Sequence[tuple[str, str, str]], accounts: Sequence[str]) -> Place:
    module, file, line, function = place
    names = tuple(ImportedName(*one) for one in asked)
    return Place(
        module=module,
        file=file,
        line=line,
        function=function,
        asked=names,
        accounts=tuple(accounts),
    )


def _timed(runner: Runner, benchmark: Benchmark, invocation: Invocation) -> Times:
    """One run, with what the process took after its last line; `own_s` is without that."""
    with scratch(invocation) as folder:
        file = folder / "account"
        told = _run(runner, benchmark, invocation, {}, _ToldTimes, _accounting(file))
        return _times(told, read_literal(file, _ToldAccount)["cpu_ns"])


def _accounting(file: Path) -> tuple[str, ...]:
    """The command around one whose CPU time is to be written to a file."""
    return sys.executable, "-I", "-S", str(_ACCOUNT), str(file)


def _times(told: _ToldTimes, cpu_ns: int) -> Times:
    own, whole = (
        {name: taken / 1e9 for name, taken in which.items()}
        for which in (told["own_ns"], told["whole_ns"])
    )
    # The recorder may not be in the process that was started, but in a child of it.
    finalisation_ns = max(0, cpu_ns - told["left_ns"] - told["children_ns"])
    collector = told["collector"]
    return Times(
        own,
        whole,
        (told["process_ns"] + told["children_ns"] + finalisation_ns) / 1e9,
        told["under"],
        Afterwards(
            Collector(
                before=collector["before"],
                made=collector["made"],
                counts=collector["counts"],
                thresholds=collector["thresholds"],
                passes=tuple((which, at, took / 1e9) for which, at, took in collector["passes"]),
            ),
            told["objects"],
            finalisation_ns / 1e9,
        ),
    )


def _run(
    runner: Runner,
    benchmark: Benchmark,
    invocation: Invocation,
    variables: dict[str, str],
    kind: type[_Kind],
    under: Sequence[str] = (),
) -> _Kind:
    with scratch(invocation) as folder:
        file = folder / "recorded"
        ours = {**with_path(invocation, _FOLDER), "BENCH_RECORDER": str(file), **variables}
        runner.run(benchmark, invocation, under=under, variables=ours)
        told = read_literal(file, kind) if is_filled(file) else None
    if told is None:
        raise NotCountedError("no Python process of it could be recorded")
    return told
