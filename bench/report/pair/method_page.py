"""How the figures of a pair came about: designs, rounds, levels, runs."""

from __future__ import annotations

from collections.abc import Iterator

from bench.core.result import Result
from bench.engine.statistics.few_rounds import smallest_p
from bench.engine.store.run import Run
from bench.formats.markdown import bullets, code, heading, link, plain, prose, table
from bench.formats.tables import detectable_words
from bench.formats.text import (
    DETECTABLE,
    confidence,
    counted,
    day,
    duration,
    effect,
    joined,
    plus_minus,
    probability,
    share,
    source_words,
)
from bench.report.output import Page
from bench.report.pair.floor_notes import floor_notes
from bench.report.select_runs import Evaluated, PairRuns, Shown, agreement
from bench.validate.calibration.lookup import fitting

_COLUMNS = ("benchmark", "design", "why", "deciding rounds", "size from", "noise per round",
            "p-value", "stopped because")  # fmt: skip


_LARGE_RATIO = 1.2
_ABOUT_RULE = (
    "Large-effect rule: each of at least 6 rounds changed by 1.5x or more in one direction, and "
    "the ranges of the two sides do not overlap. It ends the measuring before the first interim "
    "analysis, without a signed-rank test, so there is no p-value."
)
_ABOUT_DETECTABLE = (
    f"The {DETECTABLE} is that of unchanged code, whose rounds scatter less than those of a large "
    f"change, so it is left out beside changes of {_LARGE_RATIO:g}x and more."
)


def write_method_page(pair: PairRuns, page: Page, title: str) -> None:
    """Write the page."""
    page.write(_blocks(pair, page, title))


def _blocks(pair: PairRuns, page: Page, title: str) -> Iterator[str]:
    yield heading(1, f"Method of {title}")
    yield page.back()
    yield (
        f"{page.docs('measure.md', 'How it is measured')} explains designs, estimates, intervals "
        "and verdicts. *Before* and *after* are medians of each side; a change is estimated from "
        "the ratios of single rounds, so it can differ a little from the medians' quotient. Noise "
        "is the robust standard deviation of ln(head/base) over the deciding rounds."
    )
    for on in pair.machines:
        for one in on.shown:
            yield heading(2, f"{one.name}, {on.machine.name}")
            yield from _run(one, page)


def _run(one: Shown, page: Page) -> Iterator[str]:
    fit = fitting(one.run, page.output.calibrations_of(one.run.manifest.target))
    detectable = fit.detectable(one.run, one.evaluation.level) if fit else {}
    rows = [
        [*_obtained(one, result), *([_detectable(result, detectable)] if detectable else [])]
        for result in one.evaluation.results
    ]
    columns = (*_COLUMNS, DETECTABLE) if detectable else _COLUMNS
    yield table(columns, rows, numbers=False)
    notes = [*map(prose, floor_notes(one.run, fit))]
    if detectable and any(map(_is_large, one.evaluation.results)):
        notes.append(_ABOUT_DETECTABLE)
    if any(result.large_effect for result in one.evaluation.results):
        notes.append(_ABOUT_RULE)
    yield bullets([_levels(one), *notes, *_runs(one, page)])


def _is_large(result: Result) -> bool:
    size = result.size
    return size is not None and not 1 / _LARGE_RATIO <= size.interval.ratio <= _LARGE_RATIO


def _detectable(result: Result, detectable: dict[str, float]) -> str:
    return "–" if _is_large(result) else detectable_words(detectable.get(result.name))


def _obtained(one: Evaluated, result: Result) -> list[str]:
    plan = one.run.probed(result.name)
    if result.design is None or result.metric is None or plan is None:
        return [code(result.name), *["–"] * 6, plain(result.reason)]
    return [
        code(result.name),
        f"{result.design}, {result.metric}",
        plain(plan.reason),
        f"{result.rounds} of at most {plan.maximum}",
        _size_from(result),
        share(result.noise),
        "large-effect rule" if result.large_effect else probability(result.p_value),
        plain(result.reason),
    ]


def _size_from(result: Result) -> str:
    words = source_words(result.size)
    if result.contention is not None:
        return f"{words}, as alone (contention {result.contention:.2f})"
    if result.size is None or result.size.design is result.design:
        return words
    return f"{words} (95%); verdict from {result.design}s"


def _levels(one: Shown) -> str:
    options, control = one.run.manifest.options, one.evaluation.control
    words = (
        f"At most a {options.alpha * 100:g}% chance that any *faster* or *slower* here is wrong, "
        f"over all {counted(one.evaluation.family, 'benchmark')}; each interval is one of "
        f"{confidence(one.evaluation.level)}. MEI: {effect(options.mei)}, "
        "unless a benchmark has its own."
    )
    if one.evaluation.memory_level is not None:
        words += (
            " Peak memory is judged by the same rounds, at planned numbers of them, with a part of "
            "that chance to itself: each interval of it is one of "
            f"{confidence(one.evaluation.memory_level)}. Its MEI: {effect(options.mei_memory)}, "
            "unless a benchmark has its own."
        )
    exact = sorted(_exact_rounds(one))
    if exact:
        words += (
            " The number of rounds of long benchmarks was fixed before the first, and one exact "
            f"test follows the last: {joined(exact)}; beside other benchmarks they are a family of "
            "their own, with half of the error rate."
        )
    if control is None or control.interval is None:
        return words
    return (
        f"{words} The interval of {code(control.name)}, the same program on both sides, is "
        f"{plus_minus(control.interval)}."
    )


def _exact_rounds(one: Evaluated) -> set[str]:
    """Benchmarks whose rounds were fixed before measuring, and the smallest p they can reach."""
    plans = [one.run.probed(result.name) for result in one.evaluation.results]
    return {
        f"{code(plan.benchmark)} {plan.maximum + plan.alone} rounds, at best "
        f"p = {probability(smallest_p(plan.maximum + plan.alone))}"
        for plan in plans
        if plan is not None and plan.exact
    }


def _runs(one: Shown, page: Page) -> Iterator[str]:
    """The run that is shown, then those of the same benchmarks that are not pooled with it."""
    yield f"Shown: {_run_words(one, page)}."
    for other in one.others:
        same, both = agreement(one, other)
        agree = f"{same} of {both} intervals overlap with those shown" if both else "no interval"
        yield f"Not shown: {_run_words(other, page)}: {agree}."


def _run_words(one: Evaluated, page: Page) -> str:
    manifest, closed = one.run.manifest, one.run.closed
    rounds = sum(len(one.run.rounds(result.name)) for result in one.evaluation.results)
    state = f"took {duration(closed.elapsed_s)}" if closed else "not complete"
    folder = link(manifest.run_id, page.link_to(one.run.folder))
    scope = counted(len(one.results), "benchmark")
    return (
        f"run {folder}, {day(manifest.started_at)}, {state}, {scope}, {counted(rounds, 'round')}, "
        f"by {_harness(manifest.harness)}{_chain(one.run)}"
    )


def _chain(run: Run) -> str:
    """The digest that stands for all lines of a run; runs of older formats have none."""
    return f"; digest of its last line {code(run.digest)}" if run.is_chained else ""


def _harness(harness: dict[str, str]) -> str:
    commit = harness.get("commit", "an unknown version")
    tools = ", ".join(f"{name} {value}" for name, value in harness.items() if name != "commit")
    return plain(f"bench {commit} ({tools})" if tools else f"bench {commit}")
