"""What a run says, in plain words made from its figures."""

from __future__ import annotations

from collections.abc import Sequence

from bench.core.result import Result
from bench.core.verdict import Verdict
from bench.formats.markdown import code, plain
from bench.formats.text import (
    change,
    counted,
    is_bounded,
    joined,
    magnitude,
    magnitude_with_direction,
    plus_minus,
    seconds,
)
from bench.report.pair.gate_section import gate_mark
from bench.report.pair.notes import dependency_changes
from bench.report.select_runs import Evaluated

_REASON_LENGTH = 100


def narrative(runs: Sequence[Evaluated]) -> str:
    """One paragraph on the runs of a pair on one machine, each on another Python."""
    sentences = [
        *(f"**{mark}** on {_python(one)}." for one in runs if (mark := gate_mark(one.run))),
        _counts(runs),
        _largest(runs),
        _all_with(runs, Verdict.SLOWER, "Slower"),
        _all_with(runs, Verdict.FASTER, "Faster"),
        _all_with(runs, Verdict.BELOW_MEI, f"Changed, but by less than {_mei(runs)}"),
        _all_with(runs, Verdict.SAME, f"Same, within ±{_mei(runs)}"),
        _all_with(runs, Verdict.UNDECIDED, "Undecided, so nothing is claimed"),
        _not_measured(runs),
        _control(runs),
        _confounded(runs),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def verdict_counts(results: Sequence[Result]) -> str:
    """`9 faster, 1 undecided`."""
    counts = [
        f"{number} {verdict}"
        for verdict in Verdict
        if (number := sum(result.verdict is verdict for result in results))
    ]
    missing = sum(result.verdict is None for result in results)
    return ", ".join([*counts, *([f"{missing} not measured"] if missing else [])]) or "nothing yet"


def largest_changes(results: Sequence[Result], most: int = 3) -> str:
    """The largest changes that are certain, in words."""
    found = _by_size(_changed(results))[:most]
    return ", ".join(
        f"{code(result.name)} {magnitude_with_direction(_ratio(result))}" for result in found
    )


def _counts(runs: Sequence[Evaluated]) -> str:
    parts = []
    for one in runs:
        results = one.results
        faster, slower = (
            sum(result.verdict is verdict for result in results)
            for verdict in (Verdict.FASTER, Verdict.SLOWER)
        )
        number = counted(len(results), "benchmark")
        words = f"{faster or 'none'} of {number} got faster and {slower or 'none'} slower"
        so_far = "" if one.is_complete else " so far (the run is not complete)"
        parts.append(f"on {_python(one)}, {words}{so_far}")
    sentence = "; ".join(parts)
    return f"**{sentence[:1].upper()}{sentence[1:]}.**"


def _largest(runs: Sequence[Evaluated]) -> str:
    changed = [(one, result) for one in runs for result in _changed(one.results)]
    if not changed:
        return ""
    name = _by_size([result for _, result in changed])[0].name
    parts = [
        f"{seconds(result.base_s)} → {seconds(result.head_s)}, "
        f"{change(result.size.interval if result.size else None)}, on {_python(one)}"
        for one, result in changed
        if result.name == name
    ]
    return f"The largest change is {code(name)}: {joined(parts)}."


def _all_with(runs: Sequence[Evaluated], verdict: Verdict, words: str) -> str:
    """All benchmarks with a verdict; where it holds on some Pythons only, on which."""
    having: dict[str, dict[str, Result]] = {}
    for one in runs:
        for result in one.results:
            if result.verdict is verdict:
                having.setdefault(result.name, {})[one.python] = result
    if not having:
        return ""
    everywhere = {name: found for name, found in having.items() if len(found) == len(runs)}
    parts = [joined([_named(name, list(found.values())) for name, found in everywhere.items()])]
    for one in runs:
        alone = [
            _named(name, [found[one.python]])
            for name, found in having.items()
            if name not in everywhere and one.python in found
        ]
        if alone:
            parts.append(f"on {_python(one)} only {joined(alone)}")
    return f"{words}: {'; '.join(part for part in parts if part)}."


def _named(name: str, results: Sequence[Result]) -> str:
    figures = joined(list(dict.fromkeys(_figure(result) for result in results)))
    unclear = any(_is_unbounded(result) for result in results)
    return f"{code(name)} ({figures}{', but in too few rounds to tell' * unclear})"


def _figure(result: Result) -> str:
    if result.verdict not in {Verdict.SAME, Verdict.UNDECIDED}:
        return magnitude(_ratio(result))
    if _is_unbounded(result):
        return magnitude_with_direction(_ratio(result))
    return plus_minus(result.interval)


def _is_unbounded(result: Result) -> bool:
    return result.interval is not None and not is_bounded(result.interval)


def _not_measured(runs: Sequence[Evaluated]) -> str:
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in runs:
        for result in one.evaluation.results:
            if result.verdict is None:
                reason = " ".join(result.reason.split())
                short = reason[:_REASON_LENGTH] + "…" * (len(reason) > _REASON_LENGTH)
                reasons.setdefault((result.name, short), []).append(_python(one))
    if not reasons:
        return ""
    parts = [
        f"{code(name)} on {joined(pythons)} ({plain(reason)})"
        for (name, reason), pythons in reasons.items()
    ]
    return f"Not measured: {'; '.join(parts)}."


def _control(runs: Sequence[Evaluated]) -> str:
    parts = [
        f"{change(one.evaluation.control.interval)} on {_python(one)}"
        for one in runs
        if one.evaluation.control is not None and one.evaluation.control.interval is not None
    ]
    if not parts:
        return ""
    return f"For scale: the same bare interpreter on both sides came out at {joined(parts)}."


def _confounded(runs: Sequence[Evaluated]) -> str:
    most = max((len(dependency_changes(one.run)) for one in runs), default=0)
    if not most:
        return ""
    verb = "differs" if most == 1 else "differ"
    return (
        f"{counted(most, 'third-party package')} {verb} between the sides as well and may be part "
        "of any change."
    )


def _changed(results: Sequence[Result]) -> list[Result]:
    return [
        result
        for result in results
        if result.size is not None and result.verdict in {Verdict.FASTER, Verdict.SLOWER}
    ]


def _by_size(results: Sequence[Result]) -> list[Result]:
    def size(result: Result) -> float:
        ratio = _ratio(result)
        return max(ratio, 1 / ratio) if ratio > 0 else 0.0

    return sorted(results, key=size, reverse=True)


def _ratio(result: Result) -> float:
    return result.size.interval.ratio if result.size is not None else 1.0


def _python(one: Evaluated) -> str:
    return f"Python {one.python}"


def _mei(runs: Sequence[Evaluated]) -> str:
    return joined(list(dict.fromkeys(f"{one.mei * 100:g}%" for one in runs)), "or")
