"""The page and its claims: a pure function of the raw data, honest about what is missing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from selfcheck_checks import MACHINE, block_pair, engine_run, series, whole_check

from bench.core.errors import DataError
from bench.core.sample import Design, Metric
from bench.validate.selfcheck.claims import Outcome, claims
from bench.validate.selfcheck.commands import BURN
from bench.validate.selfcheck.page import page_of, write_page, write_pages
from bench.validate.selfcheck.record import FORMAT, GROWING, POWER, ProbeRun, load, save


def test_the_page_made_twice_is_the_same_to_the_byte(tmp_path: Path) -> None:
    data = save(whole_check(), tmp_path / "data")
    page = write_page(data, tmp_path / "results")
    first = page.read_bytes()
    page.unlink()
    assert write_pages(tmp_path / "data", tmp_path / "results") == [page]
    assert page.read_bytes() == first
    assert page == tmp_path / "results" / "selfcheck" / MACHINE.name / "README.md"


def test_raw_data_comes_back_as_it_was_and_is_never_written_over(tmp_path: Path) -> None:
    check = whole_check()
    file = save(check, tmp_path)
    assert load(file) == check
    with pytest.raises(DataError, match="never written over"):
        save(check, tmp_path)


def test_the_newest_data_makes_the_page(tmp_path: Path) -> None:
    save(whole_check(), tmp_path / "data")
    save(whole_check(id="20270102T030405006Z"), tmp_path / "data")
    (page,) = write_pages(tmp_path / "data", tmp_path / "results")
    assert "20270102T030405006Z.json" in page.read_text()


def test_damaged_and_newer_data_are_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_text('{"format": 1')
    with pytest.raises(DataError, match="damaged"):
        load(damaged)
    newer = tmp_path / "newer.json"
    newer.write_bytes(msgspec.json.encode({"format": FORMAT + 1}))
    with pytest.raises(DataError, match="newer version"):
        load(newer)


def test_every_claim_is_judged() -> None:
    found = claims(whole_check())
    assert {claim.outcome for claim in found} == {Outcome.HELD, Outcome.OPEN}
    text = " ".join(claim.text for claim in found)
    for part in ("A/A", "injected +5.0%", "wall time inside", "quiet", "loaded", "ratios", "probe"):
        assert part in text


def test_wrong_verdicts_above_alpha_are_a_failure_in_words() -> None:
    engine = (engine_run(1.05), *(engine_run(run=run) for run in range(1, 10)))
    page = page_of(whole_check(engine=engine))
    assert "**FAILED**: A/A, CPU-bound: wrong verdicts 10.0% [0.3–44.5] in 10 runs" in page
    assert "it may be chance" in page


def test_few_clean_runs_prove_nothing() -> None:
    clean = [claim for claim in claims(whole_check()) if claim.text.startswith("A/A")]
    assert {claim.outcome for claim in clean} == {Outcome.OPEN}


def test_many_clean_runs_do() -> None:
    check = whole_check(engine=tuple(engine_run(run=run) for run in range(80)))
    rates = [claim for claim in claims(check) if claim.text.startswith("A/A")]
    assert {claim.outcome for claim in rates} == {Outcome.HELD}
    assert "surely at most" in rates[0].text


def test_a_difference_that_is_not_found_is_a_failure() -> None:
    check = whole_check(engine=(engine_run(1.0, phase=POWER, truth=1.02),))
    (power,) = [claim for claim in claims(check) if claim.text.startswith("an injected")]
    assert power.outcome is Outcome.FAILED
    assert "found in 0 of 1 runs (otherwise: no difference)" in power.text


def test_a_cap_that_is_not_enough_is_said() -> None:
    page = page_of(whole_check())
    assert "> 200 a side" in page
    assert "not reached" in page
    narrow = block_pair(1.05, phase=GROWING, truth=1.05, sd=0.001)
    assert "not reached" not in page_of(whole_check(blocks=(narrow,)))


def test_a_ratio_pulled_towards_1_is_said() -> None:
    assert "pulled towards 1" in page_of(whole_check())


def test_a_small_ratio_seen_wrong_is_a_failure() -> None:
    wrong = (series(1.0, Design.DUET, truth=1.05), series(1.05, Design.PAIRS))
    (bias,) = [claim for claim in claims(whole_check(series=wrong)) if "ratios up to" in claim.text]
    assert bias.outcome is Outcome.FAILED


def test_another_design_than_expected_is_a_failure_with_its_reason() -> None:
    duet, pairs = (Design.DUET, Metric.CPU), (Design.PAIRS, Metric.WALL)
    probe = ProbeRun(BURN, duet, pairs, "waits for 20% of its time")
    (found,) = [one for one in claims(whole_check(probes=(probe,))) if "probe" in one.text]
    assert found.outcome is Outcome.FAILED
    assert "waits for 20% of its time" in found.text


def test_an_interrupted_selfcheck_has_a_page_that_says_so() -> None:
    nothing = dict.fromkeys(("engine", "blocks", "series", "probes", "counted"), ())
    check = whole_check(complete=False, stopped="interrupted", calibration=None, **nothing)
    assert "> This selfcheck is incomplete: interrupted." in page_of(check)
    assert claims(check) == []


def test_what_was_cut_short_or_failed_is_said() -> None:
    page = page_of(whole_check(cut_short=("A/A: 3 of 40 whole runs",), failures=("x: y", "x: y")))
    assert "> Cut short: A/A: 3 of 40 whole runs." in page
    assert page.count("> Failed: x: y.") == 1
