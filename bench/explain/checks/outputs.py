"""Every scenario ends with the status it had and prints what it printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bench.core.sample import Side
from bench.core.target import Benchmark, Kind
from bench.engine.measure.client import Launcher
from bench.engine.measure.invocations import NotPresentError, NotServedError, Subject
from bench.engine.measure.network import Network
from bench.engine.measure.outputs import Names, OutputsSeen
from bench.engine.measure.rounds import RoundFailedError, RoundTaker, Sides
from bench.explain.checks.breakage import Attempt, Breakage
from bench.explain.checks.overlay import Overlay
from bench.formats.text import counted

_BASE_RUNS = 3  # the first may set something up
_SEED = 1


@dataclass(kw_only=True)
class OutputsCheck:
    """Runs each scenario from the copies; what varies between two runs of base is left out.

    Lines of tracebacks and warnings are not compared: rewriting moves them. Scenarios of minutes
    run only where everything is looked at.
    """

    benchmarks: Sequence[Benchmark]
    subject: Subject
    network: Network
    base: Overlay
    say: Callable[[str], None]
    name: str = "scenarios"
    seen: str = field(default="", init=False)
    _printed: dict[str, list[Any]] = field(default_factory=dict, init=False)

    def failure(self, attempt: Attempt) -> Breakage | None:
        """The first scenario that ends or prints otherwise."""
        count = 0
        with Launcher(self.network.isolation) as launcher:
            for benchmark in self.benchmarks:
                if benchmark.kind is Kind.SCRIPT or (benchmark.rounds and not attempt.whole):
                    continue
                if self._before(benchmark, launcher):
                    found = self._compared(benchmark, attempt.copy, launcher)
                    if found is not None:
                        return found
                    count += 1
        many = counted(count, "scenario ends and prints", "scenarios end and print")
        self.seen = f"{many} as before"
        return None

    def _before(self, benchmark: Benchmark, launcher: Launcher) -> bool:
        """Whether the scenario works as the package was."""
        if benchmark.name not in self._printed:
            seen = OutputsSeen(self._names)
            try:
                for _ in range(1 if benchmark.rounds else _BASE_RUNS):
                    self._run(benchmark, Side.BASE, self.base, seen, launcher)
            except (RoundFailedError, NotPresentError, NotServedError) as error:
                seen.printed[Side.BASE].clear()
                self.say(f"{benchmark.name} does not run before anything is changed: {error}")
            self._printed[benchmark.name] = seen.printed[Side.BASE]
        return bool(self._printed[benchmark.name])

    def _compared(self, benchmark: Benchmark, copy: Overlay, launcher: Launcher) -> Breakage | None:
        seen = OutputsSeen(self._names)
        seen.printed[Side.BASE] = list(self._printed[benchmark.name])
        words = ""
        for _ in range(2):  # a difference has to be there twice
            try:
                self._run(benchmark, Side.HEAD, copy, seen, launcher)
            except RoundFailedError as error:
                return self._breakage(benchmark, f"fails: {error}", str(error))
            compared = seen.compared()
            if compared is None or not compared.differs:
                return None
            words = f"{', '.join(compared.differs)} differs:\n{compared.excerpt}"
        return self._breakage(benchmark, words, words)

    def _run(
        self,
        benchmark: Benchmark,
        side: Side,
        copy: Overlay,
        seen: OutputsSeen,
        launcher: Launcher,
    ) -> None:
        invocation = copy.over(self.subject.invocation(benchmark))
        taker = RoundTaker(launcher, self.network.cpus, _SEED, self.network, after=seen.note)
        taker.alone(Sides(benchmark, invocation, invocation), side, pin=False)

    def _breakage(self, benchmark: Benchmark, words: str, said: str) -> Breakage:
        return Breakage(check=self.name, words=f"{benchmark.name} {words}", said=said)

    @cached_property
    def _names(self) -> Names:
        """What each copy has of its own, and the lines of its files."""
        copies = re.escape(str(self.base.folder.parent))
        own = [(re.compile(pattern), name) for pattern, name in self.subject.own_names]
        return [
            (re.compile(rf"{copies}/\d+/"), "<copy>/"),
            (re.compile(r"(<copy>/[^\s:\"]+)(:|\", line )\d+"), r"\1\2<line>"),
            *own,
        ]
