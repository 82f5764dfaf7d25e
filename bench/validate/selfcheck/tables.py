"""The tables of a selfcheck: rows of text from raw data, for the screen and the page alike."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.core.sample import Design, Metric
from bench.core.verdict import Verdict
from bench.engine.statistics.binomial import Rate
from bench.formats.tables import render
from bench.formats.text import percent, seconds
from bench.validate.selfcheck.analysis import (
    ALL,
    RULES,
    Judged,
    answers,
    blocks_of,
    find_series,
    grow,
    half_width,
    judged,
    names,
    precision,
    series_of,
    shares_inside,
    wrong,
)
from bench.validate.selfcheck.injection import injection
from bench.validate.selfcheck.record import AA, BIAS, GROWING, LOADED, POWER, QUIET, Blocks, Check
from bench.validate.selfcheck.words import pull_words, range_words, rate_words, ratio_words


@dataclass(frozen=True)
class Table:
    """A table with its heading, and what to know to read it."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    note: str

    def text(self, style: str) -> str:
        """The table by itself, as the one way of rendering tables has it."""
        return render(self.columns, self.rows, style)


def tables(check: Check) -> list[Table]:
    """All tables that have rows."""
    makers = (engine_errors, peer_errors, power, growing, overhead, designs, bias, probes)
    return [table for make in makers if (table := make(check)).rows]


def engine_errors(check: Check) -> Table:
    """Wrong verdicts of the engine in A/A runs."""
    rows = []
    for name in names(check):
        runs = judged(check, AA, "" if name == ALL else name)
        rows.append(
            [
                name,
                str(len(runs)),
                *(_count(runs, verdict) for verdict in (Verdict.SAME, Verdict.BELOW_MEI)),
                str(sum(one.verdict in {Verdict.FASTER, Verdict.SLOWER} for one in runs)),
                _count(runs, Verdict.UNDECIDED),
                rate_words(wrong(runs)),
                f"{statistics.mean(len(one.run.base_s) for one in runs):.0f}",
                seconds(statistics.mean(one.run.elapsed_s for one in runs)),
            ]
        )
    return Table(
        "A/A: the engine",
        ("benchmark", "runs", "same", "below MEI", "faster or slower", "undecided",
         "wrong [95%]", "mean rounds", "mean time"),
        rows,
        f"Head is base. Each benchmark is tested by itself at α = {check.options.alpha:g}, without "
        "Holm. Wrong: “no difference” rejected, also where the verdict is “below MEI”. Exact "
        "(Clopper–Pearson) limits. Time: from the first round to the verdict.",
    )  # fmt: skip


def peer_errors(check: Check) -> Table:
    """Wrong verdicts of the peers' rules on blocks taken beside the engine's runs."""
    rows = []
    for name in names(check):
        blocks = blocks_of(check, AA, "" if name == ALL else name)
        if not blocks:
            continue
        rates = [rate_words(_not_same(blocks, rule)) for rule in RULES]
        samples = statistics.mean(len(one.base_s) for one in blocks)
        spent_s = statistics.mean(sum(one.base_s) + sum(one.head_s) for one in blocks)
        rows.append([name, str(len(blocks)), *rates, f"{samples:.0f}", seconds(spent_s)])
    return Table(
        "A/A: the same commands in blocks, as other tools measure",
        ("benchmark", "runs", *(f"{rule}: wrong [95%]" for rule in RULES), "samples a side",
         "mean time"),
        rows,
        "All of base, then all of head, by wall time, each pair of blocks beside an engine's run "
        "of the same command in random order; every sample has the same hash seed, which favours "
        "blocks. Rules: pyperf `compare_to`, `asv continuous`, and "
        "hyperfine's ratio ± spread read as “does it leave out 1?”. asv sees nothing below 10% by "
        "design, and hyperfine's spread does not shrink: few wrong answers there are bought with "
        "blindness, see “Finding an injected difference”.",
    )  # fmt: skip


def power(check: Check) -> Table:
    """What the engine and the peers' rules say of an injected difference."""
    rows = []
    for truth in _truths(check):
        runs, blocks = judged(check, POWER, truth=truth), blocks_of(check, POWER, truth=truth)
        times = [one.run.elapsed_s for one in runs if one.verdict is Verdict.SLOWER]
        seen = [
            f"{sum(answer == 'slower' for answer in answers(blocks, rule))} of {len(blocks)}"
            for rule in RULES
        ]
        rows.append(
            [
                percent(truth),
                f"{len(times)} of {len(runs)}",
                seconds(statistics.median(times)) if times else "not found",
                f"{statistics.median(len(one.run.base_s) for one in runs):.0f}",
                ", ".join(percent(one.interval.ratio) for one in runs),
                f"±{half_width(runs) * 100:.1f}%",
                f"{sum(one.covers for one in runs)} of {len(runs)}",
                *seen,
            ]
        )
    return Table(
        "Finding an injected difference",
        ("injected", "engine: slower", "median time", "median rounds", "estimates", "half-width",
         "interval holds the truth", *(f"{rule}: slower" for rule in RULES)),
        rows,
        f"{injection(check)} The peers' rules see blocks taken beside each engine's run.",
    )  # fmt: skip


def growing(check: Check) -> Table:
    """Time that blocks need to an interval as narrow as the engine's."""
    rows = []
    for blocks in blocks_of(check, GROWING):
        runs = judged(check, POWER, truth=blocks.truth)
        if not runs:
            continue
        wanted = half_width(runs)
        reached = grow(blocks, wanted)
        engine_s = statistics.median(one.run.elapsed_s for one in runs)
        took = f"{reached.samples} a side, {seconds(reached.seconds)}"
        holds = reached.interval.low <= blocks.truth <= reached.interval.high
        rows.append(
            [
                percent(blocks.truth),
                f"±{wanted * 100:.1f}% in {seconds(engine_s)}",
                took if reached.narrow_enough else f"> {took}: not reached",
                range_words(reached.interval),
                "yes" if holds else "no",
                f"{reached.seconds / engine_s:.1f}x"
                if reached.narrow_enough
                else f"> {reached.seconds / engine_s:.1f}x",
            ]
        )
    return Table(
        "Time to the same precision, in blocks",
        ("injected", "engine", "blocks", "their interval", "holds the truth", "blocks / engine"),
        rows,
        "Welch's 95% interval of wall times, from the first n samples of each block, n growing to "
        "a cap. It takes samples for independent, which blocks are not: it can be narrow and "
        "wrong, so where it was reached, look at whether it holds the truth. The engine's time "
        "includes its rounds of wall time and its bookkeeping, the blocks' time nothing but the "
        "processes.",
    )  # fmt: skip


def overhead(check: Check) -> Table:
    """Share of the engine's time in which a measured process ran."""
    rows = []
    for name in names(check)[:-1]:
        shares = sorted(shares_inside(check, name))
        rows.append(
            [
                name,
                str(len(shares)),
                f"{statistics.median(shares):.1%}",
                f"{shares[0]:.1%} … {shares[-1]:.1%}",
            ]
        )
    return Table(
        "Overhead: wall time inside measured processes",
        ("benchmark", "runs", "median share", "range"),
        rows,
        "Of the A/A runs above, from the first round to the verdict. The rest is starting the "
        "next round, statistics at each look, and the progress display.",
    )


def designs(check: Check) -> Table:
    """Noise of a round, and time to ±1%, by design, clock and load."""
    rows = []
    for phase in (QUIET, LOADED):
        for name in dict.fromkeys(one.case for one in series_of(check, phase)):
            cells = [_precision_words(check, phase, name, *kind) for kind in DESIGNS]
            rows.append([f"{phase}: {name}", *cells])
    return Table(
        "Designs: robust sd of a round's log ratio, and seconds to ±1%",
        ("command", *(f"{design}, {metric}" for design, metric in DESIGNS)),
        rows,
        "Rounds of both designs in turn, so that they see the same machine. “quiet” is the machine "
        "as it was, “loaded” the same beside "
        f"{check.settings['load_per_cpu']:.0f} busy processes a core of our own. Seconds to ±1%: "
        "(1.96·sd/0.01)² rounds of the length these had.",
    )


DESIGNS = (
    (Design.DUET, Metric.CPU),
    (Design.PAIRS, Metric.CPU),
    (Design.PAIRS, Metric.WALL),
)


def bias(check: Check) -> Table:
    """Known ratios as duet and pairs see them."""
    rows = []
    for truth in dict.fromkeys(one.truth for one in series_of(check, BIAS)):
        duet, pairs = (find_series(check, BIAS, truth=truth, design=design) for design in Design)
        rows.append(
            [
                f"{truth:.3f}",
                ratio_words(duet),
                ratio_words(pairs),
                pull_words(duet, pairs),
            ]
        )
    return Table(
        "Large ratios: duet against pairs, CPU time",
        ("injected", "duet [95%]", "pairs [95%]", "duet against pairs"),
        rows,
        "In a duet the longer side runs its end alone, at another speed. The engine therefore "
        "takes the size of differences beyond 1.2 times from pairs, and only the verdict from "
        "duets.",
    )


def probes(check: Check) -> Table:
    """What the probe chose."""
    rows = [
        [
            f"{one.phase}: {one.case}",
            " by ".join(one.chosen) if one.chosen else "failed",
            " by ".join(one.expected),
            one.reason,
        ]
        for one in check.probes
    ]
    return Table(
        "The probe's choice",
        ("command", "chosen", "expected", "reason given"),
        rows,
        "A duet compares CPU time on one core: right for what computes on one core, wrong for "
        "what waits or keeps several cores busy. Children are counted by `wait4`.",
    )


def _precision_words(check: Check, phase: str, case: str, design: Design, metric: Metric) -> str:
    series = find_series(check, phase, design=design, case=case)
    if series is None:
        return "–"
    found = precision(series, metric)
    return f"{found.sd:.3f}, {found.seconds_to_1_percent:.1f} s"


def _truths(check: Check) -> list[float]:
    return list(dict.fromkeys(run.truth for run in check.engine if run.phase == POWER))


def _count(runs: Sequence[Judged], verdict: Verdict) -> str:
    return str(sum(one.verdict is verdict for one in runs))


def _not_same(blocks: Sequence[Blocks], rule: str) -> Rate:
    return Rate(sum(answer != "same" for answer in answers(blocks, rule)), len(blocks))
