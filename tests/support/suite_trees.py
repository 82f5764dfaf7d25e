"""A source tree that is only text, for what reads suites."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SuiteTree:
    """Files by path."""

    texts: dict[str, str]
    project: str = ""
    identity: str = ""
    description: str = ""
    is_locked: bool = False
    files: set[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", set(self.texts))

    def text(self, path: str) -> str:
        return self.texts[path]

    def put(self, folder: Path) -> None: ...
