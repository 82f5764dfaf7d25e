"""A run's results for scripts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from bench.engine.environments.interpreters import Interpreter
from bench.engine.session.plan import Plan
from bench.engine.split import Split
from bench.report.pair.floor_notes import floor_notes
from bench.report.pair.notes import dependency_changes, notes
from bench.report.pair.split_section import split_document
from bench.report.pair.upstream_section import traffic_of
from bench.report.select_runs import Evaluated
from bench.validate.calibration.lookup import Fitting

FORMAT = 1  # schema.py has what it means, and every field


def result_document(
    one: Evaluated, fitting: Fitting | None, splits: Sequence[Split] = ()
) -> dict[str, Any]:
    """What `--json` prints for one run, as `docs/results.schema.json` has it.

    A run that is the project's own part of one of the `splits` has that split.

    `floor` of a benchmark is the smallest effect the run could find, as a fraction, by the
    calibration `fitting`.
    """
    run, evaluation, manifest = one.run, one.evaluation, one.run.manifest
    detectable = fitting.detectable(run, evaluation.level) if fitting else {}
    document = {
        "format": FORMAT,
        "target": manifest.target,
        "layer": manifest.layer,
        "base": msgspec.to_builtins(manifest.pair.base),
        "head": msgspec.to_builtins(manifest.pair.head),
        "python": manifest.whole_python,
        "machine": manifest.machine.name,
        "run": manifest.run_id,
        "complete": run.closed is not None,
        "alpha": manifest.options.alpha,
        "mei": manifest.options.mei,
        "mei_memory": manifest.options.mei_memory,
        "doubtful": evaluation.doubtful,
        "level_of_each": evaluation.level,
        "level_of_memory": evaluation.memory_level,
        "means": msgspec.to_builtins(evaluation.means),
        "dependencies": manifest.options.dependencies,
        "split": next((split_document(one) for one in splits if one.own == manifest), None),
        "dependency_changes": msgspec.to_builtins(dependency_changes(run)),
        "tests": msgspec.to_builtins(run.gate),
        "calibration": _calibration(fitting),
        "notes": [*floor_notes(run, fitting), *notes(run, evaluation)],
        "benchmarks": [
            {
                "name": result.name,
                **msgspec.to_builtins(result),
                "floor": detectable.get(result.name),
                "traffic": msgspec.to_builtins(traffic_of(run, result)),
            }
            for result in evaluation.results
        ],
    }
    kept: dict[str, Any] = finite(document)
    return kept


def plan_document(plan: Plan, interpreters: Sequence[tuple[Interpreter, bool]]) -> dict[str, Any]:
    """What `--dry-run --json` prints; each interpreter comes with whether all is built already."""
    document: dict[str, Any] = {
        "format": 1,
        "target": plan.target.name,
        "layer": plan.target.layer,
        "base": msgspec.to_builtins(plan.pair.base),
        "head": msgspec.to_builtins(plan.pair.head),
        "pythons": [
            {"version": one.version, "executable": str(one.executable), "built": ready}
            for one, ready in interpreters
        ],
        "options": msgspec.to_builtins(plan.options),
        "benchmarks": [one.declaration.name for one in plan.benchmarks],
    }
    return document


def _calibration(fitting: Fitting | None) -> dict[str, Any] | None:
    if fitting is None or fitting.slower is not None:
        return None
    return {
        "run": fitting.calibration.run.manifest.run_id,
        "age_s": fitting.age.total_seconds(),
        "stale": fitting.is_stale,
        "wrong": fitting.calibration.wrong.count,
        "runs": fitting.calibration.wrong.total,
    }


def finite(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """The same with None in place of numbers that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return value
