"""What the memory of a pair comes to, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.core.result import Memory, Result
from bench.core.verdict import Verdict
from bench.formats.markdown import code
from bench.formats.text import amount, joined

_NAMED = 4
_WORDS = {Verdict.LESS_MEMORY: "less", Verdict.MORE_MEMORY: "**more**"}


def memory_sentences(found: Mapping[str, Mapping[str, Result]]) -> Iterator[str]:
    """`Memory: less in a (1.50 times less), more in b (+3.0%)`; nothing where nothing changed.

    `found`: by benchmark, its result on each Python.
    """
    told = [words for verdict in _WORDS if (words := _side(found, verdict))]
    if told:
        yield f"Memory: {', '.join(told)}."


def _side(found: Mapping[str, Mapping[str, Result]], verdict: Verdict) -> str:
    names = []
    for name, results in found.items():
        having = {
            python: one.memory
            for python, one in results.items()
            if one.memory and one.memory.verdict is verdict
        }
        if having:
            where = f" on {joined(list(having))}" if len(having) < len(results) else ""
            names.append(f"{code(name)} ({memory_size(list(having.values()))}{where})")
    more = len(names) - _NAMED
    listed = joined([*names[:_NAMED], f"{more} more"] if more > 0 else names)
    return f"{_WORDS[verdict]} in {listed}" if names else ""


def memory_size(found: Sequence[Memory]) -> str:
    """By how much memory changed: `5.42 to 5.54 times less`; of one size that alone."""
    sizes = list(dict.fromkeys(amount(1.0, one.interval.ratio) for one in found))
    first, last = (sizes[0], sizes[-1]) if sizes else ("", "")
    if len(sizes) < 2:
        return first
    number, _, unit = first.partition(" ")
    return f"{number if last.endswith(f' {unit}') else first} to {last}"
