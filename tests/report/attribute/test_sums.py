"""Parts added up: every part in one row, what cannot be told apart together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.core.revision import Pair, Revision, Source
from bench.core.verdict import Interval, Verdict
from bench.engine.machine.fingerprint import describe_machine
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.record import (
    Attribution,
    AttributionAsked,
    AttributionEvent,
    ReachRecord,
    StretchRecord,
)
from bench.explain.optimize.record import Gain
from bench.report.attribute.contributions import Contributions, contributions_of
from bench.report.attribute.sums import (
    DETOURS,
    UNKNOWN,
    by_author,
    by_group,
    by_path,
    sum_words,
)

PYTHON = "3.13"
AUTHORS = ("Ada", "Ben", "Ada", "Cyd", "Ben", "Ada")
PATHS = (
    ("src/pkg/cli.py",), ("src/pkg/api/one.py", "src/pkg/api/two.py"),
    ("src/pkg/cli.py", "uv.lock"), ("src/pkg/core.py",), (), ("src/pkg/cli.py",),
)  # fmt: skip


def revision(number: int) -> Revision:
    return Revision(
        source=Source.GIT, name=f"r{number}", identity=f"{number:040}", date="2026-01-01",
        subject=f"Change {number}",
    )  # fmt: skip


def commits(*detours: int) -> tuple[RangeCommit, ...]:
    return tuple(
        RangeCommit(
            revision=revision(number),
            author=author,
            changed=(),
            detour="back to where the branch began" if number in detours else "",
        )
        for number, author in enumerate(AUTHORS, 1)
    )


def reach(scenario: str, *steps: Sequence[int], moving: bool = True) -> ReachRecord:
    """`moving`: the work counted goes up and down, so that every step is measured alone."""
    return ReachRecord(
        scenario=scenario,
        python=PYTHON,
        states=(0, *(step[-1] for step in steps)),
        steps=tuple(map(tuple, steps)),
        work=tuple(0.1 * (number % 2 if moving else 0) for number in range(len(steps) + 1)),
        modules=((0, 0),) * len(steps),
        paths=tuple(tuple(p for number in step for p in PATHS[number - 1]) for step in steps),
        package="src/pkg/",
    )


def measured(scenario: str, first: int, last: int, ratio: float, rounds: int = 10) -> StretchRecord:
    verdict = Verdict.SAME if ratio == 1 else Verdict.FASTER if ratio < 1 else Verdict.SLOWER
    return StretchRecord(
        scenario=scenario, python=PYTHON, first=first, last=last, level=0.01,
        gain=Gain(
            scenario=scenario, python=PYTHON, verdict=verdict,
            interval=Interval(ratio, ratio / 1.01, ratio * 1.01), base_s=1.0, head_s=ratio,
            rounds=rounds,
        ),
    )  # fmt: skip


def attribution(events: Sequence[AttributionEvent], *detours: int) -> Attribution:
    names = tuple(dict.fromkeys(one.scenario for one in events if isinstance(one, ReachRecord)))
    asked = AttributionAsked(
        format=2, id="1", target="sample", pair=Pair(revision(0), revision(6), "a test"),
        commits=commits(*detours), scenarios=names, words={}, pythons=(PYTHON,), least=0.01,
        alpha=0.05, machine=describe_machine(), harness={}, started_at="2026-01-01",
        repeat="", groups=dict.fromkeys(names, "cli"),
    )  # fmt: skip
    return Attribution(Path("nowhere"), asked, tuple(events))


def all_measured() -> list[AttributionEvent]:
    """Six commits, each measured by itself."""
    ratios = {(0, 6): 0.8, (0, 1): 0.9, (1, 2): 0.95, (2, 3): 1.0, (3, 4): 1.0, (4, 5): 1.0,
              (5, 6): 0.93}  # fmt: skip
    found = reach("one", *((number,) for number in range(1, 7)))
    return [found, *(measured("one", *ends, ratio) for ends, ratio in ratios.items())]


def one(*detours: int) -> Contributions:
    (found,) = contributions_of(attribution(all_measured(), *detours))
    assert len(found.parts) == 6
    return found


@pytest.mark.parametrize("add_up", [by_author, by_path])
def test_the_product_of_the_rows_is_that_of_the_parts(add_up: object) -> None:
    found = one()
    rows = add_up(found)  # type: ignore[operator]
    ratios = [row.interval.ratio for row in rows]
    assert found.product is not None
    assert math.prod(ratios) == pytest.approx(found.product.ratio)
    assert sum(row.parts for row in rows) == len(found.parts)


def test_by_author() -> None:
    rows = {row.keys: row for row in by_author(one())}
    assert rows.keys() == {("Ada",), ("Ben",), ("Cyd",)}
    ada = rows["Ada",]
    assert (ada.parts, ada.commits) == (3, 3)
    assert ada.interval is not None
    assert ada.interval.ratio == pytest.approx(0.9 * 0.93)
    assert ada.interval.high / ada.interval.ratio == pytest.approx(1.01 ** math.sqrt(3))


def test_detours_are_no_author_s_and_name_nothing() -> None:
    found = one(1)
    rows = {row.keys: row for row in by_author(found)}
    assert rows[DETOURS,].interval is not None
    assert [step.numbers for step in found.steps] == [(6,), (2,)]
    assert found.rest == pytest.approx(0.8 / 0.95 / 0.93)


def test_a_stretch_of_several_authors_is_theirs_together() -> None:
    still = reach("one", *((n,) for n in range(1, 7)), moving=False)
    (found,) = contributions_of(attribution([still, measured("one", 0, 6, 1.0)]))
    (row,) = by_author(found)
    assert sum_words(row) == "Ada, Ben and Cyd together"
    assert (row.parts, row.commits) == (1, 6)


def test_by_path() -> None:
    rows = {row.keys: row for row in by_path(one())}
    assert rows.keys() == {
        ("src/pkg/cli.py",), ("src/pkg/api/",), ("src/pkg/cli.py", "uv.lock"), ("src/pkg/core.py",),
        (UNKNOWN,),
    }  # fmt: skip


def test_paths_of_older_records_are_not_known() -> None:
    assert by_path(replace(one(), reach=ReachRecord(scenario="one", python=PYTHON))) == ()


def test_what_is_not_measured_leaves_its_sum_open() -> None:
    events = [
        event for event in all_measured()
        if not isinstance(event, StretchRecord) or (event.first, event.last) != (0, 1)
    ]  # fmt: skip
    (found,) = contributions_of(attribution(events))
    rows = {row.keys: row.interval for row in by_author(found)}
    assert rows["Ada",] is None
    assert rows["Ben",] is not None


def test_by_group() -> None:
    """What one benchmark cannot tell apart, their mean cannot; what is proved is exactly 1."""
    other = [measured("two", 0, 2, 0.7), measured("two", 0, 1, 1.0), measured("two", 1, 2, 0.7)]
    made = attribution([*all_measured(), reach("two", (2, 3), (6,)), *other])
    (group,) = by_group(made, contributions_of(made))
    assert (group.group, group.benchmarks) == ("cli", ("one", "two"))
    assert [part.numbers for part in group.parts] == [(1,), (2, 3), (4,), (5,), (6,)]
    means = [part.interval.ratio for part in group.parts if part.interval]
    assert means == pytest.approx([
        math.sqrt(0.9), math.sqrt(0.95), 1.0, 1.0, math.sqrt(0.93 * 0.7),
    ])  # fmt: skip
    assert group.whole is not None
    assert group.whole.ratio == pytest.approx(math.sqrt(0.8 * 0.7))


def test_a_benchmark_alone_is_no_group() -> None:
    made = attribution(all_measured())
    assert by_group(made, contributions_of(made)) == ()


def test_the_work_of_a_search() -> None:
    (found,) = contributions_of(attribution(all_measured()))
    assert found.work is not None
    assert (found.work.pairs, found.work.measured, found.work.every) == (7, 140, 120)
    assert found.work.share == pytest.approx(140 / 120)
