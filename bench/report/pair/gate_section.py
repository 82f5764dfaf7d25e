"""What the target's own tests said of both revisions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bench.core.gate import Gate, SuiteRun
from bench.engine.store.run import Run
from bench.engine.testgate.run_gate import SKIPPED
from bench.formats.markdown import bullets, code, collapsed, document, fenced, heading, plain, table
from bench.formats.text import counted, duration

_MARK = "⚠ tests newly fail"
_SHOWN = 20
_SHORT = 60
_NOT_DECLARED = "the target's file declares no tests, or the run is older than this check"


def gate_mark(run: Run) -> str:
    """For the title of every table of a run: "" unless head breaks tests that base did not."""
    return _MARK if run.gate is not None and run.gate.newly_fails else ""


def gate_line(run: Run) -> str:
    """One line for the screen, without Markdown."""
    gate = run.gate
    if gate is None or gate.base is None or gate.head is None:
        return f"Tests: not run ({_reason(gate)})."
    same = _outcome(gate.base) == _outcome(gate.head)
    figures = f"{_outcome(gate.base)}" if same else f"{_outcome(gate.base)} → {_outcome(gate.head)}"
    mark = f"{_MARK}: " if gate.newly_fails else ""
    return f"{mark}Tests: {figures}{' on both sides' if same else ''}."


def gate_section(run: Run, level: int = 2) -> str:
    """A section for the page of a pair; one a run, since each Python has its own tests."""
    return tests_section(run.gate, level)


def tests_section(gate: Gate | None, level: int) -> str:
    """A section on one gate; None: there was none."""
    return document(_blocks(gate, level)).rstrip("\n")


def _blocks(gate: Gate | None, level: int) -> Iterator[str]:
    yield heading(level, "Tests of the project")
    if gate is None or gate.base is None or gate.head is None:
        yield f"Not run: {plain(_reason(gate))}."
        return
    yield _verdict(gate)
    rows = [_row("base", gate.base), _row("head", gate.head)]
    yield table(("", "passed", "failed", "errors", "skipped", "took"), rows)
    yield from _lists(gate)
    for side, run in (("base", gate.base), ("head", gate.head)):
        if run.detail:
            yield collapsed(f"The last lines of {side}'s tests", fenced(run.detail))
    yield _how(gate, gate.base, gate.head)


def _reason(gate: Gate | None) -> str:
    return (gate.reason if gate is not None else _NOT_DECLARED).rstrip(".")


def short_reason(gate: Gate | None) -> str:
    """Why nothing was run, in a few words of Markdown: for a line with other conditions."""
    if gate is None:
        return "none declared"
    if gate.reason == SKIPPED:
        return code("--no-tests")
    lacking = re.match(r"(\S+) has no(?:ne)? ", gate.reason)
    if lacking:
        return f"{plain(lacking[1])} has none"
    reason = " ".join(_reason(gate).split())
    return plain(reason if len(reason) <= _SHORT else f"{reason[:_SHORT].rstrip()}…")


def _outcome(run: SuiteRun) -> str:
    if not run.has_results:
        return str(run.ending)
    wrong = run.failed + run.errors
    return f"{run.passed} passed" + (f", {wrong} failed" if wrong else "")


def _verdict(gate: Gate) -> str:
    if gate.head_broke and gate.head is not None:
        return f"**{_MARK}**: head's suite ended without results ({gate.head.ending})."
    if gate.head_contradicts and not gate.newly_failing:
        return (
            f"**{_MARK}**: head's results cannot be believed, base's can: "
            f"{plain(gate.head_contradicts)}."
        )
    if gate.newly_failing:
        number = counted(len(gate.newly_failing), "test")
        verb = "fails" if len(gate.newly_failing) == 1 else "fail"
        return f"**{_MARK}**: {number} {verb} on head that did not fail on base."
    if gate.base is not None and not gate.base.has_results:
        return "Base's suite left no results: nothing can be said of what head breaks."
    return "No test newly fails on head."


def _row(side: str, run: SuiteRun) -> list[str]:
    if not run.has_results:
        return [side, str(run.ending), "–", "–", "–", duration(run.duration_s)]
    figures = (run.passed, run.failed, run.errors, run.skipped)
    return [side, *(str(number) for number in figures), duration(run.duration_s)]


def _lists(gate: Gate) -> Iterator[str]:
    lists = (
        ("Newly failing, also when run once more", gate.newly_failing, True),
        ("Fixed: failed on base, passes on head", gate.fixed, False),
        ("Flaky: failed on head at first, and a second run did not confirm it", gate.flaky, False),
        ("Failing before and after", gate.still_failing, False),
    )
    for words, names, is_open in lists:
        if names:
            title = f"{words} ({len(names)})"
            listed = _names(names)
            yield f"{title}:\n\n{listed}" if is_open else collapsed(title, listed)
    if gate.added or gate.removed:
        yield (
            f"{counted(gate.added, 'test')} only on head, {counted(gate.removed, 'test')} only on "
            "base."
        )


def _names(names: Sequence[str]) -> str:
    shown = [code(name) for name in names[:_SHOWN]]
    more = len(names) - _SHOWN
    return bullets([*shown, f"and {more} more"] if more > 0 else shown)


def _how(gate: Gate, base: SuiteRun, head: SuiteRun) -> str:
    left_out = sorted({*base.left_out, *head.left_out})
    missing = f" Not in both revisions: {', '.join(map(code, left_out))}." if left_out else ""
    return (
        f"{code(' '.join(gate.command))} in a fresh checkout of each side (base: "
        f"{plain(base.source)}; head: {plain(head.source)}), each installed with the test "
        "dependencies of its own in an environment that is not measured (keys "
        f"{code(base.environment)} and {code(head.environment)}). Network: "
        f"{plain(gate.network)}.{missing}"
    )
