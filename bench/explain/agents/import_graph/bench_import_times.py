"""The CPU time that each module takes by itself, its objects, and what the garbage collector takes.

Imported by `sitecustomize.py` beside it, in the recorded process, and forgotten at once; it imports
nothing that the interpreter has not loaded already.
"""

# ruff: noqa: ANN401, SLF001, UP037

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TICK = "__bench_tick__"
_ONLY_TREE = 0x400  # `ast.PyCF_ONLY_AST`


class Collector:
    """What the garbage collector does, and how many objects that it looks after were made.

    Those that are gone before it looks are not counted. Figures are kept flat: a tuple for each
    collection would be one object more.
    """

    def __init__(self, gc: "Any", now: "Any", away: "Any") -> None:
        """`away` is told of the nanoseconds that each collection took."""
        self.count = gc.get_count
        self.before = len(gc.get_objects())
        self.counts, self.thresholds = gc.get_count(), gc.get_threshold()
        self.passes: "list[int]" = []
        self.earlier: int = 0
        began = [0]

        def collecting(phase: str, told: "Any") -> None:
            if phase == "start":
                self.earlier += self.count()[0]
                began[0] = now()
                return
            took = now() - began[0]
            self.passes += (told["generation"], self.earlier, took)
            away(took)

        gc.callbacks.append(collecting)

    def made(self) -> int:
        """Objects since the interpreter's start."""
        young: int = self.count()[0]
        return self.earlier + young

    def told(self) -> "dict[str, object]":
        """The collector's part of what is written down."""
        flat = self.passes
        return {
            "before": self.before,
            "made": self.made() - self.counts[0],
            "counts": self.counts,
            "thresholds": self.thresholds,
            "passes": [tuple(flat[at : at + 3]) for at in range(0, len(flat), 3)],
        }


class Clock:
    """CPU time and new objects of each module by itself; imports within it are on their own.

    Times are in nanoseconds, without garbage collections: these fall on whoever happens to make the
    object that is one too many. An import that fails is part of who tried it.
    """

    def __init__(self, machinery: "Any", now: "Any", borrow: "Any") -> None:
        self.now = now
        self.own: "dict[str, int]" = {}
        self.whole: "dict[str, int]" = {}
        self.under: "dict[str, str]" = {}
        self.objects: "dict[str, int]" = {}
        load = machinery._find_and_load
        inside, inside_made = [0], [0]
        self.inside = inside
        over = [""]

        def away(took: int) -> None:
            inside[-1] += took

        self.collector = Collector(borrow("gc"), now, away)
        made = self.collector.made

        def find_and_load(name: str, import_: "Any") -> "Any":
            self.under.setdefault(name, over[-1])
            over.append(name)
            inside.append(0)
            inside_made.append(0)
            loaded = False
            objects, began = made(), now()
            try:
                module = load(name, import_)
                loaded = True
                return module
            finally:
                took, grown = now() - began, made() - objects
                others, theirs = inside.pop(), inside_made.pop()
                if loaded:
                    self.own[name] = self.own.get(name, 0) + took - others
                    self.objects[name] = self.objects.get(name, 0) + grown - theirs
                    self.whole[name] = self.whole.get(name, 0) + took
                    others, theirs = took, grown
                inside[-1] += others
                inside_made[-1] += theirs
                over.pop()

        machinery._find_and_load = find_and_load

    def told(self) -> "dict[str, object]":
        """What `sitecustomize.py` writes down, as the program ends."""
        ended = self.now()
        return {
            "own_ns": self.own,
            "whole_ns": self.whole,
            "under": self.under,
            "objects": self.objects,
            "collector": self.collector.told(),
            "process_ns": ended,
        }


class TopLevel(Clock):
    """CPU time of each top-level statement besides, without what it imports.

    The interpreter could tell each line, but in a large literal that takes 25 microseconds a line.
    So modules in `folders` are compiled anew, with a call between their statements.
    """

    def __init__(
        self, machinery: "Any", now: "Any", borrow: "Any", folders: "tuple[str, ...]"
    ) -> None:
        super().__init__(machinery, now, borrow)
        self.lines: "dict[tuple[str, int], int]" = {}
        self.running: "dict[str, tuple[int, int, int]]" = {}  # file → line, began, imports before
        loader = sys.modules["_frozen_importlib_external"].SourceLoader
        get_code = loader.get_code
        tree = borrow("_ast")

        def get_code_with_ticks(own: "Any", name: str) -> "Any":
            file: str = own.get_filename(name)
            if not file.startswith(folders):
                return get_code(own, name)
            module = compile(own.get_data(file), file, "exec", _ONLY_TREE, dont_inherit=True)
            _Ticks(tree, file).put_into(module)
            return compile(module, file, "exec", dont_inherit=True)

        loader.get_code = get_code_with_ticks
        vars(sys.modules["builtins"])[_TICK] = self.tick

    def tick(self, file: str, line: int) -> None:
        """A statement is over, and one begins; line 0 is a module's end."""
        ended = self.now()
        open_ = self.running.pop(file, None)
        if open_ is not None:
            number, began, before = open_
            took = ended - began - (self.inside[-1] - before)
            self.lines[file, number] = self.lines.get((file, number), 0) + took
        if line:
            self.running[file] = line, self.now(), self.inside[-1]

    def told(self) -> "dict[str, object]":
        """The same, with the statements."""
        return {**super().told(), "top": [(*key, took) for key, took in self.lines.items()]}


class _Ticks:
    """Puts calls of `_TICK` between the statements of a module, and within its `if` and `try`."""

    def __init__(self, tree: "Any", file: str) -> None:
        self.tree = tree
        self.file = file

    def put_into(self, module: "Any") -> None:
        """Behind the docstring and `from __future__`, which have to come first."""
        first = 0
        for number, one in enumerate(module.body):
            if isinstance(one, self.tree.ImportFrom) and one.module == "__future__":
                first = number + 1
        text = module.body[:1]
        if not first and text and isinstance(text[0], self.tree.Expr):
            first = isinstance(text[0].value, self.tree.Constant)
        module.body[first:] = self._between(module.body[first:])
        if module.body:
            module.body.append(self._tick(0, module.body[-1]))

    def _between(self, body: "list[Any]") -> "list[Any]":
        found: "list[Any]" = []
        for one in body:
            for name in ("body", "orelse", "finalbody"):
                if isinstance(one, (self.tree.If, self.tree.Try, self.tree.With)):
                    inner = getattr(one, name, [])
                    inner[:] = self._between(inner)
            for handler in getattr(one, "handlers", ()):
                handler.body[:] = self._between(handler.body)
            found += [self._tick(one.lineno, one), one]
        return found

    def _tick(self, line: int, at: "Any") -> "Any":
        tree = self.tree
        where = {"lineno": at.lineno, "col_offset": 0, "end_lineno": at.lineno, "end_col_offset": 0}
        name = tree.Name(_TICK, tree.Load(), **where)
        words = [tree.Constant(value, **where) for value in (self.file, line)]
        return tree.Expr(tree.Call(name, words, [], **where), **where)
