"""A package's modules before and after: each imported alone from both copies, once where it can be.

What a module does when it is imported alone follows from the modules that it loads. So of a
rewritten copy only those are imported that had loaded a rewritten one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.explain.checks.breakage import Attempt, Breakage
from bench.explain.checks.lone_imports import Importer, LoneImport, Wanted
from bench.explain.checks.overlay import Overlay
from bench.explain.checks.reading import ReadModule, read_modules


@dataclass(frozen=True, kw_only=True)
class BeforeAfter:
    """One module, imported alone from the copy as it was and from the rewritten one."""

    module: str
    file: str
    before: LoneImport
    after: LoneImport


@dataclass(kw_only=True)
class ImportSurvey:
    """`files` are the own modules as installed, below `site` → path from the repository's root.

    `base` is a copy as it is; `main` the module that the project is imported by.
    """

    importer: Importer
    base: Overlay
    files: Mapping[Path, str]
    site: Path
    main: str
    say: Callable[[str], None]
    _before: dict[str, LoneImport] = field(default_factory=dict, init=False)
    _seen: tuple[tuple[Path, bool], tuple[BeforeAfter, ...]] | None = field(
        default=None, init=False
    )

    @cached_property
    def modules(self) -> dict[str, str]:
        """Names of modules that can be imported → path from the repository's root."""
        found = {_module_name(file.relative_to(self.site)): path for file, path in self._own}
        return {name: path for name, path in sorted(found.items()) if name}

    @property
    def _own(self) -> list[tuple[Path, str]]:
        return [one for one in self.files.items() if one[0].is_relative_to(self.site)]

    @cached_property
    def read(self) -> dict[str, ReadModule]:
        """What the modules' own texts say, by name."""
        found = {_module_name(file.relative_to(self.site)): file for file, _ in self._own}
        return read_modules({name: file for name, file in found.items() if name})

    @cached_property
    def taken(self) -> frozenset[tuple[str, str]]:
        """(module, name) that modules of the project import from others of them."""
        return frozenset().union(*(one.taken for one in self.read.values()))

    def before(self, names: Collection[str]) -> dict[str, LoneImport]:
        """Modules as they were; each is imported once."""
        missing = [name for name in sorted(names) if name not in self._before]
        found = self.importer.run(self.base, [self._wanted(name, ()) for name in missing])
        self._before |= found
        for name, one in found.items():
            if one.outcome:
                self.say(f"{name} could not be imported alone before: {one.outcome} {one.detail}")
        return {name: self._before[name] for name in names}

    def both(self, attempt: Attempt) -> tuple[BeforeAfter, ...]:
        """The modules that rewriting can have changed, as they were and as they are now."""
        key = (attempt.copy.folder, attempt.whole)
        if self._seen is None or self._seen[0] != key:
            before = self.before(self._affected(attempt))
            after = self._after(before, attempt.copy)
            self._seen = key, tuple(self._pair(name, before[name], after[name]) for name in before)
        return self._seen[1]

    def first(
        self, attempt: Attempt, problem: Callable[[BeforeAfter], Breakage | None]
    ) -> Breakage | None:
        """The first problem that is there again in a second import, and not without rewriting."""
        for one in self.both(attempt):
            if problem(one) is not None:
                found = self._confirmed(one, attempt.copy, problem)
                if found is not None:
                    return found
        return None

    def _confirmed(
        self, one: BeforeAfter, copy: Overlay, problem: Callable[[BeforeAfter], Breakage | None]
    ) -> Breakage | None:
        name = one.module
        (again,) = self.importer.run(self.base, [self._wanted(name, ())]).values()
        if problem(self._pair(name, one.before, again)) is not None:
            return None  # it is another one each time
        (after,) = self._after({name: one.before}, copy).values()
        return problem(self._pair(name, one.before, after))

    def _pair(self, name: str, before: LoneImport, after: LoneImport) -> BeforeAfter:
        return BeforeAfter(module=name, file=self.modules[name], before=before, after=after)

    def _affected(self, attempt: Attempt) -> list[str]:
        touched = {name for name, path in self.modules.items() if path in attempt.texts}
        above = {
            ".".join(name.split(".")[:count])
            for name in touched
            for count in range(1, name.count(".") + 1)
        }
        quick = (touched | above | {self.main}) & self.modules.keys()
        if not attempt.whole:
            return sorted(quick)
        before = self.before(self.modules)
        return [name for name in self.modules if touched & before[name].loaded or name in quick]

    def _after(self, before: Mapping[str, LoneImport], copy: Overlay) -> dict[str, LoneImport]:
        wanted = [self._wanted(name, (*one.names, *one.tried)) for name, one in before.items()]
        return self.importer.run(copy, wanted)

    def _wanted(self, name: str, names: tuple[str, ...]) -> Wanted:
        read = self.read.get(name)
        if read is None:
            return Wanted(module=name, names=names)
        asked = dict.fromkeys((*names, *read.provided))
        return Wanted(module=name, names=tuple(asked), dotted=tuple(sorted(read.dotted)))


def _module_name(path: Path) -> str:
    """The dotted name of a file below the folder of packages; "" where it has none."""
    parts = path.with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    if path.suffix != ".py" or not parts or not all(part.isidentifier() for part in parts):
        return ""
    return ".".join(parts)
