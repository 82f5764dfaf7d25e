"""The frame of a page on what is true: a sentence with counts, then claim, figures, result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.formats.markdown import plain, table
from bench.validate.claims import Claim, ClaimOutcome, tally, worst_first

_RULE = (
    "A claim about a rate *holds* when the exact 95% limits of what was counted meet it, is "
    "*undecided* when only the counted rate does (too few runs to confirm it), and has *failed* "
    "when that does not."
)


def claim_blocks(claims: Sequence[Claim]) -> Iterator[str]:
    """How many claims hold; then each of them, those that do not hold first."""
    if claims:
        yield f"**{tally(claims)}**"
        rows = [
            (plain(one.claim), plain(one.measured), _marked(one)) for one in worst_first(claims)
        ]
        yield measured_table("claim", rows)
        yield _RULE


def measured_table(first: str, rows: Sequence[Sequence[str]]) -> str:
    """A table of claims, of what was measured, and of the result."""
    return table((first, "measured", "result"), rows, numbers=False)


def _marked(claim: Claim) -> str:
    return f"**{claim.outcome}**" if claim.outcome is ClaimOutcome.FAILED else claim.outcome
