"""What keeps objects alive: put together by module, two sides beside each other."""

from __future__ import annotations

from bench.core.sample import Side
from bench.explain.profile.holders import holder_rows, holders_section
from bench.explain.profile.objects import Growth, HeldBy, Population, held_by

_DICT, _THING = "builtins.dict", "own.Thing"


def test_chains_are_put_together_by_module() -> None:
    chains: dict[tuple[tuple[str, str], ...], int] = {
        (("module", "own"), (_DICT, "BIG"), (_THING, "")): 30,
        (("module", "own"), (_THING, "small")): 10,
        (("module", "two"), ("class", "A"), (_DICT, "rows"), (_THING, "")): 9,
        (): 1,
    }
    assert held_by(chains, 500) == (
        HeldBy("own", ("BIG", "small"), 400),
        HeldBy("two", ("A",), 90),
        HeldBy("", (), 10),
    )


def test_of_one_side_what_grew_most_and_small_modules_together() -> None:
    small = tuple(HeldBy(f"own.m{number}", ("x",), 2) for number in range(9))
    names = tuple(f"N{number}" for number in range(5))
    found = {
        "own.Many": Population(118, 0, (HeldBy("own.a", names, 100), *small)),
        "own.Fewer": Population(-5, 0),
    }
    rows = holder_rows([found])
    assert rows[0] == ["`own.Many`", "100", "`own.a`", "`N0`, `N1`, `N2` and 2 others"]
    assert rows[-1] == ["`own.Many`", "12", "6 other modules", ""]
    assert len(rows) == 5


def test_of_two_sides_what_changed() -> None:
    same = Population(50, 0, (HeldBy("own", ("SAME",), 50),))
    base = {"own.Same": same, "own.A": Population(100, 0, (HeldBy("own.a", ("CACHE",), 100),))}
    head = {"own.Same": same, "own.A": Population(40, 0, (HeldBy("own.b", ("LIST",), 40),))}
    assert holder_rows([base, head]) == [
        ["`own.A`", "100", "0", "`own.a`", "`CACHE`"],
        ["`own.A`", "0", "40", "`own.b`", "`LIST`"],
    ]
    assert holder_rows([base, base]) == []


def test_the_section_is_a_table() -> None:
    grown = Growth({"own.Thing": Population(7, 0, (HeldBy("own.a", ("CACHE",), 7),))})
    page = "\n".join(holders_section({Side.BASE: grown}))
    assert "`CACHE`" in page
    assert list(holders_section({Side.BASE: Growth()})) == []
