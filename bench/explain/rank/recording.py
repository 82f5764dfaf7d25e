"""Run a scenario with the recorder in it: its import graph, or the time of each module."""

from __future__ import annotations

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
from bench.explain.checks.overlay import with_path
from bench.explain.counters.running import NotCountedError, Runner, scratch

MAIN = "__main__"
_FOLDER = Path(__file__).parents[1] / "agents" / "import_graph"


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

    `whole_s` is what `-X importtime` calls cumulative: a module with all it was first to import;
    `under` names the module that was first to import it, where that was one.
    """

    own_s: Mapping[str, float]
    whole_s: Mapping[str, float]
    process_s: float
    under: Mapping[str, str] = field(default_factory=dict)

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


class _ToldTimes(TypedDict):
    own_ns: dict[str, int]
    whole_ns: dict[str, int]
    under: dict[str, str]
    process_ns: int
    top: NotRequired[list[tuple[str, int, int]]]


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
    told = [_run(runner, benchmark, invocation, {}, _ToldTimes) for _ in range(runs + 1)]
    return middle([_times(one) for one in told[1:]])


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
    """The median of each figure; a module counts 0 in a run that did not load it."""

    def each(parts: list[Mapping[str, float]]) -> dict[str, float]:
        names = {name for part in parts for name in part}
        return {name: median(part.get(name, 0.0) for part in parts) for name in names}

    return Times(
        each([one.own_s for one in runs]),
        each([one.whole_s for one in runs]),
        median(one.process_s for one in runs),
        runs[-1].under,
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


def _times(told: _ToldTimes) -> Times:
    own, whole = (
        {name: taken / 1e9 for name, taken in which.items()}
        for which in (told["own_ns"], told["whole_ns"])
    )
    return Times(own, whole, told["process_ns"] / 1e9, told["under"])


def _run(
    runner: Runner,
    benchmark: Benchmark,
    invocation: Invocation,
    variables: dict[str, str],
    kind: type[_Kind],
) -> _Kind:
    with scratch(invocation) as folder:
        file = folder / "recorded"
        ours = {**with_path(invocation, _FOLDER), "BENCH_RECORDER": str(file), **variables}
        runner.run(benchmark, invocation, variables=ours)
        told = read_literal(file, kind) if is_filled(file) else None
    if told is None:
        raise NotCountedError("no Python process of it could be recorded")
    return told
