"""One declaration for several benchmarks: `matrix = { size = [10, 100] }`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

Declared = TypeVar("Declared", bound=msgspec.Struct)


def spread(benchmark: Declared) -> Iterator[Declared]:
    """A benchmark for each combination of a matrix's values, the last key varying fastest.

    `{key}` stands for a value in all its words, file contents and its name; a name without gets the
    values at its end. Raises `msgspec.ValidationError` for keys that are not used, and for what the
    values make.
    """
    told: dict[str, Any] = msgspec.to_builtins(benchmark)
    matrix, name = told.pop("matrix"), told["name"]
    if not matrix:
        yield benchmark
        return
    text = msgspec.json.encode(told).decode()
    unused = [key for key in matrix if f"{{{key}}}" not in text]
    if unused:
        raise msgspec.ValidationError(
            f"benchmark {name!r}: {{{unused[0]}}} of its matrix is used nowhere"
        )
    is_named = any(f"{{{key}}}" in name for key in matrix)
    if not is_named and told["group"] == "default":
        told["group"] = name
    for values in itertools.product(*matrix.values()):
        shown = {key: _shown(value) for key, value in zip(matrix, values, strict=True)}
        words = {key: _slug(value) for key, value in shown.items()}
        own = _filled(told, shown)
        own["name"] = _filled(name, words) if is_named else "-".join((name, *words.values()))
        yield msgspec.convert(own, type(benchmark))


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _slug(value: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", value.lower()).strip("-") or "none"


def _filled(told: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401
    """The same with all texts filled in, the names of files included."""
    if isinstance(told, str):
        for key, value in values.items():
            told = told.replace(f"{{{key}}}", value)
        return told
    if isinstance(told, dict):
        return {_filled(key, values): _filled(value, values) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_filled(one, values) for one in told]
    return told
