"""Stacks by py-spy: both sides in turn, repeated until there are enough samples.

Where py-spy is missing or fails, what Python 3.15 brings itself takes its place. A sample is a
share of the process's time, not a time: py-spy halts the process for each. Each run's shares are
therefore made shares of the CPU time that the process takes without a profiler, in a run just
before. py-spy needs a moment to find the interpreter, so each Python process waits for it once
`site` is through (idle time is not sampled). The start before that is measured as a Python that
runs nothing, and is a frame of its own. Sampling without halting (`--nonblocking`) costs less, but
a third of the stacks of a process that imports a lot come out torn.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from bench.core.sample import Sample, Side
from bench.core.told import read_text
from bench.engine.measure.invocations import control_benchmark
from bench.engine.measure.rounds import Sides
from bench.explain.profile.difference import FEWEST_PAIRS
from bench.explain.profile.folded import Stacks, parse_folded, scaled, total
from bench.explain.profile.frames import INTERPRETER, Frame, Namer
from bench.explain.profile.processes import (
    NotProfiledError,
    Overhead,
    ProfiledProcess,
    is_in_ours,
    turn,
)
from bench.explain.profile.samplers import PY_SPY, SamplingTool, py_spy, samplers_for

START = Frame("(interpreter start)", INTERPRETER, INTERPRETER)
NO_FRAME = Frame("(interpreter end)", INTERPRETER, INTERPRETER)

_SAMPLES_A_RUN = 100
_RATES = (100, 1000)
_ENOUGH_SAMPLES = 3000
_MOST_RUNS = 40
_TRIES = 6
_NATIVE_RUNS = 5
_NATIVE_RATE = 100
_REMEDY = "in a container: --cap-add SYS_PTRACE; elsewhere: sysctl kernel.yama.ptrace_scope=0"


@dataclass
class Sampled:
    """One side's runs: stacks in milliseconds of the unprofiled process, a run each."""

    runs: list[Stacks] = field(default_factory=list)
    samples: int = 0
    tool: str = PY_SPY
    overhead: Overhead = field(default_factory=Overhead)

    @property
    def total_s(self) -> float:
        """CPU time of the whole process, unprofiled: the mean over the runs."""
        return fmean(sample.cpu_s for sample in self.overhead.bare)

    def add(
        self, stacks: Stacks, bare: Sample, profiled: Sample, start: Sample | None = None
    ) -> None:
        """A run: its samples, and how long it takes without them; `start` is an empty Python's."""
        self.overhead.bare.append(bare)
        self.overhead.profiled.append(profiled)
        self.samples += round(total(stacks))
        start_s = min(start.cpu_s, bare.cpu_s) if start else 0.0
        self.runs.append(_in_milliseconds(stacks, bare.cpu_s, start_s))


def sample_sides(
    subjects: Mapping[Side, ProfiledProcess],
    namers: Mapping[Side, Namer],
    budget_s: float,
    tell: Callable[[str], None],
    fewest: int = FEWEST_PAIRS,
) -> dict[Side, Sampled]:
    """Profile one or two sides in turn (base, head, head, base, …); raises `NotProfiledError`.

    Goes on until each side has enough samples or the budget is spent, but takes the `fewest` runs:
    as many as intervals need, unless told otherwise.
    """
    first = next(iter(subjects))
    tool = _working(subjects[first], namers[first])
    sampled = {side: Sampled(tool=tool.name) for side in subjects}
    began = time.monotonic()
    for number in range(_MOST_RUNS):
        for side in turn(subjects, number):
            subject = subjects[side]
            bare, start = subject.run(), _bare_interpreter(subject).run()
            stacks, profiled = _record(tool, subject, namers[side], _rate(bare.cpu_s))
            sampled[side].add(stacks, bare, profiled, start)
        tell(f"sampling: run {number + 1}")
        if number + 1 >= fewest and _is_enough(sampled, time.monotonic() - began, budget_s):
            break
    return sampled


def sample_native(subject: ProfiledProcess, namer: Namer) -> Sampled:
    """A few runs with the frames of C code among Python's, of one side.

    Their names come from the symbols that libraries carry; where these are stripped there are
    addresses. Raises `NotProfiledError`.
    """
    tool = py_spy()
    sampled = Sampled()
    for _ in range(_NATIVE_RUNS):
        bare = subject.run()
        stacks, profiled = _record(tool, subject, namer, _NATIVE_RATE, ("--native",))
        sampled.add(stacks, bare, profiled)
    return sampled


def _working(subject: ProfiledProcess, namer: Namer) -> SamplingTool:
    """The first sampler that works; of the last one a failure shows in the first run."""
    *others, last = samplers_for(_python(subject).resolve())
    for tool in others:
        try:
            _record(tool, subject, namer, _RATES[0])
        except NotProfiledError:
            continue
        return tool
    return last


def _record(
    tool: SamplingTool,
    subject: ProfiledProcess,
    namer: Namer,
    rate: int,
    options: Sequence[str] = (),
) -> tuple[dict[tuple[Frame, ...], float], Sample]:
    with subject.scratch() as folder:
        raw = folder / "stacks"
        sample = _insist(subject, tool.under(rate, raw, options))
        lines = read_text(raw).splitlines()
    text = "\n".join(line for line in lines if not is_in_ours(line))
    return parse_folded(text, namer), sample


def _insist(subject: ProfiledProcess, under: Sequence[str]) -> Sample:
    """Run under py-spy, which looks for the interpreter once: on a busy machine too early."""
    variables = subject.inside("wait")
    for _ in range(_TRIES - 1):
        try:
            return subject.run(under=under, variables=variables, own_status=False)
        except NotProfiledError as error:
            if "ermission" in str(error):
                raise NotProfiledError(f"py-spy may not look into processes; {_REMEDY}") from error
    return subject.run(under=under, variables=variables, own_status=False)


def _bare_interpreter(subject: ProfiledProcess) -> ProfiledProcess:
    """The same environment's Python, running nothing."""
    bare = subject.sides.side(subject.side)
    python = str(_python(subject))
    nothing = dataclasses.replace(
        bare, argv=(python, "-I", "-c", "pass"), extra="", affinity="", home=None
    )
    return ProfiledProcess(
        subject.taker, Sides(control_benchmark(), nothing, nothing), subject.side
    )


def _python(subject: ProfiledProcess) -> Path:
    """The interpreter of its environment."""
    return Path(subject.sides.side(subject.side).env["PATH"].partition(":")[0]) / "python"


def _is_enough(sampled: Mapping[Side, Sampled], spent_s: float, budget_s: float) -> bool:
    return spent_s > budget_s or all(one.samples >= _ENOUGH_SAMPLES for one in sampled.values())


def _rate(cpu_s: float) -> int:
    """Samples a second: a few hundred a run, as far as py-spy can keep up."""
    low, high = _RATES
    return max(low, min(high, round(_SAMPLES_A_RUN / max(cpu_s, 1e-3))))


def _in_milliseconds(
    stacks: Stacks, total_s: float, start_s: float
) -> dict[tuple[Frame, ...], float]:
    """Samples without a frame are the interpreter's own: after the start, that is its end."""
    found = scaled(stacks, (total_s - start_s) * 1000)
    if () in found:
        found[NO_FRAME,] = found.pop(())
    if start_s:
        found[START,] = start_s * 1000
    return found
