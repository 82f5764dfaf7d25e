"""What chance decides about a round: drawn from the run's seed, so that it can be drawn again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bench.core.sample import Design, Side

_BLOCK = 4  # rounds


@dataclass(frozen=True)
class Draw:
    """The order of the sides, their hash seed, and the core (None: there is none to choose)."""

    order: tuple[Side, ...]
    hash_seed: int
    cpu: int | None


def draw(
    seed: int,
    benchmark: str,
    design: Design,
    index: int,
    cpus: Sequence[int] = (),
    attempt: int = 0,
    *,
    balanced: bool = True,
) -> Draw:
    """What round `index` of a design is taken with. The core is drawn last, from `cpus`.

    Who starts first has an advantage (0.4% in a duet). The order is drawn for blocks of four
    rounds, two of each, in which it is even; without `balanced` (runs until format 2) for each
    round by itself. `attempt` counts how often the round has failed before: a hash seed that makes
    it fail would do so again, while the order stays, or chance would not choose it.
    """
    key = f"{seed}/{benchmark}/{design}/{index}"
    chance = random.Random(f"{key}/{attempt}" if attempt else key)
    order = [Side.BASE, Side.HEAD]
    chance.shuffle(order)
    if balanced:
        order = _of_block(f"{seed}/{benchmark}/{design}/block/{index // _BLOCK}")[index % _BLOCK]
    hash_seed = chance.randrange(2**32)
    return Draw(tuple(order), hash_seed, chance.choice(cpus) if cpus else None)


def _of_block(key: str) -> list[list[Side]]:
    """The orders of a block's rounds (random permuted blocks)."""
    orders = [[Side.BASE, Side.HEAD], [Side.HEAD, Side.BASE]] * (_BLOCK // 2)
    random.Random(key).shuffle(orders)
    return orders
