"""Every import of a process: who imports what, in which file and line, on whose account.

Imported by `sitecustomize.py` beside it, in the recorded process, and forgotten at once; it imports
nothing that the interpreter has not loaded already.
"""

# ruff: noqa: ANN401, SLF001, UP037

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    _Place = tuple[str, str, int, str]  # module, file, line, function
    _Entry = tuple[set[tuple[str, str, str]], set[str]]  # (asked, name, got), accounts

_MAIN = "__main__"
_OPTIMIZED = 1  # code flag of functions; modules and classes run in plain namespaces
_ENOUGH = 3  # an import in a loop says the same each time


class Graph:
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
        """What `sitecustomize.py` writes down: `modules` are those that came, with their files."""
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
