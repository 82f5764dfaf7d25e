"""Where optimisations are stored, and how they are read again."""

from __future__ import annotations

from bench.engine.store.journals import JournalStore
from bench.explain.optimize.record import (
    ASKED,
    FORMAT,
    Optimization,
    OptimizationAsked,
    OptimizationEvent,
)

OPTIMIZATIONS = JournalStore(
    kind=Optimization,
    folder="optimize",
    name=ASKED,
    format=FORMAT,
    asked=OptimizationAsked,
    event=OptimizationEvent,
)
