"""Flame graphs of what changed between two revisions, where somebody made them."""

from __future__ import annotations

from bench.core.workspace import Workspace
from bench.report.explorer.pair_document import Document
from bench.report.select_runs import PairRuns

_PICTURES = {"shift.svg": "time", "imports-shift.svg": "imports"}


def shifts_of(pair: PairRuns, workspace: Workspace) -> list[Document]:
    """Those that `profile` drew of the pair: by Python and scenario, as SVG text."""
    folder = workspace.profiles / pair.target / pair.pair.label
    found = [
        {
            "python": file.parts[-3].removeprefix("py"),
            "scenario": file.parent.name,
            "what": what,
            "svg": file.read_text(encoding="utf-8"),
        }
        for name, what in _PICTURES.items()
        for file in folder.glob(f"py*/*/{name}")
    ]
    return sorted(found, key=lambda one: (one["scenario"], one["python"], one["what"]))
