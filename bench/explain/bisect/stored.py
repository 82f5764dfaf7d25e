"""Where bisections are stored, and how they are read again."""

from __future__ import annotations

from bench.engine.store.journals import JournalStore
from bench.explain.bisect.record import (
    ASKED,
    FORMAT,
    BisectionAsked,
    BisectionEvent,
    BisectionTold,
)

BISECTIONS = JournalStore(
    kind=BisectionTold,
    folder="bisect",
    name=ASKED,
    format=FORMAT,
    asked=BisectionAsked,
    event=BisectionEvent,
)
