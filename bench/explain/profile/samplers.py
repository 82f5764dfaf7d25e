"""What samples the stacks of a process from outside: py-spy, or what Python 3.15 brings."""

from __future__ import annotations

import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.core.program import install
from bench.core.variants import numbers
from bench.engine.environments.interpreters import interpreter_facts
from bench.explain.profile.processes import NotProfiledError

PY_SPY = "py-spy"
OWN = "profiling.sampling"
_OWN_SINCE = (3, 15)
_PROGRAM = Path(__file__).parents[1] / "agents" / "sampler" / "sampler.py"


@dataclass(frozen=True)
class SamplingTool:
    """A sampler by its name; `program` is py-spy, or the interpreter whose own one is used."""

    name: str
    program: Path

    def under(self, rate: int, raw: Path, options: Sequence[str] = ()) -> tuple[str, ...]:
        """What goes before a command: `rate` samples a second, stacks to `raw`."""
        if self.name == OWN:
            return str(self.program), "-I", str(_PROGRAM), str(rate), str(raw)
        return (
            str(self.program), "record", "--format", "raw", "--full-filenames", "--subprocesses",
            "--rate", str(rate), "--output", str(raw), *options, "--",
        )  # fmt: skip


def py_spy() -> SamplingTool:
    """The py-spy beside this Python; raises `NotProfiledError` where it is not."""
    program = Path(sysconfig.get_path("scripts")) / "py-spy"
    if not program.exists():
        raise NotProfiledError(f"py-spy is not installed: {install('profile')}")
    return SamplingTool(PY_SPY, program)


def samplers_for(python: Path) -> list[SamplingTool]:
    """Those that can sample processes of an interpreter, py-spy first; raises `NotProfiledError`.

    Which of them works on this machine is not known before it is tried.
    """
    own = []
    if numbers(interpreter_facts(python).version) >= _OWN_SINCE:
        own.append(SamplingTool(OWN, python))
    try:
        return [py_spy(), *own]
    except NotProfiledError:
        if not own:
            raise
        return own
