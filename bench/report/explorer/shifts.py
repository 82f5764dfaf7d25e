"""Flame graphs of what changed between two revisions, where somebody made them."""

from __future__ import annotations

from bench.core.workspace import Workspace
from bench.report.explorer.values import Document

_PICTURES = {"shift.svg": "time", "imports-shift.svg": "imports"}


def shifts_of(workspace: Workspace, target: str, label: str) -> list[Document]:
    """Those that `profile` drew of a pair: by Python and scenario, as SVG text."""
    folder = workspace.profiles / target / label
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


def profiled(workspace: Workspace) -> list[tuple[str, str]]:
    """Target and label of all pairs of which something was drawn."""
    files = (file for name in _PICTURES for file in workspace.profiles.glob(f"*/*/py*/*/{name}"))
    return sorted({(file.parts[-5], file.parts[-4]) for file in files})
