"""The import graph of a run, and what remains of it when statements are skipped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from bench.explain.rank.collector import Afterwards
from bench.explain.rank.recording import MAIN, Place, Recording


@dataclass(frozen=True)
class Skip:
    """A statement whose names are deferred: all of them, or those in `names`.

    A name is what the statement takes from a module, or for `import a.b` the module as written.
    """

    place: int
    names: frozenset[str]


@dataclass(frozen=True)
class Graph:
    """Places (statements) and modules of a run; `cost` is what each module takes by itself.

    Places are known by their position in `recording.places`. The unit of `cost` is the caller's,
    seconds if it has parts of `afterwards` in it.
    """

    recording: Recording
    cost: Mapping[str, float]
    afterwards: Afterwards | None = None

    @cached_property
    def modules(self) -> frozenset[str]:
        """All modules that the run imported, beyond the bare interpreter's."""
        return frozenset(self.recording.modules)

    @cached_property
    def by_account(self) -> dict[str, list[int]]:
        """Places that a module's top level carries out."""
        found = defaultdict(list)
        for number, place in enumerate(self.recording.places):
            for account in place.accounts:
                found[account].append(number)
        return dict(found)

    @cached_property
    def brought(self) -> dict[str, list[str]]:
        """What a loaded module brings besides its statements: its package, what it puts in."""
        found = defaultdict(list)
        for name in self.modules:
            if "." in name:
                found[name].append(name.rpartition(".")[0])
        for name, by in self.recording.appeared.items():
            found[by].append(name)
        return dict(found)

    @cached_property
    def roots(self) -> frozenset[str]:
        """What is there whatever is skipped: the program, and accounts that no import explains."""
        tried = {one.got for place in self.recording.places for one in place.asked}
        known = self.modules | set(self.recording.appeared) | tried
        accounts = {one for place in self.recording.places for one in place.accounts}
        return frozenset({MAIN} | (accounts - known))

    @cached_property
    def binders(self) -> dict[tuple[str, str], int]:
        """(module, name) → the top-level place of that module that takes the name."""
        found = {}
        for number, place in enumerate(self.recording.places):
            if place.file and not place.function:
                for asked in place.asked:
                    if asked.name:
                        found[place.module, asked.name] = number
        return found

    def contracted(self, movable: Collection[int]) -> Graph:
        """The same for sets of these places, of which many are looked at: an import fewer a place.

        What is carried out whenever its module is loaded becomes an edge between modules.
        """
        return _Contracted(self.recording, self.cost, self.afterwards, frozenset(movable))

    def reached(self, skips: Collection[Skip] = (), also: Collection[str] = ()) -> frozenset[str]:
        """Modules that are still imported when these statements are skipped.

        `also` are modules that somebody else imports then.
        """
        return ImportWalk(self, skips, also).reached

    def vanished(self, skips: Collection[Skip], also: Collection[str] = ()) -> frozenset[str]:
        """Modules that are imported no more when these statements are skipped."""
        return self.modules - self.reached(skips, also)

    def saving(self, skips: Collection[Skip]) -> float:
        """What skipping these statements saves together."""
        return self.total(self.vanished(skips))

    def behind(self, modules: Iterable[str], known: Collection[str] = ()) -> frozenset[str]:
        """Modules with all that they import in this run, whoever else imports it too.

        But for what is behind `known` alone.
        """
        seen = {*modules, *known}
        todo = list(seen.difference(known))
        while todo:
            module = todo.pop()
            others = set(self.brought.get(module, ()))
            for number in self.by_account.get(module, ()):
                others.update(one.got for one in self.recording.places[number].asked)
            todo += others - seen
            seen |= others
        return frozenset((seen - set(known)) & self.modules)

    def skipped_by(self, skip: Skip) -> frozenset[str]:
        """The modules that a skipped statement asks for, with all that is behind them.

        But for its own module and the packages it is in, which are there when it is carried out.
        """
        place = self.recording.places[skip.place]
        parts = place.module.split(".")
        known = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
        asked = {one.got for one in place.asked if (one.name or one.module) in skip.names}
        return self.behind(asked - known, known)

    def total(self, modules: Iterable[str]) -> float:
        """The cost of modules together."""
        return sum(self.cost.get(name, 0.0) for name in modules)

    def predicted(self, modules: Collection[str]) -> float:
        """What a process takes less without these modules: also collections that fall away whole.

        Unlike `total` that is no sum over modules: it is for a set that is made, not for choosing.
        """
        more = self.afterwards.correction_s(modules) if self.afterwards else 0.0
        return self.total(modules) + more


@dataclass(frozen=True)
class _Contracted(Graph):
    movable: frozenset[int] = frozenset()

    @cached_property
    def by_account(self) -> dict[str, list[int]]:
        return {
            account: kept
            for account, numbers in super().by_account.items()
            if (kept := [one for one in numbers if not self._is_fixed(one)])
        }

    @cached_property
    def brought(self) -> dict[str, list[str]]:
        found = {module: set(others) for module, others in super().brought.items()}
        for number, place in enumerate(self.recording.places):
            if self._is_fixed(number):
                more = {one.got for one in place.asked if one.got in self._matter}
                found.setdefault(place.module, set()).update(more)
        return {module: sorted(others - {module}) for module, others in found.items()}

    @cached_property
    def _matter(self) -> frozenset[str]:
        """Modules from which anything follows; the bare interpreter's mostly are not of them."""
        accounts = (one for place in self.recording.places for one in place.accounts)
        return self.modules | frozenset(accounts) | frozenset(self.recording.appeared)

    def _is_fixed(self, number: int) -> bool:
        place = self.recording.places[number]
        return (
            number not in self.movable
            and place.accounts == (place.module,)
            and not any(
                one.name and self.binders.get((one.module, one.name)) in self.movable
                for one in place.asked
            )
        )


class ImportWalk:
    """From the program along all imports that are carried out; skips can be taken back."""

    def __init__(
        self,
        graph: Graph,
        skips: Collection[Skip],
        also: Collection[str] = (),
        start: Collection[str] | None = None,
    ) -> None:
        """From the program, or as if it only imported the modules `start`."""
        self.graph = graph
        self.skipped = {one.place: one.names for one in skips}
        self.seen: set[str] = {*(graph.roots if start is None else start), *also}
        self.fired: set[int] = set()
        self.waiting: dict[str, list[int]] = defaultdict(list)
        self.todo: list[str] = list(self.seen)
        self._run()

    def branch(self) -> ImportWalk:
        """The same, to put statements back in without changing this one."""
        other = ImportWalk.__new__(ImportWalk)
        other.graph = self.graph
        other.skipped, other.seen, other.fired = dict(self.skipped), {*self.seen}, {*self.fired}
        other.waiting = defaultdict(list, {name: [*some] for name, some in self.waiting.items()})
        other.todo = []
        return other

    @property
    def reached(self) -> frozenset[str]:
        """Modules that are imported."""
        return frozenset(self.seen & self.graph.modules)

    def put_back(self, skip: Skip) -> frozenset[str]:
        """Carry a skipped statement out after all; returns what that brings in."""
        before = set(self.seen)
        del self.skipped[skip.place]
        if skip.place in self.fired:
            self._import(self.graph.recording.places[skip.place], frozenset())
            self._run()
        return frozenset(self.seen - before)

    def _run(self) -> None:
        graph = self.graph
        while self.todo:
            module = self.todo.pop()
            for other in graph.brought.get(module, ()):
                self._reach(other)
            for number in graph.by_account.get(module, ()):
                self._carry_out(number)
            for number in self.waiting.pop(module, ()):
                self._carry_out(number)

    def _reach(self, module: str) -> None:
        if module not in self.seen:
            self.seen.add(module)
            self.todo.append(module)

    def _carry_out(self, number: int) -> None:
        if number in self.fired:
            return
        place = self.graph.recording.places[number]
        if place.module in self.graph.modules and place.module not in self.seen:
            self.waiting[place.module].append(number)
            return
        self.fired.add(number)
        self._import(place, self.skipped.get(number, frozenset()))

    def _import(self, place: Place, without: frozenset[str]) -> None:
        for asked in place.asked:
            if (asked.name or asked.module) in without:
                continue
            self._reach(asked.got)
            if asked.name and asked.got == asked.module:
                self._ask_for(asked.module, asked.name)

    def _ask_for(self, module: str, name: str) -> None:
        """A name taken from a module: if that module took it from elsewhere, it must now."""
        binder = self.graph.binders.get((module, name))
        if binder is None or name not in self.skipped.get(binder, frozenset()):
            return
        for asked in self.graph.recording.places[binder].asked:
            if asked.name == name:
                self._reach(asked.got)
                if asked.got == asked.module and (asked.module, name) != (module, name):
                    self._ask_for(asked.module, name)
