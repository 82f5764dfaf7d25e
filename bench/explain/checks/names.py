"""The names of every module are what they were: attributes, `dir`, `__all__`, star imports.

Which names a module has to keep follows PEP 8: all that it defines, all of `__all__`, all that a
package shows, submodules that are there after its import, what it imports `as` the same name, and
what any module of the project takes from it. What a module that is no package imports for its own
use, and any module of Python's own library, is a detail of it; what tests take of that, their own
check finds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.explain.checks.breakage import Attempt, Breakage, Cause
from bench.explain.checks.lone_imports import LoneImport
from bench.explain.checks.survey import BeforeAfter, ImportSurvey
from bench.formats.text import counted

# What writing annotations otherwise brings in: nobody's own names.
_BROUGHT = frozenset({"annotations", "Any", "TYPE_CHECKING"})
# Of the import system, and what stands for deferred names.
_OURS = frozenset({
    "__getattr__", "__dir__", "__lazy_modules__", "__annotations__", "__annotate__",
    "__conditional_annotations__",
})  # fmt: skip


@dataclass
class NamesCheck:
    """Compares what is seen after the import of each module alone.

    With `every_name` also what a module imported for its own use has to be there.
    """

    survey: ImportSurvey
    every_name: bool = False
    name: str = "names"
    seen: str = field(default="", init=False)

    def failure(self, attempt: Attempt) -> Breakage | None:
        """All names that are not what they were."""
        found = self.survey.problems(attempt, self._problems)
        count = len(self.survey.both(attempt))
        many = counted(count, "module keeps", "modules keep")
        self.seen = f"{many} names, `dir`, `__all__` and star imports"
        if not found:
            return None
        return Breakage.of(self.name, found)

    def _problems(self, one: BeforeAfter) -> tuple[Cause, ...]:
        if one.before.outcome or one.after.outcome:
            return ()
        return tuple(
            Cause(file=one.file, names=names, words=f"{one.module} ({one.file}): {words}")
            for words, names in self._differences(one)
        )

    def _differences(self, one: BeforeAfter) -> Iterator[tuple[str, tuple[str, ...]]]:
        before, after = one.before, one.after
        kept = self.kept(one.module, before)
        for name in sorted(kept):
            was, now = before.kinds(name), after.kinds(name)
            if set(now) != set(was):
                other = next(kind for kind in now if kind not in was)
                yield f"`{name}` was {was[0]}, is {other.removeprefix('! ')}", (name,)
        yield from self._listings(before, after, kept)
        yield from _extra(one)
        yield from _hidden(before, after)
        for dotted in sorted(before.dotted - after.dotted - after.rootless):
            words = f"`{dotted}` leads to no module after this import alone: another one brought it"
            yield words, tuple(dotted.split("."))

    def _listings(
        self, before: LoneImport, after: LoneImport, kept: frozenset[str]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name in sorted(kept & set(before.listed) - set(after.listed)):
            yield f"`dir` does not list `{name}` any more", (name,)
        if _as_set(before.exported) != _as_set(after.exported):
            changed = sorted(set(before.exported or ()) ^ set(after.exported or ()))
            yield f"`__all__` is another one: {_listed(changed)}", tuple(changed)
        for name in sorted(kept & set(before.star) - set(after.star)):
            yield f"a star import does not take `{name}` any more", (name,)

    def kept(self, module: str, before: LoneImport) -> frozenset[str]:
        """The names that a module has to keep."""
        there = {name for name, kinds in before.tried.items() if not kinds[0].startswith("!")}
        return frozenset((before.names.keys() | there) - self._details(module, before) - _OURS)

    def _details(self, module: str, before: LoneImport) -> set[str]:
        read = self.survey.read.get(module)
        if read is None or self.every_name:
            return set()
        taken = {name for other, name in self.survey.taken if other == module}
        private = {name for name, kind in before.names.items() if _is_private(module, name, kind)}
        found = {*read.imported, *private} - taken - set(before.exported or ())
        return {name for name in found if self._is_detail(name, before, is_package=read.is_package)}

    def _is_detail(self, name: str, before: LoneImport, *, is_package: bool) -> bool:
        """A package shows what it imports, but for modules of others."""
        if name.startswith("_") or not is_package:
            return True
        module = before.names.get(name, "").removeprefix("module ")
        is_module = module != before.names.get(name, "")
        return is_module and module.partition(".")[0] not in self.survey.importer.tops


def _is_private(module: str, name: str, kind: str) -> bool:
    """A submodule whose name begins with an underscore."""
    return name.startswith("_") and kind == f"module {module}.{name}"


def _extra(one: BeforeAfter) -> Iterator[tuple[str, tuple[str, ...]]]:
    extra = sorted(
        name
        for name in one.after.names.keys() - one.before.names.keys() - _BROUGHT
        if not name.startswith("_") and one.after.names[name] != f"module {one.module}.{name}"
        and not (name in sys.stdlib_module_names and one.after.names[name] == f"module {name}")
        and name not in one.before.tried
    )  # fmt: skip
    if extra:
        yield f"{_listed(extra)} was not there before", tuple(extra)


def _hidden(before: LoneImport, after: LoneImport) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A function that has the name of its module can lose its place to it, and the other way."""
    for name in sorted(before.loaded & after.loaded):
        was, now = before.shadows.get(name), after.shadows.get(name)
        if was != now:
            package, _, last = name.rpartition(".")
            module = f"module {name}"
            yield f"after it `{last}` of {package} was {was or module}, is {now or module}", (last,)


def _as_set(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(f"`{name}`" for name in names[:5]) + more
