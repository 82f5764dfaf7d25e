"""Which objects a benchmark leaves alive, by type.

What the garbage collector tracks: instances, containers, functions, classes, modules; not strings,
numbers and the like, which no collector lists.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.core.sample import Sample
from bench.profile.processes import NotProfiledError, Subject


@dataclass(frozen=True)
class Population:
    """Objects of a type that have come since the start: how many, and bytes of their own.

    `held_by` says who refers to some of them, where that was looked for: kind → how many.
    """

    count: int
    size: int
    held_by: Mapping[str, int] = field(default_factory=dict)


def count_objects(subject: Subject) -> tuple[dict[str, Population], Sample]:
    """Growth by type in the process that has most; raises `NotProfiledError`."""
    with subject.scratch() as folder:
        sample = subject.run(variables=subject.inside("objects", folder))
        told = [file.read_text(encoding="ascii") for file in folder.glob("*.objects")]
    if not told:
        raise NotProfiledError("no Python process of it could be asked")
    found = [growth(*ast.literal_eval(text)) for text in told]
    return max(found, key=lambda one: sum(kind.count for kind in one.values())), sample


def growth(
    before: dict[str, tuple[int, int]],
    after: dict[str, tuple[int, int]],
    holders: Mapping[str, Mapping[str, int]] | None = None,
) -> dict[str, Population]:
    """Types of which there are more, or fewer, than before."""
    found = {}
    for name in before.keys() | after.keys():
        (count, size), (more, larger) = before.get(name, (0, 0)), after.get(name, (0, 0))
        if count != more:
            held_by = (holders or {}).get(name, {})
            found[name] = Population(more - count, larger - size, held_by)
    return found
