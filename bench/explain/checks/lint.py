"""ruff finds nothing new, under the project's own configuration."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from bench.core.process import run_tool
from bench.engine.revisions.git import Clone
from bench.explain.checks.breakage import Attempt, Breakage, Cause
from bench.formats.text import counted

_CONFIGURED = ("ruff.toml", ".ruff.toml")
_PLAIN = ("--isolated", "--select", "F")
_QUOTED = re.compile(r"`([^`]+)`")
_Finding = tuple[str, str, str]  # file, rule, message


def find_ruff() -> str | None:
    """ruff beside the Python that runs us, or on the PATH."""
    return shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")


@dataclass(kw_only=True)
class LintCheck:
    """Findings in the rewritten files against those in the same files before.

    In a checkout of the commit in `folder`, so that every setting of the project is seen; without
    settings for ruff only its F rules. `originals` are installed files by path, for a project
    without a clone.
    """

    clone: Clone | None
    commit: str
    originals: Mapping[str, Path]
    folder: Path
    say: Callable[[str], None]
    name: str = "ruff"
    seen: str = field(default="", init=False)
    _plain: bool = field(default=False, init=False)

    def failure(self, attempt: Attempt) -> Breakage | None:
        """All new findings."""
        ruff = find_ruff()
        if ruff is None:
            self.seen = "not asked: ruff is not installed"
            self.say(self.seen)
            return None
        paths = [path for path in sorted(attempt.texts) if path.endswith(".py")]
        before = {path: (self.tree / path).read_bytes() for path in paths if self._has(path)}
        was = self.findings(ruff, list(before))
        try:
            for path in before:
                (self.tree / path).write_bytes(attempt.texts[path].encode())
            now = self.findings(ruff, list(before))
        finally:
            for path, text in before.items():
                (self.tree / path).write_bytes(text)
        new = Counter(finding for finding, _ in now) - Counter(finding for finding, _ in was)
        found = tuple(
            Cause(
                file=file,
                names=tuple(
                    part for one in _QUOTED.findall(message) for part in (one, *one.split("."))
                ),
                words=f"{file}:{line} {rule} {message}",
            )
            for (file, rule, message), line in now
            if new[file, rule, message]
        )
        if not found:
            self.seen = f"nothing new in {counted(len(before), 'file')}"
            return None
        return Breakage.of(self.name, found)

    def has_own_settings(self, path: str) -> bool:
        """Whether it is a file of the checkout for which the project has settings for ruff."""
        return self._has(path) and not self._plain and self._is_configured(path)

    def _has(self, path: str) -> bool:
        file = self.tree / path
        return file.is_file() and not file.is_symlink()

    @cached_property
    def tree(self) -> Path:
        """The commit, or what is installed."""
        if self.clone is not None:
            self.clone.check_out(self.commit, self.folder)
            return self.folder
        for path, file in self.originals.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        return self.folder

    def findings(self, ruff: str, paths: list[str]) -> list[tuple[_Finding, int]]:
        """What `ruff` finds in these files as they stand in the checkout, with the lines."""
        if not paths:
            return []
        own = not self._plain and any(map(self._is_configured, paths))
        options = ("--force-exclude",) if own else _PLAIN
        asked = run_tool(
            [ruff, "check", "--no-cache", "--quiet", "--exit-zero", *options,
             "--output-format", "json", *paths],
            cwd=self.tree,
        )  # fmt: skip
        if not asked.ok and own:
            self._plain = True
            self.say(
                "ruff can't use the project's settings, only its F rules are asked: "
                + asked.last_lines(1)
            )
            return self.findings(ruff, paths)
        return [
            (self._finding(one), one["location"]["row"]) for one in json.loads(asked.stdout or "[]")
        ]

    def _finding(self, one: dict[str, object]) -> _Finding:
        file = Path(str(one["filename"])).resolve().relative_to(self.tree.resolve())
        return str(file), str(one["code"] or "syntax"), str(one["message"])

    def _is_configured(self, path: str) -> bool:
        """Whether a folder above has settings for ruff."""
        for folder in PurePosixPath(path).parents:
            if any((self.tree / folder / name).is_file() for name in _CONFIGURED):
                return True
            project = self.tree / folder / "pyproject.toml"
            if project.is_file() and "[tool.ruff" in project.read_text(errors="replace"):
                return True
        return False
