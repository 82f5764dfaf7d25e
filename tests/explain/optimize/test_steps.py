"""What is predicted of the part of a change that passes the checks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.steps import joined_small, what_is_left

ONE, TWO, THREE = (Site(file="pkg/cli.py", line=line, words="") for line in (1, 2, 3))
CHANGE = Change(recipe="x", title="t", sites=(TWO, THREE), why="", saves_s={"help": 0.3})


def saves(sites: Collection[Site]) -> dict[str, float]:
    """One alone saves 0.1 s; two and three only together, 0.3 s."""
    return {"help": 0.1 * (ONE in sites) + 0.3 * ({TWO, THREE} <= set(sites))}


def test_what_is_left_of_a_change_is_predicted_again() -> None:
    proposal = Proposal(changes=(CHANGE,), rewrite=lambda _: {}, saves=saves)
    assert what_is_left(CHANGE, proposal, [ONE], [TWO]).saves_s == {"help": 0.0}
    whole = what_is_left(CHANGE, proposal, [ONE], [TWO, THREE])
    assert abs(whole.saves_s["help"] - 0.3) < 1e-9


def test_without_predictions_of_parts_that_of_the_whole_stays() -> None:
    proposal = Proposal(changes=(CHANGE,), rewrite=lambda _: {})
    assert what_is_left(CHANGE, proposal, [], [TWO]) == replace(CHANGE, sites=(TWO,))
    known = Proposal(changes=(CHANGE,), rewrite=lambda _: {}, saves=saves)
    assert what_is_left(CHANGE, known, [], []).saves_s == CHANGE.saves_s


def test_small_changes_are_called_by_the_largest() -> None:
    small, large = replace(CHANGE, title="a", saves_s={"help": 0.1}), replace(CHANGE, title="b")
    joined = joined_small([small, large])
    assert joined is not None
    assert joined.title == "b, and 1 smaller change"
