"""What a machine found on top of a revision: step by step, its memory, and what did not pay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from bench.core.verdict import Verdict
from bench.explain.optimize.record import Gain, StepRecord
from bench.formats.markdown import bullets, code, image, link, plain, prose, table
from bench.formats.text import before_after, change, counted, joined, magnitude, seconds
from bench.report.case.evidence import ByMachine
from bench.report.case.stack_sections import waits_blocks
from bench.report.optimize.gains import best, predictions_of
from bench.report.optimize.optimize_page import (
    SHIFT,
    STEPS,
    optimize_page,
    recorded_shift,
    shift_words,
)
from bench.report.optimize.pull_request import change_words
from bench.report.optimize.steps_sections import dropped_lines
from bench.report.optimize.whole_sections import ended_words
from bench.report.output import Page
from bench.report.pair.headline import by_benchmark
from bench.report.pair.memory_words import memory_sentences

_MOVED = 3
_STEPS, _DROPPED = 12, 2  # of the first optimisation
_STEPS_OF_OTHERS = 3


def machine_blocks(
    one: ByMachine, traced: str, page: Page, *, in_full: bool = True
) -> Iterator[str]:
    """From the steps to what did not pay; `traced` is the scenario that has a column."""
    optimization = one.optimization
    most = _STEPS if in_full else _STEPS_OF_OTHERS
    target = page.link_to(page.output.root / optimize_page(optimization))
    kept, dropped = len(optimization.kept), len(optimization.dropped)
    yield (
        f"{counted(kept, 'change')} kept of {kept + dropped} tried, on branch "
        f"{code(optimization.asked.branch)}, each a commit on top of the one before "
        f"({link('the branch, every place and check', target)})."
    )
    if optimization.kept:
        yield _steps(one, traced, most)
        yield " ".join((*_together(one), *(_memory(one) if in_full else ())))
        if in_full:
            yield _moved(one)
            yield from _shift(one, page)
    if one.stack:
        yield from waits_blocks(one.stack, page)
    if optimization.dropped and in_full:
        yield "What did not pay:"
        yield bullets(dropped_lines(optimization, _DROPPED))
        if dropped > _DROPPED:
            more = dropped - _DROPPED
            yield f"{more} more {'is' if more == 1 else 'are'} on its page."


def endings(machine: Iterable[ByMachine]) -> Iterator[str]:
    """How the optimisations ended, those that ended alike together: a sentence each."""
    titles = defaultdict[str, list[str]](list)
    for one in machine:
        titles[ended_words(one.optimization)].append(one.title)
    for words, on in titles.items():
        yield f"On {joined(on)}: {words}"


def steps_picture(one: ByMachine, page: Page) -> str:
    """The picture of what each step saved, where its page has it; "" elsewhere."""
    chosen, picture = best(one.courses), _picture(one, STEPS, page)
    if chosen is None or not picture:
        return ""
    words = one.optimization.asked.words.get(chosen.scenario, chosen.scenario)
    sizes = [f"{step.step.title} {magnitude(step.ratio)}" for step in chosen.steps[:3]]
    told = before_after(chosen.base_s, chosen.after_s)
    return image(plain(f"{words}: {told}, step by step: {', '.join(sizes)}"), picture)


def _picture(one: ByMachine, name: str, page: Page) -> str:
    folder = page.output.root / optimize_page(one.optimization).removesuffix(".md")
    file = folder / name
    return page.link_to(file) if file in page.output.written else ""


def _steps(one: ByMachine, traced: str, most: int) -> str:
    """A row a step: what changed most, and what it did to the whole command."""
    kept = one.optimization.kept
    measured = {gain.scenario for step in kept for gain in step.gains}
    has_whole = traced in measured and len(measured) > 1
    columns = ["step", "changed most", *([plain(traced)] if has_whole else [])]
    rows = []
    for step in kept[:most]:
        row = [f"{step.number} {prose(step.title)}", _most(step)]
        rows.append([*row, _of(step, traced)] if has_whole else row)
    found = table(columns, rows)
    more = len(kept) - most
    return f"{found}\n\n{counted(more, 'more step')} on its page." if more > 0 else found


def _most(step: StepRecord) -> str:
    known = [one for one in step.gains if one.interval is not None]
    if not known:
        return "–"
    most = min(known, key=lambda one: one.interval.ratio if one.interval else 1.0)
    return f"{code(most.scenario)} {_size(most)} ({most.python})"


def _of(step: StepRecord, scenario: str) -> str:
    gains = [one for one in step.gains if one.scenario == scenario]
    return _size(gains[-1]) if gains else "–"


def _size(gain: Gain) -> str:
    words = f"{before_after(gain.base_s, gain.head_s)}, {change_words(gain)}"
    return f"{words}, undecided" if gain.verdict is Verdict.UNDECIDED else words


def _together(one: ByMachine) -> Iterator[str]:
    """The steps beside the whole, and the predictions."""
    chosen = best(one.courses)
    if chosen is not None and chosen.agrees is not None and chosen.whole is not None:
        fits = "agree" if chosen.agrees else "do **not** agree"
        yield (
            f"{code(chosen.scenario)} on {chosen.python}: all steps multiplied {change(chosen.sum)}"
            f", the whole measured by itself {change(chosen.whole.interval)}: they {fits}."
        )
    known = [each for each in predictions_of(one.optimization) if each.saved_s is not None]
    if known:
        inside = sum(each.is_inside for each in known)
        yield f"Inside the interval of what was saved: {inside} of {len(known)} predictions."


def _memory(one: ByMachine) -> Iterator[str]:
    """The verdicts on peak memory, by the rounds of the whole."""
    if one.whole is None:
        return
    found = {
        each.name: each.results
        for on in one.whole.runs.machines
        for each in by_benchmark(on.shown, lambda result: not result.is_control)
    }
    told = list(memory_sentences(found))
    is_judged = any(row.memory for rows in found.values() for row in rows.values())
    yield from told or (["Memory: no certain change."] if is_judged else [])


def _moved(one: ByMachine) -> str:
    """What is deferred is not saved where it is needed: the largest of it; "" for nothing."""
    uses = one.optimization.first_uses
    told = [
        f"{code(use.module)} {seconds(use.takes_s)}"
        + (f" in {code(use.scenario)}" if use.scenario else " in none of these scenarios")
        for use in uses[:_MOVED]
    ]
    more = len(uses) - len(told)
    words = joined([*told, f"{more} more"] if more > 0 else told)
    moved = "The cost that moved, to where a deferred module is first needed"
    return f"{moved}: {words}." if words else ""


def _shift(one: ByMachine, page: Page) -> Iterator[str]:
    recorded = recorded_shift(one.optimization, one.courses)
    picture = _picture(one, SHIFT, page)
    if recorded is None or not picture:
        return
    words = shift_words(one.optimization, *recorded)
    yield image(f"What is no longer imported: {words.replace('`', '')}", picture)
