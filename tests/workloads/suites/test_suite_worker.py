"""What programs that run suites have in common."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.workloads.suites import telling


@pytest.fixture
def suite_worker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module as the programs import it."""
    monkeypatch.syspath_prepend(str(Path(telling.__file__).parent))
    monkeypatch.delitem(sys.modules, "suite_worker", raising=False)
    return importlib.import_module("suite_worker")


@pytest.mark.parametrize(
    ("taken", "call_s"),
    [
        # Seconds by the wall, of CPU time, and ready without a core, of a call and of two together.
        pytest.param([(9.0, 0.001, 8.999), (9.0, 0.02, 8.98)], 0.01, id="a busy machine"),
        pytest.param([(0.5, 0.001, 0.1)], 0.4, id="a call that waits for something"),
        pytest.param([(0.05, 0.04, 0.0)], 0.04, id="a call that computes"),
    ],
)
def test_how_long_a_call_takes(
    suite_worker: Any,
    monkeypatch: pytest.MonkeyPatch,
    taken: list[tuple[float, float, float]],
    call_s: float,
) -> None:
    worker = suite_worker.Worker([json.dumps({"clock": "cpu"})])
    monkeypatch.setattr(worker, "task_func", lambda *_: (0.0, "made"))
    told = iter([both for one in taken for both in ((0.0, 0.0, 0.0), one)])
    monkeypatch.setattr(suite_worker, "_account", lambda: next(told))
    assert worker.one_call(print, (), {}) == (pytest.approx(call_s), "made")
