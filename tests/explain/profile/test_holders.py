"""Who holds what: ways put together, two sides beside each other, and the picture of it."""

from __future__ import annotations

from pathlib import Path

from support.pictures import overlaps

from bench.core.sample import Side
from bench.explain.profile.artefacts import Artefacts
from bench.explain.profile.holders import holders_layers, holders_section, most_held
from bench.explain.profile.objects import Growth, HolderPath, Population, ways_of
from bench.formats.figure_style import drawing
from bench.formats.layers_figure import draw_layers

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
    ways = ways_of(told, 500)
    assert [(one.module, one.words, one.count) for one in ways] == [
        ("own", "BIG (dict)", 300),
        ("own", "its own names", 100),
        ("two", "A, B (dicts)", 90),
        ("", "a frame, a thread or C code", 10),
    ]


def test_a_long_way_is_cut_in_its_middle() -> None:
    steps = [(f"own.K{number}", "") for number in range(6)]
    (way,) = ways_of({(("module", "own"), *steps, (_THING, "")): 1}, 1)
    assert way.words == "K0 → K1 → … → K5"


def test_of_one_side_what_grew_most_and_small_ways_together() -> None:
    small = tuple(held("own", f"way{number}", 2) for number in range(9))
    found = {"own.Many": Population(118, 0, (held("own", "table", 100), *small)),
             "own.Gone": Population(-5, 0)}  # fmt: skip
    holds = most_held([found])
    assert [(one.words, one.counts) for one in holds] == [
        ("table", (100,)),
        ("9 other ways", (18,)),
    ]


def test_of_two_sides_what_changed() -> None:
    same = Population(50, 0, (held("own", "same", 50),))
    base = {"own.Same": same, "own.A": Population(100, 0, (held("own", "cache", 100),))}
    head = {"own.Same": same, "own.A": Population(40, 0, (held("own", "list", 40),))}
    holds = most_held([base, head])
    assert [(one.words, one.counts) for one in holds] == [("cache", (100, 0)), ("list", (0, 40))]
    layers = holders_layers(holds, list(Side))
    accents = {one.words: one.accent for one in layers.boxes}
    assert (accents["cache"], accents["list"], accents["own.A  100 → 40"]) == ("base", "head", "")
    assert most_held([base, base]) == []


def test_a_way_is_known_again_though_names_differ() -> None:
    base = {"own.A": Population(5, 0, (held("own", "its own names", 5, _THING),))}
    head = {"own.A": Population(1, 0, (held("own", "A_NAME", 1, _THING),))}
    assert [(one.words, one.counts) for one in most_held([base, head])] == [
        ("its own names", (5, 1))
    ]


def test_the_picture_has_room_for_its_words() -> None:
    found = {
        f"own.Type{kind}": Population(100 - kind, 0, tuple(
            held(f"own.module{at % 3}", f"name{at} (dict) → another (list)", 20) for at in range(4)
        ))
        for kind in range(8)
    }  # fmt: skip
    with drawing():
        figure = draw_layers(holders_layers(most_held([found, {}]), list(Side)))
        assert overlaps(figure) == []


def test_the_section_has_both(tmp_path: Path) -> None:
    grown = Growth({"own.Thing": Population(7, 0, (held("own.a", "CACHE (dict)", 7),))})
    artefacts = Artefacts(tmp_path / "page")
    page = "\n".join(holders_section({Side.BASE: grown}, artefacts))
    assert "`CACHE (dict)`" in page
    assert (tmp_path / "page" / "holders.svg").read_bytes().startswith(b"<?xml")
    assert list(holders_section({Side.BASE: Growth()}, artefacts)) == []
