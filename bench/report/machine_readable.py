"""A run's results for scripts."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from bench.evaluation import evaluate
from bench.report.notes import dependency_changes, notes
from bench.store.run import Run


def result_document(run: Run) -> dict[str, Any]:
    """What `--json` prints for one run; figures that do not exist (or are infinite) are null."""
    evaluation, manifest = evaluate(run), run.manifest
    document = {
        "format": 1,
        "target": manifest.target,
        "layer": manifest.layer,
        "base": msgspec.to_builtins(manifest.pair.base),
        "head": msgspec.to_builtins(manifest.pair.head),
        "python": manifest.base.provenance.python,
        "machine": manifest.machine.name,
        "run": manifest.run_id,
        "complete": run.closed is not None,
        "alpha": manifest.options.alpha,
        "mei": manifest.options.mei,
        "level_of_each": evaluation.level,
        "dependency_changes": msgspec.to_builtins(dependency_changes(run)),
        "tests": msgspec.to_builtins(run.gate),
        "notes": notes(run, evaluation),
        "benchmarks": [
            {"name": result.name, **msgspec.to_builtins(result)} for result in evaluation.results
        ],
    }
    finite: dict[str, Any] = _finite(document)
    return finite


def _finite(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value
