"""One function timed while plain tests run, in a worker's process."""

from __future__ import annotations

import importlib
import inspect
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.suite_workers import VALUES, work

from bench.core.target import Benchmark
from bench.workloads.suites import telling

MODULE = """
import functools
import time

def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

def outer(n, *, seconds=0.004):
    burn(seconds)
    return n if n == 0 else outer(n - 1, seconds=0)

def around(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner

class Base:
    def method(self):
        burn(0.004)

class Thing(Base):
    def method(self):
        super().method()

    @classmethod
    def made(cls):
        burn(0.004)
        return cls()

    @property
    def value(self):
        burn(0.004)

@around
def wrapped():
    burn(0.004)

@functools.lru_cache
def cached():
    burn(0.004)

def generated():
    yield 1

async def awaited():
    pass

def never():
    pass

TABLE = {"outer": outer}
"""

TESTS = """
import measured

def test_it(benchmark):
    measured.burn(0.02)  # not in the function
    benchmark(measured.outer, 3)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "measured.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("measured")
    del sys.modules["measured"]


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program's module, as its own process finds it."""
    monkeypatch.syspath_prepend(Path(telling.__file__).parent)
    return importlib.import_module("function_clock")


def counted(clocks: Any, function: str) -> Any:
    clock = clocks.FunctionClock(time.thread_time)
    clocks.replace_code(clocks.find_function(f"measured:{function}"), clock)
    return clock


@pytest.mark.parametrize("is_direct", [False, True])
def test_calls_from_within_are_a_part_of_a_call(
    clocks: Any, module: Any, *, is_direct: bool
) -> None:
    clock = counted(clocks, "outer")
    clock.is_direct = is_direct
    module.burn(0.02)
    assert module.outer(3) == module.TABLE["outer"](0, seconds=0) == 0
    assert (clock.calls, clock.inner) == (2, 0 if is_direct else 3)
    assert 0.004 <= clock.taken_s < 0.02
    assert list(inspect.signature(module.outer).parameters) == ["n", "seconds"]
    with pytest.raises(TypeError):
        module.outer("three")
    module.outer(0, seconds=0)
    assert clock.calls == 4


@pytest.mark.parametrize(
    "name", ["Thing.method", "Base.method", "Thing.made", "Thing.value", "wrapped", "cached"]
)
def test_methods_and_what_is_wrapped(clocks: Any, module: Any, name: str) -> None:
    clock = counted(clocks, name)
    thing = module.Thing.made()
    assert thing.method() is thing.value is None
    module.wrapped()
    module.cached(), module.cached()
    assert clock.calls == 1
    assert clock.taken_s >= 0.004


@pytest.mark.parametrize(
    ("name", "is_absent", "words"),
    [
        ("generated", False, "measured:generated is a generator"),
        ("awaited", False, "measured:awaited is a coroutine"),
        ("TABLE", False, "is no function that is written in Python"),
        ("gone", True, "there is no function measured:gone"),
        ("Thing.gone", True, "there is no function measured:Thing.gone"),
    ],
)
def test_what_cannot_be_timed(
    clocks: Any, module: Any, name: str, words: str, *, is_absent: bool
) -> None:
    with pytest.raises(clocks.CannotMeasureError, match=words) as caught:
        clocks.find_function(f"measured:{name}")
    assert caught.value.is_absent == is_absent


def test_what_counting_takes_is_taken_out(clocks: Any, module: Any) -> None:
    clock = counted(clocks, "never")
    cost = clocks.cost_of_counting(time.thread_time)
    for _ in range(5000):
        module.never()
    assert abs(clock.net_s(cost)) < 0.5 * clock.taken_s


def test_values_of_a_worker(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "measured.py").write_text(MODULE, encoding="utf-8")
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    benchmark = Benchmark(name="x", pytest="test_it.py", function="measured:outer")
    done = work(folder, benchmark, *VALUES[:-1], "1", cpu_clock=True)
    assert (done.status, done.last, done.metadata["calls"]) == (0, "", 1)
    assert 0.0035 < min(done.values_s) < 0.02
    never = Benchmark(name="x", pytest="test_it.py", function="measured:never")
    assert work(folder, never, *VALUES).last == "measured:never is never called by these tests"
