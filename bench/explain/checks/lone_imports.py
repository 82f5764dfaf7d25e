"""Each of a package's modules imported alone in a fresh interpreter, and what is seen then."""

from __future__ import annotations

import marshal
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.core.process import run_tool
from bench.core.told import NotToldError, read_marshalled
from bench.engine.environments.clean import subject_environment
from bench.engine.measure.invocations import Subject
from bench.engine.sandbox.access import Access, python_folders
from bench.engine.sandbox.folders import access_of, make_home, scratch_beside
from bench.engine.sandbox.isolation import Isolation
from bench.explain.checks.overlay import Overlay

_PROGRAM = Path(__file__).parents[1] / "agents" / "lone_imports" / "lone_imports.py"
_LIMIT_S = 60.0
_START_S = 60.0
NOT_TOLD = "tells nothing of itself"


class LoneImport(msgspec.Struct, frozen=True, kw_only=True):
    """One module as it is after `import` of it alone; `outcome` is "" where that went well.

    `names` are its attributes and what each is; `listed` is what `dir` says, `star` what a star
    import takes. `exported` is `__all__`, None where there is none. `loaded` are the own modules
    that are there then, `shadows` those of them that something else in their package hides.
    `dotted` are the names that lead to a module. `tried` are attributes that were asked for twice
    and imported, which are not there by themselves. A text that begins with `!` is an exception.
    """

    outcome: str
    detail: str = ""
    names: dict[str, str] = {}
    listed: tuple[str, ...] = msgspec.field(default=(), name="dir")
    exported: tuple[str, ...] | None = msgspec.field(default=None, name="all")
    star: tuple[str, ...] = ()
    loaded: frozenset[str] = frozenset()
    shadows: dict[str, str] = {}
    dotted: frozenset[str] = frozenset()
    rootless: frozenset[str] = frozenset()
    tried: dict[str, tuple[str, ...]] = {}

    def kinds(self, name: str) -> tuple[str, ...]:
        """What an attribute is, each time it is asked for."""
        found = self.names.get(name)
        return self.tried.get(name, ("! it is missing",)) if found is None else (found,)


@dataclass(frozen=True, kw_only=True)
class ModuleAsked:
    """A module to import, the attributes to ask for, and dotted names to look for."""

    module: str
    names: tuple[str, ...] = ()
    dotted: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Imports modules of copies of a subject's own packages, whose names are `tops`.

    Processes run in the sandbox, with a throwaway HOME that lies beside the subject's.
    """

    subject: Subject
    isolation: Isolation
    tops: tuple[str, ...]
    limit_s: float = _LIMIT_S

    def run(self, copy: Overlay, wanted: Sequence[ModuleAsked]) -> dict[str, LoneImport]:
        """What became of each module, by name."""
        if not wanted:
            return {}
        home = self._home()
        with scratch_beside(home, "imports-") as folder:
            jobs = max(1, len(os.sched_getaffinity(0)))
            told = {
                "tops": self.tops,
                "limit_s": self.limit_s,
                "jobs": jobs,
                "modules": [(one.module, one.names, one.dotted) for one in wanted],
            }
            (folder / "asked").write_bytes(marshal.dumps(told, 2))
            run_tool(
                [*self.isolation.around(self._access(home, copy)), self._python, _PROGRAM, folder],
                cwd=home,
                env=self._variables(home, copy),
                timeout_s=_START_S + self.limit_s * len(wanted) / jobs,
            )
            return {one.module: _read(folder / str(n)) for n, one in enumerate(wanted)}

    @property
    def _python(self) -> Path:
        return self.subject.environment.venv / "bin" / "python"

    def _home(self) -> Path:
        side = self.subject.home.parent.with_name("imports")
        if side.is_dir():
            return side / "home"
        return make_home(side, self.isolation.owner)

    def _access(self, home: Path, copy: Overlay) -> Access:
        venv = self.subject.environment.venv
        return access_of(home, (venv.parent, *python_folders(self._python), copy.folder))

    def _variables(self, home: Path, copy: Overlay) -> Mapping[str, str]:
        venv = self.subject.environment.venv
        whole = subject_environment(venv, home, self.subject.own)
        path = os.pathsep.join(filter(None, (str(copy.folder), whole.get("PYTHONPATH"))))
        return {**whole, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}


def _read(file: Path) -> LoneImport:
    try:
        for value in read_marshalled(file):
            return msgspec.convert(value, LoneImport)
    except (NotToldError, msgspec.ValidationError):
        pass
    return LoneImport(outcome=NOT_TOLD)
