"""Which objects a benchmark leaves alive, by type, and which modules keep them alive.

What the garbage collector tracks: instances, containers, functions, classes, modules; not strings,
numbers and the like.
"""

from __future__ import annotations

import importlib.metadata
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.core.program import install
from bench.core.sample import Sample
from bench.core.told import read_literal
from bench.explain.profile.processes import NotProfiledError, ProfiledProcess

# A chain of references from a module: at each step a type, and its name in what holds it, or "".
_Chains = Mapping[tuple[tuple[str, str], ...], int]


class ToldObjects(NamedTuple):
    """What the program in a process wrote (see `agents/profiler/sitecustomize.py`)."""

    before: dict[str, tuple[int, int]]
    after: dict[str, tuple[int, int]]
    ways: dict[str, dict[tuple[tuple[str, str], ...], int]]
    problem: str


@dataclass(frozen=True)
class HeldBy:
    """A module ("" where none was found) that keeps so many objects of a type alive.

    `names` are its attributes through which it does, the most important first. `count` is scaled
    from the objects that were looked at to all of them.
    """

    module: str
    names: tuple[str, ...]
    count: float


@dataclass(frozen=True)
class Population:
    """Objects of a type that have come since the start: how many, and bytes of their own.

    `held` says what keeps them alive, where references were followed; most first.
    """

    count: int
    size: int
    held: tuple[HeldBy, ...] = ()


@dataclass(frozen=True)
class Growth:
    """All types of a process; `problem` says why references were not followed."""

    kinds: dict[str, Population] = field(default_factory=dict)
    problem: str = ""


def objgraph_version() -> str:
    """The objgraph this project pins; raises `NotProfiledError` where it is not installed."""
    try:
        return importlib.metadata.version("objgraph")
    except importlib.metadata.PackageNotFoundError as error:
        raise NotProfiledError(f"objgraph is not installed: {install('profile')}") from error


def count_objects(subject: ProfiledProcess, support: Path | None) -> tuple[Growth, Sample]:
    """Growth by type in the process that has most; raises `NotProfiledError`.

    `support` holds objgraph; without it references are not followed.
    """
    with subject.scratch() as folder:
        variables = subject.inside("objects", folder)
        if support is not None:
            variables |= {"BENCH_SUPPORT": str(support)}
        sample = subject.run(variables=variables, support=support)
        found = [growth(*read_literal(file, ToldObjects)) for file in folder.glob("*.objects")]
    if not found:
        raise NotProfiledError("no Python process of it could be asked")
    return max(found, key=lambda one: sum(kind.count for kind in one.kinds.values())), sample


def growth(
    before: Mapping[str, tuple[int, int]],
    after: Mapping[str, tuple[int, int]],
    told: Mapping[str, _Chains],
    problem: str,
) -> Growth:
    """Types of which there are more, or fewer, than before."""
    found = {}
    for name in before.keys() | after.keys():
        (count, size), (more, larger) = before.get(name, (0, 0)), after.get(name, (0, 0))
        if count != more:
            held = held_by(told.get(name, {}), more - count)
            found[name] = Population(more - count, larger - size, held)
    return Growth(found, problem)


def held_by(chains: _Chains, count: int) -> tuple[HeldBy, ...]:
    """Chains put together by module; each has its share of `count`, most first."""
    modules: dict[str, Counter[str]] = defaultdict(Counter)
    for steps, many in chains.items():
        module = steps[0][1] if steps else ""
        name = next((name for _, name in steps[1:] if name), "")
        modules[module][name] += many
    looked = sum(chains.values())
    found = [
        HeldBy(
            module,
            tuple(name for name, _ in names.most_common() if name),
            count * names.total() / looked,
        )
        for module, names in modules.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.module)))
