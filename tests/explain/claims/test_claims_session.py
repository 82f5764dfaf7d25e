"""The loop around measuring, with the measuring played; and the page, the screen and the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from support.schemas import check_document
from support.synthetic_attributions import PYTHON, gain
from support.synthetic_attributions import revision as numbered

from bench.core.errors import BuildError, NothingMeasuredError
from bench.core.revision import Pair, Revision
from bench.core.target import Benchmark
from bench.core.verdict import Verdict
from bench.engine.machine.fingerprint import describe_machine
from bench.explain.attribute.standing import AttributionProgress
from bench.explain.claims.choosing import ChosenBy, ClaimBenchmark
from bench.explain.claims.judging import ClaimVerdict
from bench.explain.claims.record import ClaimsAsked, ClaimsTest, SpeedClaim
from bench.explain.claims.request import ClaimsRequest
from bench.explain.claims.session import ClaimsSession, pythons_of_claims
from bench.explain.claims.stored import CLAIMS
from bench.explain.optimize.measuring import MeasuredPair, PairMeasuring
from bench.explain.optimize.record import Gain, RunReference
from bench.report.claims.claims_page import claims_page, write_claims_pages
from bench.report.claims.shown import claims_document, plan_lines, screen_lines, shown_claims
from bench.report.output import Output
from bench.report.schema import claims_schema


def revision(number: int) -> Revision:
    return numbered(number, "perf: words that nobody else shall read")


PAIR = Pair(revision(0), revision(9), "a test")


def command(name: str) -> ClaimBenchmark:
    benchmark = Benchmark(name=name, command=("sample", name))
    return ClaimBenchmark(benchmark=benchmark, chosen_by=ChosenBy.COMMAND, declared=True)


def function(name: str) -> ClaimBenchmark:
    benchmark = Benchmark(name=name, pytest=f"tests/{name}.py", function="sample.sums:add")
    return ClaimBenchmark(benchmark=benchmark, chosen_by=ChosenBy.TESTS, declared=False)


def claim(number: int, ratio: float | None, *candidates: ClaimBenchmark, **rest: Any) -> SpeedClaim:
    return SpeedClaim(
        commit=revision(number),
        base=revision(number - 1),
        author="A",
        kind="command",
        what=f"sample {number}",
        ratio=ratio,
        candidates=candidates,
        **rest,
    )


def asked(*claims: SpeedClaim) -> ClaimsAsked:
    return ClaimsAsked(
        format=1,
        id="20260101T0000000000",
        target="sample",
        pair=PAIR,
        claims=claims,
        commits=9,
        repeated=1,
        pythons=((PYTHON,),) * len(claims),
        least=0.02,
        alpha=0.05,
        machine=describe_machine(),
        harness={},
        started_at="2026-01-01T00:00:00+00:00",
        repeat="python -m bench claims sample r0..r9",
    )


@dataclass
class Played:
    """A request, a watcher, and pairs that are measured at once.

    `truth` has the speed-up of a benchmark by (base, head, name), 0 where there are too few rounds;
    what is not there fails.
    """

    truth: Mapping[tuple[int, int, str], float]
    broken: tuple[tuple[int, int], ...] = ()
    measured: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    failing: int = 10**6
    interpreters: tuple[Any, ...] = ()
    limit_s: float = 0.0

    def say(self, _text: str) -> None:
        pass

    phase = say

    def test(self, _base: Revision, _head: Revision, _benchmarks: object) -> Played:
        return self

    def measure(
        self, base: str, head: str, names: Iterable[str], _alpha: float, **_rest: Any
    ) -> MeasuredPair:
        if len(self.measured) >= self.failing:
            raise KeyboardInterrupt
        ends = int(base[::-1], 16), int(head[::-1], 16)
        self.measured.append((*ends, tuple(names)))
        if ends in self.broken:
            raise BuildError("It does not build.")
        gains = [_gain(name, self.truth.get((*ends, name))) for name in names]
        if all(one.verdict is None for one in gains):
            raise NothingMeasuredError("None of them works.", reasons={"b": "it is never called"})
        reference = RunReference(f"r{ends[0]}..r{ends[1]}", PYTHON, "machine", "run")
        return MeasuredPair(tuple(gains), (reference,), {})


def _gain(name: str, speedup: float | None) -> Gain:
    if speedup is None:
        return Gain(scenario=name, python=PYTHON, verdict=None, reason="it fails")
    if not speedup:
        return Gain(scenario=name, python=PYTHON, verdict=Verdict.UNDECIDED, rounds=2)
    return gain(name, 1 / speedup, 0.01, "output not as before" if name == "other" else "")


def run(
    monkeypatch: pytest.MonkeyPatch, data: Path, played: Played, *claims: SpeedClaim
) -> ClaimsTest:
    monkeypatch.setattr(
        PairMeasuring, "measure", lambda _self, *words, **rest: played.measure(*words, **rest)
    )
    return ClaimsSession(
        request=cast(ClaimsRequest, played),
        watcher=cast(Any, played),
        test=CLAIMS.open(data, asked(*claims)),
    ).run()


def verdicts(test: ClaimsTest) -> list[ClaimVerdict]:
    return [one.judged.verdict for one in shown_claims(test)]


def test_each_claim_is_held_against_its_parent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played = Played({(0, 1, "a"): 2.0, (1, 2, "b"): 1.2, (2, 3, "c"): 1.0, (3, 4, "d"): 0.5})
    claims = [claim(n, 2.0, command(name)) for n, name in enumerate("abcd", 1)]
    test = run(monkeypatch, tmp_path, played, *claims)
    assert verdicts(test) == [
        ClaimVerdict.HOLDS,
        ClaimVerdict.LESS,
        ClaimVerdict.NO_EFFECT,
        ClaimVerdict.SLOWER,
    ]
    assert test.progress is AttributionProgress.DONE


def test_claims_of_one_commit_share_a_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    played = Played({(0, 1, "a"): 2.0, (0, 1, "b"): 3.0, (0, 1, "f"): 4.0})
    claims = claim(1, 2.0, command("a")), claim(1, 3.0, command("b")), claim(1, 4.0, function("f"))
    test = run(monkeypatch, tmp_path, played, *claims)
    assert verdicts(test) == [ClaimVerdict.HOLDS] * 3
    assert played.measured == [(0, 1, ("a", "b")), (0, 1, ("f",))]


def test_the_next_candidate_where_one_does_not_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played = Played({(0, 1, "second"): 2.0})
    one = claim(1, 2.0, function("first"), function("second"), function("third"))
    test = run(monkeypatch, tmp_path, played, one)
    assert verdicts(test) == [ClaimVerdict.HOLDS]
    assert [names for *_, names in played.measured] == [("first",), ("second",)]
    (shown,) = shown_claims(test)
    assert shown.candidate is not None
    assert shown.candidate.benchmark.name == "second"


def test_no_candidate_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    test = run(monkeypatch, tmp_path, Played({}), claim(1, 2.0, function("a"), function("b")))
    (shown,) = shown_claims(test)
    assert shown.judged.verdict is ClaimVerdict.NOT_TESTABLE
    assert shown.judged.reason == "None of them works.; it is never called"


def test_too_few_rounds_are_no_reason_to_try_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played = Played({(0, 1, "a"): 0.0, (0, 1, "b"): 2.0})
    test = run(monkeypatch, tmp_path, played, claim(1, 2.0, function("a"), function("b")))
    (one,) = shown_claims(test)
    assert (one.judged.verdict, one.judged.reason) == (
        ClaimVerdict.UNDECIDED,
        "too few rounds for limits",
    )
    assert len(played.measured) == 1


def test_what_cannot_be_built_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    played = Played({}, broken=((0, 1),))
    test = run(monkeypatch, tmp_path, played, claim(1, 2.0, function("a"), function("b")))
    assert verdicts(test) == [ClaimVerdict.NOT_TESTABLE]
    assert len(played.measured) == 1


@pytest.mark.parametrize(
    ("parent", "branch", "expected"),
    [
        (1.0, 2.0, ClaimVerdict.ELSEWHERE),
        (1.2, 2.0, ClaimVerdict.ELSEWHERE),
        (1.2, 1.3, ClaimVerdict.LESS),
        (1.0, 1.0, ClaimVerdict.NO_EFFECT),
        (2.0, None, ClaimVerdict.HOLDS),
    ],
)
def test_against_where_the_branch_began(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    parent: float,
    branch: float | None,
    expected: ClaimVerdict,
) -> None:
    truth = {(4, 5, "a"): parent} | ({(0, 5, "a"): branch} if branch else {})
    played = Played(truth)
    test = run(monkeypatch, tmp_path, played, claim(5, 2.0, command("a"), older=revision(0)))
    assert verdicts(test) == [expected]
    assert len(played.measured) == 1 + (branch is not None)


def test_what_the_message_says_of_its_base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    played = Played({(0, 1, "a"): 1.2, (1, 2, "b"): 1.2, (2, 3, "c"): 1.2})
    claims = (
        claim(1, 2.0, command("a"), older_base=True),
        claim(2, 2.0, command("b"), net=True),
        claim(3, 2.0, command("c"), python="3.15"),
    )
    test = run(monkeypatch, tmp_path, played, *claims)
    found = [(one.judged.verdict, one.judged.reason) for one in shown_claims(test)]
    assert found == [
        (ClaimVerdict.ELSEWHERE, "against an older base, as the message says"),
        (
            ClaimVerdict.ELSEWHERE,
            "without the interpreter's own start, as the message says",
        ),
        (ClaimVerdict.LESS, "claimed for Python 3.15"),
    ]


def test_another_output_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    played = Played({(0, 1, "other"): 2.0})
    (one,) = shown_claims(run(monkeypatch, tmp_path, played, claim(1, 2.0, command("other"))))
    assert (one.judged.verdict, one.judged.reason) == (ClaimVerdict.HOLDS, "output not as before")


def test_it_goes_on_after_an_interruption(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    truth = {(0, 1, "a"): 2.0, (1, 2, "b"): 2.0}
    claims = claim(1, 2.0, command("a")), claim(2, 2.0, command("b"))
    first = Played(truth, failing=1)
    with pytest.raises(KeyboardInterrupt):
        run(monkeypatch, tmp_path, first, *claims)
    second = Played(truth)
    test = run(monkeypatch, tmp_path, second, *claims)
    assert verdicts(test) == [ClaimVerdict.HOLDS] * 2
    assert (first.measured, second.measured) == ([(0, 1, ("a",))], [(1, 2, ("b",))])
    third = Played(truth)
    again = run(monkeypatch, tmp_path, third, *claims)
    assert (again.events, third.measured) == (test.events, [])


def test_the_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    played = Played({(0, 1, "a"): 2.0}, limit_s=1e-9)
    test = run(monkeypatch, tmp_path, played, claim(1, 2.0, command("a")))
    assert test.progress is AttributionProgress.OUT_OF_BUDGET
    assert verdicts(test) == [ClaimVerdict.OPEN]
    assert "1 is not measured yet" in "\n".join(screen_lines(test))


def shown(monkeypatch: pytest.MonkeyPatch, data: Path) -> ClaimsTest:
    played = Played({(0, 1, "a"): 2.0, (1, 2, "f"): 1.0, (4, 5, "a"): 1.0, (0, 5, "a"): 2.0})
    claims = (
        claim(1, 2.0, command("a"), before_s=0.2, after_s=0.1),
        claim(2, 1.1, function("f"), told_by=revision(3).identity),
        claim(4, None, reason="it names no command"),
        claim(5, 2.0, command("a"), older=revision(0)),
    )
    return run(monkeypatch, data, played, *claims)


def test_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    test = shown(monkeypatch, tmp_path / "data")
    output = Output(tmp_path / "results", tmp_path / "data")
    written = write_claims_pages(output)
    assert not output.problems
    text = (tmp_path / "results" / claims_page(test)).read_text()
    (row,) = written.rows
    assert row[2:8] == ["4", "1", "0", "1", "1", "1"]
    assert written.parts == {
        ("sample", label) for label in ("r0..r1", "r1..r2", "r4..r5", "r0..r5")
    }
    first, *_ = (line for line in text.splitlines() if line.startswith("**4 claims"))
    assert "1 holds, 1 has no effect, 1 holds elsewhere and 1 cannot be tested here" in first
    order = [text.index(f"**{one}**") for one in ("no effect", "elsewhere", "holds")]
    assert order == sorted(order)
    assert "2.00x faster (200 → 100 ms)" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "1.10x faster" in text
    assert re.search(r"figure in `3000000000`", text)
    assert "it names no command" in text
    assert "words that nobody else shall read" not in text
    again = Output(tmp_path / "again", tmp_path / "data")
    write_claims_pages(again)
    assert (tmp_path / "again" / claims_page(test)).read_text() == text


def test_screen_and_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    test = shown(monkeypatch, tmp_path)
    screen = "\n".join(screen_lines(test))
    assert "Not testable here:" in screen
    assert "elsewhere against an older base" in screen
    plan = "\n".join(plan_lines(test))
    assert "benchmark a" in plan
    assert "tests tests/f.py" in plan
    assert "4 claims in 9 commits, of which 3 can be tested." in plan


def test_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    document = claims_document(shown(monkeypatch, tmp_path))
    check_document(claims_schema(), json.loads(json.dumps(document)))
    found = cast(dict[str, Any], document)["claims"]
    assert [one["verdict"] for one in found] == [
        "holds",
        "no effect",
        "not testable here",
        "elsewhere",
    ]
    assert found[3]["older"]["base"] == revision(0).identity
    assert found[1]["tests"] == "tests/f.py"


def test_pythons_of_claims() -> None:
    claims = claim(1, 2.0), claim(2, 2.0, python="3.12"), claim(3, 2.0, python="3.15")
    assert pythons_of_claims(claims, (), ("3.12", "3.13"), "3.13") == (
        ("3.13",),
        ("3.12",),
        ("3.13",),
    )
    assert pythons_of_claims(claims, ("3.14",), ("3.14",), "3.14") == (("3.14",),) * 3
