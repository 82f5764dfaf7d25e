"""Runs in the Python process of a scenario and writes down its imports. Never imported by us.

`BENCH_RECORDER` names the file to write; the first process takes it, children are left alone.
With `BENCH_RECORDER_OWN` (folders, one a line) every import is recorded: who imports what, in which
file and line, on whose account, and which lines of the files in those folders ran, how often their
functions were called. That is slow:
without it, only the CPU time each module takes by itself is measured, from which times are taken,
with the objects it makes and what the garbage collector takes;
with `BENCH_RECORDER_TOP` (folders as well) also that of each statement at the top of their modules.
`BENCH_RECORDER_STILL` alone turns the garbage collector off.

No module may be imported here that the interpreter has not loaded already: it would be missing
from the program's own account.
"""

# ruff: noqa: ANN401, SLF001, UP037

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    _Place = tuple[str, str, int, str]  # module, file, line, function
    _Entry = tuple[set[tuple[str, str, str]], set[str]]  # (asked, name, got), accounts

_FILE = "BENCH_RECORDER"
_OWN = "BENCH_RECORDER_OWN"
_TOP = "BENCH_RECORDER_TOP"
_STILL = "BENCH_RECORDER_STILL"
_MAIN = "__main__"
_OPTIMIZED = 1  # code flag of functions; modules and classes run in plain namespaces
_TICK = "__bench_tick__"
_ONLY_TREE = 0x400  # `ast.PyCF_ONLY_AST`
_ENOUGH = 3  # an import in a loop says the same each time


def _borrow(name: str) -> "Any":
    """A built-in module, without leaving it behind as imported."""
    there = name in sys.modules
    module = __import__(name)
    if not there:
        del sys.modules[name]
    return module


def _write(file: str, told: "dict[str, object]", now: "Any") -> None:
    """Last comes when that is written: what the process takes from then on is its finalisation."""
    handle = os.open(file, os.O_WRONLY | os.O_TRUNC)
    told["children_ns"] = _children_ns()
    data = ascii(told)[:-1].encode()
    data += f", 'left_ns': {now()}}}".encode()
    while data:
        data = data[os.write(handle, data) :]
    os.close(handle)


def _children_ns() -> int:
    """CPU time of children that have ended."""
    try:
        resource = _borrow("resource")
    except ImportError:
        times = os.times()
        return round((times.children_user + times.children_system) * 1e9)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken: int = round((used.ru_utime + used.ru_stime) * 1e9)
    return taken


class _Collector:
    """What the garbage collector does, and how many objects that it looks after were made.

    Those that are gone before it looks are not counted. Figures are kept flat: a tuple for each
    collection would be one object more.
    """

    def __init__(self, now: "Any", away: "Any") -> None:
        """`away` is told of the nanoseconds that each collection took."""
        gc = _borrow("gc")
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
        flat = self.passes
        return {
            "before": self.before,
            "made": self.made() - self.counts[0],
            "counts": self.counts,
            "thresholds": self.thresholds,
            "passes": [tuple(flat[at : at + 3]) for at in range(0, len(flat), 3)],
        }


class _Clock:
    """CPU time and new objects of each module by itself; imports within it are on their own.

    Times are in nanoseconds, without garbage collections: these fall on whoever happens to make the
    object that is one too many. An import that fails is part of who tried it.
    """

    def __init__(self, machinery: "Any", now: "Any") -> None:
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

        self.collector = _Collector(now, away)
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
        ended = self.now()
        return {
            "own_ns": self.own,
            "whole_ns": self.whole,
            "under": self.under,
            "objects": self.objects,
            "collector": self.collector.told(),
            "process_ns": ended,
        }


class _TopLevel(_Clock):
    """CPU time of each top-level statement besides, without what it imports.

    The interpreter could tell each line, but in a large literal that takes 25 microseconds a line.
    So modules in `folders` are compiled anew, with a call between their statements.
    """

    def __init__(self, machinery: "Any", now: "Any", folders: "tuple[str, ...]") -> None:
        super().__init__(machinery, now)
        self.lines: "dict[tuple[str, int], int]" = {}
        self.running: "dict[str, tuple[int, int, int]]" = {}  # file → line, began, imports before
        loader = sys.modules["_frozen_importlib_external"].SourceLoader
        get_code = loader.get_code
        tree = _borrow("_ast")

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


class _Graph:
    """Every import: the place it stands at, what it asks for, what it got, on whose account."""

    def __init__(self, machinery: "Any", folders: "tuple[str, ...]") -> None:
        self.folders = folders
        self.before = set(sys.modules)
        self.known = set(sys.modules)
        self.places: "dict[_Place, _Entry]" = {}
        self.loaded: "set[str]" = set()
        self.appeared: "dict[str, str]" = {}
        self.lines: "set[tuple[str, int]]" = set()
        self.calls: "dict[tuple[str, int], int]" = {}
        self.seen: "dict[tuple[object, int, str], int]" = {}
        self.stack: "list[object]" = []
        self._hook_import()
        self._hook_machinery(machinery)
        if hasattr(sys, "monitoring"):
            self._monitor()
        else:
            sys.settrace(self._trace)

    def _hook_import(self) -> None:
        builtins: "Any" = sys.modules["builtins"]
        original = builtins.__import__

        def hooked(
            name: str,
            globals: "Any" = None,  # noqa: A002 - as the built-in function has it
            locals: "Any" = None,  # noqa: A002
            fromlist: "Any" = (),
            level: int = 0,
        ) -> "Any":
            frame = _caller()
            if frame is not None:
                spot = (frame.f_code, frame.f_lasti, name)  # plugins: one line imports them all
                count = self.seen[spot] = self.seen.get(spot, 0) + 1
                if count > _ENOUGH:
                    return original(name, globals, locals, fromlist, level)
            place = self._place(frame)
            self.stack.append(place)
            try:
                return original(name, globals, locals, fromlist, level)
            finally:
                self.stack.pop()
                self._note(place, frame, _absolute(name, globals, level), fromlist)

        builtins.__import__ = hooked

    def _hook_machinery(self, machinery: "Any") -> None:
        load, by_name = machinery._find_and_load, machinery._gcd_import

        def find_and_load(name: str, import_: "Any") -> "Any":
            over = self.stack[-1] if self.stack else _MAIN
            self.stack.append(name)
            self.loaded.add(name)
            try:
                return load(name, import_)
            finally:
                self.stack.pop()
                for new in sys.modules.keys() - self.known:
                    self.known.add(new)
                    self.appeared[new] = name
                if isinstance(over, str) and name in sys.modules:
                    # Neither a statement nor import_module: code in C, or a package's own parts.
                    self._entry((over, "", 0, ""), over)[0].add((name, "", name))

        def gcd_import(name: str, package: "Any" = None, level: int = 0) -> "Any":
            frame = _caller()
            while frame is not None and frame.f_back and _is_machinery(frame):
                frame = frame.f_back
            place = self._place(frame)
            self.stack.append(place)
            try:
                return by_name(name, package, level)
            finally:
                self.stack.pop()
                self._note(place, frame, _absolute(name, {"__package__": package}, level), ())

        machinery._find_and_load = find_and_load
        machinery._gcd_import = gcd_import

    def _place(self, frame: "Any") -> "_Place":
        if frame is None or _is_machinery(frame):
            # An extension module that imports: the frame is the machinery's that loads it.
            over = next((one for one in reversed(self.stack) if isinstance(one, str)), _MAIN)
            return (over, "", 0, "")
        code = frame.f_code
        function = code.co_name if code.co_flags & _OPTIMIZED else ""
        return (_name(frame), code.co_filename, frame.f_lineno, function)

    def _entry(self, place: "_Place", account: str) -> "_Entry":
        entry = self.places.get(place)
        if entry is None:
            entry = self.places[place] = (set(), set())
        entry[1].add(account)
        return entry

    def _note(self, place: "Any", frame: "Any", name: str, fromlist: "Any") -> None:
        got = self._entry(place, _account(frame, place))[0]
        while name and name not in sys.modules and name not in self.loaded:
            name = name.rpartition(".")[0]
            fromlist = ()
        if not name:
            return
        if name not in sys.modules:
            fromlist = ()  # it was tried, and failed
        if not fromlist:
            got.add((name, "", name))
        for one in fromlist or ():
            part = f"{name}.{one}"
            module = sys.modules.get(part)
            is_part = module is not None and getattr(sys.modules[name], one, None) is module
            is_part = is_part or (module is None and part in self.loaded)
            got.add((name, one, part if is_part else name))

    def _monitor(self) -> None:
        monitoring: "Any" = getattr(sys, "monitoring")  # noqa: B009 - not in 3.11

        def line(code: "Any", number: int) -> "Any":
            if code.co_filename.startswith(self.folders):
                self.lines.add((code.co_filename, number))
            return monitoring.DISABLE

        def start(code: "Any", _offset: int) -> "Any":
            if not code.co_filename.startswith(self.folders):
                return monitoring.DISABLE
            self._count(code)
            return None

        events = monitoring.events
        monitoring.use_tool_id(4, "bench")
        monitoring.register_callback(4, events.LINE, line)
        monitoring.register_callback(4, events.PY_START, start)
        monitoring.set_events(4, events.LINE | events.PY_START)

    def _count(self, code: "Any") -> None:
        spot = (code.co_filename, code.co_firstlineno)
        self.calls[spot] = self.calls.get(spot, 0) + 1

    def _trace(self, frame: "Any", event: str, _argument: "Any") -> "Any":
        if not frame.f_code.co_filename.startswith(self.folders):
            return None
        if event == "call":
            self._count(frame.f_code)
        elif event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._trace

    def told(self) -> "dict[str, object]":
        return {
            "before": sorted(self.before),
            "modules": {
                name: str(getattr(module, "__file__", None) or "")
                for name, module in list(sys.modules.items())
                if name not in self.before
            },
            "appeared": {name: by for name, by in self.appeared.items() if name not in self.loaded},
            "places": [
                (place, sorted(got), sorted(accounts))
                for place, (got, accounts) in self.places.items()
            ],
            "lines": sorted(self.lines),
            "calls": sorted((*spot, count) for spot, count in self.calls.items()),
        }


def _caller() -> "Any":
    """The frame that calls a hook; None where the interpreter itself does, before any code."""
    try:
        return sys._getframe(2)
    except ValueError:
        return None


def _is_machinery(frame: "Any") -> bool:
    file: str = frame.f_code.co_filename
    return file.startswith("<frozen importlib") or file.endswith(
        ("/importlib/__init__.py", "/importlib/_bootstrap.py")
    )


def _name(frame: "Any") -> str:
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else _MAIN


def _account(frame: "Any", place: "_Place") -> str:
    """The module whose top level is running: what a function imports is its caller's doing."""
    if not place[1]:
        return place[0]
    while frame is not None:
        if not frame.f_code.co_flags & _OPTIMIZED and not _is_machinery(frame):
            return _name(frame)
        frame = frame.f_back
    return _MAIN


def _absolute(name: str, namespace: "Any", level: int) -> str:
    if not level:
        return name
    package = (namespace or {}).get("__package__")
    if not package:
        package = (namespace or {}).get("__name__", "")
        if "__path__" not in (namespace or {}):
            package = package.rpartition(".")[0]
    for _ in range(level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{name}" if name else package


def _install(file: str) -> None:
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return  # a child of the process that is recorded
    machinery = sys.modules["_frozen_importlib"]
    folders, top = os.environ.get(_OWN), os.environ.get(_TOP)
    at_exit, time = _borrow("atexit"), _borrow("time")
    now = time.process_time_ns
    recorder: "_Clock | _Graph"
    if folders:
        recorder = _Graph(machinery, tuple(folders.split("\n")))
    elif top:
        recorder = _TopLevel(machinery, now, tuple(top.split("\n")))
    else:
        recorder = _Clock(machinery, now)
    leave = os._exit

    def save() -> None:
        _write(file, recorder.told(), now)

    def save_and_leave(status: int) -> None:
        save()
        leave(status)

    at_exit.register(save)
    os._exit = save_and_leave  # type: ignore[assignment]


if _STILL in os.environ:
    _borrow("gc").disable()
if _FILE in os.environ:
    _install(os.environ[_FILE])
