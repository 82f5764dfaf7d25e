"""A badge for each target, of the pair that it is measured by where no range is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.core.errors import UsageError
from bench.core.revision import Pair
from bench.core.target import Target
from bench.engine.revisions.ranges import is_range
from bench.report.exchange.badge import drawn
from bench.report.output import Output
from bench.report.summaries import PairSummary

FOLDER = "badges"


def write_badges(targets: Iterable[Target], pairs: Sequence[PairSummary], output: Output) -> None:
    """Write `results/badges/<target>.svg`: the newest pair of each target's default range."""
    for target in targets:
        own = [one for one in pairs if one.target == target.name and _is_usual(target, one.pair)]
        newest = max(own, key=lambda one: (one.newest, one.pair.label), default=None)
        if newest is not None and newest.badge is not None:
            output.write(output.root / FOLDER / f"{target.name}.svg", drawn(newest.badge).encode())


def _is_usual(target: Target, pair: Pair) -> bool:
    try:
        return bool(target.default_range) and is_range(target.default_range, pair)
    except UsageError:  # `run` says what is wrong with it
        return False
