"""How well savings are predicted: one row a commit that deferred imports, beside importtime."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.core.errors import DataError
from bench.explain.rank.analysis import Check
from bench.formats.markdown import bullets, code, fenced, heading, link, plain, table
from bench.formats.text import counted, day, joined, millions, share
from bench.report.output import Output
from bench.validate.accuracy.held import Held, read_held

ACCURACY_PAGE = "targets/accuracy.md"
_NEXT_TO_NOTHING = 0.003
_CLOSE = 0.05
_COLUMNS = ("commit", "scenario", "deferred", "modules: predicted", "gone",
            "instructions: predicted", "saved", "off", "importtime says", "off")  # fmt: skip

_Row = tuple[Held, str, Check]


def off(one: Check) -> float | None:
    """Predicted instructions above (or below) the measured ones, as a fraction of these.

    None where both are next to nothing, or one is not known.
    """
    predicted, measured = one.instructions_predicted, one.instructions
    if measured and predicted and not is_next_to_nothing(predicted, one):
        return predicted / measured - 1
    return _off(predicted, one)


def _off(predicted: int | None, one: Check) -> float | None:
    if one.instructions is None or predicted is None or is_next_to_nothing(one.instructions, one):
        return None  # of next to nothing, a fraction says nothing
    return predicted / one.instructions - 1


def is_next_to_nothing(value: int | None, one: Check) -> bool:
    """Whether so many instructions can't be told from none of the process's."""
    return not value or abs(value) < (one.instructions_base or 0) * _NEXT_TO_NOTHING


def has_come_true(one: Check) -> bool:
    """Within 5% of what was measured, or nothing where nothing was measured; modules exactly."""
    if one.failed or one.unexpected or one.still_there:
        return False
    fraction = off(one)
    if fraction is None:
        return is_next_to_nothing(one.instructions_predicted, one)
    return abs(fraction) <= _CLOSE


def summary(held: Held) -> str:
    """One commit on a screen."""
    words = [f"{held.target} {held.commit.label}, {held.scenario}, Python {held.python}:"]
    for _, name, one in _rows([held]):
        words.append(
            f"  {name}: modules {one.modules_predicted} predicted, {one.modules_measured} gone; "
            f"instructions {millions(one.instructions_predicted)} predicted, "
            f"{millions(one.instructions)} saved ({share(off(one))} off); "
            f"importtime says {millions(one.importtime_instructions)}"
            + (f"; {one.failed}" if one.failed else "")
        )
    return "\n".join([*words, *held.problems])


def write_accuracy_page(output: Output) -> str:
    """Write the page of all commits that were held; of each the newest figures are shown.

    Returns what the index says of it, "" where there is none.
    """
    newest: dict[tuple[str, str, str], dict[str, Held]] = defaultdict(dict)
    for _, found in read_held(output.data):
        if isinstance(found, DataError):
            output.problems.append(found)
        else:
            newest[found.target, found.python, found.repository][
                found.commit.identity + found.scenario
            ] = found
    if not newest:
        return ""
    output.page(ACCURACY_PAGE).write(_blocks(newest))
    rows = list(_rows([held for found in newest.values() for held in found.values()]))
    return f"{link('Do predicted savings come true?', ACCURACY_PAGE)} {_verdict(rows)}"


def _blocks(newest: dict[tuple[str, str, str], dict[str, Held]]) -> Iterator[str]:
    everything = [held for found in newest.values() for held in found.values()]
    rows = list(_rows(everything))
    yield heading(1, "Do predicted savings come true?")
    yield (
        "Commits that deferred imports, each at its parent. *its own*: the statements that the "
        "commit took away or moved further down, as far as the tool can defer them; *best set*: "
        "what the tool would defer itself. Both are predicted before anything is changed, then "
        "written into a copy of the package and run: modules that are gone, user-space "
        "instructions under cachegrind against a copy left as it was, both without garbage "
        "collections, whose number is chance. *importtime says* what the "
        "cumulative column of `-X importtime` promises for the same statements, in proportion to "
        "CPU time. *off* is a fraction of what was saved; of next to nothing (below "
        f"{share(_NEXT_TO_NOTHING)} of the process) it says nothing."
    )
    yield _verdict(rows)
    for (target, python, repository), found in sorted(newest.items()):
        yield heading(2, f"{plain(target)}, Python {python}")
        yield f"Commits of {plain(repository)}."
        yield table(_COLUMNS, [_row(*row) for row in _rows(list(found.values()))])
        yield bullets(_notes(held) for held in found.values() if _notes(held))
    yield heading(2, "Do it again")
    yield fenced("python -m bench accuracy", "sh")
    days = sorted({day(one.made_at) for one in everything})
    machines = sorted({one.machine.name for one in everything})
    yield f"Measured {joined(days)} on {plain(joined(machines))}."


def _verdict(rows: Sequence[_Row]) -> str:
    """How many came true, by kind; zeros by themselves."""
    words = []
    for kind in ("its own", "best set"):
        checks = [one for _, name, one in rows if name == kind]
        good = sum(map(has_come_true, checks))
        zero = [one for one in checks if is_next_to_nothing(one.instructions_predicted, one)]
        true = sum(map(has_come_true, zero))
        words.append(
            f"*{kind}*: {good} of {len(checks)} within {share(_CLOSE)} with exactly the modules "
            f"predicted; of {counted(len(zero), 'prediction')} of nothing {true} came true."
        )
    return " ".join(words)


def _rows(held: Sequence[Held]) -> Iterator[_Row]:
    for one in held:
        if one.commit_check is not None:
            yield one, "its own", one.commit_check
        if one.best_check is not None:
            yield one, "best set", one.best_check


def _row(held: Held, name: str, one: Check) -> list[str]:
    return [
        code(held.commit.label),
        plain(held.scenario),
        name,
        *predicted_and_measured(one),
        share(_off(one.importtime_instructions, one)),
    ]


def predicted_and_measured(one: Check) -> list[str]:
    """Cells of a check: modules, instructions and how far off, and what importtime says."""
    return [
        str(one.modules_predicted),
        "–" if one.modules_measured is None else str(one.modules_measured),
        millions(one.instructions_predicted),
        millions(one.instructions),
        share(off(one)),
        millions(one.importtime_instructions),
    ]


def _notes(held: Held) -> str:
    """What a commit did, and what did not come true."""
    words = [f"{code(held.commit.label)} {plain(held.commit.subject)}: "]
    words.append(
        f"{len(held.deferrable)} of {counted(len(held.statements), 'statement')} it took away can "
        "be deferred by the tool"
    )
    if held.instructions is not None:
        words.append(f"; the commit itself saved {millions(held.instructions)}")
    for name, one in (("its own", held.commit_check), ("best set", held.best_check)):
        if one is None:
            continue
        if not is_next_to_nothing(one.annotations, one):
            words.append(
                f"; {millions(one.annotations)} of *{name}* are annotations no longer evaluated, "
                "measured by themselves"
            )
        if one.failed:
            words.append(f"; *{name}*: the copy did **not run**: {plain(one.failed)}")
        for names, what in (
            (one.unexpected, "gone unexpectedly"),
            (one.still_there, "still there"),
        ):
            if names:
                words.append(f"; *{name}*: {what}: {', '.join(map(code, names))}")
    return "".join([*words, ".", *(f" {plain(problem)}." for problem in held.problems)])
