"""The JSON schema of results for scripts, made from the types that they are made of.

It lies in `docs/results.schema.json`. Fields may be added to a format; one that is removed, or that
means something else, raises `FORMAT`.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from bench.core.gate import Gate
from bench.core.result import GroupMean, Result
from bench.core.revision import Revision
from bench.engine.environments.dependencies import DependencyChange

FORMAT = 1
_NUMBER = {"type": ["number", "null"]}
_FIELDS: dict[str, Any] = {
    "target": str,
    "layer": str,
    "base": Revision,
    "head": Revision,
    "python": str,
    "machine": str,
    "run": str,
    "complete": bool,
    "alpha": float,
    "mei": float,
    "mei_memory": float,
    "doubtful": bool,
    "level_of_each": float,
    "level_of_memory": float | None,
    "means": tuple[GroupMean, ...],
    "dependencies": str,
    "split": dict[str, Any] | None,
    "dependency_changes": tuple[DependencyChange, ...],
    "tests": Gate | None,
    "calibration": dict[str, Any] | None,
    "notes": tuple[str, ...],
    "benchmarks": tuple[Result, ...],
}
_OWN = {
    "name": {"type": "string"},
    "benchmark": {
        "type": "object",
        "description": "as declared: bench/targets/_example.toml explains every key",
    },
    "floor": {
        **_NUMBER,
        "description": "the smallest effect that the run finds with 80% power, as a fraction",
    },
}


def results_schema() -> dict[str, Any]:
    """The schema of what `run --json` and `summary --format json` print: a list of runs."""
    found, components = msgspec.json.schema_components(
        _FIELDS.values(), ref_template="#/$defs/{name}"
    )
    result = components["Result"]
    result["properties"] |= _OWN
    result["required"] = sorted({*result["required"], *_OWN})
    properties = {"format": {"const": FORMAT}, **dict(zip(_FIELDS, found, strict=True))}
    document = {
        "type": "object",
        "description": "a run: all benchmarks of a pair on one Python and machine. Times are "
        "seconds, memory is bytes, a ratio is head / base; figures that do not exist or are "
        "infinite are null",
        "properties": properties,
        "required": list(properties),
    }
    whole = _plain({"type": "array", "items": document})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:duetbench:results:{FORMAT}",
        "title": "Results of duetbench",
        **whole,
        "$defs": _used(whole, _plain(components)),
    }


def written() -> str:
    """The text of the file."""
    return json.dumps(results_schema(), indent=1, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """Without defaults, some of which JSON does not know, and with null for what is not finite."""
    if isinstance(value, dict):
        if value.get("type") == "number":
            value = {**value, **_NUMBER}
        return {
            key: " ".join(inner.split()) if key == "description" else _plain(inner)
            for key, inner in value.items()
            if key != "default"
        }
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _used(schema: Any, components: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - the same
    """The components that a schema refers to, and those that they refer to."""
    found: dict[str, Any] = {}
    left = [schema]
    while left:
        text = json.dumps(left.pop())
        for name, component in components.items():
            if name not in found and f'"#/$defs/{name}"' in text:
                found[name] = component
                left.append(component)
    return dict(sorted(found.items()))
