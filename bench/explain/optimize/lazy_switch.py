"""What Python's own lazy imports give, beside a branch: on Pythons that have them (3.15).

Two comparisons, each of two processes side by side. The revision as it is with all of its imports
lazy, as anybody gets it from `PYTHON_LAZY_IMPORTS=all`. And the branch against its eager twin: the
same files, of whose own imports none is lazy.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import msgspec

from bench.core.options import Options
from bench.core.sample import Side
from bench.core.target import Benchmark, Kind
from bench.core.variants import numbers
from bench.engine.environments.at_once import build_all
from bench.engine.environments.interpreters import Interpreter
from bench.engine.environments.pair import Builder, Environments
from bench.engine.measure.client import Launcher
from bench.engine.measure.invocations import NotPresentError, NotServedError, Subject
from bench.engine.measure.network import Network
from bench.engine.measure.outputs import Names, OutputsSeen, names_of
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.engine.session.preparation import network_of, subjects
from bench.engine.session.watcher import Watcher
from bench.explain.counters.observe import own_packages
from bench.explain.optimize.project import Form
from bench.explain.optimize.record import Gain, LazySwitchRecord
from bench.explain.optimize.request import OptimizeRequest
from bench.explain.rank.counterfactual import time_both
from bench.explain.rank.lazily import FIRST_LAZY, filtered
from bench.formats.text import change, is_bounded

SWITCH = {"PYTHON_LAZY_IMPORTS": "all"}
_SEED = 1
_ROUNDS = 40
_TRIES = 2  # of each side: the first may set something up


@dataclass(frozen=True, kw_only=True)
class LazySwitchMeasuring:
    """Measures a revision and a branch of one request on the Pythons that have lazy imports.

    `by_cpu` are scenarios that were decided by CPU time before.
    """

    request: OptimizeRequest
    watcher: Watcher
    by_cpu: Collection[str] = ()

    @property
    def interpreters(self) -> list[Interpreter]:
        """Those of the request that have them."""
        return [one for one in self.request.interpreters if numbers(one.version) >= FIRST_LAZY]

    def measure(self, tip: str, scenarios: Collection[str]) -> LazySwitchRecord:
        """Both comparisons for each scenario; what cannot be built or run is the reason there."""
        request = self.request
        wanted = [one.declaration for one in request.planned if one.declaration.name in scenarios]
        pythons = self.interpreters
        alpha = request.alpha / max(1, len(wanted) * len(pythons))
        options = Options(budget_s=request.budget_s, rounds=_ROUNDS, alpha=alpha)
        found: tuple[list[Gain], list[Gain]] = ([], [])
        for interpreter, built in build_all(self._builder(tip), pythons):
            if isinstance(built, Environments):
                self._on(interpreter, built, wanted, options, found)
            else:
                self.watcher.say(f"Python {interpreter.version}: {built.message}")
        everything, own = found
        return LazySwitchRecord(
            commit=tip, alpha=alpha, everything=tuple(everything), own=tuple(own)
        )

    def _builder(self, tip: str) -> Builder:
        request = self.request
        return Builder(
            target=request.target,
            pair=request.pair(request.revision.identity, tip),
            workspace=request.workspace,
            announce=self.watcher.say,
            repo=request.repo,
            date=request.date,
        )

    def _on(
        self,
        interpreter: Interpreter,
        built: Environments,
        wanted: Sequence[Benchmark],
        options: Options,
        found: tuple[list[Gain], list[Gain]],
    ) -> None:
        request = self.request
        with (
            network_of(request.target, request.planned, request.workspace) as network,
            subjects(
                request.target, request.planned, request.workspace, interpreter, built, network
            ) as ((base, head),),
            Launcher(network.isolation) as launcher,
        ):
            comparison = _Comparison(
                launcher=launcher,
                network=network,
                names=names_of(base, head),
                options=options,
                watcher=self.watcher,
                by_cpu=self.by_cpu,
            )
            own = own_packages(built.head)
            for one in wanted:
                self.watcher.phase(f"{one.name}: Python's own lazy imports")
                gain = comparison.gain(one, interpreter.version, lambda b: with_switch(base, b))
                self.watcher.say(f"{one.name}, unchanged, all imports lazy: {_words(gain)}")
                found[0].append(gain)
                if request.form is Form.FUNCTION:  # nothing on the branch is lazy
                    continue
                gain = comparison.gain(one, interpreter.version, lambda b: with_twin(head, own, b))
                self.watcher.say(f"{one.name}, the branch against its eager twin: {_words(gain)}")
                found[1].append(gain)


def with_switch(subject: Subject, benchmark: Benchmark) -> Sides:
    """A benchmark as it is, and with Python's switch for all imports.

    An import is one of them: both sides use what it names, or the switch would leave it out.
    """
    base = subject.invocation(benchmark)
    if benchmark.kind is Kind.IMPORT:
        base = replace(base, argv=(*base.argv[:-1], used(base.argv[-1])))
    return Sides(benchmark, base, replace(base, env={**base.env, **SWITCH}))


def used(statement: str) -> str:
    """The same, and then each name that it binds: a lazy import is carried out there."""
    names = [
        alias.asname or alias.name.partition(".")[0]
        for node in ast.parse(statement).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if alias.name != "*"
    ]
    return "\n".join([statement, *names])


def with_twin(subject: Subject, own: Collection[str], benchmark: Benchmark) -> Sides:
    """None of its own imports is lazy, and those that it says are; both pay for a filter."""
    invocation = subject.invocation(benchmark)
    eager, lazy = (filtered(invocation, own, lazily=one) for one in (False, True))
    return Sides(benchmark, eager, lazy)


def _words(gain: Gain) -> str:
    return gain.reason or change(gain.interval)


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """Takes rounds of two processes of one benchmark, once both are seen to do the same."""

    launcher: Launcher
    network: Network
    names: Names
    options: Options
    watcher: Watcher
    by_cpu: Collection[str]

    def gain(self, benchmark: Benchmark, python: str, make: Callable[[Benchmark], Sides]) -> Gain:
        """What the second saves, or why that is not known."""
        told = Gain(scenario=benchmark.name, python=python)
        try:
            sides = make(benchmark)
            differs = self._differs(sides)
            if differs:
                return msgspec.structs.replace(told, reason=differs)
            by_cpu = benchmark.name in self.by_cpu
            both = time_both(self._taker(None), sides, self.options, self.watcher, by_cpu=by_cpu)
        except (RoundFailedError, NotPresentError, NotServedError) as error:
            return msgspec.structs.replace(told, reason=str(error))
        bounded = is_bounded(both.interval)
        return msgspec.structs.replace(
            told,
            interval=both.interval if bounded else None,
            base_s=both.base_s,
            head_s=both.base_s * both.interval.ratio,
            rounds=both.rounds,
            metric=str(both.metric),
            reason="" if bounded else "too few rounds",
        )

    def _differs(self, sides: Sides) -> str:
        """In what the second ends or prints otherwise; raises `RoundFailedError`."""
        seen = OutputsSeen(self.names)
        for side in [*Side] * _TRIES:
            self._taker(seen).alone(sides, side, pin=False)
        compared = seen.compared()
        differs = compared.differs if compared else ()
        return f"{' and '.join(differs)} not as before" if differs else ""

    def _taker(self, seen: OutputsSeen | None) -> RoundTaker:
        after = seen.note if seen else None
        return RoundTaker(self.launcher, self.network.cpus, _SEED, self.network, after=after)
