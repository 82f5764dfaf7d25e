"""The page of a self-check: a pure function of its raw data."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from bench.core.errors import DataError
from bench.core.sample import Design, Metric
from bench.core.verdict import Interval, Verdict
from bench.engine.statistics.binomial import Rate
from bench.formats.markdown import bullets, collapsed, heading, link, plain, table
from bench.formats.text import mebibytes, percent, seconds, share
from bench.report.output import Output, Page
from bench.report.validate.frame import claim_blocks
from bench.validate.engine_runs import AA, JudgedRun, rejections
from bench.validate.selfcheck.analysis import (
    blocks_of,
    cases,
    find_series,
    found_slower,
    grow,
    half_width,
    injected,
    judged,
    precision,
    said,
    series_interval,
    series_of,
    shares_inside,
    sizes,
)
from bench.validate.selfcheck.claims import claims, way
from bench.validate.selfcheck.commands import uncertainty
from bench.validate.selfcheck.lanes import lanes_found
from bench.validate.selfcheck.record import (
    BIAS,
    FOLDER,
    GROWING,
    LOADED,
    POWER,
    QUIET,
    VERIFY,
    DesignSeries,
    SelfCheck,
    check_file,
    newest_checks,
)
from bench.validate.selfcheck.settings import POWER_RATIOS

_RULE_WORDS = {
    "pyperf": "pyperf `compare_to`",
    "asv": "`asv continuous`",
    "hyperfine": "hyperfine ratio ± spread",
}
_OTHER_CLAIMS = "The other claims are judged by the figures shown."
_DESIGNS = (
    (Design.DUET, Metric.CPU),
    (Design.PAIRS, Metric.CPU),
    (Design.PAIRS, Metric.WALL),
)


def selfcheck_file(check: SelfCheck) -> str:
    """The page of a machine, below `results/`."""
    return f"{FOLDER}/{check.machine.name}/README.md"


def write_selfcheck_pages(output: Output) -> None:
    """Write every machine's page from its newest data; damaged data is among the problems."""
    for check in newest_checks(output.data):
        if isinstance(check, DataError):
            output.problems.append(check)
        else:
            page = output.page(selfcheck_file(check))
            with output.guarded(check_file(check, output.data)):
                page.write(_blocks(check, page))


def _blocks(check: SelfCheck, page: Page) -> Iterator[str]:
    yield heading(1, f"Self-check: {plain(check.machine.name)}")
    yield from (f"> {plain(one)}" for one in missing(check))
    found = claims(check)
    yield from claim_blocks(found)
    if found:
        yield _OTHER_CLAIMS
    yield heading(2, "Rules of other tools on the same commands")
    yield table(*rules_table(check))
    yield from _peer_notes(check)
    for title, make, note in (
        ("Unchanged pairs, by command", _unchanged, _unchanged_note(check)),
        ("Injected differences", _power, _injection(check)),
        ("Designs", _designs, _designs_note(check)),
        ("Lanes", _lanes_table, _LANES_NOTE),
        ("Known ratios, by design", _bias, _BIAS_NOTE),
    ):
        columns, rows = make(check)
        if rows:
            yield heading(2, title)
            yield table(columns, rows)
            yield note
    yield heading(2, "Machine and settings")
    file = check_file(check, page.output.data)
    yield (
        f"Every figure is worked out from {link(f'{check.id}.json', page.link_to(file))}; "
        "`.venv/bin/nox -s selfcheck` measures again."
    )
    yield collapsed("Machine, options and settings", bullets(_facts(check)))


_LANES_NOTE = (
    "A/A duets of the CPU-bound command, one lane a core, all at once. *Noise*: robust standard "
    "deviation of a round. *False alarms*: tests of ten rounds each, at 5%."
)


def _lanes_table(check: SelfCheck) -> tuple[tuple[str, ...], list[list[str]]]:
    columns = ("lanes", "rounds a second", "noise of a round", "head against base", "false alarms")
    rows = [
        [
            str(one.lanes),
            f"{one.per_s:.1f}",
            f"{one.noise:.1%}",
            f"{percent(one.interval.ratio)} "
            f"({percent(one.interval.low)} … {percent(one.interval.high)})",
            _of(one.alarms),
        ]
        for one in lanes_found(check)
    ]
    return columns, rows


def missing(check: SelfCheck) -> list[str]:
    """What is missing from a self-check, in words; nothing for a whole one."""
    found = [] if check.complete else [f"This self-check is incomplete: {check.stopped}."]
    found += [f"Cut short: {note}." for note in check.cut_short]
    return found + [f"Failed: {note}." for note in dict.fromkeys(check.failures)]


def rules_table(check: SelfCheck) -> tuple[tuple[str, ...], list[list[str]]]:
    """Each rule: false alarms on unchanged pairs, and how many injected differences it finds."""
    truths = injected(check)
    columns = ("rule", "judges", "false alarms", *(f"{percent(one)} found" for one in truths))
    own = [_of(rejections(judged(check, AA)))]
    for truth in truths:
        runs = judged(check, POWER, truth=truth)
        own.append(_of(Rate(len(found_slower(runs)), len(runs))))
    rows = [["this project", "CPU time of duets", *own]]
    for rule, words in _RULE_WORDS.items():
        alarms = said(blocks_of(check, AA), rule, "faster", "slower")
        found = [said(blocks_of(check, POWER, truth=truth), rule, "slower") for truth in truths]
        rows.append([words, "wall time of blocks", *map(_of, (alarms, *found))])
    return columns, rows


def _of(rate: Rate) -> str:
    if not rate.total:
        return "–"
    low, high = rate.limits
    limits = f"{low * 100:.1f}–{share(high)}"
    return f"{rate.count} of {rate.total}, {share(rate.value)} ({limits})"


def _peer_notes(check: SelfCheck) -> Iterator[str]:
    """What the table of rules does not say by itself."""
    notes = [
        "*False alarms*: unchanged pairs that are called changed. In brackets: 95% limits of each "
        f"rate. {_cut_short(check)}",
        "The other rules judge wall time of blocks, as these tools measure: all of base, then all "
        "of head, taken beside each run of this project. Every sample has the same hash seed, "
        "which favours blocks.",
        "asv reports nothing below 10%, and hyperfine's spread does not shrink with more runs: "
        "their few false alarms come with few differences found. pyperf's rule takes samples for "
        "independent, which those of one block are not.",
    ]
    notes += [_grown(check, truth) for truth in injected(check)]
    yield bullets(note for note in notes if note)


def _grown(check: SelfCheck, truth: float) -> str:
    """What blocks find when they go on until they are as precise as the engine, or to a cap."""
    runs = judged(check, POWER, truth=truth)
    found = blocks_of(check, GROWING, truth=truth)
    if not found or not runs:
        return ""
    wanted, reached = half_width(runs), grow(found[0], half_width(runs))
    interval = reached.interval
    holds = interval.low <= truth <= interval.high
    wrong_sign = (interval.ratio - 1) * (truth - 1) < 0
    verdict = "which holds the truth" if holds else "which does not hold the truth"
    sign = " and has the wrong sign: the machine changed between the blocks" if wrong_sign else ""
    engine_s = statistics.median(one.run.elapsed_s for one in runs)
    return (
        f"For an injected {percent(truth)}, blocks of {reached.samples} samples a side "
        f"({seconds(reached.seconds)}) measured **{percent(interval.ratio)}**, 95% interval "
        f"{percent(interval.low)} … {percent(interval.high)}, {verdict}{sign}. This project's "
        f"interval was ±{wanted * 100:.1f}% after {seconds(engine_s)}"
        + ("." if reached.narrow_enough else "; the blocks' never got as narrow.")
    )


def _unchanged(check: SelfCheck) -> tuple[tuple[str, ...], list[list[str]]]:
    columns = ("command", "runs", "same", "below MEI", "faster or slower", "undecided",
               "error rate", "mean rounds", "mean time", "inside processes")  # fmt: skip
    rows = []
    for case in cases(check):
        runs = judged(check, AA, case)
        rows.append([
            case,
            str(len(runs)),
            _count(runs, Verdict.SAME),
            _count(runs, Verdict.BELOW_MEI),
            _count(runs, Verdict.FASTER, Verdict.SLOWER),
            _count(runs, Verdict.UNDECIDED),
            share(rejections(runs).value),
            f"{statistics.mean(len(one.run.base_s) for one in runs):.0f}",
            seconds(statistics.mean(one.run.elapsed_s for one in runs)),
            share(statistics.median(shares_inside(check, case))),
        ])  # fmt: skip
    return columns, rows


def _unchanged_note(check: SelfCheck) -> str:
    return (
        f"Head is base. Each command is tested by itself at α = {check.options.alpha:g}, without "
        "correction for several tests. An error is any verdict that rejects “no difference”, also "
        "below the MEI. *Inside processes*: share of the time from the first round to the verdict "
        f"in which a measured process ran (median). {_cut_short(check)}"
    )


def _cut_short(check: SelfCheck) -> str:
    """That the runs of unchanged pairs are fewer than planned, where they are."""
    found = [one for one in check.cut_short if one.startswith(AA)]
    return " ".join(f"Cut short: {plain(one)}." for one in found)


def _count(runs: Sequence[JudgedRun], *verdicts: Verdict) -> str:
    return str(sum(one.verdict in verdicts for one in runs))


def _power(check: SelfCheck) -> tuple[tuple[str, ...], list[list[str]]]:
    columns = ("injected", "found", "median time", "median rounds", "estimates", "half-width",
               "interval holds the truth")  # fmt: skip
    rows = []
    for truth in injected(check):
        runs = judged(check, POWER, truth=truth)
        times = [one.run.elapsed_s for one in found_slower(runs)]
        rows.append([
            percent(truth),
            f"{len(times)} of {len(runs)}",
            seconds(statistics.median(times)) if times else "–",
            f"{statistics.median(len(one.run.base_s) for one in runs):.0f}",
            ", ".join(percent(one.interval.ratio) for one in runs),
            f"±{half_width(runs) * 100:.1f}%",
            f"{sum(one.covers for one in runs)} of {len(runs)}",
        ])  # fmt: skip
    return columns, rows


def _injection(check: SelfCheck) -> str:
    """What is injected, how it is known, and what an independent measurement says."""
    burn = check.calibration
    if burn is None:
        return ""
    start = burn.start_loops / (burn.start_loops + burn.loops)
    error = max(uncertainty(burn, ratio) for ratio in POWER_RATIOS) * 100
    parts = [
        f"A process of {seconds(burn.process_s)} CPU time runs a loop; the interpreter's start is "
        f"{start:.0%} of it, by {burn.rounds} random-order pairs with one of four times as many "
        "loops. Head gets so many more loops that the whole process costs the stated share more, "
        f"known to ±{error:.2f} percentage points.",
    ]
    for one in series_of(check, VERIFY):
        seen = series_interval(one)
        parts.append(
            f"{len(one.inside_s)} more random-order pairs put {percent(one.truth)} at "
            f"{percent(seen.ratio)} ({percent(seen.low)} … {percent(seen.high)}): "
            f"{_verified(one.truth, seen)}."
        )
    return " ".join(parts)


def _verified(truth: float, seen: Interval) -> str:
    """Whether an independent measurement of what was injected says anything about it."""
    if not seen.low <= truth <= seen.high:
        return "this contradicts it"
    precise = seen.half_width <= (truth - 1) / 2
    return "this confirms it" if precise else "too imprecise to verify it (undecided)"


def _designs(check: SelfCheck) -> tuple[tuple[str, ...], list[list[str]]]:
    rows = [
        [
            f"{name}, machine {phase}",
            *(_precision_words(check, phase, name, *one) for one in _DESIGNS),
        ]
        for phase in (QUIET, LOADED)
        for name in dict.fromkeys(one.case for one in series_of(check, phase))
    ]
    return ("command", *(way(*one) for one in _DESIGNS)), rows


def _precision_words(
    check: SelfCheck, phase: str, case: str, design: Design, metric: Metric
) -> str:
    series = find_series(check, phase, design, case)
    if series is None:
        return "–"
    found = precision(series, metric)
    return f"{share(found.sd)}, {seconds(found.seconds_to_1_percent)}"


def _designs_note(check: SelfCheck) -> str:
    return (
        "Robust standard deviation of a round's log ratio, and seconds of measuring until a 95% "
        "interval is ±1%. Designs take turns, so that they see the same machine. *Loaded*: beside "
        f"{check.settings['load_per_cpu']:.0f} busy processes a core, started for this."
    )


def _bias(check: SelfCheck) -> tuple[tuple[str, ...], list[list[str]]]:
    right = {(one.case, one.truth): one for one in sizes(check)}
    rows = []
    for duet in series_of(check, BIAS):
        pairs = find_series(check, BIAS, Design.PAIRS, duet.case, duet.truth)
        if duet.design is Design.DUET:
            seen = right.get((duet.case, duet.truth))
            agree = "–" if seen is None else "yes" if seen.agrees else "no"
            size = "–" if seen is None else _interval_words(seen.put_right)
            words = [_ratio_words(duet), size, _ratio_words(pairs), agree]
            rows.append([duet.case, f"{duet.truth:.2f}", *words])
    return ("work", "injected", "duet as measured", "put right", "pairs", "agree"), rows


def _ratio_words(series: DesignSeries | None) -> str:
    if series is None:
        return "–"
    return _interval_words(series_interval(series))


def _interval_words(found: Interval) -> str:
    return f"{found.ratio:.3f} ({found.low:.3f}–{found.high:.3f})"


_BIAS_NOTE = (
    "Ratios of CPU time, each with its own 95% interval; those of the claim above are wider, since "
    "they hold all at once (Bonferroni). In a duet the longer side runs its end alone, at "
    "another speed: *put right* is what the engine reports. *Agree*: the two may be the same, at "
    "95%. Apart from the CPU-bound command, what is injected is known to some per cent."
)


def _facts(check: SelfCheck) -> list[str]:
    machine, noise, options = check.machine, check.noise, check.options
    settings = ", ".join(f"{name} {value:g}" for name, value in check.settings.items())
    return [
        f"{plain(machine.cpu_model)}, {machine.cpus} CPUs, {mebibytes(machine.memory_bytes)}, "
        f"{plain(machine.system)}, kernel {machine.kernel}, {machine.hypervisor}",
        f"Python {check.python} ({plain(check.interpreter)}); harness {check.harness}",
        f"{check.elapsed_s:.0f} s"
        + (
            f"; other processes used {noise.others:.0%} of the machine, the hypervisor took "
            f"{noise.steal:.0%}; load at the end {noise.load_1min:g}"
            if noise
            else ""
        ),
        f"Options: α {options.alpha:g}, MEI {options.mei:.1%}, at most {options.rounds} rounds and "
        f"{options.budget_s:g} s a benchmark",
        f"Settings: {plain(settings)}",
    ]
