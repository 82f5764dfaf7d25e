"""Run one benchmark of the measured project's asv suite, found and set up by its asv_runner.

Started in the project's own interpreter: `python run_asv.py JSON OPTION …`. Setup, teardown, caches
and parameters are asv's; the clock and the number of calls are the harness's, the same on both
sides. All combinations of parameters together make a value, or the one whose number is told.
"""

from __future__ import annotations

import math
import os
import pickle
import sys
import time
from collections.abc import Sequence
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [*(one for one in sys.path if one != _HERE), _HERE]
from suite_worker import CannotMeasureError, Worker, check_modules, run

sys.path.remove(_HERE)

_TIME, _PEAK_MEMORY = "time", "peakmemory"
_MOST_S = 0.5  # of a value with the setups it needs
_KINDS = ("TimeBenchmark", "PeakMemBenchmark", "TrackBenchmark")


class AsvCase:
    """One combination of parameters of a benchmark, with its setup and its cached state."""

    def __init__(self, benchmark: Any, cache: object) -> None:
        self.benchmark = benchmark
        if benchmark.setup_cache_key is not None:
            if hasattr(benchmark, "set_cache"):
                benchmark.set_cache(cache)
            elif cache is not None:  # until asv_runner 0.2
                benchmark.insert_param(cache)

    @property
    def params(self) -> tuple[Any, ...]:
        """What the function is called with."""
        build = getattr(self.benchmark, "_build_params", None)
        return build() if build else tuple(self.benchmark._current_params)  # noqa: SLF001

    def value(self, worker: Worker, loops: int) -> float | None:
        """Seconds a call (what is tracked: as returned); None where it is to be skipped.

        Each `number` of calls that the benchmark asks for has a setup of its own.
        """
        benchmark = self.benchmark
        if benchmark.type != _TIME:
            return self._once(worker)
        taken_s: float = 0.0
        done: int = 0
        while done < loops:
            if benchmark.do_setup():
                return None
            calls = int(getattr(benchmark, "number", 0)) or loops
            seconds, _ = worker.task_func(calls, benchmark.func, self.params)
            benchmark.do_teardown()
            taken_s, done = taken_s + seconds, done + calls
        return taken_s / done

    def call_s(self, worker: Worker) -> float | None:
        """About how long a call takes; None where it is to be skipped."""
        benchmark = self.benchmark
        if benchmark.type != _TIME or getattr(benchmark, "number", 0):
            return self.value(worker, 1)
        if benchmark.do_setup():
            return None
        seconds, _ = worker.one_call(benchmark.func, self.params, {})
        benchmark.do_teardown()
        return float(seconds)

    def _once(self, worker: Worker) -> float | None:
        if self.benchmark.do_setup():
            return None
        seconds, result = worker.task_func(1, self.benchmark.func, self.params)
        self.benchmark.do_teardown()
        return float(seconds) if self.benchmark.type == _PEAK_MEMORY else _tracked(result)


def _tracked(result: Any) -> float:
    try:
        value = float(result)
    except (TypeError, ValueError):
        raise CannotMeasureError(f"it returned {result!r:.60}, which is no number") from None
    if not value > 0:
        raise CannotMeasureError(f"it returned {value:g}: only what is above zero can be compared")
    return value


def _cases(worker: Worker) -> list[AsvCase]:
    from asv_runner.discovery import get_benchmark_from_name  # noqa: PLC0415 (the revision's)

    told = worker.told
    folder, (name, _, index) = (
        os.path.join(told["root"], told["path"]),
        told["tests"].partition("-"),
    )
    try:
        first = get_benchmark_from_name(folder, name)
    except ValueError as error:
        raise CannotMeasureError(f"there is no asv benchmark {name}", is_absent=True) from error
    if type(first).__name__ not in _KINDS:
        raise CannotMeasureError(f"{name} is of a kind that is not supported")
    cache = _cached(first)
    count = math.prod(len(one) for one in first._params)  # noqa: SLF001
    wanted = [int(index)] if index else range(count) if first._params else [None]  # noqa: SLF001
    cases = []
    for one in wanted:
        benchmark = get_benchmark_from_name(folder, name if one is None else f"{name}-{one}")
        cases.append(AsvCase(benchmark, cache))
    return cases


def _cached(benchmark: Any) -> object:
    """What `setup_cache` makes, once for all processes of this side, as asv keeps it."""
    if benchmark.setup_cache_key is None:
        return None
    if os.path.exists("cache.pickle"):
        with open("cache.pickle", "rb") as stream:
            return pickle.load(stream)
    made = benchmark.do_setup_cache()
    with open("cache.pickle.part", "wb") as stream:
        pickle.dump(made, stream)
    os.rename("cache.pickle.part", "cache.pickle")
    return made


def _start_folder(worker: Worker) -> None:
    """Go where asv starts benchmarks: to an empty folder, in which `setup_cache` has been."""
    folder = os.path.join(os.environ.get("HOME", "."), f"asv-{worker.told['name']}")
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)


def measure(worker: Worker) -> None:
    """Take values of the benchmark and write them; raises `CannotMeasureError`."""
    try:
        import asv_runner  # noqa: F401, PLC0415 (the revision's; it may have none)
    except ImportError:
        raise CannotMeasureError(
            'asv_runner is not in this environment: requirements = ["asv_runner"] in [install] '
            "brings it"
        ) from None
    sys.path.append(worker.told["root"])
    _start_folder(worker)
    cases = _cases(worker)
    check_modules(worker.told["modules"])
    if worker.loops:
        values_s = _values(worker, cases)
    else:
        started = time.perf_counter()
        values_s = [_sum([one.call_s(worker) for one in cases])]
        worker.loops = _loops(worker, cases, values_s[0], time.perf_counter() - started)
    check_modules(worker.told["modules"])
    worker.write(worker.kept(values_s))


def _values(worker: Worker, cases: Sequence[AsvCase]) -> list[float]:
    values_s: list[float] = []
    while not worker.is_enough(values_s):
        values_s.append(_sum([one.value(worker, worker.loops) for one in cases]))
        if cases[0].benchmark.type != _TIME:
            break  # a peak is that of the whole process, and so is what it tracks
    return values_s


def _loops(worker: Worker, cases: Sequence[AsvCase], call_s: float, lasted_s: float) -> int:
    """How many calls make a value: few where each needs a setup that takes long."""
    if cases[0].benchmark.type != _TIME:
        return 1
    loops: int = worker.loops_for(call_s)
    number = int(getattr(cases[0].benchmark, "number", 0))
    return min(loops, number * max(1, int(_MOST_S / lasted_s))) if number else loops


def _sum(found: Sequence[float | None]) -> float:
    there = [one for one in found if one is not None]
    if not there:
        raise CannotMeasureError("its setup skips it", is_absent=True)
    return sum(there)


if __name__ == "__main__":
    run(measure)
