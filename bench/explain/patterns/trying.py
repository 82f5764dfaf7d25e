"""Does a change of a function come true? A copy of the package with it, run beside one without.

Both copies end with the same status and say the same, or there is no figure. What is compared is
instructions, converted to seconds as those of imports are; where counting them would take too long,
or can't be had, CPU time by the engine that compares revisions.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TypeVar

from bench.core.counts import Counter
from bench.core.errors import BuildError
from bench.core.target import Benchmark
from bench.engine.measure.client import Invocation
from bench.engine.measure.rounds import RoundFailedError
from bench.explain.counters.instructions import InstructionCounter
from bench.explain.counters.running import NotCountedError, scratch
from bench.explain.patterns.setting import Setting
from bench.explain.rank.counterfactual import Timed
from bench.explain.rank.found import Timed as TimedImports
from bench.explain.rank.overlay import Overlay, make_overlay
from bench.explain.rank.recording import Times, without_collections
from bench.explain.rank.scale import Scale

_Result = TypeVar("_Result")
_LONGEST_S = 90.0  # one count may take so long
_CHANCE = 0.0001  # of all instructions, at least
_STREAMS = ("out", "err")
_SAYING = ("/bin/sh", "-c", 'exec "$@" >"$0/out" 2>"$0/err"')


@dataclass(frozen=True)
class Outcome:
    """CPU seconds that a change saves, and what says so; or why there is no figure.

    `instructions` are those it saves, where these were counted.
    """

    saving_s: float | None
    grounds: str
    is_certain: bool = True
    failed: bool = False
    instructions: int | None = None


@dataclass
class Trials:
    """Changed copies of one revision's package, run one after the other until `budget_s` is spent.

    `time_both` has the engine compare two copies.
    """

    setting: Setting
    counter: InstructionCounter | None
    time_both: Callable[[Overlay, Overlay], Timed]
    budget_s: float
    numbers: Iterator[int] = field(default_factory=count)
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Run the copy that is left as it is; raises `NotCountedError`, `BuildError`."""
        self.base = self._copy({}, self._folder())
        first, second = self._said(self.base), self._said(self.base)
        self.compared = [one for one in _STREAMS if first[one] == second[one]]
        self.said = first
        is_long = not self.setting.is_script and self._estimate_s > _LONGEST_S
        if is_long:
            self.counter = None
        self.base_count = self._count(self.base.over(self.setting.invocation))
        self.scale = self._scale()

    @property
    def _estimate_s(self) -> float:
        """What one count takes."""
        return self.setting.process_s * self.counter.slow_down if self.counter else 0.0

    @property
    def at_once(self) -> int:
        """How many may run beside each other: times can't, nor processes that share a HOME."""
        return 2 if self.counter and self.setting.invocation.home is None else 1

    def run(self, texts: Mapping[Path, str]) -> Outcome | None:
        """Try these files in place of the package's own; None once the budget is spent."""
        if time.monotonic() - self.began > self.budget_s:
            return None
        folder = self._folder()
        try:
            head = self._copy(texts, folder)
            said = self._said(head)
            other = [one for one in self.compared if said[one] != self.said[one]]
            if other:
                return Outcome(None, "tried: the program says something else then", failed=True)
            return self._compare(head)
        except (NotCountedError, BuildError, RoundFailedError) as error:
            return Outcome(None, f"tried: the copy did not run: {error}", failed=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _compare(self, head: Overlay) -> Outcome:
        counted = self._count(head.over(self.setting.invocation))
        if self.base_count is None or counted is None:
            timed = self.time_both(self.base, head)
            saved, low, high = (
                timed.base_s * (1 - ratio)
                for ratio in (timed.interval.ratio, timed.interval.high, timed.interval.low)
            )
            words = f"CPU time of a copy, {timed.rounds} rounds: {_ms(low)} … {_ms(high)}"
            return Outcome(saved, words, is_certain=low > 0 or high < 0)
        saved = self.base_count - counted
        words = f"{abs(saved) / 1e6:,.2f} {'fewer' if saved > 0 else 'more'}"
        return Outcome(
            self.scale.seconds_of(saved),
            f"a copy that was run: {words} of {self.base_count / 1e6:,.1f} million instructions",
            instructions=saved,
        )

    def settle(self, outcomes: Sequence[Outcome | None]) -> list[Outcome | None]:
        """Count the copy that was left as it is again: what differs as much may be chance."""
        if self.base_count is None or not any(one and one.instructions for one in outcomes):
            return list(outcomes)
        again = self._count(self.base.over(self.setting.invocation)) or 0
        chance = max(abs(again - self.base_count), round(_CHANCE * self.base_count))
        words = f"; the copy left as it is differs by up to {chance / 1e6:,.2f}"
        return [one and _settled(one, chance, words) for one in outcomes]

    def _folder(self) -> Path:
        """A new one; names are of one length, as paths that are longer cost more."""
        return self.setting.folder / f"{next(self.numbers):03d}"

    def _copy(self, texts: Mapping[Path, str], folder: Path) -> Overlay:
        return make_overlay(self.setting.environment, self.setting.own, texts, folder)

    def _said(self, overlay: Overlay) -> dict[str, bytes]:
        """What it writes, with the copy's own place left out; raises `NotCountedError`."""
        setting = self.setting
        invocation = overlay.over(setting.invocation)
        with scratch(invocation) as folder:
            try:
                setting.runner.run(setting.benchmark, invocation, under=(*_SAYING, str(folder)))
            except NotCountedError as error:
                last = (folder / "err").read_text(errors="replace").strip().splitlines()[-1:]
                raise NotCountedError(": ".join([str(error), *last])) from error
            place = str(overlay.folder).encode()
            return {one: (folder / one).read_bytes().replace(place, b"") for one in _STREAMS}

    def _count(self, invocation: Invocation, benchmark: Benchmark | None = None) -> int | None:
        if self.counter is None:
            return None
        declared = benchmark or self.setting.benchmark
        tally = self.counter.count(self.setting.runner, declared, without_collections(invocation))
        return tally.figures[Counter.INSTRUCTIONS]

    def _scale(self) -> Scale:
        setting = self.setting
        benchmark, invocation = setting.bare
        timed = TimedImports(Times({}, {}, setting.process_s), Times({}, {}, setting.bare_s), {})
        bare_count = self._count(invocation, benchmark)
        return Scale(timed, _done(self.base_count), _done(bare_count), _done(None))


def _settled(one: Outcome, chance: int, words: str) -> Outcome:
    if one.instructions is None:
        return one
    saving_s = 0.0 if abs(one.instructions) <= 2 * chance else one.saving_s
    return replace(one, saving_s=saving_s, grounds=one.grounds + words)


def _done(value: _Result) -> Future[_Result]:
    future: Future[_Result] = Future()
    future.set_result(value)
    return future


def _ms(taken_s: float) -> str:
    return f"{taken_s * 1e3:.1f} ms"
