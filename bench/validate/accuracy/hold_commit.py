"""Hold predictions against a commit that deferred imports: at its parent, what it deferred.

Or against nothing but themselves, at any revision: the best set, and statements of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bench.core.counts import Counter
from bench.core.target import Benchmark, Target
from bench.engine.environments.pair import Environments
from bench.engine.machine.fingerprint import describe_machine
from bench.engine.measure.invocations import Subject
from bench.engine.measure.network import Network
from bench.engine.session.watcher import Watcher
from bench.explain.checks.overlay import own_folders
from bench.explain.counters.instructions import find_instruction_counter
from bench.explain.counters.observe import own_packages
from bench.explain.counters.running import NotCountedError, Runner
from bench.explain.rank.candidates import Candidate
from bench.explain.rank.opportunities import shown_file
from bench.explain.rank.ranked_imports import RankedImports, Trial
from bench.explain.rank.ranker import TIMEOUT_S, ScenarioRanker
from bench.explain.rank.recording import without_collections
from bench.explain.rank.sources import ModuleSource, Standing, Statement, read_package
from bench.validate.accuracy.accuracy_record import FORMAT, AccuracyRecord, DeferringCommit

_OF_COMMIT = "what the commit deferred"
_BEST = "the set that was found"
_PARTS = 3
_LEAST_PART = 0.01  # of the process: less cannot be told from nothing in a few seconds


@dataclass(kw_only=True)
class CommitAccuracy:
    """One commit: `environments` are its parent and itself, `base` and `head` their subjects.

    Each set is timed for `seconds`.
    """

    commit: DeferringCommit
    target: Target
    python: str
    environments: Environments
    benchmark: Benchmark
    base: Subject
    head: Subject
    network: Network
    watcher: Watcher
    seconds: float = 0.0

    def run(self) -> AccuracyRecord:
        """Predict at the parent, run the copies; raises `BenchError`."""
        afterwards = self._sources() if self.commit.deferred else {}
        taken: list[Candidate] = []
        statements: list[str] = []

        def trials(ranked: RankedImports) -> list[Trial]:
            taken.extend(deferred_by(ranked.judgement.candidates, afterwards))
            statements.extend(_lost(ranked, afterwards))
            both = Trial(_OF_COMMIT, tuple(taken)), Trial(_BEST, ranked.best)
            more = () if self.commit.deferred else _parts(ranked)
            return [one for one in (*both, *more) if one.candidates]

        environment = self.environments.base
        ranking = ScenarioRanker(
            target=self.target,
            python=self.python,
            environment=environment,
            benchmark=self.benchmark,
            subject=self.base,
            network=self.network,
            clone=None,
            watcher=self.watcher,
            budget_s=self.seconds,
            trials_of=trials,
            timed=_PARTS + 2,
        ).run()
        checks = {one.words: one for one in ranking.checks}
        return AccuracyRecord(
            format=FORMAT,
            target=self.target.name,
            repository=self.commit.history.repository or self.target.clone,
            commit=self.environments.head.record.revision,
            parent=environment.record.revision,
            scenario=self.benchmark.name,
            python=self.python,
            made_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            machine=describe_machine(),
            statements=tuple(statements),
            deferrable=tuple(
                f"{shown_file(one.source.file)}:{one.statement.line}" for one in taken
            ),
            commit_check=checks.get(_OF_COMMIT),
            best_check=checks.get(_BEST),
            instructions=self._saved() if self.commit.deferred else None,
            problems=ranking.problems,
            parts=tuple(one for words, one in checks.items() if words not in {_OF_COMMIT, _BEST}),
        )

    def _sources(self) -> dict[str, ModuleSource]:
        """The project's modules as the commit left them."""
        head = self.environments.head
        python = (head.venv / "bin" / "python").resolve()
        return {
            source.module: source
            for folder in own_folders(head, own_packages(head))
            for source in read_package(folder, python, lambda _file, _why: None)
        }

    def _saved(self) -> int | None:
        """Instructions that the commit itself saved."""
        try:
            counter = find_instruction_counter()
            runner = Runner(self.network.isolation, TIMEOUT_S)
            base, head = (
                counter.count(
                    runner, self.benchmark, without_collections(side.invocation(self.benchmark))
                ).figures[Counter.INSTRUCTIONS]
                for side in (self.base, self.head)
            )
        except NotCountedError:
            return None
        return base - head


def _parts(ranked: RankedImports) -> Iterator[Trial]:
    """The statements of the best set that save most by themselves, in one scenario each."""
    if len(ranked.best) < 2:
        return
    least_s = _LEAST_PART * ranked.timed.scenario.process_s
    pairs = zip(ranked.best, ranked.worths, strict=True)
    for one, worth in sorted(pairs, key=lambda pair: -pair[1].alone)[:_PARTS]:
        if worth.alone >= least_s:
            place = f"{shown_file(one.source.file)}:{one.statement.line}"
            yield Trial(f"only {place}", (one,))


def deferred_by(
    candidates: tuple[Candidate, ...], afterwards: Mapping[str, ModuleSource]
) -> Iterator[Candidate]:
    """The statements (or parts of them) that are carried out later afterwards, or not at all."""
    for one in candidates:
        source = afterwards.get(one.source.module)
        if source is None:
            continue
        then = _taken(source)
        gone = tuple(
            deferral
            for deferral in one.deferrals
            if _is_later(one.source, one.statement, deferral.name.asked, then)
        )
        if gone:
            yield replace(one, deferrals=gone)


def _lost(ranked: RankedImports, afterwards: Mapping[str, ModuleSource]) -> Iterator[str]:
    """The same of all statements that were carried out, as `file:line`."""
    carried_out = {(place.file, place.line) for place in ranked.graph.recording.places}
    for module, source in ranked.sources.items():
        if module not in afterwards:
            continue
        then = _taken(afterwards[module])
        for statement in source.statements:
            ran = (str(source.file), statement.line) in carried_out
            if ran and any(
                _is_later(source, statement, one.asked, then) for one in statement.names
            ):
                yield f"{shown_file(source.file)}:{statement.line}"


def _taken(source: ModuleSource) -> dict[tuple[str, str, str], int]:
    """(function, module, name) → how much of the function comes before it is imported."""
    found: dict[tuple[str, str, str], int] = {}
    for statement in source.statements:
        if statement.standing is Standing.TYPES:
            continue
        for name in statement.names:
            key = _key(source, statement, name.asked)
            found[key] = min(_before(statement), found.get(key, _before(statement)))
    return found


def _is_later(
    source: ModuleSource, statement: Statement, name: str, then: Mapping[tuple[str, str, str], int]
) -> bool:
    at = then.get(_key(source, statement, name))
    return at is None or at > _before(statement)


def _key(source: ModuleSource, statement: Statement, name: str) -> tuple[str, str, str]:
    of_module = isinstance(statement.node, ast.Import)
    where = "" if of_module else source.absolute(statement.node)
    return getattr(statement.scope, "name", ""), where, name


def _before(statement: Statement) -> int:
    """Statements of its function that stand before it, imports aside; 0 at the top of a module.

    There a statement that has only moved down is no later.
    """
    if statement.at_top:
        return 0
    return sum(
        isinstance(one, ast.stmt)
        and not isinstance(one, ast.Import | ast.ImportFrom)
        and one.lineno < statement.line
        for body in ast.iter_child_nodes(statement.scope)
        for one in ast.walk(body)
    )
