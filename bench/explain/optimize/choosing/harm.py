"""Names that are not deferred for what that would cost or break while the program works.

An import in a function that is called all the time costs more than it saves; one that is carried
out after the program has closed its imports (as pip does once it installs) must not happen.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bench.explain.optimize.choosing.registering import imports_of
from bench.explain.rank.candidates import Candidate, Deferral
from bench.explain.rank.recording import Recording
from bench.explain.rank.sources import Function, ModuleSource
from bench.formats.text import seconds

_CALL_S = (
    0.4e-6  # of an import in a function whose module is loaded: 0.3 (`import`) to 0.5 (`from`)
)
_HARM = 0.002  # as a share of a scenario's time


@dataclass(frozen=True)
class Ran:
    """A scenario as it was recorded, and the seconds that its process takes."""

    recording: Recording
    process_s: float


@dataclass(frozen=True)
class Harm:
    """Judges names; `closed` are modules that may run when imports are closed, and by whom."""

    ran: Mapping[str, Ran]
    closed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, ran: Mapping[str, Ran], sources: Sequence[ModuleSource]) -> Harm:
        """For a project with these modules."""
        return cls(ran, _closed(sources))

    def of_name(self, candidate: Candidate, deferral: Deferral) -> str:
        """Why a name that a function needs is better imported at once; "" when it is not."""
        if not deferral.functions:
            return ""
        source = candidate.source
        if source.module in self.closed and not _is_standard(source, candidate, deferral):
            return f"{self.closed[source.module]} closes imports while the program runs"
        functions = [
            use.function
            for use in deferral.name.uses
            if not use.is_annotation
            and isinstance(use.function, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        return self.of_calls(source, functions)

    def of_calls(self, source: ModuleSource, functions: Collection[Function]) -> str:
        """Why functions of a module should not import anything: they are called too often."""
        for scenario, ran in self.ran.items():
            calls = {
                one.name: ran.recording.calls.get((str(source.file), _first_line(one)), 0)
                for one in functions
            }
            cost_s = sum(calls.values()) * _CALL_S
            if cost_s > _HARM * ran.process_s:
                most = max(calls, key=lambda name: calls[name])
                return (
                    f"{scenario} calls `{most}` {calls[most]:,} times: "
                    f"imports in functions would cost {seconds(cost_s)}"
                )
        return ""


def _first_line(function: Function) -> int:
    return min([function.lineno, *(one.lineno for one in function.decorator_list)])


def _is_standard(source: ModuleSource, candidate: Candidate, deferral: Deferral) -> bool:
    """Whether no package that is installed meanwhile can take its place."""
    node = candidate.statement.node
    whole = deferral.name.asked if isinstance(node, ast.Import) else source.absolute(node)
    return whole.partition(".")[0] in sys.stdlib_module_names


def _closed(sources: Sequence[ModuleSource]) -> dict[str, str]:
    """Modules that one which installs a hook on imports imports, directly or not: itself, too."""
    by_module = {one.module: one for one in sources}
    found: dict[str, str] = {}
    for source in sources:
        if "addaudithook(" not in source.text or "import" not in source.text:
            continue
        todo = [source.module]
        while todo:
            module = todo.pop()
            if module in found or module not in by_module:
                continue
            found[module] = source.module
            todo += imports_of(by_module[module])[1]
    return found
