"""Several runs of one side put together: means, which still add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.explain.trace.path import Layer, Piece, path_of
from bench.explain.trace.phases import Account, account_of
from bench.explain.trace.timeline import Process, Timeline


@dataclass(frozen=True)
class Told:
    """The runs of a side, with the path of each; `shown` is the one in the middle."""

    timelines: tuple[Timeline, ...]
    shown: Timeline

    @cached_property
    def paths(self) -> tuple[list[Piece], ...]:
        """Worked out once."""
        return tuple(path_of(timeline) for timeline in self.timelines)

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
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
        unexplained = sum(account.unexplained_s for account in self.accounts)
        return 1 - unexplained / sum(account.wall_s for account in self.accounts)

    def mean(self, figure: Callable[[Account], float]) -> float:
        """Mean over the runs."""
        return sum(map(figure, self.accounts)) / len(self.accounts)

    def own(self, layer: Layer) -> float:
        """Mean seconds of the first process in a layer."""
        return self.mean(lambda account: account.own.get(layer, 0.0))

    def inside(self, program: str, layer: Layer) -> float:
        """Mean seconds that the first process waited for a program's doing."""
        return self.mean(lambda account: account.inside.get((program, layer), 0.0))

    @property
    def programs(self) -> list[str]:
        """Programs that were waited for, the longest first."""
        keys = {program for account in self.accounts for program, _ in account.inside}
        total = {key: sum(self.inside(key, layer) for layer in Layer) for key in keys}
        return sorted(keys, key=lambda key: (-total[key], key))


def counts_of(timeline: Timeline) -> dict[str, int]:
    """What can be counted of a run, in the order in which it is shown."""
    processes = timeline.processes
    exchanges = timeline.exchanges
    return {
        "processes": len(processes),
        "of them Python": sum(one.is_python for one in processes),
        "HTTP requests": len(exchanges),
        "connections": len({(one.pid, one.connection) for one in exchanges}),
        "bytes up": sum(one.request_bytes for one in exchanges),
        "bytes down": sum(one.response_bytes for one in exchanges),
        "modules loaded": sum(_told(one, "modules") for one in processes),
        "read calls": sum(_files(one, "syscr") for one in processes),
        "bytes read": sum(_files(one, "rchar") for one in processes),
        "write calls": sum(_files(one, "syscw") for one in processes),
        "bytes written": sum(_files(one, "wchar") for one in processes),
    }


def _told(process: Process, key: str) -> int:
    return int(process.recorded.told.get(key, 0)) if process.recorded else 0


def _files(process: Process, key: str) -> int:
    return process.recorded.file_calls.get(key, 0) if process.recorded else 0


def children_named(timelines: Sequence[Timeline], name: str) -> float:
    """How many processes of that name a run had, on average."""
    many = sum(one.name == name for timeline in timelines for one in timeline.root.walk())
    return many / len(timelines)
