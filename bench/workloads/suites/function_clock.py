"""Time one function of the measured project, wherever it is called from.

Its code is replaced and not its name: whoever has imported it, keeps it in a table or calls it
from within itself gets the one that is timed. Only what its outermost calls take is counted, less
what counting takes, which is measured in the same process.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import statistics
import types
import warnings
from collections.abc import Callable, Mapping
from threading import get_ident
from typing import Any

from suite_worker import CannotMeasureError

_MARK = "here comes what counts"
_TIMES, _CALLS = 5, 2000


class FunctionClock:
    """Counts the outermost calls of a function, and their time by a clock.

    A call from within one, on the same thread, is a part of it. `is_direct`: those are not counted,
    and so cost nothing: the function has its own code while it runs.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.is_direct = False
        self._inside: set[int] = set()
        self.start_again()

    def start_again(self) -> None:
        """Count from nothing."""
        self.taken_s, self.calls, self.inner = 0.0, 0, 0

    def wrapped(
        self, named: types.FunctionType, function: types.FunctionType
    ) -> Callable[..., Any]:
        """What is called in place of a function, with its arguments as two values.

        `named` is the one whose calls come here, `function` a copy of it that does its work.
        """
        inside, clock, own = self._inside, self.clock, function.__code__

        def counted(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            me = get_ident()
            if me in inside:
                self.inner += 1
                return function(*args, **kwargs)
            inside.add(me)
            self.calls += 1
            counting = named.__code__
            if self.is_direct:
                named.__code__ = own
            started = clock()
            try:
                return function(*args, **kwargs)
            finally:
                self.taken_s += clock() - started
                if self.is_direct:
                    named.__code__ = counting
                inside.discard(me)

        return counted

    def net_s(self, cost: tuple[float, float]) -> float:
        """What the calls took less what counting them took: an outermost one, an inner one."""
        return self.taken_s - self.calls * cost[0] - self.inner * cost[1]


def cost_of_counting(clock: Callable[[], float]) -> tuple[float, float]:
    """Seconds that a function seems to take which does nothing; how much longer inner calls take.

    Medians of several thousand calls, in this process and by the same clock.
    """
    outermost, inner = [], []
    for _ in range(_TIMES):
        own = FunctionClock(clock)
        empty = _empty_function()
        replace_code(empty, own)
        for _ in range(_CALLS):
            empty()
        outermost.append(own.taken_s / own.calls)
        inner.append(
            max(0.0, _per_call(empty, own, clock) - _per_call(_empty_function(), own, clock))
        )
    return statistics.median(outermost), statistics.median(inner)


def _per_call(
    function: Callable[[], None], own: FunctionClock, clock: Callable[[], float]
) -> float:
    own._inside.add(get_ident())  # noqa: SLF001
    started = clock()
    for _ in range(_CALLS):
        function()
    taken_s = clock() - started
    own._inside.discard(get_ident())  # noqa: SLF001
    return taken_s / _CALLS


def _empty_function() -> Callable[[], None]:
    def empty() -> None:
        pass

    return empty


def find_function(name: str) -> types.FunctionType:
    """The function that `pkg.mod:Class.method` names; raises `CannotMeasureError`.

    Of one with a cache or another wrapper around it that is no function, what is wrapped.
    """
    module_name, _, path = name.partition(":")
    found: Any
    try:
        found = importlib.import_module(module_name)
        for part in path.split("."):
            found = inspect.getattr_static(found, part)
    except (ImportError, AttributeError) as error:
        raise CannotMeasureError(f"there is no function {name}: {error}", is_absent=True) from error
    while not isinstance(found, types.FunctionType):
        inner = [getattr(found, one, None) for one in ("__func__", "fget", "func", "__wrapped__")]
        within = [one for one in inner if callable(one)]
        if not within:
            raise CannotMeasureError(f"{name} is no function that is written in Python")
        found = within[0]
    _check_kind(name, found)
    return found


def _check_kind(name: str, function: types.FunctionType) -> None:
    for kind, is_one in (
        ("a generator", inspect.isgeneratorfunction),
        ("a coroutine", inspect.iscoroutinefunction),
        ("an asynchronous generator", inspect.isasyncgenfunction),
    ):
        if is_one(function):
            raise CannotMeasureError(
                f"{name} is {kind}: its work is done after its call has returned"
            )


def replace_code(function: types.FunctionType | Callable[..., Any], clock: FunctionClock) -> None:
    """Have all calls of a function counted, from now on."""
    assert isinstance(function, types.FunctionType)
    code = function.__code__
    copy = types.FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    with contextlib.suppress(TypeError, ValueError):
        function.__signature__ = inspect.signature(copy)  # type: ignore[attr-defined]
    function.__code__ = _counting_code(code, clock.wrapped(function, copy))


def _counting_code(code: types.CodeType, counted: Callable[..., Any]) -> types.CodeType:
    """Code with the same free variables that calls something else with all its arguments."""
    free = ", ".join(code.co_freevars)
    text = (
        f"def outer({free}):\n"
        "    def inner(*_bench_args, **_bench_kwargs):\n"
        f"        return {_MARK!r}(_bench_args, _bench_kwargs)\n"
        f"        {free or 'pass'}\n"
        "    return inner\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text cannot be called; it will be something else
        module = compile(text, code.co_filename, "exec")
    outer = next(one for one in module.co_consts if isinstance(one, types.CodeType))
    inner = next(one for one in outer.co_consts if isinstance(one, types.CodeType))
    constants = tuple(counted if one == _MARK else one for one in inner.co_consts)
    return inner.replace(
        co_consts=constants, co_name=code.co_name, co_firstlineno=code.co_firstlineno
    )
