"""The lines of `rounds.jsonl`: everything that happened in a run, in the order it happened."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bench.core.counts import Count, Counter, Instrument, Names, Tally
from bench.core.gate import Gate
from bench.core.machine import Neighbour, Noise
from bench.core.result import Outputs
from bench.core.sample import Design, Metric, Moment, Round, Seconds, Side


class Opened(msgspec.Struct, frozen=True, tag="opened", tag_field="event"):
    """A process began, or went on, to measure, on so many lanes (1 until format 2).

    `at` is in seconds since the epoch.
    """

    at: Moment
    resumed: bool
    lanes: Count = 1


class Tested(msgspec.Struct, frozen=True, tag="tested", tag_field="event"):
    """The target's own tests on both revisions, or why they were not run."""

    gate: Gate


class Probed(msgspec.Struct, frozen=True, kw_only=True, tag="probed", tag_field="event"):
    """How a benchmark will be measured, and why.

    `looks` are the numbers of rounds at which the sequential test may stop, `maximum` the number it
    is planned for; `loops` is the inner loop count of a pyperf script. `exact`: the number of
    rounds is fixed, and one exact test decides after the last; the first `alone` pairs count as
    well then, beside duets. `family_alpha` is the error rate
    shared by the benchmarks that are tested in the same way; 0: that of the run. `memory_looks` are
    the numbers of rounds (of both designs) at which peak memory may be looked at, () where it is
    not judged beside time, and `memory_alpha` the error rate that the memory of all shares.
    """

    benchmark: str
    design: Design
    metric: Metric
    reason: str
    looks: Annotated[tuple[Count, ...], msgspec.Meta(min_length=1)]
    maximum: Count
    loops: Count = 0
    exact: bool = False
    alone: Count = 0
    family_alpha: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    memory_looks: tuple[Count, ...] = ()
    memory_alpha: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0


class Unavailable(msgspec.Struct, frozen=True, tag="unavailable", tag_field="event"):
    """A benchmark that is not measured, on which side it failed, and what it said.

    `works` are the sides on which it was seen to work: base alone means that head broke it.
    """

    benchmark: str
    sides: tuple[str, ...]
    reason: str
    works: tuple[str, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether it works on base and not on head."""
        return self.works == (Side.BASE,)

    @property
    def words(self) -> str:
        """What is said of it: `broken, head: exit status 1`."""
        kind = "broken" if self.is_broken else "not measured"
        kind = "works on head only" if self.works == (Side.HEAD,) else kind
        return f"{kind}, {' and '.join(self.sides) or 'both sides'}: {self.reason}"


class Compared(msgspec.Struct, frozen=True, tag="compared", tag_field="event"):
    """What a benchmark prints, and how it ends, on both sides: compared before measuring."""

    benchmark: str
    outputs: Outputs


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed", tag_field="event"):
    """A round in which a side failed: it is dropped whole, and taken again under another seed.

    `index` is that of the round it would have been, `sides` are those that failed.
    """

    benchmark: str
    design: Design
    index: int
    sides: tuple[str, ...]
    reason: str
    elapsed_s: float


class Measured(msgspec.Struct, frozen=True, tag="round", tag_field="event"):
    """One round."""

    round: Round


class LeftRunning(msgspec.Struct, frozen=True, tag="left-running", tag_field="event"):
    """Processes that a benchmark's rounds left running and that were ended, by command line."""

    benchmark: str
    names: tuple[str, ...]


class Ended(msgspec.Struct, frozen=True, tag="ended", tag_field="event"):
    """A benchmark got its verdict or used up its budget; `reason` says which.

    `large_effect`: it stopped before the first look by the rule for large effects.
    """

    benchmark: str
    reason: str
    noise: Noise
    large_effect: bool = False


class Counted(
    msgspec.Struct, frozen=True, kw_only=True, tag="counted", tag_field="event", omit_defaults=True
):
    """What one instrument counted on both sides; `skipped` says why a side has no tally.

    `names` holds what only one side has, by counter. `base_again` and `head_again` are those of a
    second run of a side, where exact figures were asked for.
    """

    benchmark: str
    instrument: Instrument
    base: Tally | None = None
    head: Tally | None = None
    names: dict[Counter, Names] = {}
    skipped: str = ""
    elapsed_s: float = 0.0
    asked: bool = False
    base_again: Tally | None = None
    head_again: Tally | None = None

    def tallies(self, side: Side) -> tuple[Tally, ...]:
        """All of one side that are there."""
        again = self.base_again if side is Side.BASE else self.head_again
        return tuple(one for one in (self.side(side), again) if one is not None)

    def side(self, side: Side) -> Tally | None:
        """The tally of one side."""
        return self.base if side is Side.BASE else self.head


class Closed(msgspec.Struct, frozen=True, tag="closed", tag_field="event"):
    """The run is complete: every benchmark ended and both environments were proven again.

    `elapsed_s` is the wall time of this process from its first probe, `inside_s` the part of it
    during which a measured process ran. `neighbours` are the busiest other programs meanwhile.
    """

    at: Moment
    elapsed_s: Seconds
    inside_s: Seconds
    neighbours: tuple[Neighbour, ...] = ()


class Refused(msgspec.Struct, frozen=True, tag="refused", tag_field="event"):
    """What was measured is not proven to be what was asked for: the run counts for nothing.

    It is never resumed, and no page shows figures of it. `reason` says what had changed.
    """

    at: float
    reason: str


Event = (
    Opened
    | Tested
    | Probed
    | Compared
    | Unavailable
    | Measured
    | Failed
    | LeftRunning
    | Ended
    | Counted
    | Closed
    | Refused
)
