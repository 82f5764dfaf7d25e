"""Opportunities of a revision: one page, ranked by predicted saving, with what was verified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.core.errors import DataError
from bench.core.program import session
from bench.core.target import Kind, word_of
from bench.explain.rank.ranking import (
    FOLDER,
    Excluded,
    Opportunity,
    Ranking,
    Verification,
    read_rankings,
)
from bench.formats.figure_style import MARKER
from bench.formats.markdown import (
    bullets,
    code,
    collapsed,
    fenced,
    heading,
    link,
    plain,
    prose,
    table,
)
from bench.formats.tables import render
from bench.formats.text import counted, day, joined, seconds, share
from bench.report.output import Output, Page
from bench.report.pair.gate_section import tests_section
from bench.report.rank.patterns_section import patterns_section, screen_rows
from bench.report.validate.accuracy_page import (
    PREDICTION_COLUMNS,
    not_confirmed,
    predicted_and_measured,
)

_MOST_ROWS = 40
_MOST_CUTS = 6
_PACKAGE_COLUMNS = (
    "package", "itself", "modules", "removed by deferring", "saves", "deferrable",
)  # fmt: skip
_KEPT_COLUMNS = ("import", "name", "would save besides", "reason")
_COLUMNS = ("import", "Shapley share", "saved alone", "leave-one-out", "importtime")


def rank_page(ranking: Ranking) -> str:
    """The page of a ranking, from `results/` on."""
    return f"{FOLDER}/{ranking.target}/{ranking.label}.md"


def write_rank_pages(output: Output) -> list[list[str]]:
    """Write the pages of all rankings under `data/`; of each scenario the newest one is shown.

    Returns what the index says of them, in its `RANKING_COLUMNS`. What can't be read is among the
    output's problems.
    """
    pages: dict[str, dict[tuple[str, str], tuple[Path, Ranking]]] = defaultdict(dict)
    for file, found in read_rankings(output.data):
        if isinstance(found, DataError):
            output.problems.append(found)
        else:
            pages[rank_page(found)][found.python, found.scenario.name] = (file, found)
    rows = []
    for name, scenarios in sorted(pages.items()):
        page = output.page(name)
        shown = [scenarios[key] for key in sorted(scenarios)]
        with output.guarded(shown[-1][0]):
            page.write(_blocks(shown, page))
            rows += [_index_row(name, ranking) for _, ranking in shown]
    return rows


def _index_row(page: str, ranking: Ranking) -> list[str]:
    part = share(ranking.saved_s / ranking.of_s)
    return [
        plain(ranking.target),
        link(ranking.label, page),
        plain(ranking.scenario.name),
        ranking.environment.provenance.python,
        seconds(ranking.of_s),
        f"{seconds(ranking.saved_s)} ({part})" if ranking.best_s else "none",
        day(ranking.made_at),
        plain(ranking.machine.name),
    ]


def summary(ranking: Ranking) -> str:
    """The result on a screen: the statements by share, and what was verified."""
    rows = [
        [f"{one.file}:{one.line}", *_worth_cells(one, ranking.scale)]
        for one in ranking.opportunities
    ]
    lines = [
        f"{ranking.target} {ranking.label}, {ranking.scenario.name}, Python {ranking.python}: "
        f"{_sum_words(ranking)}"
    ]
    if rows:
        lines.append(render(_COLUMNS[:-1], rows, "simple"))
    lines += [_screen_words(one) for one in ranking.checks]
    lines += [f"left out: {_excluded_words(one)}" for one in ranking.excluded]
    lines += [screen_rows(ranking), *ranking.problems]
    return "\n".join(filter(None, lines))


def _blocks(shown: Sequence[tuple[Path, Ranking]], page: Page) -> Iterator[str]:
    first = shown[0][1]
    revision = first.environment.revision
    yield heading(1, f"{plain(first.target)} {_revision_words(first)}: opportunities")
    yield (
        f"{prose(revision.subject or revision.name)} ({revision.date[:10]}). Imports that a "
        "scenario carries out but does not need, ranked by what deferring them saves. Savings are "
        "of *sets*: a module that two statements import is no longer imported only when both are "
        "deferred. The *Shapley shares* add up to the whole; *saved alone* is what deferring only "
        "this statement saves, *leave-one-out* what is lost when only this one stays: predictions "
        "for the processes that were timed. *importtime* is what `-X importtime` shows for it. All "
        "times are CPU time."
    )
    for file, ranking in shown:
        yield heading(2, f"{plain(ranking.scenario.name)}, Python {ranking.python}")
        yield from _scenario(file, ranking, page)
    yield heading(2, "Repeat it")
    names = " ".join(f"--scenario {one.scenario.name}" for _, one in shown)
    hot = " --hot" if any(one.hot for _, one in shown) else ""
    command = session("rank", f"{word_of(first.target)} {revision.name} {names}{hot}")
    yield fenced(command, "sh")


def _revision_words(ranking: Ranking) -> str:
    """The revision's short name, and what was asked for where that is another name."""
    name = ranking.environment.revision.name
    asked = "" if ranking.label.startswith(name) else f" ({code(name)})"
    return plain(ranking.label) + asked


def _scenario(file: Path, ranking: Ranking, page: Page) -> Iterator[str]:
    if ranking.scenario.kind is Kind.SCRIPT:
        one = ranking.scenario
        what = f"suite's {code(one.suite)}" if one.is_suite else f"pyperf script {code(one.script)}"
        yield (
            f"A value of the {what} takes "
            f"{seconds(ranking.process_s)} of CPU time; all times here are parts of it. The "
            "script's imports are outside what it times and not ranked."
        )
    else:
        yield from _imports(file, ranking, page)
    yield from patterns_section(ranking, 3)
    yield (
        f"Measured {ranking.made_at[:16].replace('T', ' ')} UTC on {plain(ranking.machine.name)} "
        f"in {sum(ranking.steps_s.values()):.0f} s ({link('raw data', page.link_to(file))})."
    )
    yield bullets(map(plain, ranking.problems))


def _imports(file: Path, ranking: Ranking, page: Page) -> Iterator[str]:
    words = " ".join(ranking.scenario.command) or ranking.scenario.import_statement
    yield f"{code(words)}: {_parts_words(ranking)}. {_sum_words(ranking)} {_rest_words(ranking)}"
    if ranking.opportunities:
        yield table(_COLUMNS, [_row(one, ranking.scale) for one in ranking.opportunities])
        if ranking.small:
            yield (
                f"{counted(ranking.small, 'statement')} of the set below 0.5 ms or 1%: shown with "
                f"{code('--all')}."
            )
        yield bullets(map(_change, ranking.opportunities))
        yield _lazily_words(ranking)
        yield _patch_words(file, ranking, page)
    yield from _proofs(ranking)
    yield from _verified(ranking)
    if ranking.gate is not None:
        yield "Tests: *base* is the revision as it is, *head* the same with the patch."
        yield tests_section(ranking.gate, 3)
    yield from _costs(ranking)


def _parts_words(ranking: Ranking) -> str:
    """What the process's CPU time consists of; medians need not add up, so nothing below zero."""
    rest_s = ranking.process_s - ranking.bare_s - ranking.imports_s
    return (
        f"{seconds(ranking.process_s)} of CPU time (medians of {ranking.runs} runs) = "
        f"{seconds(ranking.bare_s)} interpreter + {seconds(ranking.imports_s)} imports "
        f"({counted(ranking.modules, 'module')} beyond the interpreter's own)"
        + (f" + {seconds(rest_s)} the program itself" if rest_s > 0 else "")
    )


def _sum_words(ranking: Ranking) -> str:
    if ranking.scenario.kind is Kind.SCRIPT:
        return "a script: imports are not ranked."
    if not ranking.best_s:
        works = " and break nothing" * bool(ranking.excluded)
        return f"No deferrable import would save time{works}."
    statements = counted(len(ranking.opportunities) + ranking.small, "statement")
    part = share(ranking.saved_s / ranking.of_s)
    if not ranking.is_measured:
        return f"Predicted saving: {seconds(ranking.saved_s)} ({part}), by deferring {statements}."
    return (
        f"Deferring {statements} saves {seconds(ranking.saved_s)} of {seconds(ranking.of_s)} "
        f"({part}), as measured; predicted were {seconds(ranking.predicted_s)}."
    )


def _rest_words(ranking: Ranking) -> str:
    """What would remain, and what is not worth deferring."""
    others = ranking.candidates - len(ranking.opportunities) - ranking.small
    left, bare = ranking.of_s - ranking.saved_s, ranking.scale * ranking.bare_s
    words = [f"{seconds(left)} would remain, {seconds(bare)} of them the bare interpreter's."]
    if others:
        more = seconds(ranking.scale * (ranking.everything_s - ranking.best_s))
        words.append(
            f"{ranking.candidates} of {ranking.statements} own import statements can be deferred; "
            f"{others} of these are left out, as all together they would save {more} more."
        )
    return " ".join(words)


def _row(one: Opportunity, scale: float) -> list[str]:
    return [
        code(f"{one.file}:{one.line}"),
        *_worth_cells(one, scale),
        seconds(scale * one.cumulative_s),
    ]


def _worth_cells(one: Opportunity, scale: float) -> list[str]:
    return [seconds(scale * taken) for taken in (one.share_s, one.alone_s, one.leave_one_out_s)]


def _change(one: Opportunity) -> str:
    words = f"{code(f'{one.file}:{one.line}')} {prose(one.change)}."
    if one.ruff:
        words += f" ruff: {joined(one.ruff)}."
    if one.risks:
        words += f" What could break: {prose('; '.join(one.risks).rstrip('?'))}."
    return words


def _lazily_words(ranking: Ranking) -> str:
    """What Python 3.15 says of the set; "" below."""
    needed, whole = ranking.needed_lazily, len(ranking.opportunities) + ranking.small
    if needed is None:
        return ""
    others = f", but for {joined([code(one) for one in needed])}" if needed else ""
    return (
        f"A second witness: a run in which all imports of the project were lazy "
        f"({code('-X lazy_imports=all')} with a filter for its modules) never needed what these "
        f"{counted(whole, 'statement')} import either{others}."
    )


def _patch_words(file: Path, ranking: Ranking, page: Page) -> str:
    """Says where the patch is, and puts it there from beside the data, if that has one."""
    name = f"{ranking.label}-{ranking.scenario.name}-py{ranking.python}.patch"
    stored = file.with_suffix(".patch")
    if stored.exists():
        remark = f"# {MARKER}: changes made here are lost\n".encode()
        page.output.write(page.file.parent / name, remark + stored.read_bytes())
    return (
        f"{code('rank')} also writes the whole change as a patch beside this page ({code(name)}), "
        "for `git apply` in the root of the project's clone. It holds the project's code and is "
        "not in Git."
    )


def _proofs(ranking: Ranking) -> Iterator[str]:
    """What the set was checked for, and what had to be taken out of it."""
    if ranking.proofs:
        yield "With these imports deferred:"
        yield bullets(f"{plain(one.name)}: {prose(one.words)}." for one in ranking.proofs)
    if ranking.excluded:
        yield heading(3, "Left as they are, since something would break")
        yield bullets(prose(_excluded_words(one)) for one in ranking.excluded)


def _excluded_words(one: Excluded) -> str:
    names = ", ".join(f"`{name}`" for name in one.names)
    first = one.words.partition("\n")[0]
    return f"`{one.file}:{one.line}` {names} ({one.check}): {first}"


def _verified(ranking: Ranking) -> Iterator[str]:
    if not ranking.checks:
        return
    yield heading(3, "Verified by running it")
    yield (
        "A copy with these imports deferred, and an unchanged one, were both run. Instructions, "
        "without garbage collections, are predicted in proportion to CPU time. *importtime "
        "promises* what the cumulative column of `-X importtime` shows for the same statements. "
        "CPU time is compared in rounds of both copies: a saving there is of the time that the "
        "unchanged copy takes in these rounds."
    )
    columns = ("deferred", *PREDICTION_COLUMNS, "CPU time: predicted", "saved")
    yield table(columns, [_verification_row(one, ranking.scale) for one in ranking.checks])
    yield bullets(
        f"{code(one.words)}: {words}" for one in ranking.checks if (words := not_confirmed(one))
    )


def _verification_row(one: Verification, scale: float) -> list[str]:
    predicted_s = scale * one.saving_s
    return [code(one.words), *predicted_and_measured(one), seconds(predicted_s), _time_words(one)]


def _time_words(one: Verification) -> str:
    if one.base_s is None:
        return "–"
    if one.measured_s is None or one.interval is None:
        return f"undecided, of {seconds(one.base_s)} (too few, {one.rounds} rounds)"
    low, high = (one.base_s * (1 - limit) for limit in (one.interval.high, one.interval.low))
    return (
        f"{seconds(one.measured_s)} of {seconds(one.base_s)} "
        f"({seconds(low)} … {seconds(high)}, {one.rounds} rounds)"
    )


def _screen_words(one: Verification) -> str:
    if one.failed:
        return f"{one.words}: {one.failed}"
    _, modules, _, instructions, *_ = predicted_and_measured(one)
    return (
        f"{one.words}: {one.modules_predicted} modules predicted, {modules} no longer imported; "
        f"{instructions} instructions saved; CPU time {_time_words(one)}"
    )


def _costs(ranking: Ranking) -> Iterator[str]:
    if ranking.packages:
        yield heading(3, "Expensive packages and their importers")
        rows = [
            [
                code(one.name),
                seconds(one.own_s),
                str(one.modules),
                _cut_words(one.cut),
                seconds(one.saving_s),
                "yes" if one.deferrable else "no",
            ]
            for one in ranking.packages
        ]
        yield table(_PACKAGE_COLUMNS, rows)
    if ranking.top_level:
        yield heading(3, "Work at import time")
        yield (
            "Statements at the top level of the project's own modules, imports aside. *removed*: "
            "the set above defers the whole module."
        )
        rows = [
            [code(f"{one.file}:{one.line}"), seconds(one.cost_s), "yes" if one.removed else "no",
             plain(one.kind), prose(one.advice)]
            for one in ranking.top_level[:_MOST_ROWS]
        ]  # fmt: skip
        yield table(("line", "CPU time", "removed", "statement", "to try"), rows, numbers=False)
    if ranking.kept:
        rows = [
            [code(f"{one.file}:{one.line}"), code(one.name), seconds(one.saving_s),
             f"{plain(one.reason)} (line {one.use_line})"]
            for one in ranking.kept[:_MOST_ROWS]
        ]  # fmt: skip
        yield collapsed("Imports that cannot be deferred", table(_KEPT_COLUMNS, rows))


def _cut_words(cut: Sequence[str]) -> str:
    """The statements whose deferral removes a package; of many a few, as nobody defers them all."""
    if len(cut) <= _MOST_CUTS:
        return ", ".join(map(code, cut)) or "no own imports"
    return f"{', '.join(map(code, cut[: _MOST_CUTS // 2]))} and {len(cut) - _MOST_CUTS // 2} more"
