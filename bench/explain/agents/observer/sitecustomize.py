"""Runs in every Python process of an observed benchmark and writes down what it did.

Never imported by the harness. An audit hook hears of opens, child processes and connections;
`sys.modules` at the end tells the modules with the files they came from. Why not
PYTHONPROFILEIMPORTTIME: it writes into the program's own standard error, knows names but no files
(so own, standard library and third party can't be told apart), and lists modules that failed.
Lazy modules that nobody has touched count as not imported, aliases (`os.path`) only once.

When memory is traced (PYTHONTRACEMALLOC) only memory is reported, for a hook allocates too. No
module may be imported here that the interpreter has not loaded already: it would be counted. What
happens before `site` reaches this file (`pyvenv.cfg`, `.pth` files) is not heard.

A process makes an empty file when it starts and fills it when it ends; one that stays empty was
killed. Children that were forked without exec write a file of their own if they end in order.

Where what is *not* there matters too (BENCH_OBSERVER_READS), a finder in front of the others hears
which modules are asked for, whether they are found or not, and listings of folders are noted.
"""

import os
import sys

_OWN = "BENCH_OBSERVER"
_READS = "BENCH_OBSERVER_READS"
_WRITING = os.O_WRONLY | os.O_RDWR
_LISTINGS = ("os.listdir", "os.scandir")
_STARTS = ("os.system", "os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen")


class _Observer:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.file = ""
        self.busy = False
        self.opened: list[str] = []
        self.written = 0
        self.started: list[str] = []
        self.connected: list[str] = []
        self.listed: list[str] = []
        self.asked: list[str] = []

    def claim(self) -> None:
        """A file nobody else has: a process can replace its program and keep its number."""
        self.busy = True
        number = 0
        while not self.file:
            name = f"{self.folder}/{os.getpid()}.{number}"
            try:
                os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                self.file = name
            except FileExistsError:
                number += 1
        self.busy = False

    def forget(self) -> None:
        """In a forked child: what the parent did is the parent's."""
        self.file = ""
        self.written = 0
        self.opened, self.started, self.connected = [], [], []
        self.listed, self.asked = [], []

    def hear(self, event: str, arguments: "tuple[object, ...]") -> None:
        if self.busy:
            return
        if event == "open":
            if isinstance(arguments[0], (str, bytes)):
                self.opened.append(_path(arguments[0], arguments[-1]))
                flags = arguments[-1]
                self.written += isinstance(flags, int) and bool(flags & _WRITING)
        elif event in _STARTS:
            if event != "os.posix_spawn" or not _is_subprocess():
                self.started.append(_command(event, arguments))
        elif event == "socket.connect":
            self.connected.append(_text(arguments[1]))
        elif event == "os.exec":
            self.save()

    def look(self, event: str, arguments: "tuple[object, ...]") -> None:
        """Hear of folders that are listed."""
        if event in _LISTINGS and not self.busy and not _is_import():
            self.listed.append(_text(arguments[0]))

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Find nothing: the finders behind this one do."""
        self.asked.append(name)

    def save(self) -> None:
        self.claim()
        self.busy = True
        memory = sys.modules.get("_tracemalloc")
        told = {
            "opened": self.opened,
            "written": self.written,
            "started": self.started,
            "connected": self.connected,
            "listed": self.listed,
            "asked": self.asked,
            "modules": _modules(),
            "memory": memory.get_traced_memory() if memory else None,
        }
        handle = os.open(self.file, os.O_WRONLY | os.O_TRUNC)
        os.write(handle, ascii(told).encode())
        os.close(handle)
        self.busy = False


def _path(path: "str | bytes", flags: object) -> str:
    """A file that must not exist yet is a temporary one: its name is random."""
    name = os.fsdecode(path)
    if isinstance(flags, int) and flags & os.O_EXCL:
        return name.rpartition("/")[0] + "/(new file)"
    return name


def _is_subprocess() -> bool:
    """Whether `subprocess` makes the call, whose own event was heard already."""
    return sys._getframe(2).f_globals.get("__name__") == "subprocess"  # noqa: SLF001


def _is_import() -> bool:
    """Whether the import system lists a folder: what it looks for in it is asked for by name."""
    return sys._getframe(2).f_code.co_name == "_fill_cache"  # noqa: SLF001


def _command(event: str, arguments: "tuple[object, ...]") -> str:
    if event in {"os.fork", "os.forkpty"}:
        return "(a fork of itself)"
    if event == "os.system":
        return _text(arguments[0])
    words = arguments[1]
    listed = words if isinstance(words, (list, tuple)) else [words]
    return " ".join(_text(word) for word in listed[:2])


def _text(value: object) -> str:
    """Never fails: an error in an audit hook would be the program's."""
    is_path = isinstance(value, (str, bytes, os.PathLike))
    return os.fsdecode(value) if is_path else repr(value)  # type: ignore[arg-type]


def _modules() -> "dict[str, tuple[str, bool]]":
    """Name → file (or "") and whether name or place is the standard library's."""
    library = (getattr(os, "__file__", "") or "?").rpartition("/")[0] + "/"
    found = {}
    for name, module in list(sys.modules.items()):
        if name in {"__main__", "__mp_main__", "sitecustomize"}:
            continue
        if type(module).__name__ == "_LazyModule":
            continue
        try:
            inside = object.__getattribute__(module, "__dict__")
        except AttributeError:
            inside = {}
        spec = inside.get("__spec__")
        real = getattr(spec, "name", name)
        if real != name and real in sys.modules:
            continue
        file = str(inside.get("__file__") or getattr(spec, "origin", None) or "")
        is_standard = name.partition(".")[0] in sys.stdlib_module_names or file.startswith(library)
        found[name] = (file, is_standard)
    return found


def _install(folder: str) -> None:
    observer = _Observer(folder)
    observer.claim()
    atexit = __import__("atexit")
    del sys.modules["atexit"]  # whether the program imports it is for the program to say
    atexit.register(observer.save)
    os.register_at_fork(after_in_child=observer.forget)
    leave = os._exit

    def save_and_leave(status: int) -> None:
        observer.save()
        leave(status)

    os._exit = save_and_leave  # type: ignore[assignment]
    if "PYTHONTRACEMALLOC" in os.environ:
        __import__("_tracemalloc")
    else:
        sys.addaudithook(observer.hear)
    if _READS in os.environ:
        sys.addaudithook(observer.look)
        sys.meta_path.insert(0, observer)


if _OWN in os.environ:
    _install(os.environ[_OWN])
