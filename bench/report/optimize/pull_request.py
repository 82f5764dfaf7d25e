"""Texts of pull requests: what, why, before and after, and how anybody can check it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from bench.core.variants import python_order
from bench.core.verdict import Verdict
from bench.explain.optimize.guard.modules import deferred
from bench.explain.optimize.message import gain_words
from bench.explain.optimize.record import BranchRecord, Gain, Optimization, StepRecord
from bench.formats.markdown import bullets, code, fenced, heading, plain, prose, table
from bench.formats.text import before_after, counted, joined, magnitude

_MODULES_SHOWN = 12
_COLUMNS = ("command", "Python", "before", "after", "change")
_BETTER = {Verdict.FASTER, Verdict.LESS_MEMORY}


def file_of(branch: BranchRecord) -> str:
    """The name of a branch's text."""
    return f"{branch.name.replace('/', '-')}.md"


def pull_request(optimization: Optimization, branch: BranchRecord) -> Iterator[str]:
    """The text for a branch, as blocks of Markdown; the first one is the title."""
    steps = [one for one in optimization.kept if one.number in branch.steps]
    gains = gains_of(optimization, branch)
    yield heading(1, plain(title_of(steps, gains, optimization.asked.words)))
    yield heading(2, "What")
    yield bullets(_what(one) for one in steps)
    yield heading(2, "Why")
    yield from _why(optimization, branch, steps)
    yield heading(2, "Before and after")
    yield _table(optimization, gains)
    yield _basis(optimization, gains)
    yield heading(2, "Tests")
    yield from _tests(optimization, branch, steps)
    yield heading(2, "Check it yourself")
    yield from _check(optimization, branch, gains)


def gains_of(optimization: Optimization, branch: BranchRecord) -> tuple[Gain, ...]:
    """What the branch gained off the revision: its own runs, or those of the whole."""
    if branch.gains or branch.separate:
        return branch.gains
    return optimization.whole.gains if optimization.whole else ()


def title_of(steps: Sequence[StepRecord], gains: Sequence[Gain], words: Mapping[str, str]) -> str:
    """A subject: that of the one step, or what all of them come to."""
    if len(steps) == 1:
        return f"perf: {steps[0].title}"
    ratios = [one.interval.ratio for one in gains if one.verdict in _BETTER and one.interval]
    if not ratios:
        return f"perf: {counted(len(steps), 'change')}"
    scenarios = {one.scenario for one in gains if one.verdict in _BETTER}
    size = magnitude(min(ratios)).lstrip("−")
    if len(scenarios) == 1:
        scenario = scenarios.pop()
        return f"perf: {words.get(scenario, scenario)} up to {size} faster"
    return f"perf: {counted(len(scenarios), 'command')} up to {size} faster"


def _what(step: StepRecord) -> str:
    files = list(dict.fromkeys(one.file for one in step.sites))
    shown = joined([code(one) for one in files[:4]])
    more = f" and {len(files) - 4} more" if len(files) > 4 else ""
    return f"{prose(step.title)}: {shown}{more}."


def _why(
    optimization: Optimization, branch: BranchRecord, steps: Sequence[StepRecord]
) -> Iterator[str]:
    gone = [] if branch.separate else _no_longer_imported(optimization)
    if gone:
        shown = ", ".join(code(one) for one in gone[:_MODULES_SHOWN])
        more = f" and {len(gone) - _MODULES_SHOWN} more" if len(gone) > _MODULES_SHOWN else ""
        yield (
            "These commands imported modules that they do not use. No longer imported at start: "
            f"{shown}{more}."
        )
    yield " ".join(dict.fromkeys(prose(one.why) for one in steps))
    costs = [one for one in optimization.first_uses if one.step in {0, *branch.steps}][:5]
    if costs:
        yield "The cost has moved to where a module is used first:"
        yield bullets(
            f"{code(one.module)}: {one.takes_s * 1000:.0f} ms"
            + (f", in {code(optimization.asked.words.get(one.scenario, one.scenario))}"
               if one.scenario else "")
            + (f" ({prose(one.where)})" if one.where else "")
            for one in costs
        )  # fmt: skip


def _no_longer_imported(optimization: Optimization) -> list[str]:
    """Modules that statements named, and that no scenario imports at its start any more."""
    asked = optimization.asked
    found = set()
    for scenario in asked.scenarios:
        for python in asked.pythons:
            recorded = optimization.imports(scenario, python)
            if len(recorded) > 1:
                found |= deferred(recorded[0], recorded[-1], asked.own)
    return sorted(found)


def _table(optimization: Optimization, gains: Sequence[Gain]) -> str:
    words = optimization.asked.words
    ordered = sorted(gains, key=lambda one: python_order(one.python))
    place = {name: number for number, name in enumerate(optimization.asked.scenarios)}
    ordered.sort(key=lambda one: place.get(one.scenario, len(place)))
    rows = []
    for one in ordered:
        before, _, after = before_after(one.base_s, one.head_s).partition(" → ")
        unit = after.rpartition(" ")[2]
        before = before if " " in before or before == "–" else f"{before} {unit}"
        cells = [code(words.get(one.scenario, one.scenario)), one.python, before, after or "–"]
        rows.append([*cells, change_words(one)])
    return table(_COLUMNS, rows)


def change_words(gain: Gain) -> str:
    """A change with its interval, or why there is none."""
    return prose(gain_words(gain))


def _basis(optimization: Optimization, gains: Sequence[Gain]) -> str:
    machine = optimization.asked.machine
    rounds = sorted({one.rounds for one in gains if one.rounds})
    told = f"{rounds[0]}–{rounds[-1]}" if len(rounds) > 1 else "".join(map(str, rounds))
    clock = "CPU time" if any(one.metric == "cpu" for one in gains) else "Time"
    many = f" of {told} rounds" if told else ""
    return (
        f"{clock} of whole processes, medians{many}, in which both revisions run side by side in "
        f"random order; in brackets the confidence interval. {machine.cpu_model}, "
        f"{machine.cpus} CPUs, {machine.system} {machine.kernel}."
    )


def _tests(
    optimization: Optimization, branch: BranchRecord, steps: Sequence[StepRecord]
) -> Iterator[str]:
    proofs: dict[str, str] = {}
    for step in steps:
        proofs |= {check.name: check.words for check in step.checks if check.passed}
    yield bullets(f"{name}: {prose(words)}." for name, words in proofs.items() if words)
    failing = optimization.whole.tests_fail if optimization.whole and not branch.separate else ()
    if failing:
        names = joined([code(one) for one in failing])
        yield f"**These fail on the branch and not before it: {names}.**"
    if branch.separate or optimization.guard is None or not optimization.guard.commit:
        return
    yield (
        f"{code(optimization.guard.file)} fails when one of the deferred modules is imported at "
        "start again; it needs the standard library only."
    )


def _check(
    optimization: Optimization, branch: BranchRecord, gains: Sequence[Gain]
) -> Iterator[str]:
    """Commands that need git, pip and hyperfine, and nothing of ours."""
    asked = optimization.asked
    better = [one for one in gains if one.verdict in _BETTER] or list(gains)
    python = max((one.python for one in better), key=python_order, default=asked.pythons[0])
    shown = list(dict.fromkeys(one.scenario for one in better if one.python == python))
    lines = [
        "# in a clone that has the branch",
        f"git worktree add ../before {asked.revision.identity}",
        f"git worktree add ../after {branch.name}",
        "for side in before after; do",
        f"  python{python} -m venv ../venv-$side",
        "  ../venv-$side/bin/pip install --quiet ../$side",
        "done",
    ]
    for scenario in shown:
        words = asked.words.get(scenario, "")
        if words:
            lines.append(_hyperfine(words))
    yield fenced("\n".join(lines), "sh")
    yield (
        "hyperfine runs one side after the other: on a machine with other work, repeat it before "
        "a small difference is believed."
    )


def _hyperfine(words: str) -> str:
    """Both sides of a command or an import statement; `-I`: not what lies in the folder."""
    is_import = words.partition(" ")[0] in {"import", "from"}
    command = ["python", "-I", "-c", words] if is_import else shlex.split(words)
    sides = []
    for side in ("before", "after"):
        start = f"../venv-{side}/bin/{command[0]}"
        sides.append(_quoted(shlex.join([start, *command[1:]])))
    return f"hyperfine -N --warmup 5 --min-runs 30 {' '.join(sides)}"


def _quoted(words: str) -> str:
    """One word for a shell, in double quotes where that reads better."""
    has_special = any(sign in words for sign in '"$`\\!')
    return shlex.quote(words) if has_special else f'"{words}"'
