"""The JSON schemas of what is printed for scripts, made from the types that it is made of.

They lie in `docs/`. Fields may be added to a format; one that is removed, or that means something
else, raises it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bench.core.gate import Gate
from bench.core.result import GroupMean, Result
from bench.core.revision import Revision
from bench.engine.environments.dependencies import DependencyChange
from bench.report.attribute.document import FORMAT as ATTRIBUTION_FORMAT
from bench.report.attribute.document import AttributionDocument
from bench.report.bisect.decisions import DOCUMENT_FORMAT as BISECTION_FORMAT
from bench.report.bisect.decisions import BisectionDocument
from bench.report.claims.shown import DOCUMENT_FORMAT, ClaimsDocument
from bench.report.machine_readable import FORMAT

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
    "traffic": {
        "type": ["object", "null"],
        "description": "what processes asked of a server that keeps a journal: sums over `rounds` "
        "rounds, by side and counter; null where there is none",
        "properties": {
            "rounds": {"type": "integer"},
            **{
                side: {"type": "object", "additionalProperties": {"type": "integer"}}
                for side in ("base", "head")
            },
        },
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
    return _schema(f"results:{FORMAT}", "Results of duetbench", whole, components)


def claims_schema() -> dict[str, Any]:
    """The schema of what `claims --json` prints."""
    title = "Claims of commit messages, tested by duetbench"
    return _of_struct(ClaimsDocument, f"claims:{DOCUMENT_FORMAT}", title)


def attribution_schema() -> dict[str, Any]:
    """The schema of what `attribute --json` prints."""
    title = "A range of commits, attributed by duetbench"
    return _of_struct(AttributionDocument, f"attribution:{ATTRIBUTION_FORMAT}", title)


def bisection_schema() -> dict[str, Any]:
    """The schema of what `bisect --json` prints."""
    title = "A range of commits, bisected by duetbench"
    return _of_struct(BisectionDocument, f"bisection:{BISECTION_FORMAT}", title)


def _of_struct(kind: type[msgspec.Struct], name: str, title: str) -> dict[str, Any]:
    """The schema of a document that is a struct; its format is in its name."""
    (whole,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    components[kind.__name__]["properties"]["format"] = {"const": int(name.rpartition(":")[2])}
    return _schema(name, title, _plain(whole), components)


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "results.schema.json": results_schema,
    "claims.schema.json": claims_schema,
    "attribution.schema.json": attribution_schema,
    "bisection.schema.json": bisection_schema,
}


def written(name: str) -> str:
    """The text of a file of `docs/`."""
    return json.dumps(SCHEMAS[name](), indent=1, ensure_ascii=False) + "\n"


def _schema(
    name: str, title: str, whole: dict[str, Any], components: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:duetbench:{name}",
        "title": title,
        **whole,
        "$defs": _used(whole, _plain(dict(components))),
    }


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
