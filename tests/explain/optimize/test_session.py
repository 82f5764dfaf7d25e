"""The loop around recording, proving and measuring, with all three of them played."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from support.sample_project import Repository
from support.sandbox import IMPORT, PYTHON, WORK, target_text

from bench.core.errors import BuildError, UsageError
from bench.core.target import parse_target
from bench.core.verdict import Interval, Verdict
from bench.core.workspace import Workspace
from bench.engine.environments.build import Environment
from bench.engine.environments.interpreters import Interpreter
from bench.engine.revisions.git import Clone
from bench.engine.session.watcher import Watcher
from bench.explain.checks.checks import AlreadyFailing
from bench.explain.optimize.branch import Workshop
from bench.explain.optimize.change import Change, Proposal, Site
from bench.explain.optimize.journal import open_journal
from bench.explain.optimize.measuring import MeasuredPair, PairMeasuring
from bench.explain.optimize.project import Form, Project, Scenario
from bench.explain.optimize.proving import Proved, Prover, site_record
from bench.explain.optimize.record import (
    BaselineRecord,
    ExcludedSite,
    Gain,
    Optimization,
    Progress,
)
from bench.explain.optimize.request import OptimizeRequest, choose_scenarios
from bench.explain.optimize.session import OptimizeSession
from bench.explain.rank.graph import Graph
from bench.explain.rank.ranked_imports import RankedImports, ScenarioTimes
from bench.explain.rank.recording import Recording, Times

FILES = {f"sample/{name}.py": f"value = '{name}'\n" for name in ("one", "two", "three")}
FASTER = (Verdict.FASTER, Interval(0.8, 0.75, 0.85))
SAME = (Verdict.SAME, Interval(1.0, 0.999, 1.001))
SLOWER = (Verdict.SLOWER, Interval(1.2, 1.1, 1.3))
UNDECIDED = (Verdict.UNDECIDED, Interval(0.99, 0.97, 1.01))
Outcome = tuple[Verdict, Interval]


@dataclass
class Upper:
    """A recipe that writes modules in capitals: one change each, the first saves most."""

    name: str = "upper"
    summary: str = "Capitals."
    saves_s: Mapping[str, float] = field(
        default_factory=lambda: {"one": 0.03, "two": 0.02, "three": 0.01}
    )

    def propose(self, project: Project) -> Proposal:
        texts = {path: project.clone.text(project.commit, path) for path in FILES}
        found = [path for path in FILES if texts[path].islower()]

        def rewrite(sites: Collection[Site]) -> Mapping[str, str]:
            return {one.file: texts[one.file].upper() for one in sites}

        return Proposal(changes=tuple(map(self._change, found)), rewrite=rewrite)

    def _change(self, path: str) -> Change:
        name = Path(path).stem
        return Change(
            recipe=self.name,
            title=f"write {name} in capitals",
            sites=(Site(file=path, line=1, words="capitals"),),
            why="Capitals are the same.",
            saves_s={"work": self.saves_s[name]},
        )


@dataclass
class Pairs(Upper):
    """All modules in one change; dangers were seen in one of the files."""

    name: str = "pairs"

    def propose(self, project: Project) -> Proposal:
        found = super().propose(project)
        sites = tuple(site for one in found.changes for site in one.sites)
        if not sites:
            return found
        all_of_it = replace(found.changes[0], title="write all in capitals", sites=sites)
        danger = Site(file="sample/one.py", line=2, words="not tried")
        return replace(found, changes=(all_of_it,), dropped=((danger, "who knows"),))


@dataclass
class Proving:
    """Passes everything but some files: `refused` quickly, `broken` where all checks are made."""

    refused: Collection[str] = ()
    broken: Collection[str] = ()

    def in_house_style(self, proposal: Proposal) -> Proposal:
        return proposal

    def prove_quickly(self, proposal: Proposal, change: Change, kept: Any, _: str) -> Proved:
        return self._prove(proposal, change.sites, kept, self.refused)

    def prove_wholly(self, proposal: Proposal, sites: Any, kept: Any, _: str) -> Proved:
        return self._prove(proposal, sites, kept, self.broken)

    def _prove(self, proposal: Proposal, asked: Any, kept: Any, wrong: Collection[str]) -> Proved:
        sites = tuple(one for one in asked if one.file not in wrong)
        excluded = tuple(
            ExcludedSite(site=site_record(one), check="names", failure="value has gone")
            for one in asked
            if one not in sites
        )
        if not sites:
            reason = "names: value has gone"
            return Proved(sites=(), texts={}, reason=reason, excluded=excluded)
        texts = proposal.rewrite([*kept, *sites])
        return Proved(sites=sites, texts=texts, excluded=excluded)

    @property
    def already_failing(self) -> AlreadyFailing:
        return AlreadyFailing({"sample.windows": "ImportError"}, ("tests/test_old.py",))

    def close(self) -> None:
        pass


@dataclass
class Played:
    """Says of each pair what `outcome` does of the modules that are in capitals on head only."""

    clone: Clone
    outcome: Callable[[list[str]], Outcome]
    asked: list[tuple[list[str], float]] = field(default_factory=list)
    interrupt_at: int = 0
    error: Exception | None = None

    def measure(
        self, base: str, head: str, scenarios: Iterable[str], alpha: float, **_: bool
    ) -> MeasuredPair:
        new = [
            Path(path).stem
            for path in FILES
            if self.clone.text(head, path).isupper() and not self.clone.text(base, path).isupper()
        ]
        self.asked.append((new, alpha))
        if len(self.asked) == self.interrupt_at:
            raise KeyboardInterrupt
        if self.error is not None:
            raise self.error
        verdict, interval = self.outcome(new)
        gains = tuple(
            Gain(
                scenario=name,
                python=PYTHON,
                verdict=verdict if name == "work" else Verdict.SAME,
                interval=interval,
                base_s=0.1,
                head_s=0.1 * interval.ratio,
                rounds=20,
                metric="cpu",
            )
            for name in scenarios
        )
        return MeasuredPair(gains=gains, runs=(), failures={})


class Told:
    """A watcher that keeps what it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def phase(self, text: str) -> None:
        pass


class Session(OptimizeSession):
    """Records nothing: all modules are loaded by the one scenario that takes 100 ms."""

    def _record(self, commit: str) -> Project:
        request = self.request
        files = {Path("/site") / path: path for path in FILES}
        recording = Recording(
            before=frozenset(),
            modules={Path(path).stem: f"/site/{path}" for path in FILES},
            appeared={},
            places=(),
            lines=frozenset(),
        )
        imports = RankedImports(
            graph=Graph(recording, {}),
            judgement=cast(Any, None),
            timed=ScenarioTimes(Times({}, {}, 0.1), Times({}, {}, 0.01), {}),
            sources={},
            best=(),
            worths=(),
        )
        benchmark = request.planned[0].declaration
        return Project(
            target=request.target,
            clone=request.clone,
            commit=commit,
            python=PYTHON,
            environment=cast(Environment, None),
            scenarios=(Scenario(benchmark=benchmark, imports=imports),),
            files=files,
            least=request.least,
        )


@dataclass
class Stage:
    """A request in a repository of its own, and sessions for it."""

    request: OptimizeRequest

    def session(
        self, played: Played, refused: Collection[str] = (), broken: Collection[str] = ()
    ) -> Session:
        journal = open_journal(self.request, "")
        session = Session(request=self.request, watcher=cast(Watcher, Told()), journal=journal)
        session.__dict__["_measuring"] = cast(PairMeasuring, played)
        session._opened = cast(Prover, Proving(refused, broken))
        return session

    def run(self, outcome: Callable[[list[str]], Outcome], **more: Any) -> Optimization:
        return self.session(Played(self.request.clone, outcome), **more).run()

    def log(self, branch: str = "") -> list[str]:
        told = self.request.clone._git(
            "log", "--reverse", "--format=%s", f"v1..{branch or self.request.branch}"
        )
        return told.stdout.split("\n")[:-1]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    repository = Repository.create(tmp_path / "clone")
    commit = repository.commit(FILES, "All of it", tag="v1")
    clone = Clone(repository.path)
    clone._git("config", "user.name", "Somebody")
    clone._git("config", "user.email", "somebody@example.org")
    target = parse_target(target_text(WORK, IMPORT))
    folders = ("targets", "suites", "data", "results", "repos", "cache", "prior_art", "profiles")
    workspace = Workspace(root=tmp_path, **{name: tmp_path / name for name in folders})
    return Stage(
        OptimizeRequest(
            target=target,
            revision=clone.revision("v1", clone.find("v1") or commit),
            origin="",
            clone=clone,
            repo=clone.path,
            workspace=workspace,
            interpreters=(Interpreter(PYTHON, Path(sys.executable)),),
            planned=choose_scenarios(target, ["work"], workspace.suites),
            recipes=(Upper(),),
            form=Form.FUNCTION,
            least=0.01,
            alpha=0.05,
            budget_s=1,
            lanes=1,
            branch="perf/all",
            separate=False,
        )
    )


@pytest.mark.parametrize(
    ("clone", "origin"),
    [
        ("https://example.org/a/b.git", "https://example.org/a/b.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("/srv/mirrors/a", ""), ("../a", ""), ("file:///srv/a", ""),
    ],
)  # fmt: skip
def test_a_clone_on_this_machine_alone_is_no_origin(stage: Stage, clone: str, origin: str) -> None:
    target = msgspec.structs.replace(stage.request.target, clone=clone)
    journal = open_journal(replace(stage.request, target=target), "")
    assert journal.kept_on_disk.asked.origin == origin


def test_each_change_that_saves_is_a_commit_on_the_one_before(stage: Stage) -> None:
    done = stage.run(lambda _: FASTER)
    assert done.progress is Progress.PLATEAU
    assert stage.log() == [f"perf: write {name} in capitals" for name in ("one", "two", "three")]
    assert [one.kept for one in done.steps] == [True] * 3
    assert [one.commit for one in done.steps][-1] == Workshop(stage.request.clone).find("perf/all")
    assert done.whole is not None
    assert done.whole.commit == done.steps[-1].commit
    message = stage.request.clone._git("log", "-1", "--format=%B", "perf/all").stdout
    assert "100 → 80.0 ms" in message
    assert re.search(r"with [\d.]+% intervals", message)


def test_what_failed_before_any_change_is_told(stage: Stage) -> None:
    session = stage.session(Played(stage.request.clone, lambda _: FASTER))
    session.journal.write(BaselineRecord(python=PYTHON, modules=3))
    (told,) = session.run().baselines
    assert told.failing == ("tests/test_old.py",)
    assert told.not_imported == {"sample.windows": "ImportError"}
    assert told.modules == 3


def test_what_does_not_save_is_dropped_with_the_reason(stage: Stage) -> None:
    outcomes = {"one": FASTER, "two": SLOWER, "three": SAME}
    done = stage.run(lambda new: outcomes[new[0]] if len(new) == 1 else FASTER)
    assert stage.log() == ["perf: write one in capitals"]
    reasons = [one.reason for one in done.dropped]
    assert reasons[0].startswith("slower: work")
    assert reasons[1].startswith("no faster")
    assert not any("write two" in line for line in stage.log())


def test_what_was_dropped_is_not_tried_again(stage: Stage) -> None:
    played = Played(stage.request.clone, lambda new: FASTER if "one" in new else SLOWER)
    stage.session(played).run()
    assert [new for new, _ in played.asked] == [["one"], ["two"], ["three"], ["one"]]


def test_what_is_not_proved_is_not_measured(stage: Stage) -> None:
    played = Played(stage.request.clone, lambda _: FASTER)
    done = stage.session(played, refused=["sample/one.py"]).run()
    assert [new for new, _ in played.asked] == [["two"], ["three"], ["two", "three"]]
    assert done.dropped[0].reason == "names: value has gone"
    assert done.dropped[0].alpha == 0


def test_what_is_faster_and_breaks_something_is_dropped(stage: Stage) -> None:
    played = Played(stage.request.clone, lambda _: FASTER)
    done = stage.session(played, broken=["sample/one.py"]).run()
    assert [new for new, _ in played.asked] == [["one"], ["two"], ["three"], ["two", "three"]]
    assert stage.log() == [f"perf: write {name} in capitals" for name in ("two", "three")]
    assert done.dropped[0].reason == "names: value has gone"
    assert done.dropped[0].gains


def test_what_is_left_of_a_change_is_measured_again(stage: Stage) -> None:
    """One of three sites breaks something: the figures of all three are not those of two."""
    pairs = Stage(replace(stage.request, recipes=(Pairs(),)))
    played = Played(stage.request.clone, lambda _: FASTER)
    done = pairs.session(played, broken=["sample/two.py"]).run()
    assert [new for new, _ in played.asked[:2]] == [["one", "two", "three"], ["one", "three"]]
    dropped, kept = done.steps
    assert [one.site.file for one in dropped.excluded if one.check == "names"] == ["sample/two.py"]
    assert {one.file for one in kept.sites} == {"sample/one.py", "sample/three.py"}
    assert kept.kept


def test_a_recipe_with_a_bug_does_not_end_the_others(stage: Stage) -> None:
    class Broken(Upper):
        def propose(self, project: Project) -> Proposal:
            raise KeyError(project.commit)

    broken = Stage(replace(stage.request, recipes=(Broken(name="broken"), Upper())))
    session = broken.session(Played(stage.request.clone, lambda _: FASTER))
    assert len(session.run().kept) == 3
    said = [line for line in cast(Told, session.watcher).lines if "a bug in the recipe" in line]
    assert said
    assert "broken: KeyError" in said[0]
    assert list(stage.request.workspace.logs.glob("recipe-*.txt"))


def test_what_failed_a_check_is_not_proposed_again(stage: Stage) -> None:
    """Of a change of two sites one is kept; the other alone is the same failure once more."""
    recipe = Pairs()
    pairs = Stage(replace(stage.request, recipes=(recipe,)))
    done = pairs.run(lambda _: FASTER, refused=["sample/two.py"])
    assert [one.title for one in done.steps] == ["write all in capitals"]
    assert done.kept == done.steps


def test_small_changes_are_measured_together(stage: Stage) -> None:
    played = Played(stage.request.clone, lambda new: FASTER if len(new) == 3 else UNDECIDED)
    done = stage.session(played).run()
    assert stage.log() == ["perf: write one in capitals, and 2 smaller changes"]
    assert [new for new, _ in played.asked][:4] == [
        ["one"],
        ["two"],
        ["three"],
        [*map(_stem, FILES)],
    ]
    assert [one.kept for one in done.steps] == [False, False, False, True]


def _stem(path: str) -> str:
    return Path(path).stem


def test_what_is_predicted_to_be_small_is_only_measured_together(stage: Stage) -> None:
    recipe = Upper(saves_s={"one": 0.03, "two": 0.0015, "three": 0.0012})
    played = Played(stage.request.clone, lambda _: FASTER)
    Stage(replace(stage.request, recipes=(recipe,))).session(played).run()
    assert [sorted(new) for new, _ in played.asked][:2] == [["one"], ["three", "two"]]


def test_nothing_predicted_to_be_worth_it_is_tried(stage: Stage) -> None:
    recipe = Upper(saves_s=dict.fromkeys(("one", "two", "three"), 0.0009))
    small = Stage(replace(stage.request, recipes=(recipe,)))
    played = Played(stage.request.clone, lambda _: FASTER)
    done = small.session(played).run()
    assert played.asked == []
    assert done.progress is Progress.NOTHING
    assert "less than 1%" in done.left[0].why


def test_what_an_interruption_left_is_gone_on_with(stage: Stage) -> None:
    first = Played(stage.request.clone, lambda _: FASTER, interrupt_at=2)
    with pytest.raises(KeyboardInterrupt):
        stage.session(first).run()
    assert stage.log() == ["perf: write one in capitals"]
    second = Played(stage.request.clone, lambda _: FASTER)
    done = stage.session(second).run()
    assert second.asked[0] == first.asked[1]  # the same commits, at the same level
    assert len({alpha for _, alpha in second.asked[:2]}) == 2
    assert [one.number for one in done.steps] == [1, 2, 3]
    assert len(stage.log()) == 3


def test_a_branch_that_was_not_moved_any_more_is_moved_later(stage: Stage) -> None:
    clone = stage.request.clone
    with pytest.raises(KeyboardInterrupt):
        stage.session(Played(clone, lambda _: FASTER, interrupt_at=3)).run()
    clone._git("branch", "-f", "perf/all", "perf/all~1")
    stage.run(lambda _: FASTER)
    assert len(stage.log()) == 3


def test_what_is_done_is_not_done_again(stage: Stage) -> None:
    first = stage.run(lambda _: FASTER)
    again = Played(stage.request.clone, lambda _: SLOWER)
    assert stage.session(again).run().steps == first.steps
    assert again.asked == []


def test_a_branch_that_is_not_ours_is_left_alone(stage: Stage) -> None:
    clone = stage.request.clone
    clone._git("branch", "perf/all", "v1")
    with pytest.raises(UsageError, match=re.escape("perf/all")):
        stage.run(lambda _: FASTER)
    assert clone.find("perf/all") == clone.find("v1")


def test_a_branch_for_each_change_by_itself(stage: Stage) -> None:
    apart = Stage(replace(stage.request, separate=True))
    done = apart.run(lambda _: FASTER)
    names = [one.name for one in done.branches if one.separate]
    assert names == [f"perf/write-{name}-in-capitals" for name in ("one", "two", "three")]
    for name in names:
        assert len(apart.log(name)) == 1
    assert len(apart.log()) == 3
    first = done.branches[[one.name for one in done.branches].index(names[0])]
    assert first.commit == done.kept[0].commit  # it is off the revision already


def test_a_branch_of_that_name_is_not_overwritten(stage: Stage) -> None:
    apart = Stage(replace(stage.request, separate=True))
    stage.request.clone._git("branch", "perf/write-two-in-capitals", "v1")
    done = apart.run(lambda _: FASTER)
    (two,) = (one for one in done.branches if "two" in one.name)
    assert "not overwritten" in two.reason
    assert apart.log("perf/write-two-in-capitals") == []


def test_a_commit_that_cannot_be_built_is_dropped(stage: Stage) -> None:
    played = Played(stage.request.clone, lambda _: FASTER, error=BuildError("no compiler"))
    done = stage.session(played).run()
    assert {one.reason for one in done.steps} == {"not measured: no compiler"}
    assert done.progress is Progress.NOTHING
