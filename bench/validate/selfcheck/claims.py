"""What this project claims of itself, and whether a self-check found it to hold."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench.core.sample import Design, Metric
from bench.engine.statistics.binomial import Rate
from bench.engine.statistics.precision import POWER as LEAST_POWER
from bench.formats.text import confidence, counted, is_bounded, percent, seconds, share
from bench.validate.claims import Claim, ClaimOutcome, at_least, at_most
from bench.validate.engine_runs import AA, rejections
from bench.validate.selfcheck.analysis import (
    LEVEL,
    bias_of,
    cases,
    differ,
    find_series,
    found_slower,
    injected,
    judged,
    precision,
    series_interval,
    series_of,
    shares_inside,
    sizes,
)
from bench.validate.selfcheck.commands import BURN
from bench.validate.selfcheck.lanes import lanes_found
from bench.validate.selfcheck.record import BIAS, LOADED, POWER, QUIET, SelfCheck

_LEAST_INSIDE = 0.90
_SLOPE = 0.01
_UNCORRECTED = 1.2  # of a loop, which hardly knows contention: duets as measured are right so far
_LEAST_OF_LANES = 0.85  # of a whole core's rounds, for each lane
_MOST_NOISE_OF_LANES = 1.25
_FEWEST_ROUNDS = 20  # for a comparison of spreads


def claims(check: SelfCheck) -> list[Claim]:
    """All claims there are data for."""
    return [
        *_error_rates(check),
        *_power(check),
        *_coverage(check),
        *_overhead(check),
        *_designs(check),
        *_lanes(check),
        *_bias(check),
        *_sizes(check),
        *_probes(check),
    ]


def _error_rates(check: SelfCheck) -> Iterator[Claim]:
    alpha = check.options.alpha
    for case in reversed(cases(check)):
        claim = f"At most {alpha:.0%} of unchanged pairs are called changed ({case})"
        rate = rejections(judged(check, AA, case))
        yield at_most(claim, rate, alpha, f"{rate.count} of {rate.total} called changed")


def _power(check: SelfCheck) -> Iterator[Claim]:
    for truth in injected(check):
        runs = judged(check, POWER, truth=truth)
        found = found_slower(runs)
        measured = f"{len(found)} of {len(runs)} runs found it"
        if found:
            measured += f" in {seconds(statistics.median(one.run.elapsed_s for one in found))}"
        others = sorted({str(one.verdict) for one in runs} - {"slower"})
        measured += f", otherwise {', '.join(others)}" if others else ""
        claim = f"An injected {percent(truth)} is found in at least {LEAST_POWER:.0%} of runs"
        yield at_least(claim, Rate(len(found), len(runs)), LEAST_POWER, measured)


def _coverage(check: SelfCheck) -> Iterator[Claim]:
    runs = judged(check, POWER)
    if runs:
        rate, wanted = Rate(sum(one.covers for one in runs), len(runs)), 1 - check.options.alpha
        claim = f"At least {wanted:.0%} of intervals hold the injected ratio"
        yield at_least(claim, rate, wanted, f"{rate.count} of {rate.total} do")


def _overhead(check: SelfCheck) -> Iterator[Claim]:
    shares = shares_inside(check, BURN)
    if shares:
        inside = statistics.median(shares)
        yield Claim(
            _held(inside >= _LEAST_INSIDE),
            f"At least {_LEAST_INSIDE:.0%} of the time goes into the measured processes",
            f"{share(inside)}, while a command of about 50 ms is measured",
        )


def _lanes(check: SelfCheck) -> Iterator[Claim]:
    found = lanes_found(check)
    if len(found) < 2:
        return
    one, most = found[0], found[-1]
    times, noise = most.per_s / one.per_s, most.noise / one.noise
    least = _LEAST_OF_LANES * most.lanes
    yield Claim(
        ClaimOutcome.HELD if times >= least else ClaimOutcome.FAILED,
        f"{most.lanes} lanes take at least {least:.2g} times the rounds of one",
        f"{times:.2f} times ({most.per_s:.1f} rounds a second, and {one.per_s:.1f})",
    )
    yield Claim(
        ClaimOutcome.HELD if noise <= _MOST_NOISE_OF_LANES else ClaimOutcome.FAILED,
        f"A round on {most.lanes} lanes is about as precise as on one",
        f"noise of a round {most.noise:.1%}, and {one.noise:.1%}",
    )


def _designs(check: SelfCheck) -> Iterator[Claim]:
    for phase in (QUIET, LOADED):
        duet = find_series(check, phase, Design.DUET, BURN)
        pairs = find_series(check, phase, Design.PAIRS, BURN)
        if duet is None or pairs is None:
            continue
        one = precision(duet, Metric.CPU).seconds_to_1_percent
        cpu, wall = (
            precision(pairs, metric).seconds_to_1_percent for metric in (Metric.CPU, Metric.WALL)
        )
        count = min(len(duet.inside_s), len(pairs.inside_s))
        few = count < _FEWEST_ROUNDS
        yield Claim(
            ClaimOutcome.OPEN if few else _held(one <= min(cpu, wall)),
            f"Duet is the fastest design for a CPU-bound command, machine {phase}",
            f"{seconds(one)} to ±1%; pairs {seconds(cpu)} by CPU time, {seconds(wall)} by wall time"
            + (f"; {counted(count, 'round')} only" if few else ""),
        )


def _bias(check: SelfCheck) -> Iterator[Claim]:
    truths = dict.fromkeys(one.truth for one in series_of(check, BIAS) if one.case == BURN)
    small = [truth for truth in truths if truth <= _UNCORRECTED * 1.01]
    seen, off, bounded = [], False, True
    for truth in small:
        duet, pairs = (find_series(check, BIAS, design, BURN, truth) for design in Design)
        if duet is None or pairs is None:
            return
        found = series_interval(duet, LEVEL / len(small))  # Bonferroni: one claim, several ratios
        bounded = bounded and is_bounded(found)
        off = off or differ(duet, pairs) or not found.low <= truth <= found.high
        seen.append(f"{truth:.2f} as {found.ratio:.3f} ({found.low:.3f}–{found.high:.3f})")
    if small:
        claim = f"Duet shows ratios up to {_UNCORRECTED:g} without bias"
        outcome = _held(not off) if bounded else ClaimOutcome.OPEN
        each, together = confidence(LEVEL / len(small)), confidence(LEVEL)
        level = f"intervals at {each}, for all to hold at once at {together}"
        yield Claim(outcome, claim, "; ".join([*seen, level]) if bounded else "too few rounds")


def _sizes(check: SelfCheck) -> Iterator[Claim]:
    seen = sizes(check)
    changed = [one for one in seen if abs(one.truth - 1) > 1e-3]
    if not changed:
        return
    slope, half = bias_of(changed)
    raw, _ = bias_of(changed, put_right=False)
    outcome = ClaimOutcome.OPEN
    if abs(slope) + half <= _SLOPE:
        outcome = ClaimOutcome.HELD
    elif abs(slope) - half > _SLOPE:
        outcome = ClaimOutcome.FAILED
    agree = sum(one.agrees for one in seen)
    yield Claim(
        outcome,
        "Sizes of duets lie within 1% of the effect of those in pairs, whatever the work",
        f"{slope:+.1%} ±{half:.1%} of the effect (duets as measured {raw:+.1%}), over "
        f"{counted(len({one.case for one in changed}), 'kind')} of work and ratios up to "
        f"{max(one.truth for one in changed):.3g}; {agree} of {len(seen)} agree with pairs at 95%",
    )


def _probes(check: SelfCheck) -> Iterator[Claim]:
    for phase in dict.fromkeys(one.phase for one in check.probes):
        probed = [one for one in check.probes if one.phase == phase]
        other = [
            f"; for the command “{one.case}” it chose {way(*one.chosen) if one.chosen else 'none'} "
            f"(its reason: {one.reason}), where {way(*one.expected)} is right"
            for one in probed
            if one.chosen != one.expected
        ]
        yield Claim(
            _held(not other),
            f"The probe chooses the right design for each kind of command, machine {phase}",
            f"{len(probed) - len(other)} of {len(probed)} right{''.join(other)}",
        )


def way(design: Design, metric: Metric) -> str:
    """A design with its clock, e.g. `duet by CPU time`."""
    return f"{design} by {'CPU' if metric is Metric.CPU else metric} time"


def _held(held: bool) -> ClaimOutcome:  # noqa: FBT001 - it is the whole argument
    return ClaimOutcome.HELD if held else ClaimOutcome.FAILED
