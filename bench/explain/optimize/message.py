"""The message of a commit that makes something faster: what, why, figures, and how to get them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from bench.core.verdict import Verdict
from bench.explain.optimize.measuring import MeasuredPair
from bench.explain.optimize.record import Gain, StepRecord
from bench.explain.optimize.request import OptimizeRequest
from bench.formats.text import before_after, change, confidence

_WIDTH = 72


def subject(title: str) -> str:
    """The first line."""
    return f"perf: {title}"


def candidate_message(title: str) -> str:
    """That of a commit which is not measured yet: no branch ever points at it."""
    return f"{subject(title)}\n\nNot measured yet.\n"


def message(
    step: StepRecord, measured: MeasuredPair, request: OptimizeRequest, alpha: float
) -> str:
    """That of a commit on the branch; `alpha` is the error rate of each run."""
    proofs = [(one.name, one.words) for one in step.checks if one.passed and one.words]
    paragraphs = (
        textwrap.fill(step.why, _WIDTH),
        f"CPU time, medians, before -> after, with {confidence(alpha)} intervals:",
        _columns(_cells(measured.gains)),
        f"Proved before:\n\n{_columns(proofs)}" if proofs else "",
        f"Measured with:\n{_command(measured, request)}",
    )
    return "\n\n".join([subject(step.title), *filter(None, paragraphs)]) + "\n"


def _command(measured: MeasuredPair, request: OptimizeRequest) -> str:
    """What measures it again, once COMMIT is the commit's name."""
    words = ["python -m bench run", request.target.name, "COMMIT~1..COMMIT"]
    words += [f"--benchmark {one}" for one in dict.fromkeys(g.scenario for g in measured.gains)]
    words += [f"--python {one.version}" for one in request.interpreters]
    return textwrap.fill(
        " ".join(words),
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _cells(gains: Sequence[Gain]) -> list[tuple[str, ...]]:
    """A row a scenario and Python, what became faster first."""
    ordered = sorted(gains, key=lambda one: (one.interval.ratio if one.interval else 9, one.python))
    return [
        (one.scenario, one.python, before_after(one.base_s, one.head_s), _change(one))
        for one in ordered
    ]


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Lines in columns; what does not fit goes on below itself."""
    *before, _last = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for *cells, last in rows:
        start = "  ".join(["", *(c.ljust(width) for c, width in zip(cells, before, strict=True))])
        indent = " " * (len(start) + 2)
        lines.append(
            textwrap.fill(last, _WIDTH, initial_indent=f"{start}  ", subsequent_indent=indent)
        )
    return "\n".join(lines)


def _change(gain: Gain) -> str:
    if gain.verdict is Verdict.SAME:
        return "same"
    if gain.verdict is None:
        return gain.reason or "not measured"
    return change(gain.interval)
