"""What a rule finds: the cost on this run, the evidence, and what a change would save."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.explain.trace.exchanges import HttpExchange
from bench.explain.trace.path import Layer, Piece
from bench.explain.trace.timeline import Timeline

ROUND_TRIPS_S = (0.0002, 0.020, 0.100)


class How(enum.StrEnum):
    """Where a saving comes from."""

    COMPUTED = "computed"
    MEASURED = "measured"
    SIMULATED = "simulated"


@dataclass(frozen=True)
class BoundaryFinding:
    """Something that costs time at a boundary.

    `subject` is what it is about, where a rule finds several. `cost_s` is what it took of the wall
    time of this run. A change would save `local_s` whatever the distance, and besides so many
    `handshakes` (connections made) and `answers` (waited for) of a round trip each, on the path the
    user waits on. `evidence` are lines of Markdown. `far` is the same finding in runs with the
    service so many seconds away. What is `notable` is told however little it costs here.
    """

    rule: str
    subject: str
    title: str
    cost_s: float
    evidence: tuple[str, ...]
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
    def how_words(self) -> str:
        """Where the savings come from."""
        return str(How.SIMULATED if self.far and self.answers else self.how)


@dataclass(frozen=True)
class Evidence:
    """What rules look at: a run, and the path through it."""

    timeline: Timeline
    path: list[Piece]
    shown: Callable[[str], str] = str

    def on_path(self, exchange: HttpExchange) -> bool:
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
