"""What programs that run a project's suite have in common: options, the clock, values written out.

Runs in the measured project's interpreter, with its standard library only until all values are
there. The options are those of a pyperf worker, and so is what is written at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ABSENT = 77  # exit status: this revision does not have the benchmark
_PIPE = 3
_LONG_S = 1.0  # of one value: the first one is then no mere warm-up
_SOME_S = 0.01  # of CPU time of calls, to tell how long one takes
_WAITED_S = 0.2  # so long with less CPU time: they wait for something
_LEAST_S = 1e-9  # a value has to be above zero
_MOST_LOOPS = 1 << 24
_SCHEDULED = Path("/proc/thread-self/schedstat")


class CannotMeasureError(Exception):
    """One sentence about why there is no value. `is_absent`: the revision does not have it."""

    def __init__(self, sentence: str, *, is_absent: bool = False) -> None:
        super().__init__(sentence)
        self.is_absent = is_absent


class Worker:
    """One process that takes values: `told` is what the harness says, as JSON.

    `loops` is how many calls make a value; 0: that is to be found out, such that a value takes
    `min_time` seconds.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.told: dict[str, Any] = json.loads(arguments[0])
        parser = argparse.ArgumentParser()
        parser.add_argument("--worker", action="store_true")
        parser.add_argument("--calibrate-loops", action="store_true")
        for name in ("worker-task", "pipe", "warmups", "values", "loops"):
            parser.add_argument(f"--{name}", type=int, default=0)
        parser.add_argument("--min-time", type=float, default=0.05)
        parser.add_argument("--affinity")
        options = parser.parse_args(arguments[1:])
        self.loops: int = 0 if options.calibrate_loops else max(options.loops, 1)
        self.warmups: int = options.warmups
        self.values: int = max(options.values, 1)
        self.min_time_s: float = options.min_time
        self.clock = time.thread_time if self.told["clock"] == "cpu" else time.perf_counter
        self.has_pipe = bool(options.pipe)
        self._accounts = [0.0, 0.0, 0.0]

    def is_enough(self, values: Sequence[float]) -> bool:
        """Whether these values, warm-ups included, are as many as are wanted.

        Of one that takes long, two are.
        """
        if values and values[0] >= _LONG_S:
            return len(values) > 1 or self.values == 1
        return len(values) >= self.warmups + self.values

    def kept(self, values: Sequence[float]) -> Sequence[float]:
        """The values without warm-ups."""
        return values[min(self.warmups, len(values) - 1) :]

    def loops_for(self, call_s: float) -> int:
        """How many calls of so many seconds make a value: a power of two."""
        loops = 1
        while loops * call_s < self.min_time_s and loops < _MOST_LOOPS:
            loops *= 2
        return loops

    def task_func(
        self,
        loops: int,
        function: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> tuple[float, Any]:
        """Seconds of so many calls, and what the last one returned.

        Called as pyperf calls what it times, so that profiles find it.
        """
        clock, several, kwargs = self.clock, range(loops), kwargs or {}
        result = None
        before = _account()
        started = clock()
        for _ in several:
            result = function(*args, **kwargs)
        taken_s = clock() - started
        for index, after_s in enumerate(_account()):
            self._accounts[index] += after_s - before[index]
        return taken_s, result

    @property
    def explained(self) -> float:
        """How much of what it timed was this thread's own CPU time, without waits for a core."""
        lasted_s, cpu_s, queued_s = self._accounts
        return min(1.0, cpu_s / max(lasted_s - queued_s, _LEAST_S))

    def one_call(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[float, Any]:
        """About how long one call takes, and what it returned.

        By CPU time, as far as it has any; of one that waits, by the wall without the time in which
        it stood ready while others had the core.
        """
        loops = 1
        while True:
            before = _account()
            _, result = self.task_func(loops, function, args, kwargs)
            lasted_s, cpu_s, queued_s = (
                after - start
                for after, start in zip(_account(), before)  # noqa: B905 (Python 3.9)
            )
            if cpu_s >= _SOME_S or loops >= _MOST_LOOPS:
                return cpu_s / loops, result
            if lasted_s - queued_s >= _WAITED_S:
                return (lasted_s - queued_s) / loops, result
            loops *= 2

    def write(self, values_s: Sequence[float], **more: int) -> None:
        """Hand over values in seconds a call, with the number of calls for a value."""
        import pyperf  # noqa: PLC0415 (its modules are nobody's while values are taken)

        told = {"name": self.told["name"], "loops": self.loops or 1, **more}
        if self._accounts[0]:
            told["explained"] = self.explained
        values = [max(one, _LEAST_S) for one in values_s]
        made = pyperf.Benchmark([pyperf.Run(values, metadata=told, collect_metadata=False)])
        if not self.has_pipe:
            return
        with os.fdopen(os.dup(_PIPE), "w") as stream:
            made.dump(stream)


def _account() -> tuple[float, float, float]:
    """Seconds by the wall, of this thread's CPU time, and in which it was ready without a core."""
    try:
        queued_s = int(_SCHEDULED.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError):  # no Linux
        queued_s = 0.0
    return time.perf_counter(), time.thread_time(), queued_s


def check_modules(names: Sequence[str]) -> None:
    """Raise `CannotMeasureError` when a measured module is not the one that is installed."""
    installed = os.path.realpath(sys.prefix) + os.sep
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and not os.path.realpath(file).startswith(installed):
            raise CannotMeasureError(
                f"the suite imports {name} from {file}, not as it is installed"
            )


def run(measure: Callable[[Worker], None]) -> None:
    """Run a program: its arguments make a worker; what keeps it from measuring is one line."""
    worker = Worker(sys.argv[1:])
    if worker.has_pipe:
        os.set_inheritable(_PIPE, False)  # noqa: FBT003 (children have no results to write)
    try:
        measure(worker)
    except CannotMeasureError as error:
        sys.stdout.flush()
        print("\n" + " ".join(str(error).split()), file=sys.stderr, flush=True)
        sys.exit(ABSENT if error.is_absent else 1)
