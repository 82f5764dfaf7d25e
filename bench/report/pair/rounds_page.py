"""Every round of a pair: one picture a run."""

from __future__ import annotations

from collections.abc import Iterator

from bench.formats.markdown import heading, image
from bench.report.figures.rounds_figure import draw_rounds, rounds_of
from bench.report.output import Page
from bench.report.select_runs import OnMachine, PairRuns


def write_rounds_page(pair: PairRuns, page: Page, title: str) -> None:
    """Write the page and its pictures."""
    page.write(_blocks(pair, page, title))


def _blocks(pair: PairRuns, page: Page, title: str) -> Iterator[str]:
    yield heading(1, f"Rounds of {title}")
    yield page.back()
    yield (
        "Base and head of a round are measured together, so what moves both alike cancels in their "
        "ratio. A ratio that drifts or jumps along the rounds is a reason to measure again. Filled "
        "points decide the verdict; hollow ones are rounds of the other design (in pairs, for wall "
        "time and the contention factor, where duets decide). Arrows: outside the panel."
    )
    for on in pair.machines:
        yield from _machine(on, page)


def _machine(on: OnMachine, page: Page) -> Iterator[str]:
    for one in on.shown:
        found = rounds_of(one)
        if found is not None:
            yield heading(2, f"{one.name}, {on.machine.name}")
            name = f"{on.folder}/rounds-py{one.slug}.svg"
            picture = page.picture(name, found, draw_rounds)
            panels = [f"{panel.name} {panel.words}" for panel in found.panels]
            yield image(f"Ratio of each round, {one.name}: {'; '.join(panels)}", picture)
