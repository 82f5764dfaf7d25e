"""The page of one pair: the verdict first, the evidence below, methods last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.formats.markdown import bullets, heading, link, plain, prose
from bench.formats.text import counted, day, joined
from bench.report.figures.distributions import draw_rounds
from bench.report.figures.forest import draw_forest
from bench.report.figures.pictures import forest_of, rounds_of
from bench.report.output import Output, Page
from bench.report.pair.environment_section import dependency_section, environments_section
from bench.report.pair.figures_section import figures_section
from bench.report.pair.hosts import hosts_section
from bench.report.pair.machine_section import machine_section
from bench.report.pair.methods_section import (
    how_obtained,
    raw_data_section,
    repeat_section,
    statistics_section,
)
from bench.report.pair.narrative import narrative
from bench.report.pair.pythons import differing_effects, side_by_side
from bench.report.select_runs import OnMachine, PairRuns, Shown
from bench.report.stack.stack_page import stack_file
from bench.report.stack.stack_tables import layers_table, summary
from bench.validate.calibration.lookup import fitting


def write_pair_page(pair: PairRuns, output: Output) -> None:
    """Write the page and its pictures."""
    page = output.page(f"{pair.target}/{pair.pair.label}/README.md")
    page.write(_blocks(pair, page))


def _blocks(pair: PairRuns, page: Page) -> Iterator[str]:
    yield heading(1, f"{plain(pair.target)} {pair.pair.label}")
    yield _summary(pair, page)
    if pair.unreadable:
        yield "Not shown, because the data could not be read:"
        yield bullets(plain(page.output.shown(one.error)) for one in pair.unreadable)
    if len(pair.machines) == 1:
        yield from _machine_blocks(pair.machines[0], page, 2)
        return
    yield (
        f"Measured on {len(pair.machines)} machines, whose times are never pooled; each has a "
        "section."
    )
    yield from hosts_section(pair.machines, 2)
    for on in pair.machines:
        yield heading(2, f"On {on.machine.name}")
        yield from _machine_blocks(on, page, 3)


def _summary(pair: PairRuns, page: Page) -> str:
    shown = [one for on in pair.machines for one in on.shown]
    pythons = list(dict.fromkeys(one.run.manifest.base.provenance.python for one in shown))
    days = sorted({day(one.run.manifest.started_at) for one in shown})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    machines = joined(
        list(
            dict.fromkeys(
                f"{plain(on.machine.cpu_model)}, {counted(on.machine.cpus, 'CPU')}"
                for on in pair.machines
            )
        )
    )
    index = link("all results", page.link_to(page.output.root / "README.md"))
    layer = plain(joined(pair.layers))
    return f"{layer} · Python {joined(pythons)} · {when} · {machines} · {index}"


def _machine_blocks(on: OnMachine, page: Page, level: int) -> Iterator[str]:
    yield narrative([one for one in on.shown if not one.part])
    if len({one.python for one in on.shown}) > 1:
        yield heading(level, "Pythons side by side")
        yield side_by_side(on.shown)
        yield from _differing(on.shown)
    for one in on.shown:
        yield from _figures(one, page, level)
    yield from _evidence(on, page, level)


def _differing(shown: Sequence[Shown]) -> Iterator[str]:
    found = differing_effects(shown)
    if found:
        yield "The effect differs between Pythons, beyond the intervals:"
        yield bullets(prose(one) for one in found)
    else:
        yield "No effect differs between Pythons beyond the intervals."


def _figures(one: Shown, page: Page, level: int) -> Iterator[str]:
    folder = "/".join(filter(None, (f"py{one.python}", one.run.manifest.machine.name, one.part)))
    forest = page.picture(f"{folder}/ratios.svg", forest_of(one), draw_forest)
    rounds = {
        result.name: page.picture(f"{folder}/rounds/{result.name}.svg", found, draw_rounds)
        for result in one.evaluation.results
        if (found := rounds_of(one, result)) is not None
    }
    fit = fitting(one.run, page.output.calibrations)
    yield from figures_section(one, level, forest, rounds, fit)
    yield from _stacks(one, page, level + 1)


def _stacks(one: Shown, page: Page, level: int) -> Iterator[str]:
    """What traces tell of this pair's benchmarks: phases, which rounds do not time."""
    manifest = one.run.manifest
    here = manifest.target, manifest.pair.label, one.python, manifest.machine.name
    names = {result.name for result in one.results}
    found = [
        record
        for record in page.output.stacks
        if (record.target, record.pair.label, record.python, record.machine.name) == here
        and record.scenario in names
    ]
    if found:
        yield heading(level, "Where the time of whole commands goes")
        yield (
            "Phases of runs that were recorded apart from the timed rounds, minutes later on a "
            "machine that may have changed its pace: they are compared with each other. Each "
            "moment of the wall time is in one layer. *Runs apart*: no run before lies within the "
            "runs after; with two runs a side that happens by chance to one layer in three, with "
            "three to one in ten."
        )
    for record in found:
        whole = link("the whole stack", page.link_to(page.output.root / stack_file(record)))
        yield f"**{plain(record.scenario)}** ({whole}). {summary(record)}"
        yield layers_table(record)


def _evidence(on: OnMachine, page: Page, level: int) -> Iterator[str]:
    shown: Sequence[Shown] = on.shown
    yield from dependency_section(shown, level)
    yield from repeat_section(shown, level)
    yield from how_obtained(shown, level)
    yield from environments_section(shown, level)
    yield from machine_section(on, level)
    yield from statistics_section(shown, level)
    yield from raw_data_section(shown, level, [page.link_to(one.run.folder) for one in shown])
