"""Whose own code it was: the function that a stretch of it lies in, told by calls around it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from bench.explain.trace.path import Layer, Piece
from bench.explain.trace.phases import divided
from bench.explain.trace.recording import Span
from bench.explain.trace.timeline import Timeline

UNKNOWN = "(not within one function)"


def own_code_by_function(timeline: Timeline, path: Sequence[Piece]) -> list[tuple[str, float]]:
    """Seconds of the first process's own code by function `name (file)`, the longest first.

    Between two recorded calls ran the innermost function that both came from, and all that it
    called in between.
    """
    root = timeline.root
    if root.recorded is None:
        return []
    known = [s for s in root.recorded.spans if s.who and s.thread == root.recorded.thread]
    begins = [span.begin for span in known]
    ends = sorted(known, key=lambda span: span.end)
    ended = [span.end for span in ends]
    found: dict[str, float] = {}
    for piece in path:
        if piece.layer is not Layer.OWN_CODE or piece.process is not root:
            continue
        before = bisect_right(ended, piece.begin) - 1
        after = bisect_right(begins, piece.begin)
        around = [ends[before]] if before >= 0 else []
        around += [known[after]] if after < len(known) else []
        name = _common(around)
        worked = sum(s for process, layer, s in divided(piece) if layer is Layer.OWN_CODE
                     and process is root)  # fmt: skip
        found[name] = found.get(name, 0.0) + worked
    return sorted(found.items(), key=lambda item: -item[1])


def _common(around: Sequence[Span]) -> str:
    """The innermost function that all of them came from."""
    if len(around) < 2:
        return UNKNOWN
    one, other = ([_function(frame) for frame in reversed(span.who)] for span in around)
    name = UNKNOWN
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        name = mine
    return name


def _function(frame: str) -> str:
    """Without the line, which is another one at the next call."""
    return frame.rpartition(":")[0] + ")"
