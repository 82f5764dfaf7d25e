"""Rankings and accuracy records of older formats stay readable, with their figures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.explain.rank.ranking import Ranking, read_rankings, store
from bench.report.output import Output
from bench.report.rank.rank_page import write_rank_pages
from bench.report.validate.accuracy_page import write_accuracy_page
from bench.validate.accuracy.accuracy_record import AccuracyRecord, read_accuracy

DATA = Path(__file__).parents[3] / "data"
FORMAT_1 = "codeflash/7351d0f0ba/py3.13/help-20261123T172028Z.json"


def test_a_ranking_of_format_1_is_read_in_either_folder(tmp_path: Path) -> None:
    for folder in ("targets", "rank"):
        file = tmp_path / folder / folder / FORMAT_1
        file.parent.mkdir(parents=True)
        shutil.copyfile(DATA / "rank" / FORMAT_1, file)
        ((found, ranking),) = read_rankings(tmp_path / folder)
        assert found == file
        assert isinstance(ranking, Ranking)
        first = ranking.opportunities[0]
        assert (first.file, first.line) == ("codeflash/main.py", 38)
        assert first.leave_one_out_s == pytest.approx(0.2101, abs=1e-4)
        check = ranking.checks[0]
        assert (check.modules_predicted, check.rounds) == (576, 10)
        assert check.measured_s == pytest.approx(0.538, abs=0.001)


def test_a_patch_lies_beside_its_ranking(tmp_path: Path) -> None:
    _, ranking = next(read_rankings(DATA))
    assert isinstance(ranking, Ranking)
    file = store(ranking, tmp_path, b"a patch\r\n")
    assert file.with_suffix(".patch").read_bytes() == b"a patch\r\n"
    assert [one for _, one in read_rankings(tmp_path)] == [ranking]


def test_predictions_of_format_1_are_shown_in_proportion_to_time() -> None:
    found = [one for _, one in read_accuracy(DATA)]
    assert found
    for one in found:
        assert isinstance(one, AccuracyRecord)
    (newest,) = [
        one.commit_check
        for one in found
        if isinstance(one, AccuracyRecord) and one.made_at == "2026-11-23T17:39:56Z"
    ]
    assert newest is not None
    assert newest.instructions_predicted == 1_408_460_928  # by callgrind, then
    assert newest.in_proportion == pytest.approx(1_298.9e6, rel=1e-4)


def test_the_page_names_the_revision_and_adds_its_time_up(tmp_path: Path) -> None:
    write_rank_pages(Output(tmp_path, DATA))
    page = tmp_path / "rank" / "codeflash" / "7351d0f0ba.md"
    text = page.read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "# codeflash 7351d0f0ba (`70e3ce1a6^`): opportunities" in text
    assert (
        "443 ms of CPU time (medians of 5 runs) = 16.2 ms interpreter + 403 ms imports "
        "(670 modules beyond the interpreter's own) + 24.4 ms the program itself."
    ) in text


def test_accuracy_says_how_often_rank_was_nearer_than_importtime(tmp_path: Path) -> None:
    words = write_accuracy_page(Output(tmp_path, DATA))
    assert "27 predictions checked by making the change and running it: in 27, exactly" in words
    assert "22 of them saved at least 0.3% of the instructions. 20 of these were predicted" in words
    assert "`rank` was nearer in 15, importtime in 6, and they were equally near in 1." in words
