"""Which objects a benchmark leaves alive, by type, and by which way modules hold them.

What the garbage collector tracks: instances, containers, functions, classes, modules; not strings,
numbers and the like, which no collector lists.
"""

from __future__ import annotations

import ast
import importlib.metadata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.sample import Sample
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess

_Step = tuple[str, str]  # a type, and the name by which its holder knows it, or ""
_Told = Mapping[tuple[_Step, ...], int]
_LONG = 4
_NAMES = 2
_SHORT = {"functools._lru_cache_wrapper": "lru_cache"}


@dataclass(frozen=True)
class HolderPath:
    """How so many objects of a type are held: by which module ("" where none was found).

    `kinds` are the types between, and the object's own; `words` the same with names. `count` is
    that of all, from the share of those that were looked at.
    """

    module: str
    kinds: tuple[str, ...]
    words: str
    count: float


@dataclass(frozen=True)
class Population:
    """Objects of a type that have come since the start: how many, and bytes of their own.

    `paths` say what holds them, where references were followed; most first.
    """

    count: int
    size: int
    paths: tuple[HolderPath, ...] = ()


@dataclass(frozen=True)
class Growth:
    """All types of a process; `problem` says why nobody looked for who holds them."""

    kinds: dict[str, Population] = field(default_factory=dict)
    problem: str = ""


def objgraph_version() -> str:
    """The objgraph this project pins; raises `NotProfiledError` where it is not installed."""
    try:
        return importlib.metadata.version("objgraph")
    except importlib.metadata.PackageNotFoundError as error:
        raise NotProfiledError("objgraph is not installed: uv sync --group profile") from error


def count_objects(subject: ProfiledProcess, support: Path | None) -> tuple[Growth, Sample]:
    """Growth by type in the process that has most; raises `NotProfiledError`.

    `support` holds objgraph; without it nobody looks for holders.
    """
    with subject.scratch() as folder:
        variables = subject.inside("objects", folder)
        if support is not None:
            variables |= {"BENCH_SUPPORT": str(support)}
        sample = subject.run(variables=variables)
        told = [file.read_text(encoding="ascii") for file in folder.glob("*.objects")]
    if not told:
        raise NotProfiledError("no Python process of it could be asked")
    found = [growth(*ast.literal_eval(text)) for text in told]
    return max(found, key=lambda one: sum(kind.count for kind in one.kinds.values())), sample


def growth(
    before: Mapping[str, tuple[int, int]],
    after: Mapping[str, tuple[int, int]],
    told: Mapping[str, _Told],
    problem: str,
) -> Growth:
    """Types of which there are more, or fewer, than before."""
    found = {}
    for name in before.keys() | after.keys():
        (count, size), (more, larger) = before.get(name, (0, 0)), after.get(name, (0, 0))
        if count != more:
            paths = paths_of(told.get(name, {}), more - count)
            found[name] = Population(more - count, larger - size, paths)
    return Growth(found, problem)


def paths_of(told: _Told, count: int) -> tuple[HolderPath, ...]:
    """Ways that differ in names alone are one; each has its share of `count`, most first."""
    looked = sum(told.values())
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[Sequence[_Step], int]]] = defaultdict(list)
    for steps, many in told.items():
        module = steps[0][1] if steps else ""
        groups[module, tuple(kind for kind, _ in steps[1:])].append((steps[1:], many))
    found = [
        HolderPath(
            module,
            kinds,
            " → ".join(_words(kinds, [steps for steps, _ in held])),
            count * sum(many for _, many in held) / looked,
        )
        for (module, kinds), held in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.module, one.words)))


def _words(kinds: Sequence[str], ways: Sequence[Sequence[_Step]]) -> list[str]:
    """What is between; the object's own name only where there is nothing."""
    if not kinds:
        return ["a frame, a thread or C code"]
    names = [{steps[at][1] for steps in ways} - {""} for at in range(len(kinds))]
    if len(kinds) == 1:
        few = 0 < len(names[0]) <= _NAMES
        return [", ".join(sorted(names[0]))] if few else ["its own names"]
    words = list(_between(kinds[:-1], names))
    return words if len(words) <= _LONG else [*words[:2], "…", *words[-1:]]


def _between(kinds: Sequence[str], names: Sequence[set[str]]) -> Iterator[str]:
    for kind, found in zip(kinds, names, strict=False):
        short = _SHORT.get(kind) or kind.rpartition(".")[2]
        several = f"{short}es" if short.endswith("s") else f"{short}s"
        if len(found) > _NAMES:
            yield several
        elif found:
            yield f"{', '.join(sorted(found))} ({short if len(found) == 1 else several})"
        else:
            yield short
