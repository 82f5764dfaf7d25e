"""A workspace for synthetic runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_runs import workspace_in

from bench.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name in ("DATA", "RESULTS", "TARGETS", "SUITES", "REPOS", "CACHE"):
        monkeypatch.delenv(f"BENCH_{name}", raising=False)
    return workspace_in(tmp_path)
