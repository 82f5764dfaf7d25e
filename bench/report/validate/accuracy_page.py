"""How well savings are predicted: one row a commit that deferred imports, beside importtime."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from bench.core.errors import DataError
from bench.explain.rank.ranking import Verification
from bench.formats.markdown import bullets, code, fenced, heading, link, plain, prose, table
from bench.formats.text import counted, day, joined, millions, share
from bench.report.output import Output
from bench.validate.accuracy.accuracy_record import FOLDER, AccuracyRecord, read_accuracy

ACCURACY_PAGE = "rank/accuracy.md"
PREDICTION_COLUMNS = (
    "modules: predicted", "no longer imported", "instructions: predicted", "saved", "error",
    "importtime promises",
)  # fmt: skip
_COLUMNS = ("commit", "scenario", "deferred", *PREDICTION_COLUMNS, "its error")
_NEXT_TO_NOTHING = 0.003
_NOTHING = 50_000  # rounds to 0.0 millions
_CLOSE = 0.20
_MODULES = 12
_OWN, _BEST = "its own", "best set"

_Row = tuple[AccuracyRecord, str, Verification]


def _error(predicted: int | None, one: Verification) -> float | None:
    """So many predicted instructions above (or below) the measured ones, as a fraction of these.

    None where these are next to nothing, or one is not known.
    """
    if predicted is None or one.instructions is None or _is_little(one.instructions, one):
        return None
    return predicted / one.instructions - 1


def _is_little(value: int | None, one: Verification) -> bool:
    """Whether so many instructions can't be told from none of the process's."""
    return not value or abs(value) < (one.instructions_base or 0) * _NEXT_TO_NOTHING


def not_confirmed(one: Verification) -> str:
    """How a prediction is not confirmed, as Markdown; "" where it is."""
    if one.failed:
        return f"the copy did **not run**: {plain(one.failed)}"
    said = [
        f"{what}: {_names(modules)}"
        for modules, what in (
            (one.unexpected, "no longer imported, against the prediction"),
            (one.still_there, "still imported"),
        )
        if modules
    ]
    error = _error(one.in_proportion, one)
    if error is not None and abs(error) > _CLOSE:
        many = "many" if error > 0 else "few"
        said.append(f"{share(abs(error))} too {many} instructions were predicted")
    return f"**not confirmed**: {'; '.join(said)}" if said else ""


def _names(modules: Sequence[str]) -> str:
    more = f" and {len(modules) - _MODULES} more" if len(modules) > _MODULES else ""
    return f"{', '.join(map(code, modules[:_MODULES]))}{more}"


def summary(record: AccuracyRecord) -> str:
    """One commit on a screen."""
    head = f"{record.target} {record.commit.label}, {record.scenario}, Python {record.python}:"
    words = [
        f"  {name}: {one.modules_predicted} modules predicted, {one.modules_measured} no longer "
        f"imported; {millions(one.in_proportion)} instructions predicted, "
        f"{millions(one.instructions)} saved ({share(_error(one.in_proportion, one))} off); "
        f"importtime promises {millions(one.importtime_instructions)}"
        + (f"; {one.failed}" if one.failed else "")
        for _, name, one in _rows([record])
    ]
    return "\n".join([head, *words, *record.problems])


def write_accuracy_page(output: Output) -> str:
    """Write the page of all commits; of each the newest figures are shown.

    Returns what the index says of it, "" where there is none.
    """
    newest: dict[tuple[str, str, str], dict[str, AccuracyRecord]] = defaultdict(dict)
    for _, found in read_accuracy(output.data):
        if isinstance(found, DataError):
            output.problems.append(found)
        else:
            key = found.target, found.python, found.repository
            newest[key][found.commit.identity + found.scenario] = found
    if not newest:
        return ""
    with output.guarded(output.data / FOLDER):
        output.page(ACCURACY_PAGE).write(_blocks(newest))
        rows = list(_rows([one for found in newest.values() for one in found.values()]))
        return f"{link('Predicted and measured savings', ACCURACY_PAGE)}. {_verdict(rows)}"
    return ""


def _blocks(newest: dict[tuple[str, str, str], dict[str, AccuracyRecord]]) -> Iterator[str]:
    everything = [one for found in newest.values() for one in found.values()]
    yield heading(1, "Predicted and measured savings")
    yield _verdict(list(_rows(everything)))
    yield (
        "Commits that deferred imports, each at its parent. *its own*: the imports that the commit "
        "removed or moved further down, as far as `rank` can defer them; *best set*: those `rank` "
        "would defer. Both savings are predicted first; then the change is made in a copy of the "
        "package, and the copy and an unchanged one are run: modules no longer imported, and "
        "user-space instructions under cachegrind without garbage collections. Instructions are "
        "predicted in proportion to CPU time, which is what `rank` predicts; *importtime promises* "
        "what the cumulative column of `-X importtime` shows for the same statements, in the same "
        "proportion. Only modules count in predictions: annotations that are no longer evaluated "
        "save a little more. *error* is a fraction of what was saved; where that is below "
        f"{share(_NEXT_TO_NOTHING)} of the process, none is given."
    )
    for (target, python, repository), found in sorted(newest.items()):
        yield heading(2, f"{plain(target)}, Python {python}")
        yield f"Commits of {plain(repository)}."
        yield table(_COLUMNS, [_row(*row) for row in _rows(list(found.values()))])
        yield bullets(map(_notes, found.values()))
    yield heading(2, "Repeat it")
    yield fenced(".venv/bin/nox -s accuracy", "sh")
    days = sorted({day(one.made_at) for one in everything})
    machines = sorted({one.machine.name for one in everything})
    yield f"Measured {joined(days)} on {plain(joined(machines))}."


def _verdict(rows: Sequence[_Row]) -> str:
    """What was verified: modules, then the size of savings, then those that are next to nothing."""
    checks = [one for _, _, one in rows]
    exact = sum(not (one.failed or one.unexpected or one.still_there) for one in checks)
    words = [
        f"{counted(len(checks), 'prediction')} checked by making the change and running it: in "
        f"{exact}, exactly the modules predicted were no longer imported."
    ]
    sizes = [both for one in checks if (both := _errors(one))]
    if sizes:
        ours, importtime = zip(*sizes, strict=True)
        close, theirs = (sum(one <= _CLOSE for one in some) for some in (ours, importtime))
        shown = [(round(own, 3), round(other, 3)) for own, other in sizes]
        nearer = sum(own < other for own, other in shown)
        alike = sum(own == other for own, other in shown)
        words.append(
            f"{len(sizes)} of them saved at least {share(_NEXT_TO_NOTHING)} of the instructions. "
            f"{close} of these were predicted within {_CLOSE:.0%} (median error "
            f"{share(median(ours))}); adding up `-X importtime` comes within {_CLOSE:.0%} in "
            f"{theirs} (median error {share(median(importtime))}). `rank` was nearer in {nearer}, "
            f"importtime in {len(sizes) - nearer - alike}"
            + (f", and they were equally near in {alike}." if alike else ".")
        )
    nothing = [one for one in checks if not one.saving_s]
    if nothing:
        true = sum(_is_little(one.instructions, one) for one in nothing)
        words.append(
            f"Of {counted(len(nothing), 'prediction')} that nothing would be saved, {true} "
            f"{'was' if true == 1 else 'were'} verified."
        )
    return " ".join(words)


def _errors(one: Verification) -> tuple[float, float] | None:
    """How far `rank` and importtime were off; None where there was next to nothing to predict."""
    ours = _error(one.in_proportion, one)
    importtime = _error(one.importtime_instructions, one)
    return None if ours is None or importtime is None else (abs(ours), abs(importtime))


def _rows(records: Sequence[AccuracyRecord]) -> Iterator[_Row]:
    for record in records:
        for name, one in ((_OWN, record.commit_check), (_BEST, record.best_check)):
            if one is not None:
                yield record, name, one


def _row(record: AccuracyRecord, name: str, one: Verification) -> list[str]:
    return [
        code(record.commit.label),
        plain(record.scenario),
        name,
        *predicted_and_measured(one),
        share(_error(one.importtime_instructions, one)),
    ]


def predicted_and_measured(one: Verification) -> list[str]:
    """Cells of `PREDICTION_COLUMNS`."""
    return [
        str(one.modules_predicted),
        "–" if one.modules_measured is None else str(one.modules_measured),
        millions(one.in_proportion),
        millions(one.instructions),
        share(_error(one.in_proportion, one)),
        millions(one.importtime_instructions),
    ]


def _notes(record: AccuracyRecord) -> str:
    """What a commit did, and what is not confirmed."""
    words = [
        f"{code(record.commit.label)} {prose(record.commit.subject)}: `rank` can defer "
        f"{len(record.deferrable)} of {counted(len(record.statements), 'statement')} that it "
        "removed or moved"
    ]
    if record.instructions is None:
        words += map(plain, record.problems)
    else:
        saved = millions(record.instructions)
        nothing = abs(record.instructions) < _NOTHING
        words.append(f"the commit itself saved {'no' if nothing else saved} instructions")
    words += [
        f"*{name}* {said}" for _, name, one in _rows([record]) if (said := not_confirmed(one))
    ]
    return f"{'; '.join(words)}."
