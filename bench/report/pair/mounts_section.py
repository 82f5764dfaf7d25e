"""What bringing files into a container costs, beside its own layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.core.container import ContainerMeasure, Where
from bench.core.result import Result
from bench.formats.markdown import table
from bench.formats.text import counted, seconds

_DOES = {ContainerMeasure.READ: "read", ContainerMeasure.WRITE: "write"}


def mounts_section(results: Sequence[Result]) -> Iterator[str]:
    """A row for each place and for reading and writing; nothing when no files were measured."""
    places = {place: result for result in results for place in _places(result)}
    rows = [
        [f"{does} {files}, {where}", *_figures(result, places.get((does, Where.LAYER, files)))]
        for (does, where, files), result in places.items()
    ]
    if rows:
        yield (
            "Seconds as the Python inside sees them; copying in, before reading, and out, after "
            "writing, is part of *copy*. Beside each the ratio to the container's own layer: of "
            "medians, without a test, for the rounds of different rows are not pairs."
        )
        columns = ("", "base", "of the layer", "head", "of the layer")
        yield table(columns, rows)


def _places(result: Result) -> Iterator[tuple[str, Where, str]]:
    use = result.benchmark.container
    if use is not None and use.where is not None and result.available:
        yield _DOES[use.measure], use.where, counted(use.files, "file")


def _figures(result: Result, layer: Result | None) -> list[str]:
    return [
        *_figure(result.base_s, layer.base_s if layer else None),
        *_figure(result.head_s, layer.head_s if layer else None),
    ]


def _figure(value_s: float | None, layer_s: float | None) -> list[str]:
    ratio = f"{value_s / layer_s:.2f}x" if value_s and layer_s else "–"
    return [seconds(value_s), ratio]
