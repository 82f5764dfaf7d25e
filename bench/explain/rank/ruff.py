"""What ruff says of lines of files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.core.process import run_tool
from bench.explain.checks.lint import find_ruff
from bench.explain.rank.ranking import RuffHint

IMPORTS = "F401,TC001,TC002,TC003"
PERFORMANCE = "PERF,C4,FURB118,PIE810,PLC0206,RUF015,RUF017,SIM118"

_AT_ONCE = 500  # files on one command line
RuffHints = Mapping[Path, tuple[RuffHint, ...]]


def ask_ruff(files: Sequence[Path], rules: str) -> RuffHints:
    """What it finds by these rules, by file and in the order of lines; empty without ruff."""
    ruff = find_ruff()
    if ruff is None or not files:
        return {}
    found: dict[Path, set[tuple[int, str, str]]] = {}
    for start in range(0, len(files), _AT_ONCE):
        asked = run_tool(
            [ruff, "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--select", rules,
             "--output-format", "json", *files[start : start + _AT_ONCE]]
        )  # fmt: skip
        for one in json.loads(asked.stdout or "[]"):
            hint = one["location"]["row"], str(one["code"]), str(one["message"])
            found.setdefault(Path(one["filename"]), set()).add(hint)
    return {file: tuple(RuffHint(*hint) for hint in sorted(hints)) for file, hints in found.items()}
