"""Where a parcel is: events, and the states they lead to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from parcel.errors import ParcelError


class State(Enum):
    """What a customer sees."""

    ANNOUNCED = "announced"
    IN_TRANSIT = "in transit"
    OUT_FOR_DELIVERY = "out for delivery"
    DELIVERED = "delivered"
    RETURNED = "returned"


ALLOWED = {
    State.ANNOUNCED: {State.IN_TRANSIT},
    State.IN_TRANSIT: {State.IN_TRANSIT, State.OUT_FOR_DELIVERY, State.RETURNED},
    State.OUT_FOR_DELIVERY: {State.DELIVERED, State.IN_TRANSIT, State.RETURNED},
    State.DELIVERED: set(),
    State.RETURNED: set(),
}


class ImpossibleEventError(ParcelError):
    """An event does not follow from the last one."""


@dataclass(frozen=True, order=True)
class Event:
    """Something that was scanned."""

    when: dt.datetime
    depot: str
    state: State = field(compare=False)


@dataclass
class History:
    """All events of one parcel."""

    number: str
    events: list[Event] = field(default_factory=list)

    @property
    def state(self) -> State:
        """The latest state."""
        return self.events[-1].state if self.events else State.ANNOUNCED

    def add(self, event: Event) -> None:
        """Append an event, if it is possible."""
        if event.state not in ALLOWED[self.state]:
            raise ImpossibleEventError(f"{self.state.value} -> {event.state.value}")
        if self.events and event.when < self.events[-1].when:
            raise ImpossibleEventError(f"{event.when} lies before the last event")
        self.events.append(event)

    def travelled(self) -> dt.timedelta:
        """Time from the first event to the last."""
        if len(self.events) < 2:
            return dt.timedelta()
        return self.events[-1].when - self.events[0].when


def parse_event(line: str) -> Event:
    """Read ``2024-05-06T07:08:09 depot state``."""
    when, depot, state = line.split(maxsplit=2)
    return Event(dt.datetime.fromisoformat(when).replace(tzinfo=dt.UTC), depot, State(state))


def busiest_depots(histories: list[History], count: int) -> list[tuple[str, int]]:
    """Return the depots with most events."""
    depots = Counter(event.depot for history in histories for event in history.events)
    return sorted(depots.items(), key=lambda pair: (-pair[1], pair[0]))[:count]


def late(histories: list[History], limit: dt.timedelta) -> list[str]:
    """Return the numbers of parcels that travelled for too long."""
    return [history.number for history in histories if history.travelled() > limit]
