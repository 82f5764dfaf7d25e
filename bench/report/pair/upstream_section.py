"""What a measured service asked in turn: requests, connections, and what it sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.core.counts import TRAFFIC, Counter
from bench.core.result import Result
from bench.core.sample import Round, Side
from bench.engine.store.run import Run
from bench.formats.markdown import code, table

_COUNTED = (*TRAFFIC, Counter.CLIENT_REQUESTS)
_FEW, _EACH = 0.1, 0.995  # connections for each request


@dataclass(frozen=True)
class Traffic:
    """Sums over all rounds in which a journal was kept, by side."""

    rounds: int
    base: Mapping[Counter, int]
    head: Mapping[Counter, int]

    def side(self, side: Side) -> Mapping[Counter, int]:
        """The sums of one side."""
        return self.base if side is Side.BASE else self.head


def traffic_of(run: Run, result: Result) -> Traffic | None:
    """What was counted of a benchmark's requests; None where no server kept a journal."""
    rounds = [taken for taken in run.rounds(result.name) if Counter.REQUESTS in taken.base.counts]
    if not rounds:
        return None
    return Traffic(len(rounds), *(_sums(rounds, side) for side in Side))


def upstream_section(run: Run, results: Sequence[Result]) -> Iterator[str]:
    """A row for each benchmark of a service that asked another one; nothing where none did."""
    found = {
        result.name: (result, traffic)
        for result in results
        if result.benchmark.service and (traffic := traffic_of(run, result)) is not None
    }
    asking = {name: one for name, one in found.items() if _asks(one[1])}
    if not asking:
        return
    fixture = next(result.benchmark.fixture for result, _ in asking.values())
    yield (
        f"Counted by the server of the fixture {code(fixture)}, which the service asks, in every "
        "round in which each side ran by itself. *Requests* and *connections* are for each request "
        "of a client that was answered; 1.00 connections mean that none was used again. *Sent "
        "again* are requests that repeat one that had failed, of all."
    )
    yield table(
        ("benchmark", "side", "requests of clients", "requests", "connections", "sent again"),
        [
            [code(name), str(side), *_cells(traffic.side(side))]
            for name, (_result, traffic) in asking.items()
            for side in Side
        ],
    )
    yield from _told(asking)


def _sums(rounds: Sequence[Round], side: Side) -> dict[Counter, int]:
    counts = [taken.sample(side).counts for taken in rounds]
    return {
        counter: sum(one.get(counter, 0) for one in counts)
        for counter in _COUNTED
        if any(counter in one for one in counts)
    }


def _asks(traffic: Traffic) -> bool:
    return any(
        traffic.side(side).get(Counter.CLIENT_REQUESTS) and traffic.side(side)[Counter.REQUESTS]
        for side in Side
    )


def _cells(figures: Mapping[Counter, int]) -> list[str]:
    clients = figures.get(Counter.CLIENT_REQUESTS, 0)
    again = figures.get(Counter.REQUESTS_AGAIN, 0)
    return [
        f"{clients:,}",
        _ratio(figures[Counter.REQUESTS], clients),
        _ratio(figures[Counter.SERVICE_CONNECTIONS], clients),
        f"{again:,} of {figures[Counter.REQUESTS]:,}" if again else "0",
    ]


def _ratio(value: int, of: int) -> str:
    return f"{value / of:.2f}" if of else "–"


def _told(asking: Mapping[str, tuple[Result, Traffic]]) -> Iterator[str]:
    """How each side uses connections, in words, where it is the same in all benchmarks."""
    how = {side: _use([traffic.side(side) for _, traffic in asking.values()]) for side in Side}
    told = {words: [side for side in Side if how[side] == words] for words in how.values() if words}
    for words, sides in told.items():
        who = "Both sides" if len(sides) > 1 else str(sides[0]).capitalize()
        yield f"{who} {words}."


def _use(figures: Sequence[Mapping[Counter, int]]) -> str:
    """What a side does with its connections; "" where its benchmarks differ in that."""
    shares = [
        one[Counter.SERVICE_CONNECTIONS] / one[Counter.REQUESTS]
        for one in figures
        if one[Counter.REQUESTS]
    ]
    if shares and min(shares) >= _EACH:
        return "opened a new connection for each request"
    if shares and max(shares) <= _FEW:
        return "used connections again"
    return ""
