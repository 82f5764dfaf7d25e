"""Rich's ``Segment.simplify``: joining neighbours of one style, the last step before output.

One call simplifies 3000 segments into 1000. Of three neighbours with one style, two share the same
object and the third has an equal one. Nothing is cached but the hash of each style.
"""

from __future__ import annotations

import pyperf
from rich.segment import Segment
from rich.style import Style

RUNS = 1000
STYLES = ("bold red", "italic #80c0ff", "dim on blue", "underline", "green")


def build_segments() -> list[Segment]:
    """Return runs of three segments; neighbouring runs differ in style."""
    first = [Style.parse(style) for style in STYLES]
    again = [Style.parse(style) + Style() for style in STYLES]
    found = []
    for run in range(RUNS):
        kind = run % len(STYLES)
        for text, style in (("a" * (run % 7), first), ("bc ", first), ("d", again)):
            found.append(Segment(text, style[kind]))
    return found


def simplify(segments: list[Segment]) -> list[Segment]:
    """Do what is timed."""
    return list(Segment.simplify(segments))


def check(simple: list[Segment], segments: list[Segment]) -> None:
    """Refuse to time a simplification that changes what is printed, or leaves it as it is."""
    if len(simple) != RUNS:
        msg = f"{len(simple)} segments, expected {RUNS}"
        raise RuntimeError(msg)
    for run, segment in enumerate(simple):
        parts = segments[3 * run : 3 * run + 3]
        if segment.text != "".join(part.text for part in parts) or segment.style != parts[0].style:
            msg = f"run {run} became {segment!r}"
            raise RuntimeError(msg)


def main() -> None:
    """Check, then time."""
    segments = build_segments()
    check(simplify(segments), segments)
    runner = pyperf.Runner()
    runner.metadata["description"] = f"Rich: simplify {len(segments)} segments"
    runner.bench_func("rich_segment", simplify, segments)


if __name__ == "__main__":
    main()
