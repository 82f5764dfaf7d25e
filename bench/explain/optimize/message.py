"""The message of a step's commit: what, why, figures, and how to get them."""

from __future__ import annotations

from bench.core.program import COMMAND
from bench.core.target import word_of
from bench.core.verdict import Verdict
from bench.explain.optimize.measuring import MeasuredPair
from bench.explain.optimize.record import Gain, StepRecord
from bench.explain.optimize.request import OptimizeRequest
from bench.formats.commit_message import (
    Figure,
    command_paragraph,
    commit_message,
    figures_paragraphs,
    filled,
    in_columns,
    subject,
)
from bench.formats.text import before_after, change, counted


def candidate_message(title: str) -> str:
    """That of a commit which is not measured yet: no branch ever points at it."""
    return f"{subject(title)}\n\nNot measured yet.\n"


def message(
    step: StepRecord, measured: MeasuredPair, request: OptimizeRequest, alpha: float
) -> str:
    """That of a commit on the branch; `alpha` is the error rate of each run."""
    proofs = [(one.name, one.words) for one in step.checks if one.passed and one.words]
    paragraphs = (
        filled(step.why),
        *figures_paragraphs("CPU time", [_figure(one) for one in measured.gains], alpha),
        f"Proved before:\n\n{in_columns(proofs)}" if proofs else "",
        _command(measured, request),
    )
    return commit_message(step.title, paragraphs)


def _command(measured: MeasuredPair, request: OptimizeRequest) -> str:
    """What measures it again, once COMMIT is the commit's name."""
    words = (f"{COMMAND} run", word_of(request.target.name), "COMMIT~1..COMMIT")
    scenarios = dict.fromkeys(one.scenario for one in measured.gains)
    options = [f"--benchmark {one}" for one in scenarios]
    return command_paragraph(
        words, [*options, *(f"--python {one.version}" for one in request.interpreters)]
    )


def _figure(gain: Gain) -> Figure:
    return Figure(
        name=gain.scenario,
        python=gain.python,
        before_after=before_after(gain.base_s, gain.head_s),
        change=gain_words(gain),
        ratio=gain.interval.ratio if gain.interval else None,
    )


def gain_words(gain: Gain) -> str:
    """A change with its interval, or why there is none."""
    if gain.verdict is Verdict.SAME:
        return "same"
    if gain.interval is None:
        too_few = f"undecided, {counted(gain.rounds, 'round')} are too few"
        return gain.reason or (too_few if gain.rounds else "not measured")
    words = change(gain.interval)
    return f"undecided, {words}" if gain.verdict is Verdict.UNDECIDED else words
