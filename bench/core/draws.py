"""What chance decides about a round: drawn from the run's seed, so that it can be drawn again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bench.core.sample import Design, Side


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
) -> Draw:
    """What round `index` of a design is taken with. The core is drawn last, from `cpus`.

    `attempt` counts how often the round has failed before: a seed that makes it fail would do so
    again.
    """
    key = f"{seed}/{benchmark}/{design}/{index}"
    chance = random.Random(f"{key}/{attempt}" if attempt else key)
    order = [Side.BASE, Side.HEAD]
    chance.shuffle(order)
    hash_seed = chance.randrange(2**32)
    return Draw(tuple(order), hash_seed, chance.choice(cpus) if cpus else None)
