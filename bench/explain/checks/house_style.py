"""Rewritten files as the project's own ruff would have them written.

Imports are sorted and files formatted where they were before. Rules that were kept to and are
against what is written on purpose are answered by `noqa`, as their documentation says: imports in
functions (PLC0415), aliases that mark what is handed on (PLC0414), `Any` for names of all kinds
(ANN401). Where messages of exceptions have to be variables (EM, TRY003), ruff makes them so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.core.process import run_tool
from bench.explain.checks.lint import LintCheck, find_ruff

_UNSORTED = "I001"
_ON_PURPOSE = {"PLC0415", "PLC0414", "ANN401"}
_MESSAGES, _LONG_MESSAGE = {"EM101", "EM102", "EM103"}, "TRY003"


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
            if new & {*_MESSAGES, _LONG_MESSAGE}:
                rules = ",".join(sorted(_MESSAGES))
                self._asks(ruff, "check", "--select", rules, "--fix", "--unsafe-fixes", path)
            if _UNSORTED in new:
                self._asks(ruff, "check", "--select", _UNSORTED, "--fix", path)
            for rule in sorted(new & _ON_PURPOSE):
                self._asks(ruff, "check", "--select", rule, "--add-noqa", path)
            if self._formatted[path]:
                self._asks(ruff, "format", path)
            return file.read_bytes().decode()
        finally:
            file.write_bytes(before)

    def _asks(self, ruff: str, command: str, *options: str) -> bool:
        words = [ruff, command, "--no-cache", "--quiet", "--force-exclude", *options]
        return run_tool(words, cwd=self.lint.tree).ok
