"""How well savings are predicted: one row a commit that deferred imports, beside importtime."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from bench.core.errors import DataError
from bench.explain.rank.ranking import Verification
from bench.formats.markdown import bullets, code, fenced, heading, link, plain, prose, table
from bench.formats.text import counted, day, joined, millions, seconds, share
from bench.report.output import Output
from bench.validate.accuracy.accuracy_record import FOLDER, AccuracyRecord, read_accuracy

ACCURACY_PAGE = "rank/accuracy.md"
PREDICTION_COLUMNS = (
    "modules: predicted", "no longer imported", "instructions: predicted", "saved", "error",
    "importtime promises",
)  # fmt: skip
_COLUMNS = ("commit", "scenario", "deferred", *PREDICTION_COLUMNS, "its error")
_TIME_COLUMNS = ("revision", "scenario", "deferred", "of", "predicted", "saved", "error", "verdict")
_WITHIN = 0.10
_LEAST_SHARE = 0.01
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


def _time_error(one: Verification) -> float | None:
    """The same of CPU time, which was measured in rounds; None where too little was saved."""
    saved_s = one.measured_s
    if saved_s is None or one.predicted_s is None or one.base_s is None:
        return None
    if max(abs(saved_s), abs(one.predicted_s)) < _LEAST_SHARE * one.base_s or saved_s <= 0:
        return None
    return one.predicted_s / saved_s - 1


def _time_verdict(one: Verification) -> str:
    """Whether it was predicted within 10%, or else within what the measurement leaves open."""
    error = _time_error(one)
    if error is None:
        return "–"
    if abs(error) <= _WITHIN:
        return "within 10%"
    return "within the interval" if _is_inside(one) else "**off**"


def _is_inside(one: Verification) -> bool:
    """Whether the predicted ratio lies in the measured interval."""
    if one.interval is None or one.predicted_s is None or not one.base_s:
        return False
    return one.interval.low <= 1 - one.predicted_s / one.base_s <= one.interval.high


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
        + (f"; CPU time: {_time_words(one)}" if one.measured_s is not None else "")
        + (f"; {one.failed}" if one.failed else "")
        for _, name, one in _rows([record])
    ]
    return "\n".join([head, *words, *record.problems])


def _time_words(one: Verification) -> str:
    _, predicted, saved, _, verdict = _time_cells(one)
    return f"{predicted} predicted, {saved} saved ({verdict.strip('*')})"


def _time_cells(one: Verification) -> list[str]:
    """The process, then what was predicted and saved of it, how far off that was, and if that is
    far.
    """
    if one.base_s is None or one.predicted_s is None or one.interval is None:
        return ["–"] * 5
    low, high = 1 - one.interval.high, 1 - one.interval.low
    return [
        seconds(one.base_s),
        share(one.predicted_s / one.base_s),
        f"{share(1 - one.interval.ratio)} ({share(low)} … {share(high)})",
        share(_time_error(one)),
        _time_verdict(one),
    ]


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
        "Commits that deferred imports, each at its parent, and releases. *its own*: the imports "
        "that the commit removed or moved further down, as far as `rank` can defer them; *best "
        "set*: those `rank` would defer; *only*: one of these. Savings are predicted first; then "
        "the change is made in a copy of the package, and the copy and an unchanged one are run: "
        "modules no longer imported, and user-space instructions under cachegrind without garbage "
        "collections. Instructions are predicted in proportion to CPU time, which is what `rank` "
        "predicts; *importtime promises* what the cumulative column of `-X importtime` shows for "
        "the same statements, in the same proportion. Only modules count in predictions: "
        "annotations that are no longer evaluated save a little more. *error* is a fraction of "
        "what was saved; where that is below "
        f"{share(_NEXT_TO_NOTHING)} of the process, none is given."
    )
    timed = [row for row in _rows(everything) if row[2].measured_s is not None]
    if timed:
        yield heading(2, "CPU time")
        yield (
            "The same copies in rounds, both at once: which part of the process's CPU time, its "
            "finalisation included, was predicted to be saved, and which was, with its interval. "
            f"*error* is a fraction of what was saved; below {_LEAST_SHARE:.0%} of the process "
            "none is given."
        )
        yield table(_TIME_COLUMNS, [_time_row(*row) for row in timed])
    for (target, python, repository), found in sorted(newest.items()):
        yield heading(2, f"{plain(target)}, Python {python}")
        yield f"Commits of {plain(repository)}." if repository else "Releases."
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
    timed = [verdict for one in checks if (verdict := _time_verdict(one)) != "–"]
    if timed:
        within, off = timed.count("within 10%"), timed.count("**off**")
        words.append(
            f"CPU time was measured of {len(timed)} sets that save at least {_LEAST_SHARE:.0%}: "
            f"{within} were predicted within 10%, {len(timed) - within - off} more within the "
            f"interval of the measurement, and {off} {'was' if off == 1 else 'were'} off."
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
        parts = [(one.words, one) for one in record.parts]
        for name, one in ((_OWN, record.commit_check), (_BEST, record.best_check), *parts):
            if one is not None:
                yield record, name, one


def _row(record: AccuracyRecord, name: str, one: Verification) -> list[str]:
    return [
        code(record.commit.label),
        plain(record.scenario),
        plain(name),
        *predicted_and_measured(one),
        share(_error(one.importtime_instructions, one)),
    ]


def _time_row(record: AccuracyRecord, name: str, one: Verification) -> list[str]:
    revision = f"{plain(record.target)} {code(record.commit.label)}"
    return [revision, plain(record.scenario), plain(name), *_time_cells(one)]


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
    if record.commit == record.parent:
        wrong = [
            f"*{plain(name)}* {why}"
            for _, name, one in _rows([record])
            if (why := not_confirmed(one))
        ]
        return f"{code(record.commit.label)}: {'; '.join(wrong) or 'as predicted'}."
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
