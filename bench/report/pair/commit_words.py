"""A pair that was measured as the message of the commit that makes its head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.program import COMMAND
from bench.core.result import Result
from bench.core.revision import Pair, Source
from bench.core.sample import Metric
from bench.core.target import word_of
from bench.core.verdict import Verdict
from bench.formats.commit_message import (
    WIDTH,
    Figure,
    command_paragraph,
    commit_message,
    figures_paragraphs,
    filled,
)
from bench.formats.text import (
    change_of,
    days,
    figures,
    joined,
    magnitude,
    magnitude_with_direction,
    percent,
    verdict_words,
)
from bench.report.pair.control import doubtful_mark
from bench.report.pair.gate_section import gate_mark
from bench.report.pair.repeat import option_words
from bench.report.select_runs import Shown

_SAID = frozenset({Verdict.FASTER, Verdict.SLOWER, Verdict.LESS_MEMORY, Verdict.MORE_MEMORY})
_PREFIX = len("perf: ")


def measured_message(pair: Pair, shown: Sequence[Shown]) -> str:
    """Subject, figures, conditions and the command that repeats it: plain text for `git commit`."""
    results = [(one.python, result) for one in shown for result in one.results]
    rows = [_figure(python, result) for python, result in results]
    levels = {one.run.manifest.options.alpha for one in shown}
    return commit_message(
        _title([result for _, result in results]),
        (
            *figures_paragraphs(_what(results), rows, max(levels)),
            filled(_conditions(shown)),
            filled(_content(pair)),
            _command(pair, shown),
        ),
    )


def _title(results: Sequence[Result]) -> str:
    """What became faster, the most first; what became slower is not passed over."""
    faster, slower = (_of(results, one) for one in (Verdict.FASTER, Verdict.SLOWER))
    if not faster and not slower:
        return "no benchmark certainly faster or slower"
    if not faster:
        return _fitting(f"{_size(slower[-1])}", slower[-1].name, len(slower) - 1)
    words = _fitting(_size(faster[0]), faster[0].name, len({one.name for one in faster}) - 1)
    if not slower:
        return words
    with_slower = f"{words}; {slower[-1].name} {_size(slower[-1])}"
    return with_slower if len(with_slower) <= WIDTH - _PREFIX else f"{words}; others slower"


def _of(results: Sequence[Result], verdict: Verdict) -> list[Result]:
    found = [one for one in results if one.verdict is verdict and one.size is not None]
    return sorted(found, key=lambda one: one.size.interval.ratio if one.size else 1.0)


def _size(result: Result) -> str:
    """`1.35x faster`, `12.3% faster`."""
    assert result.size is not None
    ratio = result.size.interval.ratio
    words = magnitude_with_direction(ratio)
    if magnitude(ratio).endswith("x"):
        return words
    return f"{percent(ratio).lstrip('+−')} {'faster' if ratio < 1 else 'slower'}"


def _fitting(size: str, name: str, others: int) -> str:
    more = f", and {others} more" if others else ""
    words = f"{name} {size}{more}"
    if len(words) <= WIDTH - _PREFIX - len("; others slower"):
        return words
    room = WIDTH - _PREFIX - len("; others slower") - len(f"… {size}{more}")
    return f"{name[:room]}… {size}{more}"


def _figure(python: str, result: Result) -> Figure:
    size = result.size
    is_said = result.verdict in _SAID or result.verdict is Verdict.BELOW_MEI
    return Figure(
        name=result.name,
        python=python,
        before_after=figures(result) if size else "",
        change=change_of(result) if is_said and size else verdict_words(result),
        ratio=size.interval.ratio if size else None,
    )


def _what(results: Sequence[tuple[str, Result]]) -> str:
    metrics = {result.size.metric for _, result in results if result.size is not None}
    return "CPU time" if metrics == {Metric.CPU} else "Time" if metrics else "Results"


def _conditions(shown: Sequence[Shown]) -> str:
    """Pythons, machine, days, and what makes the figures doubtful."""
    manifests = [one.run.manifest for one in shown]
    pythons = joined([one.whole_python for one in manifests])
    machine = manifests[0].machine
    when = days(one.started_at for one in manifests)
    alpha = max(one.options.alpha for one in manifests)
    words = (
        f"Python {pythons} on {machine.name}, {when}; at most a {alpha:.0%} chance that any "
        "faster or slower of a run is wrong."
    )
    marks = dict.fromkeys(
        mark
        for one in shown
        for mark in (gate_mark(one.run), doubtful_mark(one.evaluation))
        if mark
    )
    return " ".join([words, *(f"{mark}." for mark in marks)])


def _content(pair: Pair) -> str:
    """How anybody can see that a commit is what was measured."""
    if pair.head.source is not Source.TREE:
        return ""
    return (
        f"Measured before it was committed, against {pair.base.label}: "
        f"`git rev-parse COMMIT^{{tree}}` is {pair.head.identity}."
    )


def _command(pair: Pair, shown: Sequence[Shown]) -> str:
    """The command, once COMMIT is the commit's name."""
    manifest = shown[-1].run.manifest
    head = "COMMIT" if pair.head.source is Source.TREE else pair.head.label
    words = f"{COMMAND} run", word_of(manifest.target), f"{pair.base.label}..{head}"
    return command_paragraph(words, _options(shown))


def _options(shown: Sequence[Shown]) -> Iterator[str]:
    yield from (f"--python {python}" for python in dict.fromkeys(one.python for one in shown))
    words = iter(option_words(shown[-1].run.manifest.options))
    for word in words:
        has_value = word != "--allocated"
        yield f"{word} {next(words)}" if has_value else word
