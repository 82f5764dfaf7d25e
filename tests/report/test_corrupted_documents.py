"""Corrupted documents of every kind that a report reads: each named, the rest is reported."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.corruption import DOCUMENTS, Damage
from support.pages import index_of
from support.synthetic_runs import workspace_in

from bench.engine.store.accounts import ACCOUNTS_FOLDER, ACCOUNTS_FORMAT, StackRecord
from bench.engine.store.documents import PlacedDocument, read_document, write_document
from bench.engine.store.series import SERIES_FORMAT, SeriesManifest
from bench.explain.rank import ranking
from bench.report.write import write_report
from bench.validate.accuracy import accuracy_record
from bench.validate.selfcheck import record as selfcheck

DATA = Path(__file__).parents[2] / "data"
KINDS: dict[str, tuple[str, type[PlacedDocument], int, str]] = {
    "stack": ("stack/*/*/*/*/*.json", StackRecord, ACCOUNTS_FORMAT, ACCOUNTS_FOLDER),
    "rank": ("rank/*/*/*/*.json", ranking.Ranking, ranking.FORMAT, ranking.FOLDER),
    "accuracy": (
        "accuracy/*/*/*.json",
        accuracy_record.AccuracyRecord,
        accuracy_record.FORMAT,
        accuracy_record.FOLDER,
    ),
    "self-check": ("selfcheck/*/*.json", selfcheck.SelfCheck, 1, selfcheck.FOLDER),
    "series": ("*/history/*/*/*/series.json", SeriesManifest, SERIES_FORMAT, ""),
}


def kept(kind: str, data: Path) -> Path:
    """A real document, stored as of today."""
    pattern, of, newest, folder = KINDS[kind]
    document = read_document(min(DATA.glob(pattern)), of, newest)
    return write_document(data / folder / document.place, document)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", DOCUMENTS)
def test_corrupted_document_is_named(
    tmp_path: Path, kind: str, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    file = kept(kind, tmp_path / "data")
    DOCUMENTS[case](file)
    if (kind, case) == ("series", "another name"):
        pytest.skip("a file of no known name")
    written = write_report(workspace_in(tmp_path))
    (problem,) = written.problems
    named = file.parent.name if case == "another folder" else file.name
    assert named in problem.message
    assert problem.hint
    assert {one.name for one in (tmp_path / "results").rglob("*.md")} <= {"README.md", "all.md"}
    assert problem.message.replace(f"{tmp_path}/", "")[:40] in _index(tmp_path)


def _index(folder: Path) -> str:
    return index_of(workspace_in(folder)).replace("\\_", "_")


REFERENCES: dict[str, Damage] = {
    name: damage for name, damage in DOCUMENTS.items() if name in {"empty", "truncated", "a list"}
}


@pytest.mark.parametrize("case", REFERENCES)
def test_corrupted_reference_speed_is_named(
    tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    shutil.copytree(DATA / "calibration", tmp_path / "data" / "calibration")
    file = min((tmp_path / "data").rglob("reference/*/py*.json"))
    REFERENCES[case](file)
    (problem,) = write_report(workspace_in(tmp_path)).problems
    assert f"{file} is damaged" in problem.message
    page = (tmp_path / "results" / "calibration" / "README.md").read_text()
    assert "Reference speed" in page, "the other Python's is shown"


def test_corrupted_calibration_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BENCH_RESULTS", str(tmp_path / "results"))
    shutil.copytree(DATA / "calibration", tmp_path / "data" / "calibration")
    file = min((tmp_path / "data").rglob("rounds.jsonl"))
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:40], *lines[41:]]))
    (problem,) = write_report(workspace_in(tmp_path)).problems
    assert f"{file}, line " in problem.message
    page = (tmp_path / "results" / "calibration" / "README.md").read_text()
    assert "3.13" in page
