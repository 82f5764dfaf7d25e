"""Tested claims for the explorer: what was claimed beside what was measured."""

from __future__ import annotations

import math

from bench.explain.claims.judging import TOLERANCE
from bench.explain.claims.record import ClaimsTest, TriedRecord
from bench.formats.text import day, duration
from bench.report.claims.claims_page import (
    VERDICT_ORDER,
    claims_page,
    first_words,
    method_words,
)
from bench.report.claims.shown import ShownClaim, claimed, shown_claims, tally, tested_by
from bench.report.explorer.values import Document, limits, pair_key
from bench.report.machine_readable import finite


def claims_row(test: ClaimsTest) -> Document:
    """What is listed of one."""
    asked, found = test.asked, shown_claims(test)
    return {
        "target": asked.target,
        "label": asked.pair.label,
        "of": asked.message_of[:10],
        "claims": len(found),
        "tally": tally(found),
        "begun": day(asked.started_at),
        "progress": str(test.progress),
    }


def claims_view(test: ClaimsTest) -> Document:
    """All of it; what does not hold comes first, as on the page."""
    asked, found = test.asked, shown_claims(test)
    order = {verdict: place for place, verdict in enumerate(VERDICT_ORDER)}
    document: Document = finite(
        {
            **claims_row(test),
            "headline": first_words(test, found),
            "machine": asked.machine.name,
            "shown": [
                _claim(one, asked.target)
                for one in sorted(found, key=lambda one: order.get(one.judged.verdict, len(order)))
            ],
            "method": method_words(test),
            "took": duration(test.took_s),
            "repeat": asked.repeat,
            "page": f"results/{claims_page(test)}",
        }
    )
    return document


def _claim(one: ShownClaim, target: str) -> Document:
    claim, judged = one.claim, one.judged
    return {
        "verdict": str(judged.verdict),
        "reason": judged.reason,
        "what": one.what,
        "claimed": claimed(claim),
        "ratio": 1 / claim.ratio if claim.ratio else None,
        "holds": _holds(claim.ratio),
        "measured": one.measured,
        "interval": limits(one.interval),
        "pair": _pair(target, judged.test),
        "older": {
            "label": claim.older.label,
            "measured": one.measured_older,
            "pair": _pair(target, judged.older),
        }
        if judged.older is not None and claim.older is not None
        else None,
        "commit": claim.commit.label,
        "told_by": claim.told_by[:10],
        "author": claim.author,
        "date": day(claim.commit.date),
        "python": one.python,
        "by": tested_by(one.candidate),
    }


def _holds(claimed_ratio: float | None) -> list[float] | None:
    """Between which ratios head / base an interval must come for a claim to hold."""
    if not claimed_ratio:
        return None
    gain = math.log(claimed_ratio)
    return sorted((math.exp(-gain / (1 - TOLERANCE)), math.exp(-gain * (1 - TOLERANCE))))


def _pair(target: str, test: TriedRecord | None) -> str | None:
    return pair_key(target, test.run) if test else None
