"""What a measured process asked of its service, from the lines its journal has grown by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.counts import Counter
from bench.workloads.journal import Exchange, read_journal, refused, sent_again


@dataclass(frozen=True)
class Mark:
    """A place in a journal: what comes after it belongs to the process that is started now."""

    journal: Path
    offset: int

    @classmethod
    def now(cls, journal: Path) -> Mark:
        """The end of the journal as it is."""
        return cls(journal, journal.stat().st_size if journal.exists() else 0)

    def since(self) -> tuple[Exchange, ...]:
        """The exchanges that were written down since."""
        return tuple(
            one for one in read_journal(self.journal, self.offset) if one.service != "replay"
        )


def counts(exchanges: Sequence[Exchange]) -> dict[Counter, int]:
    """Requests, the connections they came over, those sent again, and the bytes of bodies."""
    return {
        Counter.REQUESTS: len(exchanges),
        Counter.SERVICE_CONNECTIONS: len({one.connection for one in exchanges}),
        Counter.REQUESTS_AGAIN: sent_again(exchanges),
        Counter.BYTES_UP: sum(one.request_bytes for one in exchanges),
        Counter.BYTES_DOWN: sum(one.response_bytes for one in exchanges),
    }


def complaint(exchanges: Sequence[Exchange], due: Sequence[str] = ()) -> str:
    """Why a process that ended well is no sample all the same; "" when nothing is wrong.

    `due` are requests (`POST /path`) that it must have made. A client that is left without an
    answer may well end early, with exit status 0, and look fast.
    """
    unanswered = refused(exchanges)
    if unanswered:
        return unanswered
    errors = [f"{one.method} {one.path}: {one.error}" for one in exchanges if one.error]
    if errors:
        return f"what the service says of its requests: {errors[0]}"
    asked = {f"{one.method} {one.path}" for one in exchanges}
    missing = [one for one in due if one not in asked]
    return f"it ended without having asked for {', '.join(missing)}" if missing else ""
