"""Where tests of claims are stored, and how they are read again."""

from __future__ import annotations

from bench.engine.store.journals import JournalStore
from bench.explain.claims.record import ASKED, FORMAT, ClaimsAsked, ClaimsEvent, ClaimsTest

CLAIMS = JournalStore(
    kind=ClaimsTest,
    folder="claims",
    name=ASKED,
    format=FORMAT,
    asked=ClaimsAsked,
    event=ClaimsEvent,
)
