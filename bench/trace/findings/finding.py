"""What a rule finds: the cost on this run, the evidence, and what a change would save."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.trace.exchanges import Exchange
from bench.trace.path import Layer, Piece
from bench.trace.timeline import Timeline

ROUND_TRIPS_S = (0.0002, 0.020, 0.100)


class How(enum.StrEnum):
    """Where a saving comes from."""

    COMPUTED = "computed"
    MEASURED = "measured on this run"
    SIMULATED = "simulated with the service's latency"


@dataclass(frozen=True)
class Finding:
    """Something that costs time at a boundary.

    `cost_s` is what it took of the wall time of this run; `round_trips` how many round trips a
    change would save on the path the user waits on, and `local_s` what it would save besides,
    whatever the distance. `evidence` are lines of Markdown.
    """

    rule: str
    title: str
    cost_s: float
    evidence: tuple[str, ...]
    round_trips: float = 0.0
    local_s: float = 0.0
    how: How = How.COMPUTED
    saved_s: Mapping[float, float] = field(default_factory=dict)

    def saving_s(self, round_trip_s: float) -> float:
        """Seconds that a change would save where a round trip takes so long."""
        if round_trip_s in self.saved_s:
            return self.saved_s[round_trip_s]
        return self.local_s + self.round_trips * round_trip_s


@dataclass(frozen=True)
class Evidence:
    """What rules look at: a run, and the path through it."""

    timeline: Timeline
    path: list[Piece]
    shown: Callable[[str], str] = str

    def on_path(self, exchange: Exchange) -> bool:
        """Whether the user waited for this request (and not for another beside it)."""
        return any(
            piece.begin < exchange.last_byte
            and piece.end > exchange.sent_begin
            and piece.process.pid == exchange.pid
            and piece.thread == exchange.thread
            and piece.layer in _HTTP
            for piece in self.path
        )

    def at(self, moment: int) -> float:
        """Seconds since the beginning."""
        return (moment - self.timeline.begin) / 1e9


_HTTP = {Layer.HTTP_CLIENT, Layer.HTTP_WIRE, Layer.SERVICE, Layer.SIMULATED}
