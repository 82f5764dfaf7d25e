"""The page of a pair: the verdict in five seconds, the evidence on pages beside it.

Of several machines the one that measured last is on the page, the others have pages of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bench.core.options import Options
from bench.formats.markdown import bullets, code, heading, image, link, plain, prose
from bench.formats.text import counted, days, joined
from bench.report.figures.forest import draw_forest, forest_of
from bench.report.output import Output, Page
from bench.report.pair.cautions import cautions
from bench.report.pair.conditions import conditions
from bench.report.pair.control import control_warning
from bench.report.pair.counters_page import write_counters_pages
from bench.report.pair.environments_page import environments_file, write_environments_pages
from bench.report.pair.headline import headline, pair_title
from bench.report.pair.hosts import hosts_section
from bench.report.pair.means_table import means_table
from bench.report.pair.method_page import write_method_page
from bench.report.pair.pair_tables import comparison_table, more_tables, places_of
from bench.report.pair.reasons import reasons_of, without_reason
from bench.report.pair.repeat import repeat_commands
from bench.report.pair.rounds_page import write_rounds_page
from bench.report.pair.split_section import split_section
from bench.report.select_runs import OnMachine, PairRuns, Shown
from bench.report.stack.stack_page import stack_file
from bench.report.stack.stack_tables import summary

_MOST_REASONS = 8
_ABOUT_CHANGE = (
    "*Before* and *after* are medians. The change is estimated within rounds (Hodges–Lehmann); it "
    "need not equal the ratio of the two medians."
)


def write_pair_page(pair: PairRuns, output: Output) -> None:
    """Write the page, its picture, and the pages beside it."""
    folder = f"{pair.target}/{pair.pair.label}"
    page = output.page(f"{folder}/README.md")
    page.write(_blocks(pair, page))
    title = f"{plain(pair.target)} {pair_title(pair.pair)}"
    others = _on_other_machines(pair)
    for on in others:
        other = output.page(f"{folder}/{on.folder}.md")
        other.write(
            (
                heading(1, f"{title}, {_on(on)}"),
                other.back(),
                *_machine_blocks(on, others, other, 2),
            )
        )
    write_counters_pages(pair, output, folder, title)
    write_rounds_page(pair, output.page(f"{folder}/rounds.md"), title)
    write_method_page(pair, output.page(f"{folder}/method.md"), title)
    write_environments_pages(pair, others, output, folder, title)


def _blocks(pair: PairRuns, page: Page) -> Iterator[str]:
    yield heading(1, f"{plain(pair.target)} {pair_title(pair.pair)}")
    yield _about(pair, page)
    if pair.unreadable:
        yield "Not shown, because the data could not be read:"
        yield bullets(plain(page.output.shown(one.error)) for one in pair.unreadable)
    yield from split_section(pair, 2)
    if len(pair.machines) == 1:
        yield from _machine_blocks(pair.machines[0], (), page, 2)
        return
    yield _apart(pair)
    yield from hosts_section(pair.machines, 2)
    others = _on_other_machines(pair)
    for on in pair.machines:
        if on not in others:
            yield heading(2, f"O{_on(on)[1:]}")
            yield from _machine_blocks(on, others, page, 3)
    if others:
        yield heading(2, "On other machines")
        yield bullets(
            f"{link(_on(on), f'{on.folder}.md')}, {days(map(_started, on.shown))}: "
            f"{headline(on.shown)}"
            for on in others
        )


def _on_other_machines(pair: PairRuns) -> list[OnMachine]:
    """Those of all machines but the one that measured last."""
    last = max(pair.machines, key=lambda on: max(_started(one) for one in on.shown))
    return [on for on in pair.machines if on.machine.name != last.machine.name]


def _started(one: Shown) -> str:
    return one.run.manifest.started_at


def _apart(pair: PairRuns) -> str:
    """What keeps the sections of a page from being one."""
    machines = len({on.machine.name for on in pair.machines})
    ways = list(dict.fromkeys(code(f"--deps {on.dependencies}") for on in pair.machines))
    parts = [f"on {machines} machines"] if machines > 1 else []
    parts += [f"with other dependencies ({joined(ways)})"] if len(ways) > 1 else []
    return f"Measured {joined(parts)}: times are never pooled, and each is shown by itself."


def _on(on: OnMachine) -> str:
    way = f" with {code(on.setting)}" if on.setting else ""
    return f"on {on.machine.name}{way}"


def _about(pair: PairRuns, page: Page) -> str:
    shown = [one for on in pair.machines for one in on.shown]
    pythons = list(dict.fromkeys(one.run.manifest.whole_python for one in shown))
    when = days(map(_started, shown))
    machines = dict.fromkeys(
        f"{plain(on.machine.cpu_model)}, {counted(on.machine.cpus, 'CPU')}" for on in pair.machines
    )
    index = link("all results", page.link_to(page.output.root / "README.md"))
    layer = plain(joined(pair.layers))
    where = joined(list(machines))
    ways = dict.fromkeys(on.dependencies for on in pair.machines)
    usual = list(ways) == [Options().dependencies]
    deps = "" if usual else f" · {joined([code(f'--deps {way}') for way in ways])}"
    return f"{layer} · Python {joined(pythons)}{deps} · {when} · {where} · {index}"


def _machine_blocks(
    on: OnMachine, others: Sequence[OnMachine], page: Page, level: int
) -> Iterator[str]:
    shown = on.shown
    said = headline(shown)
    yield said
    for one in shown:
        if one.evaluation.doubtful:
            warning = prose(control_warning(one.run, one.evaluation))
            yield f"> ⚠ {one.name}: {warning}"
    yield conditions(shown)
    forest = forest_of(f"{shown[0].run.manifest.target} {_labels(shown)}: time, head/base", shown)
    picture = page.picture(f"{on.folder}/ratios.svg", forest, draw_forest)
    yield image(_alternative(said), picture)
    places = places_of(shown, [row.name for row in forest.rows])
    pythons = list(dict.fromkeys(one.python for one in shown))
    doubtful = {one.python for one in shown if one.evaluation.doubtful}
    yield comparison_table(places, pythons, doubtful)
    yield _ABOUT_CHANGE
    yield means_table(shown)
    found = cautions(on, page.output.calibrations_of(shown[0].run.manifest.target))
    if found:
        yield heading(level, "Read with care")
        yield bullets(found)
    yield from _stacks(shown, page, level)
    yield from _reasons(shown, level)
    yield from more_tables(shown, places, pythons)
    yield heading(level, "Repeat it")
    yield repeat_commands(shown)
    raw = [link(f"raw data, {plain(one.name)}", page.link_to(one.run.folder)) for one in shown]
    pages = [link(name, f"{name}.md") for name in ("counters", "rounds", "method")]
    pages.append(link("environments", environments_file(on, others)))
    yield " · ".join((*pages, page.docs("measure.md", "how it is measured"), *raw))


def _labels(shown: Sequence[Shown]) -> str:
    pair = shown[0].run.manifest.pair
    return pair.shown.replace("..", " → ")


def _alternative(said: str) -> str:
    """The headline as the text for those who cannot see the picture."""
    return "Ratios with intervals. " + re.sub(r"[*`\[\]\\]", "", said)


def _stacks(shown: Sequence[Shown], page: Page, level: int) -> Iterator[str]:
    """Whole commands of this pair that were traced: their pages say where the time goes."""
    manifest = shown[0].run.manifest
    here = manifest.target, manifest.pair.label, manifest.machine.name
    names = {result.name for one in shown for result in one.results}
    found = [
        record
        for record in page.output.stacks
        if (record.target, record.pair.label, record.machine.name) == here
        and record.scenario in names
    ]
    if found:
        yield heading(level, "Does it matter to a user?")
        yield bullets(
            f"{link(plain(record.scenario), page.link_to(page.output.root / stack_file(record)))}, "
            f"a whole command on Python {plain(record.python)}, recorded apart from the rounds: "
            f"{summary(record)}"
            for record in found
        )


def _reasons(shown: Sequence[Shown], level: int) -> Iterator[str]:
    found = reasons_of(shown)
    if found:
        yield heading(level, "Why?")
        lines = [f"{code(name)}: {words}" for name, words in found[:_MOST_REASONS]]
        more = len(found) - _MOST_REASONS
        lines += [f"{more} more: [counters](counters.md)"] if more > 0 else []
        yield bullets([*lines, *without_reason(shown, {name for name, _ in found})])
