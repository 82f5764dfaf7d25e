"""Functions that are cheap to change and not worth it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.explain.patterns.cold import Samples, cold_paths
from bench.explain.profile.frames import Frame
from bench.explain.rank.sources import Source

_LOOP = """\
def {name}(self, words):
    for word in words:
        self.a.b(word)
        self.a.b(word)
        self.a.b(word)
"""
_TEXT = "\n\n".join(
    [*(_LOOP.format(name=name) for name in ("hot", "cold", "idle")), "def quiet():\n    pass\n"]
)
_HOT, _COLD, _QUIET = (Frame(f"{name}()", "own.some", "own") for name in ("hot", "cold", "quiet"))
_OTHER = Frame("loads()", "json", "standard library")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    file = tmp_path / "some.py"
    file.write_text(_TEXT, encoding="utf-8")
    return Source.parse("own.some", file)


def told(source: Source, runs: list[dict[tuple[Frame, ...], float]], least_s: float) -> list[str]:
    ran = {(str(source.file), line) for line in (2, 3, 8, 9)}
    samples = Samples(runs, 1000)
    found = cold_paths(samples, {"own.some": source}, frozenset(), ran, least_s)
    return [f"{one.where}: {one.evidence}" for one in found if not one.pays]


def test_functions_that_hardly_run_are_one_line(source: Source) -> None:
    runs: list[dict[tuple[Frame, ...], float]] = [
        {(_QUIET, _HOT): 60.0, (_COLD, _OTHER): 39.0, (_QUIET, _COLD): 0.5, (_QUIET,): 0.5},
        {(_QUIET, _HOT): 70.0, (_OTHER,): 30.0},
    ]
    (line,) = told(source, runs, 0.001)
    assert line.startswith("2 functions: cheap to change, but run hardly ever here (1, ")
    assert "or never (1)" in line
    assert line.endswith("`own.some: cold`, `own.some: idle`")
    assert "hot" not in line
    assert "quiet" not in line
    # 2 of 1,000 samples (0.5 of 200 ms): at most 6.3 in 95% of cases, of 100 ms
    assert "at most 628 µs)" in line


def test_what_takes_long_is_not_cold(source: Source) -> None:
    runs: list[dict[tuple[Frame, ...], float]] = [{(_HOT,): 50.0, (_COLD,): 50.0}]
    (line,) = told(source, runs, 0.01)
    assert line.startswith("1 function: cheap to change, but never run here")
    assert line.endswith(": `own.some: idle`")
    assert told(source, runs, 0.0) == []


def test_files_that_are_not_run_are_not_read(source: Source) -> None:
    found = cold_paths(Samples([{(_HOT,): 50.0}], 9), {"own.some": source}, frozenset(), (), 0.01)
    assert list(found) == []
