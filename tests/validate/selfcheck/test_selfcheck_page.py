"""The page and its claims: a pure function of the raw data, honest about what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from selfcheck_checks import MACHINE, block_pair, engine_run, series, sized, whole_check

from bench.core.errors import DataError
from bench.core.sample import Design, Metric
from bench.engine.statistics.binomial import Rate, fewest_runs
from bench.report.output import Output
from bench.report.validate.selfcheck_page import rules_table, write_selfcheck_pages
from bench.validate.claims import Claim, ClaimOutcome, at_most
from bench.validate.selfcheck.claims import claims
from bench.validate.selfcheck.commands import BURN
from bench.validate.selfcheck.record import (
    GROWING,
    POWER,
    VERIFY,
    ProbeRun,
    SelfCheck,
    newest_checks,
    save_check,
)


def page_of(check: SelfCheck, folder: Path) -> str:
    save_check(check, folder / "data")
    output = Output(folder / "results", folder / "data")
    write_selfcheck_pages(output)
    assert output.problems == []
    page = folder / "results" / "selfcheck" / MACHINE.name / "README.md"
    return page.read_text(encoding="utf-8")


def claims_on(check: SelfCheck, words: str) -> list[Claim]:
    return [one for one in claims(check) if words in one.claim]


def test_raw_data_comes_back_as_it_was_and_makes_the_same_page_again(tmp_path: Path) -> None:
    check = whole_check()
    first = page_of(check, tmp_path)
    assert list(newest_checks(tmp_path / "data")) == [check]
    assert page_of(check, tmp_path) == first
    assert len(first.encode()) < 25_000


def test_the_newest_data_makes_the_page(tmp_path: Path) -> None:
    page_of(whole_check(), tmp_path)
    newer = whole_check(id="20270102T030405006Z")
    assert "20270102T030405006Z.json" in page_of(newer, tmp_path)


def test_damaged_data_is_a_problem_of_the_report(tmp_path: Path) -> None:
    damaged = tmp_path / "data" / "selfcheck" / MACHINE.name / "20260102T030405006Z.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text('{"format": 1')
    output = Output(tmp_path / "results", tmp_path / "data")
    write_selfcheck_pages(output)
    (problem,) = output.problems
    assert isinstance(problem, DataError)
    assert str(damaged) in problem.message


def test_every_claim_is_judged_and_counted_on_top(tmp_path: Path) -> None:
    check = whole_check()
    found = claims(check)
    assert {claim.outcome for claim in found} == {ClaimOutcome.HELD, ClaimOutcome.OPEN}
    text = " ".join(claim.claim for claim in found)
    for part in ("unchanged pairs", "injected +5.0%", "measured processes", "quiet", "loaded",
                 "ratios", "probe"):  # fmt: skip
        assert part in text
    held = sum(one.outcome is ClaimOutcome.HELD for one in found)
    before_tables = page_of(check, tmp_path).partition("|")[0]
    assert f"**{held} of {len(found)} claims hold here" in before_tables
    assert "undecided" in before_tables


def test_failed_claims_come_first_and_may_be_chance(tmp_path: Path) -> None:
    engine = [engine_run(1.05), *(engine_run(run=run) for run in range(1, 10))]
    check = whole_check(engine=engine)
    failed = claims_on(check, "(CPU-bound)")[0]
    assert failed.outcome is ClaimOutcome.FAILED
    assert "1 of 10 called changed: 10.0% (95% limits 0.3 to 44.5%)" in failed.measured
    assert "it may be chance" in failed.measured
    rows = [line for line in page_of(check, tmp_path).splitlines() if line.startswith("| ")]
    assert "**FAILED**" in rows[1]


def test_few_clean_runs_prove_nothing_and_many_do() -> None:
    few = claims_on(whole_check(), "unchanged pairs")
    assert {claim.outcome for claim in few} == {ClaimOutcome.OPEN}
    assert "too few runs" in few[0].measured
    many = whole_check(engine=[engine_run(run=run) for run in range(80)])
    assert {one.outcome for one in claims_on(many, "unchanged pairs")} == {ClaimOutcome.HELD}


@pytest.mark.parametrize(
    ("runs", "outcome"), [(5, ClaimOutcome.OPEN), (16, ClaimOutcome.OPEN), (17, ClaimOutcome.HELD)]
)
def test_power_is_claimed_by_name_and_judged_like_an_error_rate(
    runs: int, outcome: ClaimOutcome
) -> None:
    engine = [engine_run(1.05, phase=POWER, truth=1.05, run=run) for run in range(runs)]
    (power,) = claims_on(whole_check(engine=engine), "An injected")
    assert power.claim == "An injected +5.0% is found in at least 80% of runs"
    assert power.outcome is outcome
    words = "too few runs to exclude a rate below 80%: that takes at least 17"
    assert (words in power.measured) == (outcome is ClaimOutcome.OPEN)


def test_runs_that_are_needed_grow_with_the_errors_seen() -> None:
    claim = at_most("a claim", Rate(1, 86), 0.05, "1 of 86")
    assert claim.outcome is ClaimOutcome.OPEN
    assert fewest_runs(0, 0.05) == 72
    needed = fewest_runs(1, 0.05)
    assert claim.measured.endswith(f"that takes at least {needed}")
    outcomes = [at_most("", Rate(1, runs), 0.05, "").outcome for runs in (needed - 1, needed)]
    assert outcomes == [ClaimOutcome.OPEN, ClaimOutcome.HELD]


def test_intervals_that_miss_the_truth_fail_the_claim_of_coverage() -> None:
    missed = [engine_run(1.05, phase=POWER, truth=1.5, run=run) for run in range(3)]
    (coverage,) = claims_on(whole_check(engine=missed), "hold the injected ratio")
    assert coverage.outcome is ClaimOutcome.FAILED
    assert coverage.measured.startswith("0 of 3 do")


def test_a_difference_that_is_not_found_is_a_failure() -> None:
    check = whole_check(engine=[engine_run(1.0, phase=POWER, truth=1.02)])
    (power,) = claims_on(check, "An injected")
    assert power.outcome is ClaimOutcome.FAILED
    assert power.measured.startswith("0 of 1 runs found it, otherwise same: 0.0% (95% limits")


def test_rules_of_other_tools_show_false_alarms_and_what_they_find() -> None:
    columns, rows = rules_table(whole_check())
    assert columns == ("rule", "judges", "false alarms", "+5.0% found")
    cells = {row[0]: row[1:] for row in rows}
    own = ["CPU time of duets", "0 of 4, 0.0% (0.0–60.2%)", "3 of 3, 100.0% (29.2–100.0%)"]
    assert cells["this project"] == own
    assert cells["pyperf `compare_to`"][0] == "wall time of blocks"
    assert cells["pyperf `compare_to`"][2].startswith("1 of 1, ")
    assert cells["`asv continuous`"][2].startswith("0 of 1, ")  # 5% is below what it reports


def test_blocks_that_miss_the_truth_are_told(tmp_path: Path) -> None:
    text = page_of(whole_check(), tmp_path)
    assert "blocks of 200 samples a side" in text
    assert "never got as narrow" in text
    drifted = block_pair(0.94, phase=GROWING, truth=1.05, sd=0.001)
    text = page_of(whole_check(blocks=[drifted]), tmp_path)
    assert "does not hold the truth and has the wrong sign" in text
    assert "never got as narrow" not in text


def test_a_small_ratio_seen_wrong_is_a_failure() -> None:
    wrong = [series(1.0, Design.DUET, truth=1.05), series(1.05, Design.PAIRS)]
    (bias,) = claims_on(whole_check(series=wrong), "ratios up to")
    assert bias.outcome is ClaimOutcome.FAILED


def test_a_ratio_from_too_few_rounds_is_undecided() -> None:
    few = [series(1.05, design, count=1) for design in Design]
    (bias,) = claims_on(whole_check(series=few), "ratios up to")
    assert (bias.outcome, bias.measured) == (ClaimOutcome.OPEN, "too few rounds")


@pytest.mark.parametrize(
    ("ratios", "error", "outcome"),
    [
        ((1.1, 2.0, 10.0), 0.0, ClaimOutcome.HELD),
        ((1.02,), 0.0, ClaimOutcome.OPEN),
        ((1.1, 2.0), 0.1, ClaimOutcome.FAILED),
    ],
)
def test_sizes_of_duets_are_held_against_pairs(
    ratios: tuple[float, ...], error: float, outcome: ClaimOutcome, tmp_path: Path
) -> None:
    """Put right: as measured these are pulled towards 1 by the contention of 1.2."""
    check = whole_check(series=[one for ratio in ratios for one in sized(ratio, error=error)])
    (claim,) = claims_on(check, "Sizes of duets")
    assert claim.outcome is outcome
    assert f"ratios up to {max(ratios):.3g}" in claim.measured
    (row,) = [line for line in page_of(check, tmp_path).splitlines() if "| imports" in line][:1]
    assert row.rstrip(" |").endswith("no" if error else "yes")


def test_two_intervals_of_one_duet_are_explained(tmp_path: Path) -> None:
    both = [series(truth, design) for truth in (1.05, 1.2) for design in Design]
    check = whole_check(series=both)
    (bias,) = claims_on(check, "ratios up to")
    assert bias.measured.endswith("intervals at 97.5%, for all to hold at once at 95%")
    assert "Bonferroni" in page_of(check, tmp_path)


@pytest.mark.parametrize(
    ("ratio", "sd", "words"),
    [
        (1.05, 0.3, "too imprecise to verify it (undecided)."),
        (1.05, 0.001, "this confirms it."),
        (1.2, 0.001, "this contradicts it."),
    ],
)
def test_a_check_of_the_injection_says_whether_it_verifies(
    ratio: float, sd: float, words: str, tmp_path: Path
) -> None:
    one = series(ratio, Design.PAIRS, phase=VERIFY, truth=1.05, sd=sd)
    text = page_of(whole_check(series=[one]), tmp_path)
    (line,) = [line for line in text.splitlines() if "more random-order pairs" in line]
    assert line.endswith(words)


def test_another_design_than_expected_is_a_failure_with_its_reason() -> None:
    probe = ProbeRun(
        case=BURN,
        expected=(Design.DUET, Metric.CPU),
        chosen=(Design.PAIRS, Metric.WALL),
        reason="waits for 20% of its time",
    )
    (found,) = claims_on(whole_check(probes=[probe]), "probe")
    assert found.outcome is ClaimOutcome.FAILED
    assert found.measured == (
        "0 of 1 right; for the command “CPU-bound” it chose pairs by wall time (its reason: waits "
        "for 20% of its time), where duet by CPU time is right"
    )


def test_an_interrupted_selfcheck_has_a_page_that_says_so(tmp_path: Path) -> None:
    nothing: dict[str, list[object]] = {
        name: [] for name in ("engine", "blocks", "series", "probes")
    }
    check = whole_check(complete=False, stopped="interrupted", calibration=None, **nothing)
    assert "> This self-check is incomplete: interrupted." in page_of(check, tmp_path)
    assert claims(check) == []


def test_what_was_cut_short_or_failed_is_said(tmp_path: Path) -> None:
    check = whole_check(cut_short=["A/A: 3 of 40 whole runs"], failures=["x: y", "x: y"])
    page = page_of(check, tmp_path)
    assert page.count("Cut short: A/A: 3 of 40 whole runs.") == 3  # on top and below both tables
    assert "> Cut short: A/A: 3 of 40 whole runs." in page
    assert page.count("> Failed: x: y.") == 1


@pytest.mark.parametrize("figure", [
    "1 of 86, 1.2% (0.0–6.3%)",
    "32 of 86, 37.2% (27.0–48.3%)",
    "6 of 86, 7.0% (2.6–14.6%)",
    "2 of 86, 2.3% (0.3–8.1%)",
    "measured **−5.8%**, 95% interval −8.9% … −2.5%",
    "1.208 (1.188–1.220)",
])  # fmt: skip
def test_data_of_the_first_format_gives_the_figures_that_were_published(
    figure: str, tmp_path: Path
) -> None:
    data = Path(__file__).parents[3] / "data"
    output = Output(tmp_path, data)
    write_selfcheck_pages(output)
    page = tmp_path / "selfcheck" / "amd-epyc-2cpu-0c9716" / "README.md"
    text = page.read_text(encoding="utf-8").replace("\u2060", "").replace("\u00a0", " ")
    assert figure in text
