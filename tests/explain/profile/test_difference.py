"""What became of frames, and the pictures of it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from bench.core.sample import Side
from bench.explain.profile.difference import FrameFate, change_of, fate_of, moved
from bench.explain.profile.flame import Caption, Headline, Totals, by_package, one_side, shift
from bench.explain.profile.folded import Stacks
from bench.explain.profile.frames import Frame
from bench.explain.profile.tree import build_tree, costs, group_costs
from bench.explain.profile.words import headline
from bench.formats.svg import fitting, width_px

MAIN, KEPT, HEAVY, INSIDE, MOVES, NEWCOMER = (
    Frame(name, name, name.partition(".")[0])
    for name in ("sample", "sample.kept", "heavy", "heavy.deep", "moves", "newcomer")
)
RUNS = 12


def noisy(stacks: Stacks, seed: int) -> list[Stacks]:
    """Runs of the same with 5% of noise."""
    random = np.random.default_rng(seed)
    return [
        {stack: value * random.normal(1, 0.05) for stack, value in stacks.items()}
        for _ in range(RUNS)
    ]


BASE = noisy(
    {(MAIN, KEPT): 20, (MAIN, HEAVY): 40, (MAIN, HEAVY, INSIDE): 50, (MAIN, HEAVY, MOVES): 10}, 1
)
HEAD = noisy({(MAIN, KEPT): 20, (MAIN, MOVES): 10, (MAIN, NEWCOMER): 5}, 2)


def fates() -> dict[str, FrameFate]:
    """By the frames' names, along the tree."""
    root, same = build_tree(BASE, HEAD), moved(costs(BASE, HEAD))
    return {
        f"{above.frame.name}/{node.frame.name}": fate_of(
            change_of(node.base, node.head), elsewhere=node.frame in same
        )
        for above in root.walk()
        for node in above.children.values()
    }


def test_what_became_of_frames() -> None:
    assert fates() == {
        "/sample": FrameFate.LESS,
        "sample/sample.kept": FrameFate.SAME,
        "sample/heavy": FrameFate.REMOVED,
        "heavy/heavy.deep": FrameFate.REMOVED,
        "heavy/moves": FrameFate.MOVED,
        "sample/moves": FrameFate.MOVED,
        "sample/newcomer": FrameFate.ADDED,
    }


@pytest.mark.parametrize(("runs", "certain"), [(1, True), (4, False), (8, True)])
def test_few_pairs_show_nothing_but_a_count_is_exact(runs: int, certain: bool) -> None:  # noqa: FBT001
    change = change_of(np.full(runs, 10.0), np.zeros(runs))
    assert change.is_certain is certain


def test_noise_alone_is_no_change() -> None:
    random = np.random.default_rng(3)
    found = [
        change_of(random.normal(10, 1, RUNS), random.normal(10, 1, RUNS)).is_certain
        for _ in range(300)
    ]
    assert sum(found) <= 9  # 1% of 300 are expected


def test_costs_count_a_recursive_frame_once() -> None:
    stacks = {(MAIN, KEPT, MAIN): 5.0, (MAIN,): 2.0}
    cost = costs([stacks])[MAIN]
    assert (cost.base[0], cost.base_self[0]) == (7.0, 7.0)
    assert group_costs([stacks])["sample"].base_self[0] == 7.0


def test_the_headline_names_only_the_uppermost() -> None:
    root, same = build_tree(BASE, HEAD), moved(costs(BASE, HEAD))
    told = headline(root, Totals(root.mean(Side.BASE), root.mean(Side.HEAD)), same)
    assert told.difference.endswith(" less")
    assert [line.split()[2].rstrip(",") for line in told.lines] == ["heavy"]
    backwards = build_tree(HEAD, BASE)
    told = headline(backwards, Totals(backwards.mean(Side.BASE), backwards.mean(Side.HEAD)), same)
    assert told.difference.endswith(" more")


def labels(svg: bytes) -> list[str]:
    root = ET.fromstring(svg)
    return [one.text or "" for one in root.iter() if one.tag.endswith("}text")]


def test_the_shift_has_both_sides_on_one_scale() -> None:
    root, same = build_tree(BASE, HEAD), moved(costs(BASE, HEAD))
    totals = Totals(root.mean(Side.BASE), root.mean(Side.HEAD))
    caption = Caption("sample work: 120 ms → 35 ms", "a < b & c")
    picture = shift(root, caption, totals, same, headline(root, totals, same))
    shown = labels(picture)
    assert "sample work: 120 ms → 35 ms" in shown
    assert {"heavy", ".deep", "moves"} <= set(shown)
    assert any(label.endswith(" less") for label in shown)
    assert picture == shift(root, caption, totals, same, headline(root, totals, same))


def test_one_side_and_one_revision() -> None:
    root = build_tree(BASE, HEAD)
    assert "heavy" in labels(one_side(root, Side.BASE, Caption("t", "s"), frozenset()))
    assert "heavy" not in labels(one_side(root, Side.HEAD, Caption("t", "s"), frozenset()))
    assert "heavy" in labels(by_package(build_tree(BASE), Side.BASE, Caption("t", "s"), "sample"))


@pytest.mark.parametrize("runs", [[], [{}], [{(): 3.0}]])
def test_an_empty_profile_is_a_picture_too(runs: Sequence[Stacks]) -> None:
    root = build_tree(runs)
    assert b"</svg>" in by_package(root, Side.BASE, Caption("t", "s"), "sample")
    assert b"</svg>" in shift(
        root, Caption("t", "s"), Totals(0, 0), frozenset(), Headline("0 more", [])
    )


def test_labels_are_cut_to_the_room_there_is() -> None:
    assert fitting("pydantic", 200) == "pydantic"
    cut = fitting("pydantic._internal._generate_schema", 90)
    assert cut.endswith("…")
    assert width_px(cut) <= 90
    assert fitting("pydantic", 10) == ""
