"""The page on what each machine can resolve and how fast it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import geometric_mean

from bench.core.errors import DataError
from bench.engine.statistics.precision import POWER
from bench.formats.markdown import bullets, code, fenced, heading, link, plain, prose, table
from bench.formats.text import DETECTABLE, DETECTABLE_COLUMN, joined, seconds
from bench.report.output import Output, Page
from bench.report.validate.calibration_tables import (
    COLUMNS,
    calibration_rows,
    error_rate_claim,
    state_sentences,
)
from bench.report.validate.frame import claim_blocks
from bench.validate.calibration.analysis import Calibration
from bench.validate.calibration.lookup import all_calibrations
from bench.validate.calibration.reference import BENCHMARKS, ReferenceSpeed, read_references
from bench.validate.claims import ClaimOutcome

PAGE = "calibration/README.md"


def write_calibration_page(output: Output) -> bool:
    """Write the page if anything was calibrated; says whether there was.

    Damaged files are among the output's problems and leave the rest as it is.
    """
    calibrations = []
    for calibration in all_calibrations(output.data):
        if isinstance(calibration, DataError):
            output.problems.append(calibration)
        elif calibration.results:
            calibrations.append(calibration)
    references: list[ReferenceSpeed] = []
    for found in read_references(output.data):
        if isinstance(found, DataError):
            output.problems.append(found)
        else:
            references.append(found)
    if not calibrations and not references:
        return False
    page = output.page(PAGE)
    page.write(_blocks(calibrations, references, page))
    return True


def _blocks(
    calibrations: Sequence[Calibration], references: Sequence[ReferenceSpeed], page: Page
) -> Iterator[str]:
    newest = _newest(calibrations)
    yield heading(1, "Calibration")
    claims = [error_rate_claim(one) for one in newest]
    yield from claim_blocks(claims)
    if any(one.outcome is ClaimOutcome.OPEN for one in claims):
        yield _UNDECIDED
    yield (
        "Every benchmark is measured against itself, in two separately built environments of one "
        "revision: whatever is called changed here is called so wrongly. "
        f"{link('All results', '../README.md')} show the {DETECTABLE} beside their verdicts."
    )
    for machine, found in groupby(newest, lambda one: one.run.manifest.machine.name):
        yield heading(2, plain(machine))
        for one in found:
            yield from _one(one, page)
    if newest:
        yield _LEGEND
    if references:
        yield from _reference(references)
    yield heading(2, "Calibrate your machine")
    yield fenced(".venv/bin/nox -s calibrate -- codeflash rich pip", "sh")


def _newest(calibrations: Sequence[Calibration]) -> list[Calibration]:
    """The newest of each machine, target and Python, in that order; whole ones go first."""
    newest: dict[tuple[str, str, str], Calibration] = {}
    for one in sorted(calibrations, key=lambda one: (one.run.closed is not None, one.at)):
        manifest = one.run.manifest
        newest[manifest.machine.name, manifest.target, manifest.python] = one
    return [one for _, one in sorted(newest.items())]


def _one(calibration: Calibration, page: Page) -> Iterator[str]:
    manifest, options = calibration.run.manifest, calibration.run.manifest.options
    yield heading(3, f"{plain(manifest.target)}, Python {manifest.whole_python}")
    yield table(COLUMNS, calibration_rows(calibration))
    yield (
        f"{plain(manifest.pair.head.label)} against itself, {manifest.started_at[:16]} UTC, "
        f"{link('raw data', page.link_to(calibration.run.folder))}; α = {options.alpha:g}, at most "
        f"{options.budget_s:g} s and {options.rounds} rounds a benchmark."
    )
    yield bullets(prose(one) for one in state_sentences(calibration))


_UNDECIDED = (
    "*Undecided* does not mean that a check failed: no more was called changed than the error "
    "rate allows. A calibration is made to know the noise of each benchmark, and ends when that is "
    "known, too early to confirm an error rate."
)
_LEGEND = (
    "*Wrong*: runs in which an unchanged benchmark was called changed. *Noise per round*: robust "
    f"standard deviation of a round's log ratio. *{DETECTABLE_COLUMN.capitalize()}*: "
    f"{DETECTABLE}, the smallest change that {POWER:.0%} of runs find within the budget, for one "
    "benchmark by itself. *±1%*: seconds of measuring to a 95% interval of that half-width, from "
    "rounds in which both designs took turns."
)


def _reference(references: Sequence[ReferenceSpeed]) -> Iterator[str]:
    yield heading(2, "Reference speed")
    yield (
        f"pyperformance's {joined([code(name) for name in BENCHMARKS])}: median times, to compare "
        "two machines, two Pythons, or one machine on two days. *Relative* is the geometric mean "
        "of the times over those of the first row. These are absolute times, which wander with the "
        "machine; no verdict rests on them."
    )
    first = {name: _median(references[-1], name) for name in BENCHMARKS}
    rows = [
        [
            plain(one.machine),
            f"{one.at:%Y-%m-%d %H:%M}",
            one.python,
            *(seconds(_median(one, name)) for name in BENCHMARKS),
            f"{_relative(one, first):.2f}",
        ]
        for one in reversed(references)
    ]
    yield table(("machine", "measured (UTC)", "Python", *BENCHMARKS, "relative"), rows)


def _median(one: ReferenceSpeed, name: str) -> float:
    if name not in one.suite.get_benchmark_names():
        return math.nan
    return float(one.suite.get_benchmark(name).median())


def _relative(one: ReferenceSpeed, first: dict[str, float]) -> float:
    ratios = [_median(one, name) / first[name] for name in BENCHMARKS]
    known = [ratio for ratio in ratios if math.isfinite(ratio)]
    return geometric_mean(known) if known else math.nan
