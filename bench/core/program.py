"""How this program was started: from a checkout of its repository, or as an installed command."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

from bench.core.target import READ, word_of

# The folder that holds the package `bench`: the repository, or a part of `duetbench`.
HOME = Path(__file__).parents[2]
NAME = "duetbench"
VERSION = "0.1.0"  # the only place: the package's is read from here
IS_INSTALLED = not (HOME / "pyproject.toml").is_file()
COMMAND = NAME if IS_INSTALLED else "python -m bench"
_DIGITS = 16


def session(name: str, words: str = "") -> str:
    """What a user types for a command: a session of nox, or the installed command.

    `bench` and `bench-TARGET` are the sessions of `run` and `run TARGET`; a target without a file
    has none of its own.
    """
    if name.endswith(READ):
        name, words = "bench", f"{word_of(name)} {words}".strip()
    if not IS_INSTALLED:
        return f".venv/bin/nox -s {name}{f' -- {words}' if words else ''}"
    command, _, target = name.partition("-") if name.startswith("bench") else (name, "", "")
    told = ("run" if command == "bench" else command, target, words)
    return " ".join((NAME, *filter(None, told)))


def install(group: str) -> str:
    """What installs the packages of a group of pyproject.toml, which has its session's name."""
    return f"`{NAME}[all]` has it" if IS_INSTALLED else f"`{session(group)}` installs it"


def installed_harness() -> dict[str, str]:
    """The version of an installed harness, and a digest of its files as its wheel lists them."""
    record = importlib.metadata.distribution(NAME).read_text("RECORD") or ""
    files = [
        line
        for line in sorted(record.splitlines())
        if line.startswith(f"{NAME}/") and ".pyc," not in line
    ]
    digest = hashlib.sha256("\n".join(files).encode()).hexdigest()[:_DIGITS]
    return {"commit": f"{NAME} {VERSION}", "files": digest}
