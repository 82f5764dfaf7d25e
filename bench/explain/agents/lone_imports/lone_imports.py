"""Import each of some modules alone, as in a fresh interpreter: `lone_imports.py FOLDER`.

Runs in the subject's interpreter. It imports nothing itself but what every interpreter has loaded,
and forks for each module: what the child imports is then as in an interpreter of its own, without
the time of starting one. FOLDER/asked (marshal) holds the modules, with the names and the dotted
names to look for in each; FOLDER/<number> gets what became of one (marshal, format 2). A child that
ends without a word is told by its parent.

Modules do what they like when they are imported: standard streams are closed to them, and each has
a time limit and a process group of its own.
"""

import marshal
import os
import sys
import time

_FORMAT = 2
_KILL = 9
_LOOK_S = 0.002
_LONGEST = 300
_MACHINERY = frozenset({
    "__name__", "__doc__", "__package__", "__loader__", "__spec__", "__path__", "__file__",
    "__cached__", "__builtins__", "__warningregistry__",
})  # fmt: skip
_Module = type(sys)
_Function, _Builtin = type(lambda: None), type(len)


def _kind(value: object) -> str:
    """What an object is, in words that are the same in each run."""
    which = type(value)
    if issubclass(which, _Module):
        return "module " + str(object.__getattribute__(value, "__dict__").get("__name__"))
    if issubclass(which, (type, _Function, _Builtin)):
        where = getattr(value, "__module__", "")
        return f"{where}.{getattr(value, '__qualname__', which.__name__)}"
    return f"instance of {which.__module__}.{which.__qualname__}"


def _is_lazy(value: object) -> bool:
    """Whether it stands for an import that is still to be carried out (PEP 810)."""
    return type(value).__name__ in ("lazy_import", "LazyImportType")


def _words(error: BaseException) -> str:
    """How an import ended; addresses and the like are the reader's to leave out."""
    if isinstance(error, SystemExit):
        return f"exits with status {str(error.code)[:_LONGEST]}"
    return type(error).__name__


def _detail(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return ""
    try:
        return str(error)[:_LONGEST]
    except BaseException:
        return ""


def _told(error: BaseException) -> str:
    return f"! {_words(error)}: {_detail(error)}"


def _apart(work: "object", *arguments: object) -> "list[str]":
    """What a forked process answers: nothing that it does is seen here."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        try:
            said = marshal.dumps(work(*arguments), _FORMAT)  # type: ignore[operator]
            while said:
                said = said[os.write(sink, said) :]
        finally:
            os._exit(0)
    os.close(sink)
    parts = []
    while True:
        part = os.read(source, 1 << 16)
        if not part:
            break
        parts.append(part)
    os.close(source)
    os.waitpid(child, 0)
    return list(marshal.loads(b"".join(parts))) if parts else ["! the process ended"]


def _asked_for(module: str, name: str) -> "list[str]":
    """The kind of an attribute asked for twice, then by `from MODULE import NAME`; or the error."""
    found = []
    for take in (_by_attribute, _by_attribute, _by_import):
        try:
            found.append(_kind(take(module, name)))
        except BaseException as error:
            found.append(_told(error))
    return found


def _by_attribute(module: str, name: str) -> object:
    return getattr(sys.modules[module], name)


def _by_import(module: str, name: str) -> object:
    space: dict[str, object] = {}
    exec(f"from {module} import {name} as found", space)
    return space["found"]


def _star(module: str) -> "list[str]":
    space: dict[str, object] = {}
    try:
        exec(f"from {module} import *", space)
    except BaseException as error:
        return [_told(error)]
    return sorted(name for name in space if name != "__builtins__")


def _listed(module: str) -> "list[str]":
    try:
        return sorted(str(name) for name in dir(sys.modules[module]) if name not in _MACHINERY)
    except BaseException as error:
        return [_told(error)]


def _shadows(tops: "frozenset[str]") -> "dict[str, str]":
    """Loaded modules that an attribute of their package hides, and what stands there."""
    found = {}
    for name, module in list(sys.modules.items()):
        package, _, last = name.rpartition(".")
        if package and package.partition(".")[0] in tops and package in sys.modules:
            space = _space(sys.modules[package])
            if last in space and _is_lazy(space[last]):
                found[name] = _apart(_asked_for, package, last)[0]
                if found[name] == _kind(module):
                    del found[name]
            elif last in space and space[last] is not module:
                found[name] = _kind(space[last])
    return found


def _space(module: object) -> "dict[str, object]":
    try:
        return dict(vars(module))
    except TypeError:
        return {}


def _leads(space: "dict[str, object]", dotted: str) -> bool:
    """Whether a dotted name leads to a module, from one that its first part is bound to."""
    first, *rest = dotted.split(".")
    value = space.get(first)
    for part in rest:
        if not issubclass(type(value), _Module):
            return False
        value = _space(value).get(part)
    return issubclass(type(value), _Module)


def _is_rootless(space: "dict[str, object]", dotted: str) -> bool:
    """Whether its first part is not bound here, or not yet."""
    first = dotted.partition(".")[0]
    return first not in space or _is_lazy(space[first])


def _seen(asked: "tuple[str, list[str], list[str]]", tops: "frozenset[str]") -> "dict[str, object]":
    """What there is after the import of a module that went well."""
    module, wanted, dotted = asked
    space = _space(sys.modules[module])
    names = {
        name: _kind(value)
        for name, value in space.items()
        if isinstance(name, str) and name not in _MACHINERY and not _is_lazy(value)
    }
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] in tops)
    listed = _apart(_listed, module)
    told: dict[str, object] = {
        "names": names,
        "dir": listed,
        "loaded": loaded,
        "dotted": [one for one in dotted if _leads(space, one)],
        "rootless": [one for one in dotted if _is_rootless(space, one)],
        "shadows": _shadows(tops),
    }
    exported: list[str] = []
    if "__all__" in space:
        exported = [str(name) for name in space["__all__"]]  # type: ignore[attr-defined]
        told["all"] = exported
    missing = {*wanted, *listed, *exported} - names.keys()
    told["tried"] = {
        name: _apart(_asked_for, module, name) for name in sorted(missing) if name.isidentifier()
    }
    told["star"] = _apart(_star, module)
    return told


def _look(asked: "tuple[str, list[str], list[str]]", tops: "frozenset[str]", file: str) -> None:
    """In a child: import, see, tell."""
    try:
        told: dict[str, object] = {"outcome": ""}
        try:
            __import__(asked[0])
        except BaseException as error:
            told = {"outcome": _words(error), "detail": _detail(error)}
        if not told["outcome"]:
            told.update(_seen(asked, tops))
        with open(file, "wb") as stream:
            marshal.dump(told, stream, _FORMAT)
    finally:
        os._exit(0)


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by signal {os.WTERMSIG(status)}"
    return f"ends the process with status {os.WEXITSTATUS(status)}"


class _Children:
    """The processes that import, a few at a time."""

    def __init__(self, folder: str, tops: "frozenset[str]", limit_s: float) -> None:
        self.folder, self.tops, self.limit_s = folder, tops, limit_s
        self.running: dict[int, tuple[int, float]] = {}

    def start(self, number: int, asked: "tuple[str, list[str], list[str]]") -> None:
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            _look(asked, self.tops, self.file(number))
        self.running[child] = (number, time.monotonic() + self.limit_s)

    def file(self, number: int) -> str:
        return f"{self.folder}/{number}"

    def wait(self, most: int) -> None:
        """Until fewer than `most` run."""
        while len(self.running) >= most:
            for child in list(self.running):
                self._look_at(child)
            time.sleep(_LOOK_S)

    def _look_at(self, child: int) -> None:
        number, until = self.running[child]
        done, status = os.waitpid(child, os.WNOHANG)
        outcome = _ending(status)
        if not done:
            if time.monotonic() < until:
                return
            outcome = f"does not end in {self.limit_s:g} s"
            self._kill(child)
            os.waitpid(child, 0)
        self._kill(child)  # what it has left running
        del self.running[child]
        if not os.path.exists(self.file(number)):
            with open(self.file(number), "wb") as stream:
                marshal.dump({"outcome": outcome}, stream, _FORMAT)

    def _kill(self, child: int) -> None:
        try:
            os.killpg(child, _KILL)
        except OSError:
            pass


def _main(folder: str) -> None:
    with open(f"{folder}/asked", "rb") as stream:
        told = marshal.load(stream)
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [one for one in sys.path if one != own]
    sys.argv[:] = [""]
    nothing = os.open(os.devnull, os.O_RDWR)
    for one in (0, 1, 2):
        os.dup2(nothing, one)
    children = _Children(folder, frozenset(told["tops"]), told["limit_s"])
    for number, asked in enumerate(told["modules"]):
        children.wait(told["jobs"])
        children.start(number, asked)
    children.wait(1)


if __name__ == "__main__":
    _main(sys.argv[1])
