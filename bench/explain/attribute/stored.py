"""Where attributions are stored, and how they are read again."""

from __future__ import annotations

from bench.engine.store.journals import JournalStore
from bench.explain.attribute.record import (
    ASKED,
    FORMAT,
    Attribution,
    AttributionAsked,
    AttributionEvent,
)

ATTRIBUTIONS = JournalStore(
    kind=Attribution,
    folder="attribute",
    name=ASKED,
    format=FORMAT,
    asked=AttributionAsked,
    event=AttributionEvent,
)
