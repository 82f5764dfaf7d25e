"""What a benchmark's Python processes import, open, start and connect to; and their memory."""

from __future__ import annotations

import importlib.metadata
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from packaging.utils import canonicalize_name

from bench.core.counts import MODULES, Counter, Tally
from bench.core.target import Benchmark
from bench.core.told import is_filled, read_literal
from bench.engine.environments.build import Environment
from bench.engine.measure.client import Invocation
from bench.explain.counters.running import NotCountedError, Runner, scratch

_FOLDER = Path(__file__).parents[1] / "agents" / "observer"
_VARYING = (
    (re.compile(r"\btmp[a-z0-9_]{8}\b"), "tmp*"),
    (re.compile(r"-[^-/]+\.dist-info\b"), "-*.dist-info"),
)


class ToldProcess(TypedDict):
    """What the observer in a process wrote (see `agents/observer/sitecustomize.py`)."""

    opened: list[str]
    written: int
    started: list[str]
    connected: list[str]
    listed: list[str]
    asked: list[str]
    modules: dict[str, tuple[str, bool]]
    memory: tuple[int, int] | None


@dataclass(frozen=True)
class Observation:
    """One side as observed: figures, and the names behind them by counter."""

    tally: Tally
    names: Mapping[Counter, frozenset[str]]


def observe(
    runner: Runner, benchmark: Benchmark, invocation: Invocation, environment: Environment
) -> Observation:
    """Run once with the observer in every Python process; raises `NotCountedError`."""
    told, silent = told_by(runner, benchmark, invocation, {})
    modules = _classified(told, own_packages(environment))
    opened = [path for one in told for path in one["opened"] if not path.endswith((".py", ".pyc"))]
    short = _Shortener(environment, invocation)
    started = [short(command) for one in told for command in one["started"]]
    connected = [address for one in told for address in one["connected"]]
    figures = {kind: len(modules[kind]) for kind in MODULES}
    figures |= {
        Counter.OPENS: len(opened),
        Counter.FILES_WRITTEN: sum(one["written"] for one in told),
        Counter.PROCESSES: len(started),
        Counter.CONNECTIONS: len(connected),
    }
    if silent:
        figures[Counter.SILENT] = silent
    names = dict(modules) | {
        Counter.OPENS: frozenset(map(short, opened)),
        Counter.PROCESSES: frozenset(started),
        Counter.CONNECTIONS: frozenset(connected),
    }
    return Observation(Tally(figures), names)


def trace_memory(runner: Runner, benchmark: Benchmark, invocation: Invocation) -> Tally:
    """Run once under tracemalloc: peak and what is held at the end, of the largest process.

    What was allocated and freed again is in neither. Raises `NotCountedError`.
    """
    told, _silent = told_by(runner, benchmark, invocation, {"PYTHONTRACEMALLOC": "1"})
    traced = [one["memory"] for one in told if one["memory"]]
    if not traced:
        raise NotCountedError("this Python does not trace memory")
    held, peak = max(traced, key=lambda memory: memory[1])
    return Tally({Counter.PEAK_MEMORY: peak, Counter.HELD_MEMORY: held})


def own_packages(environment: Environment) -> frozenset[str]:
    """Top-level names that the measured project itself installs."""
    record = environment.record
    own = {canonicalize_name(record.distribution), *record.provenance.local}
    folders = [str(folder) for folder in environment.venv.glob("lib/python*/site-packages")]
    names = {record.module.partition(".")[0]}
    for found in importlib.metadata.distributions(path=folders):
        if canonicalize_name(found.metadata["Name"]) in own:
            names |= {_top(file.parts[0]) for file in found.files or ()}
    return frozenset(name for name in names if name.isidentifier())


def _top(part: str) -> str:
    return part.removesuffix(".py")


def told_by(
    runner: Runner, benchmark: Benchmark, invocation: Invocation, variables: dict[str, str]
) -> tuple[list[ToldProcess], int]:
    """What each process told in one run with more `variables`, and how many did not come to it.

    Raises `NotCountedError` where none told anything.
    """
    with scratch(invocation) as folder:
        path = os.pathsep.join(filter(None, (str(_FOLDER), invocation.env.get("PYTHONPATH"))))
        ours = {"PYTHONPATH": path, "BENCH_OBSERVER": str(folder), **variables}
        runner.run(benchmark, invocation, variables=ours)
        files = sorted(folder.glob("*.*"))
        told = [read_literal(file, ToldProcess) for file in files if is_filled(file)]
    if not told:
        raise NotCountedError("no Python process of it could be observed")
    return told, len(files) - len(told)


def _classified(told: list[ToldProcess], own: frozenset[str]) -> dict[Counter, frozenset[str]]:
    sorted_out: dict[Counter, set[str]] = {kind: set() for kind in MODULES}
    for one in told:
        for name, (file, is_standard) in one["modules"].items():
            sorted_out[classify(name, file, own, is_standard=is_standard)].add(name)
    return {kind: frozenset(names) for kind, names in sorted_out.items()}


def classify(name: str, file: str, own: frozenset[str], *, is_standard: bool) -> Counter:
    """Own, standard library or third party; a file among site-packages outweighs all else."""
    if name.partition(".")[0] in own:
        return Counter.MODULES_OWN
    if is_standard and not {"site-packages", "dist-packages"} & set(Path(file).parts):
        return Counter.MODULES_STANDARD
    return Counter.MODULES_THIRD_PARTY


@dataclass(frozen=True)
class _Shortener:
    """Makes the paths of both sides comparable: without folders, versions and random names."""

    environment: Environment
    invocation: Invocation

    def __call__(self, text: str) -> str:
        interpreter = Path(self.environment.record.provenance.base_executable).parent.parent
        places = (
            (self.environment.venv, "<environment>"),
            (self.invocation.cwd, "~"),
            (interpreter, "<python>"),
            (self.environment.folder.parent.parent, "<cache>"),
            (_FOLDER.parents[3], "<bench>"),
        )
        for folder, words in places:
            text = text.replace(str(folder), words)
        for pattern, words in _VARYING:
            text = pattern.sub(words, text)
        return text
