"""The index of everything that was measured: by target, the newest pairs first.

What broke or got slower stands on top. A target with many pairs has pages of its own, on which
older pairs keep their place when new ones come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.core.program import session
from bench.formats.markdown import bullets, code, fenced, heading, link, plain, table
from bench.formats.text import counted, day
from bench.report.first_screen import EVERYTHING, Beside, first_screen
from bench.report.output import Output
from bench.report.stack.stack_page import STACK_COLUMNS
from bench.report.summaries import PairRow, PairSummary, SeriesSummary

_LAYERS = ("core engine", "backend service", "CI pipeline", "boundary", "prior art")
_COLUMNS = ("pair", "measured", "slower", "faster", "other", "conditions")
_SERIES_COLUMNS = ("target", "series", "points", "Python", "largest steps", "measured", "machine",
                   "complete")  # fmt: skip
RANKING_COLUMNS = ("target", "revision", "scenario", "Python", "CPU time", "potential saving",
                   "measured", "machine")  # fmt: skip
OPTIMIZE_COLUMNS = ("target", "revision", "faster by", "scenarios faster", "commits", "Pythons",
                    "made", "ended")  # fmt: skip
ATTRIBUTE_COLUMNS = ("target", "range", "commits", "proved nothing", "named", "Pythons",
                     "begun", "ended")  # fmt: skip
CLAIMS_COLUMNS = ("target", "range", "claims", "hold", "less", "no effect or slower", "elsewhere",
                  "open or not testable", "begun", "ended")  # fmt: skip
BISECT_COLUMNS = ("target", "range", "benchmark", "Python", "commit", "change", "begun",
                  "ended")  # fmt: skip
_START = session("bench-codeflash")
_BAD_SHOWN = 10
_NEWEST_SHOWN = 20
_ON_A_PAGE = 100

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Indexed:
    """All that the index tells of; `held` says how predictions compare with what was measured.

    `rankings` are rows of `RANKING_COLUMNS`, `optimized` of `OPTIMIZE_COLUMNS`, `attributed` of
    `ATTRIBUTE_COLUMNS`, `bisected` of `BISECT_COLUMNS`, `claims` of `CLAIMS_COLUMNS`, `stack` of
    its own; `studies` and `unreadable` are lines of Markdown. `made` are (target, label) of pairs
    whose head was made by a machine: the first page tells of a project's own history.
    """

    pairs: Sequence[PairSummary]
    series: Sequence[SeriesSummary] = ()
    rankings: Rows = ()
    optimized: Rows = ()
    made: frozenset[tuple[str, str]] = frozenset()
    attributed: Rows = ()
    claims: Rows = ()
    bisected: Rows = ()
    stack: Rows = ()
    studies: Sequence[str] = ()
    held: str = ""
    unreadable: Sequence[str] = ()

    @property
    def documents(self) -> int:
        """How many there are besides pairs and series."""
        lists = (self.rankings, self.optimized, self.attributed, self.bisected, self.claims)
        return sum(map(len, (*lists, self.stack))) + bool(self.held)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell of."""
        told = (self.pairs, self.series, self.rankings, self.optimized, self.attributed,
                self.bisected, self.claims)  # fmt: skip
        return not (any(told) or self.stack or self.held or self.unreadable)


def write_index(indexed: Indexed, output: Output) -> None:
    """Write `results/README.md`, `all.md` with all tables, and pages of targets with many pairs."""
    targets = _by_target(indexed.pairs)
    if not indexed.is_empty:
        page = output.page("README.md")
        own = _by_target(
            [one for one in indexed.pairs if (one.target, one.pair.label) not in indexed.made]
        )
        page.write(first_screen(own, _beside(indexed, output), page))
    output.page("README.md" if indexed.is_empty else EVERYTHING).write(
        (
            *_head(indexed),
            *_studies(indexed.studies),
            *_bad(indexed.pairs),
            *(block for pairs in targets for block in _target(pairs)),
            *_tables(indexed),
            *_rankings(indexed.rankings, indexed.held),
            *_unread(indexed, output),
        )
    )
    for pairs in targets:
        if len(pairs) > _NEWEST_SHOWN:
            _write_target(pairs, output)


def _beside(indexed: Indexed, output: Output) -> Beside:
    """What the first screen says of everything else."""
    counts = (
        (indexed.series, "history", "histories"),
        (indexed.attributed, "attribution", "attributions"),
        (indexed.claims, "range of claims", "ranges of claims"),
        (indexed.bisected, "bisection", "bisections"),
        (indexed.optimized, "optimisation", "optimisations"),
    )
    return Beside(
        studies=indexed.studies,
        stack=indexed.stack,
        rankings=indexed.rankings,
        counts=[(len(found), one, many) for found, one, many in counts],
        unreadable=len(indexed.unreadable) + len(output.problems),
    )


def _by_target(pairs: Sequence[PairSummary]) -> list[list[PairSummary]]:
    """The pairs of each target, newest first; targets in the order of their layers."""
    found: dict[str, list[PairSummary]] = {}
    for one in sorted(pairs, key=lambda one: (one.newest, one.pair.label), reverse=True):
        found.setdefault(one.target, []).append(one)

    def place(of: list[PairSummary]) -> tuple[int, str, str]:
        layer = of[0].layer
        known = _LAYERS.index(layer) if layer in _LAYERS else len(_LAYERS)
        return known, layer, of[0].target

    return sorted(found.values(), key=place)


def _head(indexed: Indexed) -> Iterator[str]:
    yield heading(1, "Results")
    if indexed.is_empty:
        yield "Nothing has been measured yet. To start:"
        yield fenced(_START, "sh")
        return
    yield link("First screen", "README.md")
    yield (
        f"Made from {code('data/')} by {code('python -m bench report')}. Counts leave out the bare "
        "interpreter, which each run measures as a control. Sizes run from the smallest to the "
        "largest change. Conditions: what other processes used of the machine (the median over "
        "benchmarks, as a range where runs differ), whether the harness had uncommitted changes "
        "(*dirty*), and whether the project's tests were run on both sides."
    )


def _bad(pairs: Sequence[PairSummary]) -> Iterator[str]:
    """Pairs with something broken, slower or newly failing: of a few all can be seen below."""
    found = [
        (one, row)
        for one in sorted(pairs, key=lambda one: (one.newest, one.folder), reverse=True)
        for row in one.rows
        if row.is_bad
    ]
    if not found or len(pairs) <= _BAD_SHOWN:
        return
    yield heading(2, "What broke or got slower")
    yield table(_COLUMNS, [_cells(*one) for one in found[:_BAD_SHOWN]], numbers=False)
    if len(found) > _BAD_SHOWN:
        yield f"{len(found) - _BAD_SHOWN} more, older ones: on the pages of the targets."


def _target(pairs: Sequence[PairSummary]) -> Iterator[str]:
    target, layer = pairs[0].target, pairs[0].layer
    yield heading(2, f"{plain(target)} ({plain(layer)})")
    yield _table(pairs[:_NEWEST_SHOWN])
    if len(pairs) > _NEWEST_SHOWN:
        everything = link(f"All {len(pairs)} pairs of {plain(target)}", f"{target}/README.md")
        yield f"{everything}, {_in_all(pairs)}."


def _in_all(pairs: Sequence[PairSummary]) -> str:
    bad = sum(any(row.is_bad for row in one.rows) for one in pairs)
    days = sorted(day(one.newest) for one in pairs)
    return (
        f"measured {days[0]} to {days[-1]}; {counted(bad, 'pair')} with something broken, slower "
        "or newly failing"
    )


def _table(pairs: Sequence[PairSummary], above: str = "") -> str:
    rows = [_cells(one, row, above) for one in pairs for row in one.rows]
    return table(_COLUMNS, rows, numbers=False)


def _cells(one: PairSummary, row: PairRow, above: str = "") -> list[str]:
    """A row; a layer that is not the target's own is named."""
    page = f"{above}{one.folder}/README.md"
    layer = "" if row.layer == one.layer else f" ({plain(row.layer)})"
    name = f"{link(row.name, page)}{layer}{row.after}"
    return [name, day(one.newest), row.slower, row.faster, row.other, row.conditions]


def _write_target(pairs: Sequence[PairSummary], output: Output) -> None:
    """All pairs of a target: the newest on its first page, a hundred older ones on each other.

    Pages are counted from the oldest pair on, so that those of older pairs stay as they are.
    """
    target = pairs[0].target
    oldest_first = list(reversed(pairs))
    pages = max(1, len(pairs) // _ON_A_PAGE)
    cuts = [number * _ON_A_PAGE for number in range(pages)] + [len(pairs)]
    names = [f"pairs-{number + 1}.md" for number in range(pages - 1)] + ["README.md"]
    for number, name in enumerate(names):
        shown = list(reversed(oldest_first[cuts[number] : cuts[number + 1]]))
        output.page(f"{target}/{name}").write(
            (
                heading(1, f"All pairs of {plain(target)}"),
                f"{link('All results', '../README.md')} · {counted(len(pairs), 'pair')}, the "
                "newest first"
                if name == "README.md"
                else link(f"The newest pairs of {plain(target)}", "README.md"),
                _table(shown, "../"),
                *(
                    [f"Older pairs: {_older(names[:-1])}."]
                    if name == "README.md" and number
                    else []
                ),
            )
        )


def _older(names: Sequence[str]) -> str:
    return ", ".join(link(str(number), name) for number, name in enumerate(names, 1))


def _studies(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield heading(2, "Case studies")
        yield bullets(lines)


def _tables(indexed: Indexed) -> Iterator[str]:
    """What has a heading, a sentence and a table, where there are rows."""
    series = [row for one in indexed.series for row in one.rows]
    for title, words, columns, rows in (
        (
            "The whole stack",
            "Commands of a user's, followed through all their processes; layers add up.",
            STACK_COLUMNS,
            indexed.stack,
        ),
        (
            "Histories",
            "Series of revisions, each compared with the first; steps are certain changes.",
            _SERIES_COLUMNS,
            series,
        ),
        (
            "Attributed",
            "What a range changed, split among its commits.",
            ATTRIBUTE_COLUMNS,
            indexed.attributed,
        ),
        (
            "Claims",
            "Speed-ups that commit messages claim, each measured against the commit's parent.",
            CLAIMS_COLUMNS,
            indexed.claims,
        ),
        (
            "Bisected",
            "The one commit of a range that changed a benchmark.",
            BISECT_COLUMNS,
            indexed.bisected,
        ),
        (
            "Optimised",
            "From a revision to a branch of commits, each proved and measured.",
            OPTIMIZE_COLUMNS,
            indexed.optimized,
        ),
    ):
        if rows:
            yield heading(2, title)
            yield words
            yield table(columns, rows, numbers=False)


def _rankings(rows: Rows, held: str) -> Iterator[str]:
    if rows or held:
        yield heading(2, "Opportunities")
    if rows:
        yield table(RANKING_COLUMNS, rows, numbers=False)
    yield held


def _unread(indexed: Indexed, output: Output) -> Iterator[str]:
    unread = [*indexed.unreadable, *(plain(output.shown(one)) for one in output.problems)]
    if unread:
        yield heading(2, "Could not be read")
        yield bullets(unread)
