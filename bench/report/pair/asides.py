"""What stands beside a verdict: outputs that differ, failed rounds, processes left running."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.result import Failures, Result
from bench.formats.text import joined

_EXCERPT_LINES = 2


def asides(result: Result) -> list[str]:
    """A few words each: `standard output differs`, `failed rounds: base 0, head 2 of 42`."""
    found = []
    if result.outputs and result.outputs.differs:
        verb = "differs" if len(result.outputs.differs) == 1 else "differ"
        found.append(f"{joined(result.outputs.differs)} {verb}")
    if result.failures and result.available:
        found.append(f"failed rounds: {_rates(result.failures)}")
    if result.left_running:
        found.append("left processes running")
    if result.only_inside:
        found.append("its process saves less than half of it")
    return found


def _rates(failures: Failures) -> str:
    return f"base {failures.base}, head {failures.head} of {failures.tried}"


def excerpt(result: Result) -> str:
    """The first lines that differ, on one line; "" where none do."""
    said = result.outputs.excerpt if result.outputs else ""
    return " / ".join(said.splitlines()[:_EXCERPT_LINES])


def output_notes(results: Sequence[Result]) -> Iterator[str]:
    """What base and head print differently, in sentences, for those who read on."""
    for result in results:
        if result.outputs and result.outputs.differs:
            yield (
                f"{result.name}: {joined(result.outputs.differs)} of base and head differ: they "
                f"may not do the same work. First difference: `{excerpt(result).replace('`', ' ')}`"
            )


def aside_notes(results: Sequence[Result]) -> Iterator[str]:
    """All else that stands beside verdicts, likewise."""
    failing = {one.name: _rates(one.failures) for one in results if one.failures and one.available}
    if failing:
        named = joined([f"{name} ({rates})" for name, rates in failing.items()])
        yield (
            f"Some rounds failed and were dropped on both sides: {named}. Times are of processes "
            "that worked."
        )
    for result in results:
        if result.left_running:
            named = joined([f"`{name.replace('`', ' ')}`" for name in result.left_running])
            yield f"{result.name} left processes running; each round ended them: {named}."
        if result.only_inside:
            yield (
                f"{result.name}: what the script times got faster, but its process saved less than "
                "half of that: work has moved out of what is timed, or its clock was changed."
            )
    varying = [one.name for one in results if one.outputs and one.outputs.varying]
    if varying:
        yield f"What these print varies from run to run and was not compared: {joined(varying)}."
