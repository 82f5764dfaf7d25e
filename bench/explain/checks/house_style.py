"""Rewritten files as the project's own ruff would have them written.

Imports are sorted and files formatted where they were before, and a rule against imports in
functions (PLC0415) is answered where it was kept to, as its documentation says: by `noqa`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.core.process import run_tool
from bench.explain.checks.lint import LintCheck, find_ruff

_UNSORTED, _IN_FUNCTION = "I001", "PLC0415"


@dataclass
class HouseStyle:
    """Asks ruff in the checkout of `lint`, with the settings that it uses there."""

    lint: LintCheck
    _known: dict[tuple[str, str], str] = field(default_factory=dict, init=False)
    _formatted: dict[str, bool] = field(default_factory=dict, init=False)

    def settled(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The same, by path from the root of the repository; what ruff can't read stays."""
        return {path: self._text(path, text) for path, text in texts.items()}

    def _text(self, path: str, text: str) -> str:
        key = path, text
        if key not in self._known:
            self._known[key] = self._settled(path, text)
        return self._known[key]

    def _settled(self, path: str, text: str) -> str:
        ruff = find_ruff()
        if ruff is None or not path.endswith(".py") or not self.lint.has_own_settings(path):
            return text
        file = self.lint.tree / path
        before = file.read_bytes()
        was = {rule for (_, rule, _), _ in self.lint.findings(ruff, [path])}
        if path not in self._formatted:
            self._formatted[path] = self._asks(ruff, "format", "--check", path)
        try:
            file.write_bytes(text.encode())
            new = {rule for (_, rule, _), _ in self.lint.findings(ruff, [path])} - was
            if _UNSORTED in new:
                self._asks(ruff, "check", "--select", _UNSORTED, "--fix", path)
            if _IN_FUNCTION in new:
                self._asks(ruff, "check", "--select", _IN_FUNCTION, "--add-noqa", path)
            if self._formatted[path]:
                self._asks(ruff, "format", path)
            return file.read_bytes().decode()
        finally:
            file.write_bytes(before)

    def _asks(self, ruff: str, command: str, *options: str) -> bool:
        words = [ruff, command, "--no-cache", "--quiet", "--force-exclude", *options]
        return run_tool(words, cwd=self.lint.tree).ok
