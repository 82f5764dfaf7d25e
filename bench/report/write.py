"""Make `results/` from `data/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.store.run import Run
from bench.workspace import Workspace


@dataclass(frozen=True)
class Written:
    """Where the write-up of a run is."""

    results: Path

    def page_of(self, run: Run) -> Path:
        """The page of a run's pair."""
        return self.results / run.manifest.target / run.manifest.pair.label / "README.md"


def write_report(workspace: Workspace) -> Written:
    """Write everything under `results/`."""
    return Written(workspace.results)
