"""What a frame of a profile is called: modules and functions in place of files, without paths.

The frames of Python's import system are left out, since every import has six of them and all look
alike: what imports what follows from the modules alone. Only where time was spent in the import
system itself does it appear, as one frame that says what it did there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

STANDARD_LIBRARY = "standard library"
IMPORT_SYSTEM = "import system"
NATIVE = "native code"
INTERPRETER = "interpreter"
SCRIPT = "script"
BUILT_IN = "built-in"

_LIBRARY = re.compile(r"^.*/lib/python3\.\d+t?/(?:lib-dynload/)?")
_SITE = re.compile(r"^.*/(?:site|dist)-packages/")
_FROZEN = re.compile(r"^<frozen (.+)>$")
_BOOTSTRAP = re.compile(r"^importlib\._bootstrap(_external)?$")
# What the import system does, told from its own functions; the first that fits counts.
_DOINGS = (
    (("create_module", "exec_module_from_extension"), "(loading a C extension)"),
    (("get_code", "_compile_bytecode", "get_data", "path_stats"), "(loading byte code)"),
    (("_find_spec", "find_spec", "_fill_cache"), "(looking for files)"),
)


class Frame(NamedTuple):
    """A function or the body of a module: what it is called, its module, and its package.

    `group` is the top-level package, or what stands for one (`STANDARD_LIBRARY`, …).
    """

    name: str
    module: str
    group: str

    @property
    def is_module(self) -> bool:
        """Whether this is a module being run, which is to say imported."""
        return self.name == self.module

    @property
    def title(self) -> str:
        """The whole name, for tables and for whoever points at it."""
        if self.is_module or self.name.startswith("("):
            return self.name
        return f"{self.module}: {self.name}"


@dataclass(frozen=True)
class RawFrame:
    """A frame as a profiler has it; `file` may be a path, `<frozen …>` or a library's name."""

    function: str
    file: str


@dataclass(frozen=True)
class Namer:
    """Names frames; the packages in `own` (the measured project's) all belong to group `target`."""

    target: str
    own: Collection[str]

    def stack(self, raw: Iterable[RawFrame]) -> tuple[Frame, ...]:
        """A stack from the outermost frame to the innermost, without the import system's frames."""
        named: list[Frame] = []
        machinery: list[str] = []
        for one in raw:
            if _is_import_system(one.file):
                machinery.append(one.function)
            else:
                machinery.clear()
                named.append(self.frame(one))
        if machinery:
            named.append(Frame(_doing(machinery), IMPORT_SYSTEM, IMPORT_SYSTEM))
        return tuple(named)

    def frame(self, raw: RawFrame) -> Frame:
        """One frame that is not the import system's."""
        module, group = self._place(raw.file)
        if raw.function.startswith("0x"):  # another address in every process
            return Frame(f"(no symbol, {module})", module, group)
        if raw.function == "<module>":
            return Frame(module, module, group)
        name = raw.function if raw.function.startswith("<") else f"{raw.function}()"
        return Frame(name, module, group)

    def module(self, name: str) -> Frame:
        """A module known by its name alone; what is standard, the harness's Python says."""
        top = name.partition(".")[0]
        standard = top in sys.stdlib_module_names and top not in self.own
        return Frame(name, name, STANDARD_LIBRARY if standard else self._group(top))

    def _place(self, file: str) -> tuple[str, str]:
        frozen = _FROZEN.match(file)
        if frozen:
            return frozen[1], STANDARD_LIBRARY
        if _SITE.match(file):
            module = _dotted(_SITE.sub("", file))
            return module, self._group(module.partition(".")[0])
        if _LIBRARY.match(file):
            return _dotted(_LIBRARY.sub("", file)), STANDARD_LIBRARY
        last = file.rpartition("/")[2]
        if file.startswith("<"):
            return file, SCRIPT
        if last.endswith(".py"):
            return last, SCRIPT
        if "/bin/" in file:
            return f"{last} (command)", SCRIPT
        return last, NATIVE

    def _group(self, top: str) -> str:
        return self.target if top in self.own else top


def _is_import_system(file: str) -> bool:
    frozen = _FROZEN.match(file)
    return frozen is not None and _BOOTSTRAP.match(frozen[1]) is not None


def _doing(functions: list[str]) -> str:
    last_words = {function.rpartition(".")[2] for function in functions}
    for signs, words in _DOINGS:
        if last_words & set(signs):
            return words
    return "(import system)"


def _dotted(path: str) -> str:
    """`rich/console.py` is `rich.console`; a C extension's file loses its tags."""
    parts = path.split("/")
    parts[-1] = parts[-1].partition(".")[0]
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)
