"""What a rule finds: the cost on this run, the evidence, and what a change would save."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.engine.store.accounts import Instance
from bench.explain.trace.exchanges import HttpExchange
from bench.explain.trace.path import Layer, Piece
from bench.explain.trace.timeline import Timeline

ROUND_TRIPS_S = (0.0002, 0.020, 0.100)


class How(enum.StrEnum):
    """Where a saving comes from."""

    COMPUTED = "computed"
    MEASURED = "measured"
    SIMULATED = "simulated"


@dataclass(frozen=True, kw_only=True)
class BoundaryFinding:
    """Something that costs time at a boundary between processes.

    `subject` is what it is about, where a rule finds several. `numbers` and `instances` are what it
    rests on; `words.py` has the sentences. `cost_s` is what it took of the wall time of this run. A
    change would save `local_s` whatever the distance, and besides so many `handshakes` (connections
    made) and `answers` (waited for) of a round trip each, on the critical path. `far` is the same
    finding in runs with the service so many seconds away. A `notable` one is shown however little
    it costs here.
    """

    rule: str
    cost_s: float
    subject: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)
    instances: tuple[Instance, ...] = ()
    handshakes: float = 0.0
    answers: float = 0.0
    local_s: float = 0.0
    how: How = How.COMPUTED
    far: Mapping[float, BoundaryFinding] = field(default_factory=dict)
    notable: bool = False

    def saving_s(self, round_trip_s: float) -> float:
        """Seconds that a change would save where a round trip takes so long.

        In a run at that distance the service held each answer back, but not the handshakes.
        """
        far = self.far.get(round_trip_s)
        if far is not None and self.answers:
            return far.local_s + self.handshakes * round_trip_s
        return self.local_s + (self.handshakes + self.answers) * round_trip_s

    @property
    def key(self) -> tuple[str, str]:
        """What tells it in another run."""
        return self.rule, self.subject

    @property
    def grounds(self) -> str:
        """Where the savings come from."""
        return str(How.SIMULATED if self.far and self.answers else self.how)


@dataclass(frozen=True)
class Evidence:
    """What rules look at: a run, and the path through it."""

    timeline: Timeline
    path: list[Piece]
    shown: Callable[[str], str] = str

    def on_path(self, exchange: HttpExchange) -> bool:
        """Whether this request is on the critical path (and not another beside it)."""
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
