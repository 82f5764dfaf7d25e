"""The findings of a trace, side by side, with names that are the same on every machine."""

from __future__ import annotations

from collections.abc import Callable

from bench.core.sample import Side
from bench.core.workspace import Workspace
from bench.explain.profile.session import places
from bench.explain.trace.findings.finding import BoundaryFinding, Evidence
from bench.explain.trace.findings.rules import find
from bench.explain.trace.path import path_of
from bench.explain.trace.session import Trace


def find_all(trace: Trace, workspace: Workspace) -> dict[Side, list[BoundaryFinding]]:
    """Of each side what the rules find in the run that is shown.

    Runs with the service further away are of the last side: they say what its findings would save.
    """
    last = list(trace.runs)[-1]
    shown = {side: shortener(trace, side, workspace) for side in trace.runs}
    away = {s: Evidence(one, path_of(one), shown[last]) for s, one in trace.far.items()}
    return {
        side: find(
            Evidence(runs.shown, path_of(runs.shown), shown[side]), away if side is last else None
        )
        for side, runs in trace.runs.items()
    }


def shortener(trace: Trace, side: Side, workspace: Workspace) -> Callable[[str], str]:
    """Takes this machine's folders out of words."""
    found = places(trace.environments.side(side), trace.sides.side(side), workspace)

    def shown(words: str) -> str:
        for place, name in found:
            words = words.replace(str(place), name)
        return words

    return shown
