"""Write the explorer: `results/site/`, which works from any server and from file://.

A page from file:// may not fetch: each document is a script that hands itself over. The overview is
read at once, everything else when it is opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bench.core.errors import DataError
from bench.core.files import write_atomically
from bench.core.secrets import without_secrets
from bench.core.workspace import Workspace
from bench.engine.store.accounts import StackRecord
from bench.engine.store.documents import cannot_write
from bench.engine.store.place import pairs_of_runs
from bench.report.explorer.bundle import bundle
from bench.report.explorer.journal_views import JOURNAL_VIEWS, JournalView
from bench.report.explorer.other_documents import (
    calibration_view,
    history_view,
    selfcheck_view,
    stack_view,
)
from bench.report.explorer.pair_document import PairDocuments, pair_documents
from bench.report.explorer.shifts import profiled, shifts_of
from bench.report.explorer.values import Document
from bench.report.history.select_series import find_series, read_series_page
from bench.report.jobs import spread
from bench.report.journal_pages import NewestRecords
from bench.report.output import Output
from bench.report.select_runs import read_pair
from bench.validate.calibration.lookup import all_calibrations, read_calibrations
from bench.validate.selfcheck.record import newest_checks

FOLDER = "site"
_DATA = "data"
_DIGITS = 12
_NO_PART: Document = {"part": "", "of": ""}


@dataclass
class WrittenSite:
    """What was written: its first page, how many pairs it shows, and what could not be read."""

    index: Path
    pairs: int = 0
    others: int = 0
    problems: list[DataError] = field(default_factory=list)


@dataclass(frozen=True)
class _PairFolder:
    folder: Path
    runs: tuple[Path, ...]
    series: frozenset[str]


@dataclass
class _Read:
    """Documents of some pairs, and what could not be read."""

    pairs: list[PairDocuments] = field(default_factory=list)
    problems: list[DataError] = field(default_factory=list)


def write_site(workspace: Workspace) -> WrittenSite:
    """Write it anew from `data/`; what belongs to nothing any more is removed.

    Raises `BenchError` where its own files can't be built, and `DataError` where it can't be
    written.
    """
    return _Writer(workspace).write()


class _Writer:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.root = workspace.results / FOLDER
        self.site = WrittenSite(self.root / "index.html")
        self._written: set[Path] = set()

    def write(self) -> WrittenSite:
        """All files, then remove others of an earlier time."""
        for name, content in bundle(self.workspace.cache).files.items():
            self._put(name, content)
        pairs = self._pairs()
        listed, parts = self._journals()
        trust: list[Document] = []
        rows: list[Document] = []
        for pair in pairs:
            file = self._document(f"pair/{pair.key}", pair.whole)
            part = parts.get(pair.key, _NO_PART)
            rows += [{**row, "file": file, **part} for row in pair.overview]
            trust += [{**run, "part": part["part"]} for run in pair.trust]
        self.site.pairs = len(pairs)
        overview: Document = {
            "pairs": sorted(rows, key=lambda row: (row["newest"], row["key"]), reverse=True),
            "histories": list(self._histories()),
            **listed,
            "profiles": list(self._profiles({pair.key for pair in pairs})),
            "stack": self._document("stack", list(self._stacks())),
            "trust": self._document("trust", {"runs": trust, **self._checks()}),
        }
        self._put(f"{_DATA}/overview.js", _script("overview", overview))
        self._remove_others()
        return self.site

    def _pairs(self) -> list[PairDocuments]:
        found = find_series(self.workspace.data)
        folders = [
            _PairFolder(folder, runs, found.ids)
            for folder, runs in pairs_of_runs(self.workspace.data).items()
        ]
        read = spread(_read_pairs, folders, self.workspace)
        for part in read:
            self.site.problems += part.problems
        return sorted((one for part in read for one in part.pairs), key=lambda one: one.key)

    def _histories(self) -> Iterator[Document]:
        found = find_series(self.workspace.data)
        self.site.problems += found.unreadable
        for several in found.pages.values():
            page, unreadable = read_series_page(several, self.workspace.data)
            self.site.problems += [one.error for one in unreadable]
            document = history_view(page)
            self.site.others += 1
            yield {
                "target": page.target,
                "label": page.label,
                "points": max(len(one["points"]) for one in document["machines"]),
                "file": self._document(f"history/{page.target}/{page.label}", document),
            }

    def _journals(self) -> tuple[dict[str, list[Document]], dict[str, Document]]:
        """What is listed of each kind; and of pairs that measure parts of one, of what.

        Those of a record that another took the place of lead nowhere.
        """
        listed: dict[str, list[Document]] = {}
        parts: dict[str, Document] = {}
        for kind in JOURNAL_VIEWS:
            found = kind.pages.newest(self.workspace.data)
            self.site.problems += found.problems
            for target, label in kind.pages.parts(found.read):
                parts[f"{target}/{label}"] = {"part": kind.part, "of": ""}
            listed[kind.listed] = list(self._journal(kind, found, parts))
            self.site.others += len(listed[kind.listed])
        return listed, parts

    def _journal(
        self, kind: JournalView, found: NewestRecords[Any], parts: dict[str, Document]
    ) -> Iterator[Document]:
        """Write the document of each record, and note its parts; the newest are listed first."""
        newest = sorted(
            found.by_page.items(), key=lambda item: item[1][1].asked.started_at, reverse=True
        )
        for page, (file, one) in newest:
            try:
                row, document = kind.row(one), kind.view(one)
            except (ValueError, ArithmeticError, LookupError) as error:
                problem = DataError(f"{file} can't be shown: {error}", "Move it away.")
                self.site.problems.append(problem)
                continue
            written = self._document(f"{kind.kind}/{page}", document)
            for target, label in kind.pages.parts_of(one):
                parts[f"{target}/{label}"] = {"part": kind.part, "of": written}
            yield {**row, "file": written}

    def _profiles(self, pairs: set[str]) -> Iterator[Document]:
        """Flame graphs of pairs that were profiled and not measured."""
        for target, label in profiled(self.workspace):
            key = f"{target}/{label}"
            if key not in pairs:
                shifts = shifts_of(self.workspace, target, label)
                file = self._document(
                    f"profile/{key}", {"target": target, "label": label, "shifts": shifts}
                )
                yield {"target": target, "label": label, "file": file}

    def _stacks(self) -> Iterator[Document]:
        output = Output(self.workspace.results, self.workspace.data)
        records: list[StackRecord] = output.stacks
        self.site.problems += output.stack_errors
        self.site.others += len(records)
        yield from map(stack_view, records)

    def _checks(self) -> Document:
        calibrations = self._readable(all_calibrations(self.workspace.data))
        checks = self._readable(newest_checks(self.workspace.data))
        newest = {
            (one.run.manifest.machine.name, one.run.manifest.target, one.run.manifest.python): one
            for one in sorted(calibrations, key=lambda one: one.at)
            if one.results
        }
        return {
            "calibrations": [calibration_view(one) for _, one in sorted(newest.items())],
            "checks": [selfcheck_view(one) for one in checks],
        }

    def _readable(self, found: Iterator[Any]) -> list[Any]:
        read = []
        for one in found:
            if isinstance(one, DataError):
                self.site.problems.append(one)
            else:
                read.append(one)
        return read

    def _document(self, key: str, document: object) -> str:
        """Write a document of its own; returns its file, from the page on."""
        name = hashlib.sha256(key.encode(errors="backslashreplace")).hexdigest()[:_DIGITS]
        file = f"{_DATA}/{key.partition('/')[0]}-{name}.js"
        self._put(file, _script(file, document))
        return file

    def _put(self, name: str, content: bytes) -> None:
        file = self.root / name
        self._written.add(file)
        try:
            if not (file.is_file() and file.read_bytes() == content):
                write_atomically(file, content)
        except OSError as error:
            raise cannot_write(file, error) from error

    def _remove_others(self) -> None:
        """Documents of what is no longer in `data/`."""
        for file in sorted((self.root / _DATA).glob("*.js")):
            if file not in self._written:
                file.unlink()


def _read_pairs(folders: Sequence[_PairFolder], workspace: Workspace) -> _Read:
    read = _Read()
    for one in folders:
        pair, unreadable = read_pair(one.runs, workspace.data, one.series)
        read.problems += [each.error for each in unreadable]
        if pair is None:
            continue
        try:
            calibrations = read_calibrations(workspace.data, pair.target)
            shifts = shifts_of(workspace, pair.target, pair.pair.label)
            read.pairs.append(pair_documents(pair, calibrations, shifts))
        except (ValueError, ArithmeticError, LookupError) as error:
            problem = DataError(f"{one.folder} can't be shown: {error}", "Move it away.")
            read.problems.append(problem)
    return read


def _script(name: str, document: object) -> bytes:
    """A script that puts a document where the page looks for it."""
    try:
        text = msgspec.json.encode(document).decode()
    except UnicodeEncodeError:  # names of folders may hold bytes that are no text
        text = msgspec.json.encode(_plain(document)).decode()
    key = msgspec.json.encode(name).decode()
    return f"(self.documents??={{}})[{key}]={without_secrets(text)};\n".encode()


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
