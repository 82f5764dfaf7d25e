"""Savings of sets of statements: the smallest set that saves nearly all, and what each adds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bench.explain.rank.graph import Graph, ImportWalk, Skip

_ORDERS = 60


@dataclass(frozen=True)
class Worth:
    """One statement's saving in the graph's unit.

    `alone`: when only it is skipped; `leave_one_out`: what is lost when only it is put back into
    the set; `share`: its Shapley share of the set's saving (the shares add up to the whole).
    """

    skip: Skip
    alone: float
    leave_one_out: float
    share: float


def best_set(graph: Graph, candidates: Sequence[Skip], spare: float) -> tuple[Skip, ...]:
    """The candidates without those that hardly matter: together they would save up to `spare`.

    Statements are put back one by one, those that matter least first.
    """
    everything = graph.saving(candidates)
    chosen = list(candidates)
    by_loss = sorted(
        candidates, key=lambda one: (everything - graph.saving(_without(chosen, one)), one.place)
    )
    for one in by_loss:
        fewer = _without(chosen, one)
        if everything - graph.saving(fewer) <= spare:
            chosen = fewer
    return tuple(chosen)


def worths(graph: Graph, chosen: Sequence[Skip], seed: int = 1) -> tuple[Worth, ...]:
    """What each statement of a set is worth, largest share first."""
    whole = graph.saving(chosen)
    shares = _shares(graph, chosen, seed)
    found = [
        Worth(
            one,
            graph.saving([one]),
            whole - graph.saving(_without(chosen, one)),
            shares[one],
        )
        for one in chosen
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.skip.place)))


def _shares(graph: Graph, chosen: Sequence[Skip], seed: int) -> dict[Skip, float]:
    """Mean marginal saving over random orders, walked from the end: what each put back costs."""
    chance, order = random.Random(seed), list(chosen)
    sums = dict.fromkeys(chosen, 0.0)
    for _ in range(_ORDERS):
        chance.shuffle(order)
        walk = ImportWalk(graph, order)
        for one in reversed(order):
            sums[one] += graph.total(walk.put_back(one))
    return {one: total / _ORDERS for one, total in sums.items()}


def _without(chosen: Sequence[Skip], one: Skip) -> list[Skip]:
    return [other for other in chosen if other is not one]
