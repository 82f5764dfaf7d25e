"""Who holds what: ways put together, two sides beside each other, and the table of it."""

from __future__ import annotations

from bench.core.sample import Side
from bench.explain.profile.holders import holders_section, most_held
from bench.explain.profile.objects import Growth, HolderPath, Population, paths_of

_DICT, _THING = "builtins.dict", "own.Thing"


def held(module: str, words: str, count: float, kind: str = "") -> HolderPath:
    return HolderPath(module, (kind or words,), words, count)


def test_ways_that_differ_in_names_alone_are_one() -> None:
    told: dict[tuple[tuple[str, str], ...], int] = {
        (("module", "own"), (_DICT, "BIG"), (_THING, "")): 30,
        **{(("module", "own"), (_THING, f"name{number}")): 2 for number in range(5)},
        (("module", "two"), (_DICT, "A"), (_THING, "")): 4,
        (("module", "two"), (_DICT, "B"), (_THING, "")): 5,
        (): 1,
    }
    ways = paths_of(told, 500)
    assert [(one.module, one.words, one.count) for one in ways] == [
        ("own", "BIG (dict)", 300),
        ("own", "its own names", 100),
        ("two", "A, B (dicts)", 90),
        ("", "a frame, a thread or C code", 10),
    ]


def test_a_long_way_is_cut_in_its_middle() -> None:
    steps = [(f"own.K{number}", "") for number in range(6)]
    (way,) = paths_of({(("module", "own"), *steps, (_THING, "")): 1}, 1)
    assert way.words == "K0 → K1 → … → K5"


def test_of_one_side_what_grew_most_and_small_ways_together() -> None:
    small = tuple(held("own", f"way{number}", 2) for number in range(9))
    found = {"own.Many": Population(118, 0, (held("own", "table", 100), *small)),
             "own.Gone": Population(-5, 0)}  # fmt: skip
    holds = most_held([found])
    assert [(one.words, one.counts) for one in holds] == [
        ("table", (100,)),
        ("9 other paths", (18,)),
    ]


def test_of_two_sides_what_changed() -> None:
    same = Population(50, 0, (held("own", "same", 50),))
    base = {"own.Same": same, "own.A": Population(100, 0, (held("own", "cache", 100),))}
    head = {"own.Same": same, "own.A": Population(40, 0, (held("own", "list", 40),))}
    holds = most_held([base, head])
    assert [(one.words, one.counts) for one in holds] == [("cache", (100, 0)), ("list", (0, 40))]
    assert most_held([base, base]) == []


def test_a_way_is_known_again_though_names_differ() -> None:
    base = {"own.A": Population(5, 0, (held("own", "its own names", 5, _THING),))}
    head = {"own.A": Population(1, 0, (held("own", "A_NAME", 1, _THING),))}
    assert [(one.words, one.counts) for one in most_held([base, head])] == [
        ("its own names", (5, 1))
    ]


def test_the_section_is_a_table() -> None:
    grown = Growth({"own.Thing": Population(7, 0, (held("own.a", "CACHE (dict)", 7),))})
    page = "\n".join(holders_section({Side.BASE: grown}))
    assert "`CACHE (dict)`" in page
    assert list(holders_section({Side.BASE: Growth()})) == []
