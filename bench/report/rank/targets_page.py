"""What to change next: one page a revision, ranked by predicted saving, with what came true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from bench.core.errors import DataError
from bench.core.target import Kind
from bench.explain.rank.analysis import FOLDER, Analysis, Check, Finding, read_analyses
from bench.formats.figure_style import MARKER
from bench.formats.layers_figure import draw_layers
from bench.formats.markdown import (
    bullets,
    code,
    collapsed,
    fenced,
    heading,
    image,
    link,
    plain,
    prose,
    table,
)
from bench.formats.tables import render
from bench.formats.text import counted, day, joined, millions, seconds, share
from bench.report.figures.imports_figure import imports_layers
from bench.report.output import Output, Page
from bench.report.pair.gate_section import tests_section
from bench.report.rank.patterns_section import patterns_section, screen_rows
from bench.report.validate.accuracy_page import is_next_to_nothing, off, predicted_and_measured

_KEPT = 40
_NOT_IN_DOCUMENT = ("environment", "machine", "nodes", "edges", "patch")
_MODULES = 12
_CUT = 6


def targets_page(analysis: Analysis) -> str:
    """The page of an analysis, from `results/` on."""
    return f"{FOLDER}/{analysis.target}/{analysis.label}.md"


def write_targets_pages(output: Output) -> list[list[str]]:
    """Write the pages of all analyses under `data/`; of each scenario the newest one is shown.

    Returns what the index says of them, in its `RANKING_COLUMNS`. What can't be read is among the
    output's problems.
    """
    pages: dict[str, dict[tuple[str, str], tuple[Path, Analysis]]] = defaultdict(dict)
    for file, found in read_analyses(output.data):
        if isinstance(found, DataError):
            output.problems.append(found)
        else:
            pages[targets_page(found)][found.python, found.scenario.name] = (file, found)
    rows = []
    for name, scenarios in sorted(pages.items()):
        page = output.page(name)
        shown = [scenarios[key] for key in sorted(scenarios)]
        page.write(_blocks(shown, page))
        output.write(page.file.with_suffix(".json"), _document([one for _, one in shown]))
        rows += [_index_row(name, analysis) for _, analysis in shown]
    return rows


def _document(shown: Sequence[Analysis]) -> bytes:
    """The page's figures for programs; all that was stored is under `data/`."""
    scenarios = []
    for analysis in shown:
        fields = msgspec.to_builtins(analysis)
        for name in _NOT_IN_DOCUMENT:
            del fields[name]
        scenarios.append({"revision": analysis.label, **fields})
    document = {"made": MARKER, "scenarios": scenarios}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _index_row(page: str, analysis: Analysis) -> list[str]:
    part = share(analysis.best_s / analysis.process_s)
    return [
        plain(analysis.target),
        link(analysis.label, page),
        plain(analysis.scenario.name),
        analysis.environment.provenance.python,
        seconds(analysis.process_s),
        f"{seconds(analysis.best_s)} ({part})" if analysis.best_s else "nothing",
        day(analysis.made_at),
        plain(analysis.machine.name),
    ]


def summary(analysis: Analysis) -> str:
    """The result on a screen: the statements by share, and what came true."""
    rows = [
        [f"{one.file}:{one.line}", *map(seconds, (one.share_s, one.alone_s, one.last_s))]
        for one in analysis.findings
    ]
    lines = [
        f"{analysis.target} {analysis.label}, {analysis.scenario.name}, Python {analysis.python}: "
        f"{_sum_words(analysis)}"
    ]
    if rows:
        lines.append(render(("import", "share", "alone", "last"), rows, "simple"))
    lines += [_check_words(one) for one in analysis.checks]
    lines += [screen_rows(analysis), *analysis.problems]
    return "\n".join(filter(None, lines))


def _blocks(shown: Sequence[tuple[Path, Analysis]], page: Page) -> Iterator[str]:
    first = shown[0][1]
    revision = first.environment.revision
    yield heading(1, f"{plain(first.target)} {plain(first.label)}: what to change next")
    yield (
        f"{plain(revision.subject or revision.name)} ({revision.date[:10]}). Imports that a "
        "scenario carries out but does not need, ranked by what deferring them saves. Savings are "
        "of *sets*: a module that two statements import goes only when both do. *Share* adds up "
        "to the whole; *alone* is what the statement saves by itself, *last* what is lost when it "
        "is left as it is; *importtime* what `-X importtime` would promise. All times are CPU time."
    )
    for (python, scenario), found in groupby(shown, lambda one: (one[1].python, one[1].scenario)):
        for file, analysis in found:
            yield heading(2, f"{plain(scenario.name)}, Python {python}")
            yield from _scenario(file, analysis, page)
    yield link("The same figures as JSON", f"{first.label}.json") + "."
    yield heading(2, "Do it again")
    names = " ".join(f"--scenario {one.scenario.name}" for _, one in shown)
    hot = " --hot" if any(one.hot for _, one in shown) else ""
    yield fenced(f"nox -s rank -- {first.target} {revision.name} {names}{hot}", "sh")


def _scenario(file: Path, analysis: Analysis, page: Page) -> Iterator[str]:
    if analysis.scenario.kind is Kind.SCRIPT:
        yield (
            f"A value of the pyperf script {code(analysis.scenario.script)} takes "
            f"{seconds(analysis.process_s)} of CPU time, and all times here are parts of it. What "
            "a script times has its imports behind it, so none are ranked."
        )
        yield from patterns_section(analysis, 3)
        yield from _small_print(file, analysis, page)
        return
    words = " ".join(analysis.scenario.command) or analysis.scenario.import_statement
    yield (
        f"{code(words)}: {seconds(analysis.process_s)} of CPU time, of which "
        f"{seconds(analysis.imports_s)} in {counted(analysis.modules, 'module')} beyond the bare "
        f"interpreter's (medians of {analysis.runs} runs). {_sum_words(analysis)} "
        f"{_rest_words(analysis)}"
    )
    if analysis.findings:
        yield table(
            ("import", "share", "alone", "last", "importtime"), [_row(f) for f in analysis.findings]
        )
        if analysis.small:
            yield f"{counted(analysis.small, 'statement')} of the set below 0.5 ms or 1%: `--all`."
        yield bullets(_change(one) for one in analysis.findings)
        yield _patch(analysis, page)
    if analysis.checks:
        yield heading(3, "Did it come true?")
        way = "by callgrind" if analysis.exact else "in proportion to CPU time"
        yield (
            "A copy with these imports deferred, beside a copy as it was, both run for real. "
            f"Instructions, without garbage collections, are predicted {way}"
            f"{_annotations_words(analysis.checks)}. *importtime "
            "says* what the cumulative column of `-X importtime` promises for the same statements."
        )
        yield table(_CHECK_COLUMNS, [_check_row(one) for one in analysis.checks])
        yield bullets(_unlike(one) for one in analysis.checks if _unlike(one))
    if analysis.gate is not None:
        yield "Tests: *base* is the revision as it is, *head* the same with the patch."
        yield tests_section(analysis.gate, 3)
    if len(analysis.nodes) > 1:
        name = f"{analysis.label}-{analysis.scenario.name}-py{analysis.python}.svg"
        layers = imports_layers(analysis.nodes, analysis.edges)
        yield image("who imports whom", page.picture(name, layers, draw_layers))
    yield from _costs(analysis)
    yield from patterns_section(analysis, 3)
    yield from _small_print(file, analysis, page)


def _sum_words(analysis: Analysis) -> str:
    if analysis.scenario.kind is Kind.SCRIPT:
        return "a script: imports are not ranked."
    part = share(analysis.best_s / analysis.process_s)
    if not analysis.best_s:
        return "Nothing can be deferred that would save anything: the plateau."
    return (
        f"Still to be had: {seconds(analysis.best_s)} ({part}), by deferring "
        f"{counted(len(analysis.findings) + analysis.small, 'statement')}."
    )


def _rest_words(analysis: Analysis) -> str:
    """What would remain, and what is not worth the trouble."""
    chosen = len(analysis.findings) + analysis.small
    others = analysis.candidates - chosen
    left = analysis.process_s - analysis.best_s
    words = [
        f"{seconds(left)} would remain, {seconds(analysis.bare_s)} of them the bare interpreter's."
    ]
    if others:
        more = seconds(analysis.everything_s - analysis.best_s)
        words.append(
            f"Of {analysis.statements} own import statements {analysis.candidates} could wait, but "
            f"{others} of these are not worth it: all together they save {more} more."
        )
    return " ".join(words)


def _row(one: Finding) -> list[str]:
    times = (one.share_s, one.alone_s, one.last_s, one.cumulative_s)
    return [code(f"{one.file}:{one.line}"), *map(seconds, times)]


def _change(one: Finding) -> str:
    words = f"{code(f'{one.file}:{one.line}')} {code(one.statement)}: {prose(one.change)}."
    if one.ruff:
        words += f" ruff: {joined(one.ruff)}."
    if one.risks:
        risks = prose("; ".join(one.risks))
        words += f" Risk: {risks}" + ("" if risks.endswith("?") else ".")
    return words


def _patch(analysis: Analysis, page: Page) -> str:
    name = f"{analysis.label}-{analysis.scenario.name}-py{analysis.python}.patch"
    text = f"# {MARKER}: changes made here are lost\n{analysis.patch}"
    page.output.write(page.file.parent / name, text.encode())
    return f"{link('The whole change as a patch', name)} for `git apply`, as it was run below."


_KEPT_COLUMNS = ("import", "name", "would save besides", "why it can't wait")
_CHECK_COLUMNS = (
    "deferred", "modules: predicted", "gone", "instructions: predicted", "saved", "off",
    "importtime says", "CPU time: predicted", "saved",
)  # fmt: skip


def _check_row(one: Check) -> list[str]:
    return [
        code(one.words),
        *predicted_and_measured(one),
        seconds(one.saving_s if one.predicted_s is None else one.predicted_s),
        _time_words(one),
    ]


def _annotations_words(checks: Sequence[Check]) -> str:
    """Where annotations that become strings save something as well."""
    found = [
        one.annotations
        for one in checks
        if one.annotations and not is_next_to_nothing(one.annotations, one)
    ]
    if not found:
        return ""
    return (
        f"; {millions(max(found))} of them because annotations are no longer evaluated, measured "
        "with a copy that has the `__future__` import alone"
    )


def _time_words(one: Check) -> str:
    if one.measured_s is None or one.interval is None or one.base_s is None:
        return "–"
    low, high = (one.base_s * (1 - limit) for limit in (one.interval.high, one.interval.low))
    return f"{seconds(one.measured_s)} ({seconds(low)} … {seconds(high)}, {one.rounds} rounds)"


def _check_words(one: Check) -> str:
    cells = dict(zip(_CHECK_COLUMNS[1:6], _check_row(one)[1:6], strict=True))
    told = ", ".join(f"{name} {value}" for name, value in cells.items())
    return f"{one.words}: {one.failed or told}; CPU time {_time_words(one)}"


def _is_wide(one: Check) -> bool:
    """Whether the predicted instructions are far from the measured ones."""
    fraction = off(one)
    return fraction is not None and abs(fraction) > 0.05


def _unlike(one: Check) -> str:
    """How a prediction did not come true, or "" where it did."""
    if one.failed:
        return f"{code(one.words)}: the copy did **not run**: {plain(one.failed)}"
    said = []
    for modules, what in ((one.unexpected, "gone unexpectedly"), (one.still_there, "still there")):
        if modules:
            names = ", ".join(map(code, modules[:_MODULES]))
            more = f" and {len(modules) - _MODULES} more" if len(modules) > _MODULES else ""
            said.append(f"{what}: {names}{more}")
    if _is_wide(one):
        said.append(f"instructions were predicted {share(off(one))} off")
    return f"{code(one.words)} did **not** come true: {'; '.join(said)}" if said else ""


def _costs(analysis: Analysis) -> Iterator[str]:
    if analysis.packages:
        yield heading(3, "Who pulls what in")
        rows = [
            [
                code(one.name),
                seconds(one.own_s),
                str(one.modules),
                _cut_words(one.cut),
                seconds(one.saving_s),
                "yes" if one.deferrable else "no",
            ]
            for one in analysis.packages
        ]
        columns = ("package", "itself", "modules", "cut off by", "saves", "all can wait")
        yield table(columns, rows)
    if analysis.top_level:
        yield heading(3, "Work at import time")
        yield (
            "What the project's own modules do at their top level, without imports, each timed. "
            "*goes*: the set above takes the whole module away."
        )
        rows = [
            [code(f"{one.file}:{one.line}"), seconds(one.cost_s), "yes" if one.goes else "no",
             f"{code(one.statement)}: {plain(one.kind)}", prose(one.advice)]
            for one in analysis.top_level[:_KEPT]
        ]  # fmt: skip
        yield table(("line", "CPU time", "goes", "statement", "to try"), rows, numbers=False)
    if analysis.kept:
        rows = [
            [code(f"{one.file}:{one.line}"), code(one.name), seconds(one.saving_s),
             f"{plain(one.reason)} (line {one.use_line})"]
            for one in analysis.kept[:_KEPT]
        ]  # fmt: skip
        yield collapsed("What can't wait, and why", table(_KEPT_COLUMNS, rows))


def _cut_words(cut: Sequence[str]) -> str:
    """The statements that cut a package off; of many a few, since nobody will take them all."""
    if len(cut) <= _CUT:
        return ", ".join(map(code, cut)) or "no own import alone"
    return f"{', '.join(map(code, cut[: _CUT // 2]))} and {len(cut) - _CUT // 2} more"


def _small_print(file: Path, analysis: Analysis, page: Page) -> Iterator[str]:
    took = ", ".join(f"{step} {took:.1f} s" for step, took in analysis.steps_s.items())
    whole = sum(analysis.steps_s.values())
    yield (
        f"Measured {analysis.made_at[:16].replace('T', ' ')} UTC on {plain(analysis.machine.name)}"
        f" ({link('raw', page.link_to(file))}), in {whole:.0f} s: {took}."
    )
    yield bullets(map(plain, analysis.problems))
