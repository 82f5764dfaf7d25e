"""Files under `results/`: written whole, marked as made by the report, removed when stale."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec
from matplotlib.figure import Figure

from bench.core.errors import DataError
from bench.core.files import write_atomically
from bench.core.secrets import without_secrets
from bench.engine.store.accounts import StackRecord, read_accounts
from bench.engine.store.documents import cannot_write, plain_json
from bench.engine.store.series import SERIES_FOLDER
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.explain.bisect.stored import BISECTIONS
from bench.explain.claims.stored import CLAIMS
from bench.explain.optimize.stored import OPTIMIZATIONS
from bench.explain.rank.ranking import FOLDER as RANKINGS
from bench.formats.figure_style import MARKER, picture
from bench.formats.markdown import document, link
from bench.validate.calibration.analysis import Calibration
from bench.validate.calibration.lookup import read_calibrations

_COMMENT = f"<!-- {MARKER}: changes made here are lost -->"
_REPOSITORY = Path(__file__).parents[2]
_MARKED_WITHIN = 1500
_LABEL = 10  # digits of a commit in the name of a page
# What goes on over sessions has a page for each folder: so much of its name.
_JOURNALS = {
    OPTIMIZATIONS.folder: _LABEL,
    ATTRIBUTIONS.folder: None,
    BISECTIONS.folder: None,
    CLAIMS.folder: None,
}
_KINDS = {".md", ".svg", ".csv", ".patch", ".json"}
# The first columns of a CSV file of a series: by these the report knows its own files.
CSV_BEGINS = ("series", "target", "machine", "python", "benchmark", "index")
_CSV_HEAD = ",".join(CSV_BEGINS).encode()
_Data = TypeVar("_Data", bound=msgspec.Struct)


class Output:
    """The folder `results/`. Only what carries the report's mark is ever overwritten or removed."""

    def __init__(self, root: Path, data: Path) -> None:
        self.root = root
        self.data = data
        self.problems: list[DataError] = []
        self.stack_errors: list[DataError] = []
        self.written: set[Path] = set()
        self._kept: set[Path] = set()
        self._calibrations: dict[str, list[Calibration]] = {}

    def calibrations_of(self, target: str) -> list[Calibration]:
        """What is known of the machines about a target, oldest first."""
        if target not in self._calibrations:
            self._calibrations[target] = read_calibrations(self.data, target)
        return self._calibrations[target]

    @cached_property
    def stacks(self) -> list[StackRecord]:
        """The newest trace of each scenario, pair, Python and machine."""
        newest: dict[tuple[str, ...], StackRecord] = {}
        for record in read_accounts(self.data):
            if isinstance(record, DataError):
                self.stack_errors.append(record)
            else:
                key = record.target, record.pair.label, record.scenario
                newest[*key, record.python, record.machine.name] = record
        return list(newest.values())

    def page(self, name: str) -> Page:
        """A page to be written."""
        return Page(self, self.root / name)

    def write(self, file: Path, content: bytes) -> None:
        """Write a file unless somebody else's is in its place, or it would lie elsewhere."""
        self.written.add(file)
        try:
            if not self._is_inside(file):
                self.problems.append(
                    DataError(
                        f"{file} is not written: it would lie outside {self.root}.",
                        "Look for a name with `..` in data/, or a link in results/.",
                    )
                )
                return
            found = file.read_bytes() if file.exists() else None
            if found is not None and not _is_marked(found):
                self.problems.append(
                    DataError(
                        f"{file} was not made by the report and is left alone.",
                        "Move it away to see the report's own.",
                    )
                )
            elif found != content:
                write_atomically(file, without_secrets(content.decode()))
        except OSError as error:
            raise cannot_write(file, error) from error

    def write_json(self, file: Path, value: msgspec.Struct) -> None:
        """Write a document for other programs, which begins with the report's mark."""
        marked = {"made": MARKER, **msgspec.json.decode(plain_json(value))}
        self.write(file, msgspec.json.format(msgspec.json.encode(marked), indent=1) + b"\n")

    def _is_inside(self, file: Path) -> bool:
        """Whether a file lies in `results/`, whatever names and links lead to it."""
        within = ".." not in file.relative_to(self.root).parts and "\0" not in str(file)
        return within and file.resolve().is_relative_to(self.root.resolve())

    def keep(self, folder: Path) -> None:
        """Leave everything in a folder as it is."""
        self._kept.add(folder)

    def has(self, file: Path) -> bool:
        """Whether a file was written, or stays as it is because its folder is kept."""
        is_kept = any(file.is_relative_to(folder) for folder in self._kept)
        return file in self.written or (is_kept and file.is_file())

    @contextmanager
    def guarded(self, what: Path) -> Iterator[None]:
        """Make a problem of data that can't be shown; what is written besides goes on."""
        try:
            yield
        except (ValueError, ArithmeticError, LookupError) as error:
            self.problems.append(
                DataError(f"{what} can't be shown: {error}", "Move it away, and report it.")
            )

    def remove_stale(self) -> None:
        """Remove the report's own files that belong to nothing any more.

        What belongs to a pair that is still in `data/` but was not shown (its runs are damaged, of
        a newer format, or were begun after this report) stays as it is. So does everything when
        there is no `data/` folder at all: that is a wrong path, not an empty history.
        """
        if not (self.root.is_dir() and self.data.is_dir()):
            return
        for file in self._files():
            if file.suffix not in _KINDS or file in self.written or not file.is_file():
                continue
            if _is_marked(file.read_bytes()[:_MARKED_WITHIN]) and not self._is_unseen(file):
                file.unlink()
                self._prune(file.parent)

    def _files(self) -> list[Path]:
        """All files but those in folders that are kept."""
        found: list[Path] = []
        for name, folders, files in os.walk(self.root):
            inside = Path(name)
            folders[:] = [one for one in folders if inside / one not in self._kept]
            found += [inside / one for one in files]
        return sorted(found)

    def shown(self, error: DataError) -> str:
        """Why something could not be read, with paths that are the same on every machine."""
        return error.message.replace(f"{self.data}{os.sep}", "data/")

    def _is_unseen(self, file: Path) -> bool:
        parts = file.relative_to(self.root).parts
        if len(parts) < 3:
            return False
        if parts[0] == RANKINGS:
            labels = [folder.name for folder in (self.data / RANKINGS / parts[1]).glob("*")]
            pages = [file.with_name(f"{one}.md") for one in labels if parts[2].startswith(one)]
            return any(page not in self.written for page in pages)
        if parts[0] in _JOURNALS:
            kind, target = parts[:2]
            names = (one.name[: _JOURNALS[kind]] for one in (self.data / kind / target).glob("*"))
            of = [one for one in names if parts[2].startswith(one)]
            return any(not self._is_written(f"{kind}/{target}/{one}") for one in of)
        if parts[1] == SERIES_FOLDER:
            page = self.root.joinpath(*parts[:3], "README.md")
            in_data = self.data.joinpath(*parts[:3]).glob("*/*/series.json")
            return page not in self.written and any(in_data)
        page = self.root / parts[0] / parts[1] / "README.md"
        in_data = (self.data / parts[0] / parts[1]).glob("py*/*/*/run.json")
        return page not in self.written and any(in_data)

    def _is_written(self, start: str) -> bool:
        """Whether a page whose path in `results/` begins so was written."""
        return any(str(one.relative_to(self.root)).startswith(start) for one in self.written)

    def _prune(self, folder: Path) -> None:
        while folder != self.root and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


class Page:
    """One Markdown page and the pictures beside it."""

    def __init__(self, output: Output, file: Path) -> None:
        self.output = output
        self.file = file

    def write(self, blocks: Iterable[str]) -> None:
        """Write the page."""
        content = document((_COMMENT, *blocks))
        # Names of folders may hold bytes that are no text.
        self.output.write(self.file, content.encode(errors="backslashreplace"))

    def picture(self, name: str, data: _Data, draw: Callable[[_Data], Figure]) -> str:
        """Write a picture; returns the link to it."""
        file = self.file.parent / name
        self.output.write(file, picture(data, draw, file))
        return name

    def back(self) -> str:
        """A link to the page this one belongs to."""
        return link("back to the results of the pair", "README.md")

    def docs(self, name: str, words: str) -> str:
        """A link into `docs/`; only its words where pages are kept outside the repository."""
        page = _REPOSITORY / "docs" / name
        inside = self.file.is_relative_to(_REPOSITORY) and page.is_file()
        return link(words, self.link_to(page)) if inside else words

    def link_to(self, path: Path) -> str:
        """A path as seen from the page."""
        return Path(os.path.relpath(path, self.file.parent)).as_posix()


def _is_marked(content: bytes) -> bool:
    # A CSV file has no place for a remark: its columns tell whose it is.
    return MARKER.encode() in content[:_MARKED_WITHIN] or content.startswith(_CSV_HEAD)
