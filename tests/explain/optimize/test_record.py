"""What an optimisation stores, and how it is read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.synthetic_optimizations import TIP, asked, synthetic_optimization, usual_events

from bench.core.errors import DataError
from bench.explain.optimize.record import Progress, StepRecord, Stood
from bench.explain.optimize.stored import OPTIMIZATIONS


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path)
    assert made.folder == tmp_path / "optimize" / "sample" / ("a" * 12) / made.asked.id
    found = OPTIMIZATIONS.read(made.folder)
    assert found == made
    assert [one.number for one in found.kept] == [1, 3]
    assert [one.number for one in found.dropped] == [2]
    assert found.whole is not None
    assert found.whole.commit == TIP
    assert [one.separate for one in found.branches] == [False, True]
    assert [one.after for one in found.imports("help", "3.13")] == [0, 2]
    assert found.progress is Progress.PLATEAU


def test_an_optimization_that_goes_on_is_under_way_and_the_last_word_counts(
    tmp_path: Path,
) -> None:
    step = next(one for one in usual_events() if isinstance(one, StepRecord))
    made = synthetic_optimization(
        tmp_path, [step, Stood(progress=Progress.INTERRUPTED, at="2026-11-30T11:00:00+00:00")]
    )
    assert made.progress is Progress.INTERRUPTED
    again = OPTIMIZATIONS.append(
        made, StepRecord(number=1, recipe="r", title="t", why="w", kept=False, sites=())
    )
    assert again.progress is Progress.UNDER_WAY
    assert [one.recipe for one in OPTIMIZATIONS.read(made.folder).steps] == ["r"]


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path)
    file = made.folder / "events.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    ended = OPTIMIZATIONS.read(made.folder)
    assert ended.progress is Progress.UNDER_WAY
    OPTIMIZATIONS.append(ended, made.events[-1])
    assert file.read_bytes() == whole


def test_a_damaged_one_is_told_and_passed_over(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path)
    assert OPTIMIZATIONS.latest(tmp_path, asked()) == made
    (made.folder / "events.jsonl").write_text("{}\n")
    assert OPTIMIZATIONS.latest(tmp_path, asked()) is None
    ((_, found),) = OPTIMIZATIONS.read_all(tmp_path)
    assert isinstance(found, DataError)
    assert "line 1" in found.message


@pytest.mark.parametrize("how", [{"form": "lazy"}, {"pythons": ("3.13",)}, {"separate": False}])
def test_another_question_is_another_optimization(tmp_path: Path, how: dict[str, object]) -> None:
    synthetic_optimization(tmp_path)
    assert OPTIMIZATIONS.latest(tmp_path, asked(**how)) is None


def test_one_in_anothers_folder_is_refused(tmp_path: Path) -> None:
    made = synthetic_optimization(tmp_path)
    moved = made.folder.rename(made.folder.with_name("other"))
    with pytest.raises(DataError, match="another place"):
        OPTIMIZATIONS.read(moved)
