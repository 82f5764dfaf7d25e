"""The scripts of bench/suites: each folder's own, and its variants as pyperformance knows them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

SUITES = Path(__file__).parents[2] / "bench" / "suites"


@dataclass(frozen=True)
class Script:
    """A program with its arguments, and the file that describes the benchmark."""

    folder: Path
    metafile: Path

    @property
    def program(self) -> Path:
        return self.folder / "run_benchmark.py"

    @property
    def arguments(self) -> tuple[str, ...]:
        described = tomllib.loads(self.metafile.read_text(encoding="utf-8"))
        return tuple(described["tool"]["pyperformance"].get("extra_opts", ()))


def all_scripts() -> dict[str, Script]:
    found = {}
    for folder in SUITES.glob("bm_*"):
        found[folder.name.removeprefix("bm_")] = Script(folder, folder / "pyproject.toml")
        for variant in folder.glob("bm_*.toml"):
            found[variant.stem.removeprefix("bm_")] = Script(folder, variant)
    return dict(sorted(found.items()))
