"""The process environment a subject runs in: built from nothing, never inherited."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DEFAULTS = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "COLUMNS": "100",
    "LINES": "40",
    "PYTHONSAFEPATH": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "DO_NOT_TRACK": "1",
}


def subject_environment(venv: Path, home: Path, own: Mapping[str, str]) -> dict[str, str]:
    """Variables of a process that belongs to the environment at `venv`.

    An allow-list: constants, a PATH of the environment and the system, a throwaway home, and the
    target's `own` variables from its TOML file. Nothing of the caller's shell gets in, so neither
    its secrets nor its size (which moves timings, Mytkowicz et al. 2009).
    """
    return {
        **DEFAULTS,
        "PATH": f"{venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        **own,
    }
