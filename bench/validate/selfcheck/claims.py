"""What this project claims of itself, and whether it held on a machine: in words."""

from __future__ import annotations

import enum
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bench.core.sample import Design, Metric
from bench.core.verdict import Verdict
from bench.engine.evaluation import LARGE_RATIO
from bench.engine.statistics.binomial import Rate
from bench.formats.text import percent, seconds
from bench.validate.selfcheck.analysis import (
    ALL,
    LEVEL,
    apart,
    find_series,
    judged,
    names,
    precision,
    series_interval,
    series_of,
    shares_inside,
    wrong,
)
from bench.validate.selfcheck.commands import BURN
from bench.validate.selfcheck.record import AA, BIAS, LOADED, POWER, QUIET, Check
from bench.validate.selfcheck.words import rate_words

_LEAST_INSIDE = 0.90
_FEWEST_ROUNDS = 20  # for a comparison of spreads


class Outcome(enum.StrEnum):
    """Whether a claim held here."""

    HELD = "held"
    FAILED = "FAILED"
    OPEN = "not decided"


@dataclass(frozen=True)
class Claim:
    """A claim, what came of it, and the figures."""

    outcome: Outcome
    text: str

    def __str__(self) -> str:
        return f"{self.outcome}: {self.text}"


def claims(check: Check) -> list[Claim]:
    """All claims there are data for."""
    return [
        *_error_rates(check),
        *_power(check),
        *_coverage(check),
        *_overhead(check),
        *_designs(check),
        *_bias(check),
        *_probes(check),
    ]


def _error_rates(check: Check) -> Iterator[Claim]:
    alpha = check.options.alpha
    for name in names(check):
        rate = wrong(judged(check, AA, "" if name == ALL else name))
        low, high = rate.limits
        figures = f"A/A, {name}: wrong verdicts {rate_words(rate)} in {rate.total} runs"
        if rate.value > alpha:
            chance = "" if low > alpha else "; the interval reaches α, so it may be chance"
            yield Claim(Outcome.FAILED, f"{figures}, above α = {alpha:.0%}{chance}")
        elif high > alpha:
            more = "too few runs to exclude a rate above it"
            yield Claim(Outcome.OPEN, f"{figures}, not above α = {alpha:.0%}, but {more}")
        else:
            yield Claim(Outcome.HELD, f"{figures}, surely at most α = {alpha:.0%}")


def _power(check: Check) -> Iterator[Claim]:
    for truth in dict.fromkeys(run.truth for run in check.engine if run.phase == POWER):
        runs = judged(check, POWER, truth=truth)
        found = [one for one in runs if one.verdict is Verdict.SLOWER]
        said = f"an injected {percent(truth)} found in {len(found)} of {len(runs)} runs"
        if len(found) < len(runs):
            others = ", ".join(sorted({str(one.verdict) for one in runs} - {"slower"}))
            yield Claim(Outcome.FAILED, f"{said} (otherwise: {others})")
        else:
            median_s = statistics.median(one.run.elapsed_s for one in found)
            yield Claim(Outcome.HELD, f"{said}, in {seconds(median_s)} (median)")


def _coverage(check: Check) -> Iterator[Claim]:
    runs = judged(check, POWER)
    if runs:
        rate, wanted = Rate(sum(one.covers for one in runs), len(runs)), 1 - check.options.alpha
        low, high = rate.limits
        outcome = Outcome.HELD if low >= wanted else Outcome.OPEN
        yield Claim(
            Outcome.FAILED if high < wanted else outcome,
            f"the engine's interval held the injected ratio in {rate.count} of {rate.total} runs "
            f"[{low:.0%}–{high:.0%}]; it should in {wanted:.0%}",
        )


def _overhead(check: Check) -> Iterator[Claim]:
    shares = shares_inside(check, BURN)
    if shares:
        share = statistics.median(shares)
        held = share >= _LEAST_INSIDE
        yield Claim(
            Outcome.HELD if held else Outcome.FAILED,
            f"{share:.1%} of the wall time inside measured processes while a command of about "
            f"50 ms is measured ({'at least' if held else 'below'} {_LEAST_INSIDE:.0%})",
        )


def _designs(check: Check) -> Iterator[Claim]:
    for phase in (QUIET, LOADED):
        duet = find_series(check, phase, design=Design.DUET, case=BURN)
        pairs = find_series(check, phase, design=Design.PAIRS, case=BURN)
        if duet is None or pairs is None:
            continue
        one = precision(duet, Metric.CPU).seconds_to_1_percent
        cpu, wall = (
            precision(pairs, metric).seconds_to_1_percent for metric in (Metric.CPU, Metric.WALL)
        )
        held = one <= min(cpu, wall)
        count = min(len(duet.inside_s), len(pairs.inside_s))
        few = count < _FEWEST_ROUNDS
        outcome = Outcome.OPEN if few else Outcome.HELD if held else Outcome.FAILED
        yield Claim(
            outcome,
            f"{phase}: duet {'is' if held else 'is not'} the fastest way to ±1% for a CPU-bound "
            f"command: {one:.1f} s, pairs {cpu:.1f} s (CPU) and {wall:.1f} s (wall)"
            + (f", from {count} rounds only" if few else ""),
        )


def _bias(check: Check) -> Iterator[Claim]:
    small = [truth for truth in _bias_truths(check) if truth <= LARGE_RATIO * 1.01]
    off = []
    for truth in small:
        duet, pairs = (find_series(check, BIAS, truth=truth, design=design) for design in Design)
        if duet is None or pairs is None:
            return
        seen = series_interval(duet, LEVEL / len(small))  # Bonferroni: one claim, several ratios
        if apart(duet, pairs) or not seen.low <= truth <= seen.high:
            off.append(f"{truth:.3f} seen as {seen.ratio:.3f} [{seen.low:.3f}–{seen.high:.3f}]")
    if small:
        yield Claim(
            Outcome.FAILED if off else Outcome.HELD,
            f"duet sees ratios up to {LARGE_RATIO:g}, whose size the engine takes from it, as they "
            f"are{': ' + '; '.join(off) if off else ''}",
        )


def _bias_truths(check: Check) -> list[float]:
    return list(dict.fromkeys(one.truth for one in series_of(check, BIAS)))


def _probes(check: Check) -> Iterator[Claim]:
    for phase in dict.fromkeys(one.phase for one in check.probes):
        other = [
            f"{one.case} got {' by '.join(one.chosen) if one.chosen else 'nothing'} ({one.reason})"
            for one in check.probes
            if one.phase == phase and one.chosen != one.expected
        ]
        yield Claim(
            Outcome.FAILED if other else Outcome.HELD,
            f"{phase}: the probe finds the design that fits each kind of command"
            + (f": {'; '.join(other)}" if other else ""),
        )
