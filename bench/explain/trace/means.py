"""The runs of one side put together: means, which still add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from bench.engine.store.accounts import RunAccount
from bench.explain.trace.path import Layer, Piece, path_of
from bench.explain.trace.phases import account_of, explained
from bench.explain.trace.timeline import Timeline


@dataclass(frozen=True)
class TracedSide:
    """The runs of a side, with the path of each; `shown` is the median one."""

    timelines: tuple[Timeline, ...]
    shown: Timeline

    @cached_property
    def paths(self) -> tuple[list[Piece], ...]:
        """Worked out once."""
        return tuple(path_of(timeline) for timeline in self.timelines)

    @cached_property
    def accounts(self) -> tuple[RunAccount, ...]:
        """Where the wall time of each run went."""
        return tuple(account_of(*one) for one in zip(self.timelines, self.paths, strict=True))

    @property
    def path(self) -> list[Piece]:
        """That of the run that is shown."""
        return self.paths[self.timelines.index(self.shown)]

    @property
    def wall_s(self) -> float:
        """Mean wall time."""
        return self.mean(lambda account: account.wall_s)

    @property
    def explained(self) -> float:
        """The share of the wall time that is explained, of all runs together."""
        return self.mean(lambda one: explained(one) * one.wall_s) / self.wall_s

    def mean(self, figure: Callable[[RunAccount], float]) -> float:
        """Mean over the runs."""
        return fmean(map(figure, self.accounts))

    def own(self, layer: Layer) -> float:
        """Mean seconds of the first process in a layer."""
        return self.mean(lambda account: account.layers.get(layer, 0.0))

    def inside(self, program: str, layer: Layer | None = None) -> float:
        """Mean seconds that the first process waited for a program, or for one layer of it."""
        return self.mean(
            lambda account: sum(
                one.seconds
                for one in account.children
                if one.program == program and layer in {None, one.layer}
            )
        )

    @property
    def programs(self) -> list[str]:
        """Programs that were waited for, the longest first."""
        found = {one.program for account in self.accounts for one in account.children}
        return sorted(found, key=lambda name: (-self.inside(name), name))
