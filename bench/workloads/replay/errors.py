"""How what answers requests tells the journal that something was wrong with one."""

from __future__ import annotations

HEADER = "x-replay-error"


def error_header(why: str) -> dict[str, str]:
    """A header of the answer, in one line of characters that a header may have."""
    line = " ".join(why.split())[:500]
    return {HEADER: line.encode("latin-1", "replace").decode("latin-1")}
