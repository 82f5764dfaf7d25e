"""The page of a bisection: the commit that did it, and how that was decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.explain.attribute.standing import AttributionProgress
from bench.explain.bisect.record import BisectionTold
from bench.explain.bisect.search import BisectEnding, Purpose
from bench.explain.bisect.stored import BISECTIONS
from bench.formats.markdown import (
    bullets,
    code,
    collapsed,
    heading,
    image,
    link,
    plain,
    prose,
    table,
)
from bench.formats.text import change, counted, day, effect, share
from bench.report.bisect.decisions import (
    COLUMNS,
    decisions_of,
    found_words,
    others_words,
    stepped_around,
    subject_of,
    suspects,
    times_words,
)
from bench.report.bisect.narrowing import draw_narrowing, narrowing_words
from bench.report.journal_pages import JournalPages, ShownRecords, repeat_section
from bench.report.output import Output, Page


def bisect_page(bisection: BisectionTold) -> str:
    """The page, from `results/` on."""
    asked = bisection.asked
    name = f"{asked.pair.label}-{asked.benchmark}-py{asked.python}"
    name += f"-{asked.wanted}" if asked.wanted else ""
    return f"{BISECTIONS.folder}/{asked.target}/{name}.md"


def pairs_of_questions(bisection: BisectionTold) -> set[tuple[str, str]]:
    """(target, label) of the pairs that answer single questions; that of the ends is whole."""
    return {
        (bisection.asked.target, one.run.pair)
        for one in bisection.measured
        if one.run is not None and one.purpose is not Purpose.ENDS
    }


def _index_row(page: str, bisection: BisectionTold) -> list[str]:
    asked = bisection.asked
    named, size = "–", "–"
    if bisection.reach is not None and not bisection.reach.failure:
        outcome = bisection.known().outcome
        numbers = bisection.commits(outcome.candidates)
        named = plain(subject_of(bisection, numbers)) if numbers else str(outcome.ending)
        size = change(outcome.step or outcome.whole)
    return [
        plain(asked.target),
        link(asked.pair.label, page),
        code(asked.benchmark),
        asked.python,
        named,
        size,
        day(asked.started_at),
        str(bisection.progress),
    ]


def write_bisect_pages(output: Output) -> ShownRecords[BisectionTold]:
    """Write the page of the newest of each question; what is damaged is a problem."""
    return BISECT_PAGES.write(output, _blocks)


BISECT_PAGES = JournalPages(
    store=BISECTIONS, page_of=bisect_page, parts_of=pairs_of_questions, row_of=_index_row
)


def _blocks(bisection: BisectionTold, file: Path, page: Page) -> Iterator[str]:
    asked = bisection.asked
    way = {"": "changed", "slower": "slowed down", "faster": "sped up"}[asked.wanted]
    yield heading(1, f"{asked.target} {asked.pair.label}: which commit {way} {asked.benchmark}")
    yield from _found(bisection)
    if bisection.progress is not AttributionProgress.DONE:
        yield f"The bisection is {bisection.progress.words}: the command below goes on with it."
    reach = bisection.reach
    if reach is not None and not reach.failure:
        yield _reached(bisection)
        rows = [one.row(number) for number, one in enumerate(decisions_of(bisection), 1)]
        if rows:
            yield _picture(bisection, page)
            yield heading(2, "What was asked, and what followed")
            yield table(COLUMNS, [_cells(row) for row in rows], numbers=False)
        yield from _proofs(bisection)
        yield heading(2, "How to read it")
        yield method_words(bisection)
    yield from repeat_section(bisection, file, page)


def _picture(bisection: BisectionTold, page: Page) -> str:
    asked = bisection.asked
    file = page.file.with_suffix(".svg")
    title = f"{asked.benchmark} on Python {asked.python}: where the change may be"
    caption = f"{asked.target} {asked.pair.label}: {found_words(bisection)}"
    page.output.write(file, draw_narrowing(title, caption, bisection))
    return image(plain(narrowing_words(bisection)), file.name)


def _cells(row: list[str]) -> list[str]:
    return [row[0], code(row[1]), *map(prose, row[2:])]


def _found(bisection: BisectionTold) -> Iterator[str]:
    """What a reader came for."""
    asked = bisection.asked
    what = code(asked.words or asked.benchmark)
    times = times_words(bisection)
    yield f"**{prose(found_words(bisection))}.**"
    yield f"{what} on Python {asked.python}" + (f", {times} from base to head." if times else ".")
    if bisection.reach is None or bisection.reach.failure:
        return
    outcome = bisection.known().outcome
    found = suspects(bisection)
    if len(found) > 1:
        yield bullets(
            f"{code(one.label)} {plain(one.subject)}" + f": {words}" * bool(words)
            for number, words in found.items()
            for one in [asked.revision(number)]
        )
    if outcome.ending is BisectEnding.NAMED and len(found) > 1:
        yield "They cannot be told apart: what lies between them could not be measured."
    others = others_words(bisection)
    if others:
        yield bullets(map(prose, others))


def _reached(bisection: BisectionTold) -> str:
    asked, reach = bisection.asked, bisection.reach
    assert reach is not None
    commits, proved = len(asked.commits), len(reach.proved)
    words = f"{counted(commits, 'commit')} along first parents"
    if asked.proving:
        words += f", {proved} of which contribute exactly nothing, as is proved"
    words += f"; {commits - proved} may matter."
    for index, why in reach.outside.items():
        label = code(asked.revision(index).label)
        words += f" At {label} it {prose(why)}: searched is where it works."
    around = stepped_around(bisection)
    if around:
        words += " Stepped around, as they could not be measured:"
        return f"{words}\n\n" + bullets(
            f"{code(asked.revision(number).label)}: {prose(why)}"
            for number, why in sorted(around.items())
        )
    return words


def _proofs(bisection: BisectionTold) -> Iterator[str]:
    reach = bisection.reach
    assert reach is not None
    if reach.proved:
        lines = [
            f"{code(one.label)} {plain(one.subject)}: {why}"
            for number, why in sorted(reach.proved.items())
            for one in [bisection.asked.revision(number)]
        ]
        title = f"{counted(len(lines), 'commit')} proved to contribute nothing"
        yield collapsed(title, bullets(lines))


def method_words(bisection: BisectionTold) -> str:
    """How questions and answers are to be read."""
    asked = bisection.asked
    return (
        "Each line is an ordinary pair with its own rounds, the later commit over the earlier. "
        "First the ends are compared, then commits with the base: *like the base* and *like the "
        "head* mean within a quarter of the change of the ends. The next pair is always the one "
        "whose answer is least foreseen. *Left* are the fewest commits of which one did it, with "
        "their probability. A commit is named once it was measured against its own neighbour and "
        f"has a probability of at least {share(1 - asked.error)}. This rests on a model: one to "
        "three commits have a step and the others drift by no more than a tenth of the change "
        f"together. Changes below {effect(asked.least)} are not looked for. Of several steps the "
        "largest is meant that goes the way of the ends; steps that cancel between two "
        "measured commits are not seen."
    )
