"""Run tests of the measured project with pytest, and time what their `benchmark` fixture is given.

Started in the project's own interpreter: `python run_pytest.py JSON OPTION …`. The fixture is ours
whatever plugin the project has, so that the number of calls is the same on both sides; and so is
what the mark `benchmark` means for a test that does not use the fixture. With a function to time,
the tests are any, and the clock runs while they are in it.
"""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import importlib.util
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [*(one for one in sys.path if one != _HERE), _HERE]
from function_clock import FunctionClock, cost_of_counting, find_function, replace_code
from suite_worker import CannotMeasureError, Worker, check_modules, run

sys.path.remove(_HERE)

_MARKS = ("benchmark", "codspeed_benchmark")
_FIXTURES = ("benchmark", "codspeed_benchmark")
_SETTINGS = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_IMPORT_MODE = re.compile(r"--import-mode[=\", ]+(\w+)")
_INTERNAL_ERROR = 3
_MOST_S = 1.0  # of tests that run to time a function, for all values


class Timing:
    """Values of all tests that ran, in seconds a call: one list for each test.

    `reruns`: a test runs once for each value, since it says itself how often it calls.
    """

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.values_s: dict[str, list[float]] = {}
        self.reruns = False

    def repeated(
        self,
        node: str,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Take all values of a function that may be called as often as we like."""
        worker, values_s = self.worker, self.values_s.setdefault(node, [])
        if not worker.loops:
            taken_s, result = worker.one_call(function, args, kwargs)
            values_s.append(taken_s)
            return result
        while True:
            taken_s, result = worker.task_func(worker.loops, function, args, kwargs)
            values_s.append(taken_s / worker.loops)
            if worker.is_enough(values_s):
                return result

    def counted(self, node: str, call: Callable[[], Any], often: Sequence[int]) -> Any:
        """Take one value of a function that is called as often as the test says.

        `often`: rounds that warm up, rounds, calls a round.
        """
        self.reruns = True
        warmups, rounds, calls = often
        taken_s, result = 0.0, None
        for index in range(warmups + rounds):
            seconds, result = call()
            taken_s += seconds if index >= warmups else 0.0
        self.values_s.setdefault(node, []).append(taken_s / (rounds * calls))
        return result

    def begin(self) -> None:
        """The tests are collected and begin to run."""

    @property
    def is_done(self) -> bool:
        """Whether no test has to run once more."""
        if not self.reruns or not self.worker.loops:
            return True
        return all(self.worker.is_enough(one) for one in self.values_s.values())

    def write(self) -> None:
        """Hand over values: all tests together make one, the sum of theirs."""
        worker = self.worker
        if worker.loops:
            kept = [worker.kept(one) for one in self.values_s.values()]
            worker.write([sum(ones) for ones in zip(*kept)])  # noqa: B905 (Python 3.9)
        else:
            total_s = sum(sum(one) for one in self.values_s.values())
            worker.loops = 1 if self.reruns else worker.loops_for(total_s)
            worker.write([total_s])


class FunctionTiming:
    """Values of one function while all tests run: one each time that they do.

    The first one tells how long they take, and is a warm-up. `benchmark` fixtures call once.
    """

    def __init__(self, worker: Worker, name: str) -> None:
        self.worker, self.name = worker, name
        self.values_s: dict[str, list[float]] = {name: []}
        self.calls = 0
        self._clock = FunctionClock(worker.clock)
        self._cost = cost_of_counting(worker.clock)
        self._began = self._lasted_s = 0.0
        self._due = 1
        replace_code(find_function(name), self._clock)

    def repeated(
        self,
        _node: str,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Only call a function: it is another one that is timed."""
        return function(*args, **kwargs)

    def counted(self, _node: str, call: Callable[[], Any], _often: Sequence[int]) -> Any:
        """The same."""
        return call()[1]

    def begin(self) -> None:
        """The tests are collected and begin to run."""
        self._began = time.perf_counter()
        self._clock.start_again()  # collecting them may have called it

    @property
    def is_done(self) -> bool:
        """Whether the tests have run often enough; asked each time that they have."""
        clock, found = self._clock, self.values_s[self.name]
        if not clock.calls and found:
            return True  # what it returned the first time is kept somewhere
        if not clock.calls:
            raise CannotMeasureError(f"{self.name} is never called by these tests")
        self._due -= 1
        if self._due:
            return False
        if not found:
            self.calls = clock.calls
            self._lasted_s = time.perf_counter() - self._began
        loops = self.worker.loops if found else 1
        net_s = clock.net_s(self._cost) / loops
        if net_s <= 0 and found:
            raise CannotMeasureError(f"{self.name} is too short for its calls to be counted")
        found.append(net_s if net_s > 0 else clock.taken_s)
        clock.is_direct = clock.is_direct or clock.inner > 0
        clock.start_again()
        self._due = self.worker.loops
        return not self.worker.loops or len(found) > self._wanted

    @property
    def _wanted(self) -> int:
        """How many values besides the first: fewer of tests that take long."""
        each_s = self._lasted_s * self.worker.loops
        return max(1, min(int(self.worker.values), int(_MOST_S / max(each_s, 1e-9))))

    def write(self) -> None:
        """Hand over the values, and how often the function is called."""
        worker, found = self.worker, self.values_s[self.name]
        if not worker.loops:
            most = max(1, int(_MOST_S / max(self._lasted_s, 1e-9)))
            worker.loops = min(worker.loops_for(found[0]), most)
        worker.write(found[1:] or found, calls=self.calls)


class Stats:
    """What a test may ask of `benchmark.stats` when the function has been timed."""

    def __init__(self, values_s: Sequence[float]) -> None:
        self.data = list(values_s)
        self.min, self.max, self.total = min(values_s), max(values_s), sum(values_s)
        self.mean, self.median = statistics.mean(values_s), statistics.median(values_s)
        self.stddev = statistics.pstdev(values_s)
        self.rounds, self.ops = len(values_s), 1 / max(self.mean, 1e-9)
        self.stats = self

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)


class BenchmarkFixture:
    """The `benchmark` fixture: what those of pytest-benchmark and pytest-codspeed can be asked."""

    enabled, disabled, skipped, has_error = True, False, False, False

    def __init__(self, timing: Timing | FunctionTiming, node: Any) -> None:
        self._timing, self._node = timing, node.nodeid
        self.name, self.fullname = node.name, node.nodeid
        callspec = getattr(node, "callspec", None)
        self.param = callspec.id if callspec else None
        self.params = dict(callspec.params) if callspec else {}
        self.group: str | None = None
        self.stats: Stats | None = None
        self.extra_info: dict[str, Any] = {}
        self.options: dict[str, Any] = {}
        self._is_used = False

    def __call__(self, function_to_benchmark: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Time a function, and return what it returns."""
        self._use()
        result = self._timing.repeated(self._node, function_to_benchmark, args, kwargs)
        return self._told(result)

    def pedantic(
        self,
        target: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        rounds: int = 1,
        warmup_rounds: int = 0,
        iterations: int = 1,
    ) -> Any:
        """As often as the test says: what it calls may be good for no more."""
        self._use()
        worker = self._timing.worker

        def call() -> Any:
            made = setup() if setup else None
            own_args, own_kwargs = made if made else (args, kwargs or {})
            taken = worker.task_func(iterations, target, own_args, own_kwargs)
            if teardown:
                teardown(*own_args, **own_kwargs)
            return taken

        often = (warmup_rounds, max(rounds, 1), max(iterations, 1))
        return self._told(self._timing.counted(self._node, call, often))

    def weave(self, *_args: Any, **_kwargs: Any) -> None:
        """Not supported: it would replace what the test calls."""
        raise CannotMeasureError("benchmark.weave is not supported")

    patch = weave

    def _use(self) -> None:
        if self._is_used:
            raise CannotMeasureError("it uses the benchmark fixture twice")
        self._is_used = True

    def _told(self, result: Any) -> Any:
        if self._node in self._timing.values_s:
            self.stats = Stats(self._timing.values_s[self._node])
        return result


class Plugin:
    """Runs the tests as often as it takes, and hears how they end."""

    def __init__(self, timing: Timing | FunctionTiming, tests: str) -> None:
        self.timing, self.tests = timing, tests
        self.problem: CannotMeasureError | None = None
        self.is_started = False
        self.collected = 0

    def pytest_addhooks(self, pluginmanager: Any) -> None:
        """Make hooks known that conftests may have for pytest-benchmark, which is not loaded: it
        wants no other fixture of this name.
        """
        with contextlib.suppress(ImportError):
            from pytest_benchmark import hookspec  # noqa: PLC0415 (the revision's)

            pluginmanager.add_hookspecs(hookspec)

    def pytest_configure(self, config: Any) -> None:
        """Make the marks known, whatever plugins there are."""
        for mark in _MARKS:
            config.addinivalue_line("markers", f"{mark}: what is timed")

    def pytest_collection(self, session: Any) -> None:
        """Bring the fixture last of all plugins: then it is the one that tests get."""
        self.is_started = True
        session.config.pluginmanager.register(_fixtures(self.timing), "bench-fixtures")

    def pytest_collectreport(self, report: Any) -> None:
        """What cannot be collected cannot be measured."""
        where = report.nodeid or "the folder of tests"
        if report.failed:
            self._fail(f"{where} cannot be collected: {_said(report)}")
        elif report.skipped:
            self._fail(f"{where} is skipped: {_why(report)}", is_absent=True)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Keep the tests that are wanted."""
        if self.tests:
            items[:] = [one for one in items if _is_named(one.nodeid, self.tests)]

    def pytest_runtestloop(self, session: Any) -> bool:
        """All tests in turn, again where there are not values enough."""
        items = session.items
        self.collected = len(items)
        self.timing.begin()
        while items and not self.problem:
            for item, following in zip(items, [*items[1:], None]):  # noqa: B905 (Python 3.9)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.problem:
                    break
            if self.problem or self._is_done():
                break
        return True

    def _is_done(self) -> bool:
        try:
            return self.timing.is_done
        except CannotMeasureError as error:
            self.problem = error
            return True

    def pytest_runtest_logreport(self, report: Any) -> None:
        """What fails or is skipped is not measured."""
        if hasattr(report, "wasxfail"):
            self._fail(f"{report.nodeid} is expected to fail", is_absent=True)
        elif report.failed:
            self._fail(f"{report.nodeid} failed: {_said(report)}")
        elif report.skipped:
            self._fail(f"{report.nodeid} is skipped: {_why(report)}", is_absent=True)

    def pytest_pyfunc_call(self, pyfuncitem: Any) -> bool | None:
        """Time a test with the mark, if it does not use the fixture."""
        names = pyfuncitem.fixturenames
        if any(one in names for one in _FIXTURES) or isinstance(self.timing, FunctionTiming):
            return None
        if not any(pyfuncitem.get_closest_marker(one) for one in _MARKS):
            return None
        own = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}  # noqa: SLF001
        self.timing.repeated(pyfuncitem.nodeid, pyfuncitem.obj, (), own)
        return True

    def _fail(self, sentence: str, *, is_absent: bool = False) -> None:
        self.problem = self.problem or CannotMeasureError(sentence, is_absent=is_absent)


def _is_named(node: str, pattern: str) -> bool:
    """Whether a test goes by this name: a pattern but for its case, which is told in brackets."""
    (name, _, case), (like, _, wanted) = (
        one.partition("[") for one in (node.partition("::")[2], pattern)
    )
    return fnmatch.fnmatchcase(name, like) and wanted in ("", case)


def _fixtures(timing: Timing | FunctionTiming) -> object:
    import pytest  # noqa: PLC0415 (the revision's; it may have none)

    class Fixtures:
        """What tests get."""

        @pytest.fixture
        def benchmark(self, request: Any) -> BenchmarkFixture:
            """Times what it is called with."""
            return BenchmarkFixture(timing, request.node)

        @pytest.fixture
        def codspeed_benchmark(self, benchmark: BenchmarkFixture) -> BenchmarkFixture:
            """The same by its other name."""
            return benchmark

    return Fixtures()


def _said(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and str(crash.message).strip():
        said = str(crash.message).strip().splitlines()[0]
        return said.replace(f"{CannotMeasureError.__module__}.{CannotMeasureError.__name__}: ", "")
    lines = [line for line in str(report.longrepr).splitlines() if line.strip()]
    told = [line[1:].strip() for line in lines if line.startswith("E ")]
    return (told or lines or ["it does not say why"])[-1]


def _why(report: Any) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(reason).replace("Skipped: ", "", 1) or "it does not say why"


def _arguments(root: str, paths: Sequence[str]) -> list[str]:
    """pytest's arguments. Of the project's own options, how modules are imported stays."""
    base = os.path.join(os.environ.get("HOME", "."), "pytest-of-bench")
    # Tests that draw their examples draw the same ones each time.
    seed = ("--hypothesis-seed=0",) if importlib.util.find_spec("hypothesis") else ()
    return [
        "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:benchmark",
        f"--rootdir={root}",
        "-o", "addopts=", "-o", "required_plugins=", f"--basetemp={base}",
        *seed, *_import_mode(root), *paths,
    ]  # fmt: skip


def _import_mode(root: str) -> Sequence[str]:
    for name in _SETTINGS:
        file = os.path.join(root, name)
        if os.path.isfile(file):
            with open(file, encoding="utf-8", errors="replace") as stream:
                found = _IMPORT_MODE.search(stream.read())
            if found:
                return (f"--import-mode={found[1]}",)
    return ()


def measure(worker: Worker) -> None:
    """Run the tests and write their values; raises `CannotMeasureError`."""
    told = worker.told
    try:
        import pytest  # noqa: PLC0415 (the revision's; it may have none)
    except ImportError:
        raise CannotMeasureError(
            'pytest is not in this environment: requirements = ["pytest"] in [install] brings it'
        ) from None
    os.chdir(told["root"])
    sys.path.append(told["root"])  # as for `python -m pytest`, but last: it hides nothing
    paths = sorted(glob.glob(told["path"], recursive=True))
    wanted = "::".join(filter(None, (told["path"], told["tests"])))
    if not paths:
        raise CannotMeasureError(f"there is no {told['path']}", is_absent=True)
    name = told["function"]
    timing = FunctionTiming(worker, name) if name else Timing(worker)
    plugin = Plugin(timing, told["tests"])
    status = int(pytest.main(_arguments(told["root"], paths), plugins=[plugin]))
    if plugin.problem:
        raise plugin.problem
    if not plugin.is_started or status == _INTERNAL_ERROR:
        raise CannotMeasureError(f"pytest ended with status {status} before any test ran")
    if not plugin.collected:
        raise CannotMeasureError(f"there is no test {wanted}", is_absent=True)
    check_modules(told["modules"])
    if not timing.values_s:
        raise CannotMeasureError(
            f"nothing is timed: {wanted} has neither the benchmark fixture nor its mark"
        )
    timing.write()


if __name__ == "__main__":
    run(measure)
