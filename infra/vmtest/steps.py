"""Steps of the cycle: how long each took, what came out, and the summary of all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from vmtest.problems import VmError


@dataclass(frozen=True)
class Step:
    """One thing that was tried."""

    name: str
    seconds: float
    passed: bool
    result: str


@dataclass
class Cycle:
    """Steps in their order; after one fails the rest are not tried."""

    steps: list[Step] = field(default_factory=list)

    def do(self, name: str, action: Callable[[], str]) -> None:
        """Try one step; its action returns what came out, or raises `VmError`."""
        print(f"vm: {name} …", flush=True)
        started = time.monotonic()
        try:
            result, passed = action(), True
        except VmError as problem:
            result, passed = str(problem), False
        self.steps.append(Step(name, time.monotonic() - started, passed, result))
        print(f"vm: {name}: {'ok' if passed else 'FAILED'}: {result}", flush=True)
        if not passed:
            raise VmError(f"{name}: {result}")

    def seconds(self, *names: str) -> float:
        """Time that steps with these names took."""
        return sum(step.seconds for step in self.steps if step.name in names)

    def summary(self) -> str:
        """One line a step, as a person reads it."""
        width = max((len(step.name) for step in self.steps), default=0)
        lines = [
            f"{'ok' if step.passed else 'FAILED':<6}  {step.seconds:6.0f} s  "
            f"{step.name:<{width}}  {step.result.splitlines()[0] if step.result else ''}"
            for step in self.steps
        ]
        return "\n".join(lines)
