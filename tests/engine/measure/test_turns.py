"""What is pinned shares the machine, all else has it alone; orders are balanced in blocks."""

from __future__ import annotations

import threading
import time
from collections import Counter

from bench.core.draws import draw
from bench.core.sample import Design, Side
from bench.engine.measure.turns import Turns


def test_two_may_share_and_one_alone_waits_for_both() -> None:
    turns, meet = Turns(), threading.Barrier(3)
    running: list[str] = []
    seen: list[tuple[str, ...]] = []

    def share(name: str) -> None:
        with turns.shared():
            running.append(name)
            meet.wait(timeout=30)
            meet.wait(timeout=30)
            running.remove(name)

    def alone() -> None:
        with turns.alone():
            seen.append(tuple(running))

    threads = [threading.Thread(target=share, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    meet.wait(timeout=30)  # both share
    last = threading.Thread(target=alone)
    last.start()
    time.sleep(0.05)
    assert not seen
    meet.wait(timeout=30)
    for thread in [*threads, last]:
        thread.join(timeout=30)
    assert seen == [()]


def test_whoever_wants_it_alone_comes_next() -> None:
    turns = Turns()
    order: list[str] = []

    def alone() -> None:
        with turns.alone():
            order.append("alone")

    def share() -> None:
        with turns.shared():
            order.append("shared")

    with turns.shared():
        first = threading.Thread(target=alone)
        first.start()
        while not turns._want_it_alone:
            time.sleep(0.001)
        second = threading.Thread(target=share)
        second.start()
        time.sleep(0.05)
        assert not order
    first.join(timeout=30)
    second.join(timeout=30)
    assert order == ["alone", "shared"]


def test_orders_are_even_in_every_block_and_random_in_it() -> None:
    firsts = [draw(7, "work", Design.DUET, index).order[0] for index in range(400)]
    blocks = [tuple(firsts[start : start + 4]) for start in range(0, 400, 4)]
    assert all(Counter(block)[Side.BASE] == 2 for block in blocks)
    assert len(set(blocks)) == 6, "each of the six orders of a block comes up"
    again = [draw(7, "work", Design.DUET, index, attempt=3) for index in range(40)]
    assert [one.order[0] for one in again] == firsts[:40], "a failure does not change the order"
    assert again[0].hash_seed != draw(7, "work", Design.DUET, 0).hash_seed


def test_older_runs_are_drawn_as_they_were() -> None:
    old = [draw(7, "work", Design.DUET, index, (0, 1), balanced=False) for index in range(8)]
    assert [(one.order[0].value[0], one.cpu) for one in old] == OLD
    assert old[0].hash_seed == draw(7, "work", Design.DUET, 0).hash_seed


OLD = [("b", 1), ("b", 0), ("b", 1), ("h", 1), ("h", 0), ("h", 1), ("b", 1), ("b", 0)]
