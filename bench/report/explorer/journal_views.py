"""What goes on over sessions, for the explorer: which kinds there are, and how each is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.report.attribute.attribute_page import ATTRIBUTE_PAGES
from bench.report.bisect.bisect_page import BISECT_PAGES
from bench.report.claims.claims_page import CLAIMS_PAGES
from bench.report.explorer.attribution_document import attribution_row, attribution_view
from bench.report.explorer.bisection_document import bisection_row, bisection_view
from bench.report.explorer.claims_document import claims_row, claims_view
from bench.report.explorer.optimization_document import optimization_row, optimization_view
from bench.report.explorer.values import Document
from bench.report.journal_pages import JournalPages
from bench.report.optimize.optimize_page import OPTIMIZE_PAGES


@dataclass(frozen=True, kw_only=True)
class JournalView:
    """How records of a kind are shown.

    The overview lists a `row` of each under `listed`, without reading more; `view` is all of one,
    in a document whose name begins with `kind`. `part` is what its pairs are parts of.
    """

    pages: JournalPages[Any]
    kind: str
    listed: str
    part: str
    row: Callable[[Any], Document]
    view: Callable[[Any], Document]


JOURNAL_VIEWS = (
    JournalView(
        pages=OPTIMIZE_PAGES,
        kind="optimization",
        listed="optimizations",
        part="optimisation",
        row=optimization_row,
        view=optimization_view,
    ),
    JournalView(
        pages=ATTRIBUTE_PAGES,
        kind="attribution",
        listed="attributions",
        part="attribution",
        row=attribution_row,
        view=attribution_view,
    ),
    JournalView(
        pages=CLAIMS_PAGES,
        kind="claims",
        listed="claims",
        part="test of claims",
        row=claims_row,
        view=claims_view,
    ),
    JournalView(
        pages=BISECT_PAGES,
        kind="bisection",
        listed="bisections",
        part="bisection",
        row=bisection_row,
        view=bisection_view,
    ),
)
