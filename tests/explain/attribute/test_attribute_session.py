"""The loop around observing and measuring, with both of them played; and the page of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.synthetic_attributions import COMMITS, PAIR, PYTHON, REACH, gain
from support.synthetic_attributions import asked as asked_of_one

from bench.core.errors import BuildError, NothingMeasuredError
from bench.core.revision import Revision
from bench.core.target import Benchmark
from bench.explain.attribute.observing import Observatory
from bench.explain.attribute.range import RangeCommit
from bench.explain.attribute.record import (
    Attribution,
    AttributionAsked,
    CountRecord,
    ReachRecord,
)
from bench.explain.attribute.request import AttributeRequest
from bench.explain.attribute.search import Finding
from bench.explain.attribute.session import AttributeSession
from bench.explain.attribute.standing import AttributionProgress
from bench.explain.attribute.stored import ATTRIBUTIONS
from bench.explain.optimize.measuring import MeasuredPair, PairMeasuring
from bench.explain.optimize.record import RunReference
from bench.report.attribute.attribute_page import attribute_page, write_attribute_pages
from bench.report.attribute.contributions import contributions_of
from bench.report.attribute.document import attribution_document
from bench.report.attribute.screen import screen_lines
from bench.report.output import Output

TRUE = {2: 0.9, 5: 1.05}  # ratios by commit


def asked(**changes: Any) -> AttributionAsked:
    return asked_of_one(**{"scenarios": ("work", "gone")} | changes)


@dataclass
class Played:
    """A request, a watcher and pairs that are measured at once; `broken` pairs can't be built."""

    revisions: tuple[Revision, ...] = (PAIR.base, *(one.revision for one in COMMITS))
    commits: tuple[RangeCommit, ...] = COMMITS
    interpreters: tuple[Any, ...] = ()
    limit_s: float = 0.0
    measured: list[tuple[int, int]] = field(default_factory=list)
    broken: tuple[tuple[int, int], ...] = ()
    failing: int = 10**6

    def say(self, _text: str) -> None:
        pass

    phase = say

    def measure(
        self, base: str, head: str, scenarios: Iterable[str], alpha: float, **_rest: Any
    ) -> MeasuredPair:
        identities = [one.identity for one in self.revisions]
        first, last = identities.index(base), identities.index(head)
        if len(self.measured) >= self.failing:
            raise KeyboardInterrupt
        self.measured.append((first, last))
        if (first, last) in self.broken:
            raise BuildError("It does not build.")
        ratio = math.prod(one for number, one in TRUE.items() if first < number <= last)
        gains = tuple(gain(name, ratio, alpha / 50) for name in scenarios)
        label = f"{self.revisions[first].label}..{self.revisions[last].label}"
        reference = RunReference(label, PYTHON, "machine", "run")
        return MeasuredPair(gains, (reference,), {})


def session(
    monkeypatch: pytest.MonkeyPatch, played: Played, attribution: Attribution, reach: ReachRecord
) -> AttributeSession:
    def reached(one: AttributeSession, _interpreter: object) -> None:
        if not one.attribution.reached:
            gone = ReachRecord(scenario="gone", python=PYTHON, failure="does not work at r0: it")
            for record in (reach, gone):
                one.attribution = ATTRIBUTIONS.append(one.attribution, record)

    monkeypatch.setattr(AttributeSession, "_reach", reached)
    monkeypatch.setattr(
        PairMeasuring, "measure", lambda _self, *words, **rest: played.measure(*words, **rest)
    )
    interpreter = type("Played", (), {"version": PYTHON})()
    played.interpreters = (interpreter,)
    return AttributeSession(
        request=cast("AttributeRequest", played),
        watcher=cast("Any", played),
        attribution=attribution,
    )


def test_steps_are_named_and_the_rest_is_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played()
    done = session(monkeypatch, played, ATTRIBUTIONS.open(tmp_path, asked()), REACH).run()
    assert played.measured == [(0, 6), (0, 2), (3, 6), (2, 3)]
    assert done.progress is AttributionProgress.DONE
    found, gone = contributions_of(done)
    assert [(part.numbers, str(part.finding)) for part in found.parts] == [
        ((2,), "step"), ((3,), "nothing that matters"), ((5,), "step"),
    ]  # fmt: skip
    assert found.agrees
    assert found.rest is not None
    assert found.rest.ratio == pytest.approx(1.0)
    assert gone.reach.failure
    assert sum(done.levels.values()) == pytest.approx(0.05)


def test_an_interruption_costs_the_pair_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(failing=2)
    begun = ATTRIBUTIONS.open(tmp_path, asked())
    with pytest.raises(KeyboardInterrupt):
        session(monkeypatch, played, begun, REACH).run()
    again, other = Played(), ATTRIBUTIONS.open(tmp_path, asked(id="later"))
    assert other.folder == begun.folder
    done = session(monkeypatch, again, other, REACH).run()
    assert again.measured == [(3, 6), (2, 3)]
    assert ATTRIBUTIONS.read(done.folder).parts("work", PYTHON) == done.parts("work", PYTHON)
    idle = Played()
    session(monkeypatch, idle, ATTRIBUTIONS.open(tmp_path, asked()), REACH).run()
    assert idle.measured == []


def test_counts_are_kept_as_they_are_made(tmp_path: Path) -> None:
    made = ATTRIBUTIONS.open(tmp_path, asked())
    for index, python in ((2, PYTHON), (3, PYTHON), (3, "3.12")):
        counted = CountRecord(scenario="work", python=python, index=index, work=20.0)
        made = ATTRIBUTIONS.append(made, counted)
    again = ATTRIBUTIONS.open(tmp_path, asked(id="later"))
    assert again.counts(PYTHON) == {(2, "work"): 20.0, (3, "work"): 20.0}
    assert not again.reached


def test_what_was_counted_is_not_counted_again() -> None:
    nothing: Any = None
    work = Benchmark(name="work", command=("sample", "work"))
    request: Any = SimpleNamespace(planned=[SimpleNamespace(declaration=work)])
    observatory = Observatory(
        request=request, interpreter=nothing, watcher=nothing, network=nothing, crew=nothing
    )
    observatory.count({(2, "work"), (3, "work")}, {(2, "work"): 20.0, (3, "work"): 21.0}, nothing)
    assert [observatory.work(index, "work") for index in (1, 2, 3)] == [None, 20.0, 21.0]
    assert observatory.processes == {"work": 2}


def test_a_budget_leaves_the_rest_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(limit_s=1e-9)
    done = session(monkeypatch, played, ATTRIBUTIONS.open(tmp_path, asked()), REACH).run()
    assert done.progress is AttributionProgress.OUT_OF_BUDGET
    assert played.measured == []
    assert "not measured" in "\n".join(screen_lines(done))


def test_what_cannot_be_built_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(broken=((2, 3),))
    done = session(monkeypatch, played, ATTRIBUTIONS.open(tmp_path, asked()), REACH).run()
    part = contributions_of(done)[0].parts[1]
    assert part.words == "It does not build."
    assert contributions_of(done)[0].product is None


def test_another_question_is_another_attribution(tmp_path: Path) -> None:
    first = ATTRIBUTIONS.open(tmp_path, asked())
    assert ATTRIBUTIONS.open(tmp_path, asked(id="2", least=0.02)).folder != first.folder


def test_no_scenario_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = ReachRecord(scenario="work", python=PYTHON, failure="does not work at r6: no")
    with pytest.raises(NothingMeasuredError, match="does not work at r6"):
        session(monkeypatch, Played(), ATTRIBUTIONS.open(tmp_path, asked()), failed).run()


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, results = tmp_path / "data", tmp_path / "results"
    done = session(monkeypatch, Played(), ATTRIBUTIONS.open(data, asked()), REACH).run()
    attributed = write_attribute_pages(output := Output(results, data))
    assert not output.problems
    page = (results / attribute_page(done)).read_text(encoding="utf-8")
    assert r"Change \`number\` 2" in page
    assert "−10.0%" in page
    assert "which agrees with" in page
    assert "3 commits proved to contribute nothing" in page
    assert "does not work at r0" in page
    (picture,) = re.findall(r"\(([^()]*\.svg)\)", page)
    drawn = (results / "attribute" / "sample" / picture).read_text(encoding="utf-8")
    assert "Change `number` 5" in drawn
    assert attributed.rows[0][2:5] == ["6", "3", "2"]
    assert len(attributed.parts) == 3
    document = attribution_document(done)
    assert document.contributions[0].parts[0].finding is Finding.STEP
    (done.folder / "events.jsonl").write_text("nonsense\n", encoding="utf-8")
    assert not write_attribute_pages(again := Output(results, data)).rows
    assert again.problems
