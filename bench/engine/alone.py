"""Duets without what one side did alone when the other had ended: rounds in, rounds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from bench.core.sample import Design, Metric, Round, Sample, Side
from bench.engine.statistics.arrays import FloatArray
from bench.engine.statistics.contention import (
    NO_DOUBT,
    Alone,
    Doubt,
    Duets,
    Factor,
    contention,
)
from bench.engine.store.events import Probed


@dataclass(frozen=True)
class AsAlone:
    """The deciding rounds of a benchmark, which its verdict and its size rest on.

    With a `factor` their CPU times are those that each side would have had by itself, and `doubt`
    is what the factor's error adds to that of their ratio. Of a script, the values that a side took
    beside the other. Else as measured: not duets, too few, or taken before duets told when their
    first side ended.
    """

    rounds: list[Round]
    factor: Factor | None = None
    doubt: Doubt = NO_DOUBT


def as_alone(rounds: Sequence[Round], plan: Probed) -> AsAlone:
    """The deciding ones of all rounds of a benchmark, which come in the order they were taken."""
    places = _places(rounds, plan.design)[: plan.maximum]
    deciding = [rounds[place] for place in places]
    if plan.design is not Design.DUET or not deciding or not all(map(_told, deciding)):
        return AsAlone(deciding)
    if plan.metric is Metric.VALUE:
        return AsAlone([_beside(one, plan.loops) for one in deciding])
    alone = _places(rounds, Design.PAIRS)
    if plan.metric is not Metric.CPU or not alone:
        return AsAlone(deciding)
    tails = np.array([[one.sample(side).alone_s for side in Side] for one in deciding], np.float64)
    duets = Duets(_cpu_s(deciding), tails, np.array(places))
    factor = contention(duets, Alone(_cpu_s([rounds[at] for at in alone]), np.array(alone)))
    if factor is None:
        return AsAlone(deciding)
    used_s = factor.put_right(duets).tolist()
    put_right = [
        msgspec.structs.replace(one, base=_using(one.base, base_s), head=_using(one.head, head_s))
        for one, (base_s, head_s) in zip(deciding, used_s, strict=True)
    ]
    return AsAlone(put_right, factor, factor.doubt(duets))


def _told(taken: Round) -> bool:
    return taken.base.alone_s is not None and taken.head.alone_s is not None


def _beside(taken: Round, loops: int) -> Round:
    """The round with those values of a script that were taken while the other side still ran."""
    base, head = (_shared_values(taken.sample(side), loops) for side in Side)
    return msgspec.structs.replace(taken, base=base, head=head)


def _shared_values(sample: Sample, loops: int) -> Sample:
    """Without the last values, as many as fill the time alone; the first one is always kept."""
    alone_s, kept = sample.alone_s or 0.0, len(sample.values_s)
    while alone_s > 0 and kept > 1:
        kept -= 1
        alone_s -= sample.values_s[kept] * loops
    return msgspec.structs.replace(sample, values_s=sample.values_s[:kept])


def _places(rounds: Sequence[Round], design: Design) -> list[int]:
    return [place for place, taken in enumerate(rounds) if taken.design is design]


def _cpu_s(rounds: Sequence[Round]) -> FloatArray:
    """Shape (n, 2): base and head."""
    return np.array([[one.sample(side).cpu_s for side in Side] for one in rounds], np.float64)


def _using(sample: Sample, cpu_s: float) -> Sample:
    """The sample with another CPU time, of which as much was the system's."""
    share = cpu_s / sample.cpu_s
    return msgspec.structs.replace(
        sample, user_s=sample.user_s * share, system_s=sample.system_s * share
    )
