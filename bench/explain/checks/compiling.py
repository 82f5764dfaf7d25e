"""Every rewritten file compiles, on each Python that was asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.process import run_tool
from bench.explain.checks.breakage import Attempt, Breakage
from bench.formats.text import counted, joined

# Nothing of the file is carried out.
_COMPILE = """
import sys, warnings
warnings.simplefilter("ignore")
for file in sys.argv[1:]:
    with open(file, "rb") as stream:
        text = stream.read()
    try:
        compile(text, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        print(file, getattr(error, "lineno", 0) or 0, error, sep="\\0")
        break
"""


@dataclass
class CompilesCheck:
    """`pythons` are base interpreters by the names of their versions."""

    pythons: Mapping[str, Path]
    name: str = "compile"
    seen: str = field(default="", init=False)

    def failure(self, attempt: Attempt) -> Breakage | None:
        """The first file that does not."""
        with tempfile.TemporaryDirectory() as folder:
            paths = sorted(path for path in attempt.texts if path.endswith(".py"))
            files = {str(Path(folder, f"{n}.py")): path for n, path in enumerate(paths)}
            for file, path in files.items():
                Path(file).write_bytes(attempt.texts[path].encode())
            for version, python in self.pythons.items():
                told = run_tool([python, "-I", "-S", "-c", _COMPILE, *files], timeout_s=120)
                if told.stdout.count("\0") >= 2:
                    file, line, error = told.stdout.strip().split("\0", 2)
                    return self._breakage(files[file], line, error, version)
        many = counted(len(paths), "file compiles", "files compile")
        self.seen = f"{many} on Python {joined([*self.pythons])}"
        return None

    def _breakage(self, path: str, line: str, error: str, version: str) -> Breakage:
        words = f"{path}:{line} does not compile on Python {version}: {error.partition(' (')[0]}"
        return Breakage(check=self.name, words=words, files=(path,))
