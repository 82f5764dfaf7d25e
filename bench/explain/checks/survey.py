"""A package's modules before and after: each imported alone from both copies, once where it can be.

What a module does when it is imported alone follows from the modules that it loads. So of a
rewritten copy only those are imported that had loaded a rewritten one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.explain.checks.breakage import Attempt, Cause
from bench.explain.checks.lone_imports import Importer, LoneImport, ModuleAsked
from bench.explain.checks.overlay import Overlay
from bench.explain.checks.reading import ReadModule, read_modules
from bench.formats.text import counted, joined

_SHOWN = 3


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
    _known: dict[tuple[str, str], LoneImport] = field(default_factory=dict, init=False)
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
        self._tell({name: one for name, one in found.items() if one.outcome})
        return {name: self._before[name] for name in names}

    @property
    def not_imported(self) -> dict[str, str]:
        """Modules that were seen not to import alone as they were, and why."""
        return {
            name: ": ".join(filter(None, (one.outcome, one.detail)))
            for name, one in sorted(self._before.items())
            if one.outcome
        }

    def _tell(self, failing: Mapping[str, LoneImport]) -> None:
        """Which modules there is nothing to be said of, and why."""
        shown = [
            f"{name} ({': '.join(filter(None, (one.outcome, one.detail)))})"
            for name, one in list(failing.items())[:_SHOWN]
        ]
        more = counted(len(failing) - len(shown), "more module")
        if failing:
            listed = joined([*shown, *([more] if len(failing) > len(shown) else [])])
            self.say(f"could not be imported alone before: {listed}")

    def both(self, attempt: Attempt) -> tuple[BeforeAfter, ...]:
        """The modules that rewriting can have changed, as they were and as they are now."""
        key = (attempt.copy.folder, attempt.whole)
        if self._seen is None or self._seen[0] != key:
            before = self.before(self._affected(attempt))
            after = self._after(before, attempt)
            self._seen = key, tuple(self._pair(name, before[name], after[name]) for name in before)
        return self._seen[1]

    def problems(
        self, attempt: Attempt, look: Callable[[BeforeAfter], tuple[Cause, ...]]
    ) -> tuple[Cause, ...]:
        """All that is there again in a second import, and not without rewriting."""
        found = {one.module: one.before for one in self.both(attempt) if look(one)}
        again = self.importer.run(self.base, [self._wanted(name, ()) for name in found])
        steady = {
            name: before
            for name, before in found.items()
            if not look(self._pair(name, before, again[name]))
        }
        after = self._imported(steady, attempt.copy)
        pairs = (self._pair(name, before, after[name]) for name, before in steady.items())
        return tuple(cause for pair in pairs for cause in look(pair))

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

    def _after(self, before: Mapping[str, LoneImport], attempt: Attempt) -> dict[str, LoneImport]:
        """Modules as they are now; one is imported once for the same texts of what it loads."""
        keys = {name: self._key(name, one, attempt) for name, one in before.items()}
        new = {name: one for name, one in before.items() if keys[name] not in self._known}
        found = self._imported(new, attempt.copy)
        self._known |= {keys[name]: one for name, one in found.items()}
        return {name: self._known[key] for name, key in keys.items()}

    def _key(self, name: str, before: LoneImport, attempt: Attempt) -> tuple[str, str]:
        """Rewriting makes a module load fewer others, and no more than before."""
        loaded = {path for one in before.loaded if (path := self.modules.get(one))}
        texts = attempt.texts
        new = texts.keys() - set(self.modules.values())
        paths = sorted(texts if before.outcome else texts.keys() & (loaded | new))
        content = json.dumps([(path, texts[path]) for path in paths])
        return name, hashlib.sha256(content.encode()).hexdigest()

    def _imported(self, before: Mapping[str, LoneImport], copy: Overlay) -> dict[str, LoneImport]:
        wanted = [self._wanted(name, (*one.names, *one.tried)) for name, one in before.items()]
        return self.importer.run(copy, wanted)

    def _wanted(self, name: str, names: tuple[str, ...]) -> ModuleAsked:
        read = self.read.get(name)
        if read is None:
            return ModuleAsked(module=name, names=names)
        asked = dict.fromkeys((*names, *read.provided))
        return ModuleAsked(module=name, names=tuple(asked), dotted=tuple(sorted(read.dotted)))


def _module_name(path: Path) -> str:
    """The dotted name of a file below the folder of packages; "" where it has none."""
    parts = path.with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    if path.suffix != ".py" or not parts or not all(part.isidentifier() for part in parts):
        return ""
    return ".".join(parts)
