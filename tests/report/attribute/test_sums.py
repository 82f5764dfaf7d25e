"""Parts added up: every part in one row, what cannot be told apart together."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from support.attributed_ranges import PYTHON, all_measured, attribution, measured, reach

from bench.explain.attribute.record import ReachRecord, StretchRecord
from bench.report.attribute.contributions import Contributions, contributions_of
from bench.report.attribute.sums import (
    DETOURS,
    UNKNOWN,
    by_author,
    by_group,
    by_path,
    sum_words,
)


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
    assert found.rest is not None
    assert found.rest.ratio == pytest.approx(0.8 / 0.95 / 0.93)


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
