"""Which functions of which modules are replaced, and what is noted of their calls.

Imported by `sitecustomize.py` beside it, in the subject's interpreter, and forgotten at once. A
module is worked on as soon as it is loaded, so nothing is imported that the program does not import
itself. Copies that a package brings along (`pip._vendor.requests`) are known by their last parts.
"""

# ruff: noqa: ANN401, SLF001, UP037

import _thread
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_sockets: "Any" = __import__("bench_trace_sockets")
_now = time.monotonic_ns
_ident = _thread.get_ident
_FROZEN = "<frozen importlib._bootstrap>"
_LONG_NS = 100_000


def install(recorder: "Any", replace: "Callable[..., None]") -> None:
    """Replace what there is already, and the import system's door for all that is to come."""
    patches = _Patches(recorder, replace)
    for name in list(sys.modules):
        patches.loaded(name)
    _watch_imports(recorder, patches)


def _watch_imports(recorder: "Any", patches: "_Patches") -> None:
    machinery: "Any" = sys.modules["_frozen_importlib"]
    load = machinery._find_and_load
    note, enter, loaded = recorder.note, recorder.enter, patches.loaded

    def find_and_load(name: str, import_: "Any") -> "Any":
        begin = enter()
        try:
            return load(name, import_)
        finally:
            note("import", begin, name)
            loaded(name)

    # Under this name tracebacks leave the frame out, and warnings count it as no caller.
    find_and_load.__code__ = find_and_load.__code__.replace(co_filename=_FROZEN)
    machinery._find_and_load = find_and_load


class _Patches:
    """What is done to a module once it is loaded."""

    def __init__(self, recorder: "Any", replace: "Callable[..., None]") -> None:
        self.recorder = recorder
        self.replace = replace
        self.done: "set[str]" = set()
        sockets = _sockets.Sockets(recorder, replace, self.timed)
        self.by_name: "dict[str, Callable[[Any], None]]" = {
            "time": self.time,
            "posix": self.system,
            "os": self.system,
            "threading": self.threading,
            "concurrent.futures.thread": self.pool,
            "selectors": self.selectors,
            "select": self.select,
            "_posixsubprocess": self.fork_exec,
            "subprocess": self.subprocess,
            "socket": sockets.socket,
            "ssl": sockets.ssl,
            "urllib.request": self.urllib,
            "json": self.serialiser("json"),
            "orjson": self.serialiser("json"),
            "pickle": self.serialiser("pickle"),
            "dill": self.serialiser("pickle"),
            "cloudpickle": self.serialiser("pickle"),
            "httpx": self.httpx,
        }

    def loaded(self, name: str) -> None:
        """A module has been loaded, or an import of it has failed."""
        work = self.by_name.get(name)
        if work is None and name.endswith("requests.sessions"):
            work = self.requests
        if work is None or name in self.done:
            return
        module = sys.modules.get(name)
        if module is not None:
            self.done.add(name)
            work(module)

    def timed(
        self, owner: "Any", name: str, kind: str, what: "Callable[..., Any] | None" = None
    ) -> None:
        """Note each call as a span; `what` gets arguments and result and says what it was."""
        note, enter = self.recorder.note, self.recorder.enter

        def make(original: "Any") -> "Any":
            def call(*words: "Any", **named: "Any") -> "Any":
                begin = enter()
                try:
                    result = original(*words, **named)
                except BaseException as error:
                    note(kind, begin, _said(what, words, named, None), type(error).__name__)
                    raise
                note(kind, begin, _said(what, words, named, result), "")
                return result

            return call

        self.replace(owner, name, make)

    def time(self, module: "Any") -> None:
        self.timed(module, "sleep", "sleep")

    def system(self, module: "Any") -> None:
        self.replace(module, "_exit", self._leaving)
        self.replace(module, "fork", self._forking)
        for name in ("execv", "execve"):
            self.replace(module, name, self._becoming)
        self.replace(module, "waitpid", self._reaping)
        self.timed(module, "system", "child", lambda words, _named, _result: str(words[:1]))
        for name in ("posix_spawn", "posix_spawnp"):
            self.timed(module, name, "fork", lambda _words, _named, result: result)

    def _leaving(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call(status: int) -> "Any":
            recorder.end("exit")
            recorder.over = True
            return original(status)

        return call

    def _becoming(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call(*words: "Any") -> "Any":
            recorder.end("exec", tuple(_command(words[1] if len(words) > 1 else "")))
            return original(*words)

        return call

    def _forking(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call() -> int:
            begin = _now()
            child: int = original()
            if child:
                recorder.note("fork", begin, child, "")
            return child

        return call

    def _reaping(self, original: "Any") -> "Any":
        recorder = self.recorder

        def call(process: int, options: int) -> "Any":
            begin = recorder.enter()
            found = original(process, options)
            if found[0]:
                recorder.note("reaped", _now(), found[0], found[1])
            if _now() - begin > _LONG_NS:
                recorder.note("child", begin, found[0], "")
            return found

        return call

    def fork_exec(self, module: "Any") -> None:
        self.timed(module, "fork_exec", "fork", lambda _words, _named, result: result)

    def subprocess(self, module: "Any") -> None:
        popen, recorder = module.Popen, self.recorder

        def process(words: "Any", _named: "Any", _result: "Any") -> "Any":
            return getattr(words[0], "pid", 0)

        def started(words: "Any", named: "Any", _result: "Any") -> "Any":
            command = words[1] if len(words) > 1 else named.get("args", "")
            return getattr(words[0], "pid", 0), _command(command)

        def ended(original: "Any") -> "Any":
            def call(self: "Any", status: int, *words: "Any", **named: "Any") -> "Any":
                recorder.note("reaped", _now(), self.pid, status)
                return original(self, status, *words, **named)

            return call

        def signalled(original: "Any") -> "Any":
            def call(self: "Any", *words: "Any", **named: "Any") -> "Any":
                if self.returncode is None:  # what it used is not known any more when it is gone
                    recorder.note("signal", _now(), self.pid, _used(self.pid))
                return original(self, *words, **named)

            return call

        self.timed(popen, "__init__", "spawn", started)
        self.replace(popen, "send_signal", signalled)
        self.timed(popen, "wait", "child", process)
        self.timed(popen, "communicate", "child", process)
        self.replace(popen, "_handle_exitstatus", ended)

    def threading(self, module: "Any") -> None:
        recorder = self.recorder

        def over(original: "Any") -> "Any":
            def call(*words: "Any") -> "Any":
                recorder.main_over = recorder.main_over or _now()
                return original(*words)

            return call

        self.timed(module.Condition, "wait", "wait")
        self.timed(module.Thread, "join", "wait")
        self.timed(module.Thread, "_bootstrap_inner", "thread", _thread_name)
        self.replace(module, "_shutdown", over)

    def pool(self, module: "Any") -> None:
        self.timed(module._WorkItem, "run", "task", _task_name)

    def selectors(self, module: "Any") -> None:
        for name in ("SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector"):
            if hasattr(module, name):
                self.timed(getattr(module, name), "select", "select")

    def select(self, module: "Any") -> None:
        self.timed(module, "select", "select")

    def serialiser(self, kind: str) -> "Callable[[Any], None]":
        def work(module: "Any") -> None:
            for name in ("dumps", "loads", "dump", "load"):
                self.timed(module, name, kind, _size(f"{module.__name__}.{name}"))

        return work

    def requests(self, module: "Any") -> None:
        self.timed(module.Session, "request", "http", lambda words, named, _result: (
            _text(words[1] if len(words) > 1 else named.get("method", "")),
            _address(words[2] if len(words) > 2 else named.get("url", "")),
        ))  # fmt: skip

    def httpx(self, module: "Any") -> None:
        self.timed(module.Client, "send", "http", lambda words, _named, _result: (
            _text(words[1].method), _address(words[1].url),
        ))  # fmt: skip

    def urllib(self, module: "Any") -> None:
        self.timed(module.OpenerDirector, "open", "http", lambda words, _named, _result: (
            "", _address(getattr(words[1], "full_url", words[1])),
        ))  # fmt: skip


def _used(process: int) -> str:
    """CPU time of a process's first thread and its time waiting for a CPU, by the kernel."""
    try:
        with open(f"/proc/{process}/schedstat") as stream:  # noqa: PTH123 - pathlib is not loaded
            return stream.read()
    except Exception:  # noqa: BLE001 - a hook of the program's may forbid it, with any error
        return ""


def _said(what: "Callable[..., Any] | None", words: "Any", named: "Any", result: "Any") -> "Any":
    """What a call was about; never fails."""
    if what is None:
        return ""
    try:
        return what(words, named, result)
    except Exception:  # noqa: BLE001 - the program is not to suffer from what we make of it
        return ""


def _text(value: "Any") -> str:
    return value if isinstance(value, str) else str(value)


def _address(url: "Any") -> str:
    """Without what may be secret: what stands before @, and behind ? or #."""
    scheme, slashes, rest = _text(url).partition("?")[0].partition("#")[0].partition("://")
    host, slash, path = rest.partition("/")
    return scheme + slashes + host.rpartition("@")[2] + slash + path


def _command(command: "Any") -> "list[str]":
    listed = command if isinstance(command, (list, tuple)) else [command]
    return [_text(word)[:400] for word in listed[:40]]


def _thread_name(words: "Any", _named: "Any", _result: "Any") -> str:
    return _text(words[0].name)


def _task_name(words: "Any", _named: "Any", _result: "Any") -> str:
    task = getattr(words[0], "fn", None) or (getattr(words[0], "task", None) or ("",))[0]
    return _text(getattr(task, "__qualname__", ""))


def _size(name: str) -> "Callable[..., tuple[str, int]]":
    def size(words: "Any", _named: "Any", result: "Any") -> "tuple[str, int]":
        of = result if name.endswith("s") and "dump" in name else words[0] if words else b""
        return name, len(of) if isinstance(of, (str, bytes, bytearray)) else 0

    return size
