"""What an author said of single commits, beside what an attribution found of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.core.errors import DataError
from bench.core.verdict import Interval
from bench.core.workspace import Workspace
from bench.explain.attribute.record import Attribution
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.formats.markdown import code, heading, image, link, table
from bench.formats.text import change, counted, seconds
from bench.report.attribute.attribute_page import attribute_page, picture_name
from bench.report.attribute.contributions import Contributions, contributions_of, levels_of
from bench.report.output import Page
from bench.validate.prior_art.declaration import AttributionOf, PublishedStep

_COLUMNS = ("commit", "benchmark", "published", "Python", "time", "change")


def attributed_section(
    declared: AttributionOf, target: str, page: Page, workspace: Workspace
) -> Iterator[str]:
    """A table with what was published of single commits, and a picture for each benchmark."""
    yield heading(2, f"Commit by commit: {declared.range}")
    if declared.text:
        yield declared.text.strip()
    found = _newest(declared, target, workspace.data)
    if found is None:
        yield "Not attributed yet."
        return
    wanted = declared.benchmarks
    told = [
        one for one in contributions_of(found) if one.scenario in wanted and not one.reach.failure
    ]
    rows = [
        [code(step.commit), code(step.benchmark), step.figure, one.python, *_cells(step, one)]
        for step in declared.breakdown
        for one in told
        if one.scenario == step.benchmark
    ]
    yield table(_COLUMNS, rows, numbers=("time", "change"))
    place = workspace.results / attribute_page(found)
    for one in (each for each in told if each.whole_interval is not None):
        words = f"{one.scenario} on Python {one.python}, commit by commit"
        yield image(words, page.link_to(place.with_name(picture_name(place.stem, one))))
    yield f"{link('Every commit with its interval', page.link_to(place))}."


def _newest(declared: AttributionOf, target: str, data: Path) -> Attribution | None:
    """The newest of the range; what is damaged is told elsewhere."""
    found = None
    for _file, one in ATTRIBUTIONS.read_all(data):
        if isinstance(one, DataError) or one.asked.target != target:
            continue
        if declared.is_of(one.asked.pair):
            found = one
    return found


def _cells(step: PublishedStep, one: Contributions) -> tuple[str, str]:
    """Its contribution in seconds and as a change, or what is known instead."""
    levels = levels_of(one)
    for before_s, part in zip(levels, one.parts, strict=False):
        if not any(commit.revision.identity.startswith(step.commit) for commit in part.commits):
            continue
        together = "" if len(part.commits) == 1 else f" ({counted(len(part.commits), 'commit')})"
        if part.interval is None:
            return "–", f"{part.words}{together}"
        return _saved(before_s, part.interval), f"{change(part.interval)}{together}"
    return "0 ms", "exactly nothing, as is proved"


def _saved(before_s: float, interval: Interval) -> str:
    """Seconds more or less, with the limits."""
    at, *limits = (_signed(before_s * (one - 1)) for one in (
        interval.ratio, interval.low, interval.high))  # fmt: skip
    return f"{at} ({limits[0]} … {limits[1]})"


def _signed(value_s: float) -> str:
    return f"{'−' if value_s < 0 else '+'}{seconds(abs(value_s))}"
