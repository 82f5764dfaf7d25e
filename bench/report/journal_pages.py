"""Pages of what goes on over sessions: of each kind the newest record of a page is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from bench.core.errors import DataError
from bench.engine.store.journals import JournalStore, Told
from bench.explain.attribute.standing import ToldInSessions
from bench.formats.markdown import fenced, heading, link
from bench.formats.text import duration
from bench.report.output import Output, Page
from bench.report.summaries import PairSummary

_One = TypeVar("_One", bound=Told[Any, Any])
PairNames = set[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class ShownRecords(Generic[_One]):
    """What the index says of a kind: its rows, and the records `shown` on a page.

    `parts` are (target, label) of pairs that measure a single step, stretch, claim or question:
    they have pages, and no rows of their own. `read` are all records that could be read.
    """

    rows: tuple[list[str], ...] = ()
    parts: frozenset[tuple[str, str]] = frozenset()
    shown: tuple[_One, ...] = ()
    read: tuple[_One, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NewestRecords(Generic[_One]):
    """What is shown of a kind: by its page's name a record, with its file.

    `read` are all that could be read, `problems` say what could not.
    """

    by_page: dict[str, tuple[Path, _One]]
    read: tuple[_One, ...]
    problems: tuple[DataError, ...]


@dataclass(frozen=True, kw_only=True)
class JournalPages(Generic[_One]):
    """How records of a kind are shown: `page_of` names the page of one, from `results/` on.

    Of several with one page that with the highest `rank` is shown, of equal ones the last.
    """

    store: JournalStore[_One]
    page_of: Callable[[_One], str]
    parts_of: Callable[[_One], PairNames]
    row_of: Callable[[str, _One], list[str]]
    rank: Callable[[_One], Any] = lambda _one: ()

    def newest(self, data: Path) -> NewestRecords[_One]:
        """The record of each page, by the pages' names in order."""
        newest: dict[str, tuple[Path, _One]] = {}
        read: list[_One] = []
        problems: list[DataError] = []
        for file, found in self.store.read_all(data):
            if isinstance(found, DataError):
                problems.append(found)
                continue
            read.append(found)
            known = newest.get(self.page_of(found))
            if known is None or self.rank(found) >= self.rank(known[1]):
                newest[self.page_of(found)] = file, found
        return NewestRecords(
            by_page=dict(sorted(newest.items())), read=tuple(read), problems=tuple(problems)
        )

    def parts(self, read: Iterable[_One]) -> frozenset[tuple[str, str]]:
        """The pairs that measure parts of these records."""
        return frozenset(part for one in read for part in self.parts_of(one))

    def write(
        self, output: Output, blocks: Callable[[_One, Path, Page], Iterable[str]]
    ) -> ShownRecords[_One]:
        """Write the pages of `blocks`; what is damaged or can't be shown is a problem."""
        newest = self.newest(output.data)
        output.problems += newest.problems
        rows, shown = [], []
        for name, (file, one) in newest.by_page.items():
            page = output.page(name)
            with output.guarded(file):
                page.write(blocks(one, file, page))
                rows.append(self.row_of(name, one))
                shown.append(one)
        return ShownRecords(
            rows=tuple(rows),
            parts=self.parts(newest.read),
            shown=tuple(shown),
            read=newest.read,
        )


def repeat_section(
    told: ToldInSessions[Any, Any], file: Path, page: Page, *links: str
) -> Iterator[str]:
    """The command that asks the same; when it was asked, and links to what was told in `file`."""
    asked, raw = told.asked, link("raw data", page.link_to(file))
    yield heading(2, "Repeat it")
    yield fenced(asked.repeat, "sh")
    yield (
        f"Begun {asked.started_at[:16].replace('T', ' ')} UTC on {asked.machine.name}, "
        f"{duration(told.took_s)} in all ({', '.join((raw, *links))})."
    )


def without_parts(pairs: Iterable[PairSummary], *kinds: ShownRecords[Any]) -> list[PairSummary]:
    """The pairs that were asked for by themselves."""
    parts = frozenset[tuple[str, str]]().union(*(one.parts for one in kinds))
    return [one for one in pairs if (one.target, one.pair.label) not in parts]
