"""How far work on a range is that goes on over sessions, each of which may have a limit of time."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from bench.engine.store.journals import AskedRecord, Told


class AttributionProgress(enum.StrEnum):
    """How far it is."""

    UNDER_WAY = "under way"
    OUT_OF_BUDGET = "budget used up"
    DONE = "complete"

    @property
    def words(self) -> str:
        """What it is, in a sentence: "it is …"."""
        return "at the end of its budget" if self is type(self).OUT_OF_BUDGET else str(self)


class AttributionStood(msgspec.Struct, frozen=True, kw_only=True, tag="stood"):
    """How far it was at a time (ISO 8601), and how many seconds that session took."""

    progress: AttributionProgress
    at: str
    took_s: float


_Asked = TypeVar("_Asked", bound=AskedRecord)
_Event = TypeVar("_Event")


@dataclass(frozen=True)
class ToldInSessions(Told[_Asked, _Event]):
    """What was asked and came of it, where each session that comes to an end says how it stood."""

    @property
    def progress(self) -> AttributionProgress:
        """How far it is."""
        last = self.events[-1] if self.events else None
        if isinstance(last, AttributionStood):
            return last.progress
        return AttributionProgress.UNDER_WAY

    @property
    def took_s(self) -> float:
        """Seconds of all its sessions that came to an end."""
        return sum(one.took_s for one in self.events if isinstance(one, AttributionStood))


@dataclass(frozen=True)
class SessionTime:
    """The time of a session, which begins now; with a limit of 0 s it takes as long as it takes."""

    limit_s: float
    _started: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Whether nothing more shall be begun."""
        return bool(self.limit_s) and time.monotonic() - self._started > self.limit_s

    def stood(self, *, is_done: bool) -> AttributionStood:
        """What its end says: that all is done, or that the time was used up."""
        return AttributionStood(
            progress=AttributionProgress.DONE if is_done else AttributionProgress.OUT_OF_BUDGET,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            took_s=round(time.monotonic() - self._started, 1),
        )
